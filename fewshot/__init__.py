"""Few-shot prompting and fine-tuning for figure legends, scored alike, in one table.

    import fewshot

    done = fewshot.run("ner", backend="rules", shots=3)    # a Run: scores, predictions, errors, cost
    done.show()                                            # a legend with gold and prediction drawn in its text
    fewshot.compare([done, "runs/other"]).frame            # a table: one row a system
    fewshot.predict(["(A) p53 blot."], task="ner")[0]      # a Prediction: spans with offsets

What is exported here is public; everything below it may change between versions without notice. Nothing is imported
before it is used (PEP 562), so that `import fewshot` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewshot.errors import FewshotError as FewshotError
    from fewshot.errors import FewshotWarning as FewshotWarning
    from fewshot.experiment.settings import Settings as Settings
    from fewshot.interactive import evaluate as evaluate
    from fewshot.interactive import load as load
    from fewshot.interactive import replay as replay
    from fewshot.interactive import run as run
    from fewshot.interactive.predicting import Predictions as Predictions
    from fewshot.interactive.predicting import predict as predict
    from fewshot.interactive.viewed import Run as Run
    from fewshot.records import Example as Example
    from fewshot.records import Hypothesis as Hypothesis
    from fewshot.records import Prediction as Prediction
    from fewshot.records import Span as Span
    from fewshot.report.compare import compare as compare

__version__ = "0.1.0"

_HOMES = {
    "run": "fewshot.interactive",
    "replay": "fewshot.interactive",
    "load": "fewshot.interactive",
    "evaluate": "fewshot.interactive",
    "predict": "fewshot.interactive.predicting",
    "compare": "fewshot.report.compare",
    "Run": "fewshot.interactive.viewed",
    "Predictions": "fewshot.interactive.predicting",
    "Settings": "fewshot.experiment.settings",
    "Example": "fewshot.records",
    "Span": "fewshot.records",
    "Hypothesis": "fewshot.records",
    "Prediction": "fewshot.records",
    "FewshotError": "fewshot.errors",
    "FewshotWarning": "fewshot.errors",
}

__all__ = ["Example", "FewshotError", "FewshotWarning", "Hypothesis", "Prediction", "Predictions", "Run", "Settings",
           "Span", "__version__", "compare", "evaluate", "load", "predict", "replay", "run"]  # fmt: skip


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
