"""Few-shot prompting and fine-tuning for figure legends, scored alike, in one table.

    import fewshot

    done = fewshot.run("ner", backend="rules", shots=3)    # a Run: its folder and its scores
    fewshot.compare([done.folder.path]).frame              # a table: one row a run

What is exported here is public; everything below it may change between versions without notice. Nothing is imported
before it is used (PEP 562), so that `import fewshot` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewshot.experiment.external import evaluate as evaluate
    from fewshot.experiment.replaying import replay as replay
    from fewshot.experiment.running import load as load
    from fewshot.experiment.running import run as run
    from fewshot.experiment.settings import Settings as Settings
    from fewshot.records import Example as Example
    from fewshot.records import Hypothesis as Hypothesis
    from fewshot.records import Prediction as Prediction
    from fewshot.records import Span as Span
    from fewshot.report.compare import compare as compare

__version__ = "0.1.0"

_HOMES = {
    "run": "fewshot.experiment.running",
    "replay": "fewshot.experiment.replaying",
    "load": "fewshot.experiment.running",
    "compare": "fewshot.report.compare",
    "evaluate": "fewshot.experiment.external",
    "Settings": "fewshot.experiment.settings",
    "Example": "fewshot.records",
    "Span": "fewshot.records",
    "Hypothesis": "fewshot.records",
    "Prediction": "fewshot.records",
}

__all__ = ["Example", "Hypothesis", "Prediction", "Settings", "Span", "__version__", "compare", "evaluate", "load",
           "replay", "run"]  # fmt: skip


def __getattr__(name: str) -> object:
    """Imports a public name when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fewshot' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__]
