"""A real language model in the demo: recorded runs, replayed strictly; or the same runs on a live server.

    fewshot/corpus/recorded/ner-smollm2-3shot/      an ordinary run folder, written by `make llm`

A recording covers a part of the test split (`limit`), and so does every row of its table. A recording that a
change of prompts, corpus or selectors has made stale still replays, with the recorded wording; `why_stale` says what
changed, and `make llm ARGS=--record` records it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fewshot import cassette
from fewshot.backends import open_backend
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.options import options
from fewshot.experiment.plan import plan_of
from fewshot.experiment.replaying import replay
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings
from fewshot.experiment.systems import system_of
from fewshot.files import CORPUS

FOLDER = CORPUS / "recorded"
TASKS = ("panelization", "ner", "causal")
SHOTS = (0, 3)
FORMATS = {"panelization": "list", "ner": "list"}
MAX_TOKENS = 160
"""Tokens. More than any list of a legend's panels or entities takes; a small model often does not stop by itself."""


@dataclass(frozen=True, slots=True)
class ModelRun:
    """A run of a language model, and what the demo's table says of it: when it answered."""

    folder: Path
    note: str


def settings(task: str, shots: int, *, base_url: str, model: str, limit: int | None) -> Settings:
    """Returns the settings with which the demo asks a language model."""
    return Settings(
        task=task,
        backend="gpt3",
        base_url=base_url,
        model=model,
        format=FORMATS.get(task),
        shots=shots,
        limit=limit,
        max_tokens=MAX_TOKENS,
    )


def recordings(folder: Path = FOLDER) -> list[Path]:
    """Returns the recorded runs in the order of their names: by task, model and number of shots."""
    return sorted(path.parent for path in folder.glob("*/run.toml"))


def replays(task: str, out: Path) -> Iterator[ModelRun]:
    """Replays the recorded runs of a task into `out` and yields them."""
    for source in recordings():
        if record.read(RunFolder(source)).settings.task != task:
            continue
        folder = _emptied(out / source.name)
        replay(source, out=folder)
        recorded = record.read(RunFolder(source))
        yield ModelRun(folder, f"{recorded.plan.model} recorded {recorded.run.started[:10]}")


def live(task: str, out: Path, *, base_url: str, model: str, limit: int | None) -> Iterator[ModelRun]:
    """Asks a server now and yields the runs; answers from before an interruption are kept."""
    for shots in SHOTS if task in TASKS else ():
        folder = out / f"{task}-live-{shots}shot"
        run(settings(task, shots, base_url=base_url, model=model, limit=limit), out=folder)
        yield ModelRun(folder, f"{model} live")


def why_stale(folder: Path) -> str | None:
    """Returns how today's requests differ from the recorded ones (prompts, corpus, selectors); `None` if they agree."""
    settings = record.read(RunFolder(folder)).settings
    plan = plan_of(settings)
    system = system_of(plan, open_backend(settings.backend, options(settings, offline=True)))
    with cassette.Cassette.open(RunFolder(folder).responses, readonly=True) as recordings:
        for request in system.requests.all:
            if cassette.key(request) not in recordings:
                return recordings.explain_miss(request)
    return None


def distinct_limits(runs: Iterable[ModelRun]) -> list[int | None]:
    """Returns the distinct `limit`s of runs: the parts of the test split that they cover."""
    return list(dict.fromkeys(record.read(RunFolder(run.folder)).settings.limit for run in runs))


def _emptied(folder: Path) -> Path:
    """Removes the run folder of an earlier demo; returns the path."""
    if RunFolder(folder).exists():
        shutil.rmtree(folder)
    return folder
