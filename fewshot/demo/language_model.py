"""A real language model in the demo: runs that were recorded once, replayed strictly, or asked anew of a live server.

    fewshot/corpus/recorded/ner-smollm2-3shot/      an ordinary run folder, as `make llm` wrote it

A recording was made on a part of the test split (`limit`), so the table that it stands in is of that part, for
every row. What a change of prompts, corpus or selectors has made stale still replays, under the wording that was
recorded; `why_stale` says so, and `make llm` records anew.
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
from fewshot.experiment.plan import plan_of
from fewshot.experiment.replaying import replay
from fewshot.experiment.running import options, run
from fewshot.experiment.settings import Settings
from fewshot.experiment.systems import system_of
from fewshot.files import CORPUS

FOLDER = CORPUS / "recorded"
TASKS = ("panelization", "ner", "causal")
SHOTS = (0, 3)
FORMATS = {"panelization": "list", "ner": "list"}
MAX_TOKENS = 160
"""A list of a legend's panels or entities is shorter; a small model that does not end by itself must be ended."""


@dataclass(frozen=True, slots=True)
class Row:
    """A run of the demo's table, and what stands behind its name there."""

    folder: Path
    note: str


def settings(task: str, shots: int, *, base_url: str, model: str, limit: int | None) -> Settings:
    """How the demo asks a language model."""
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


def recorded(folder: Path = FOLDER) -> list[Path]:
    """The recorded runs: by task and model in the order of their names, with fewer shots first."""
    return sorted(path.parent for path in folder.glob("*/run.toml"))


def rows(task: str, out: Path) -> Iterator[Row]:
    """The recorded runs of a task, replayed into `out`."""
    for source in recorded():
        if record.read(RunFolder(source)).settings.task != task:
            continue
        folder = _emptied(out / source.name)
        replay(source, out=folder)
        yield Row(folder, f"recorded {record.read(RunFolder(source)).run.started[:10]}")


def live(task: str, out: Path, *, base_url: str, model: str, limit: int | None) -> Iterator[Row]:
    """The same runs, asked of a server now; what was answered before an interruption is kept."""
    for shots in SHOTS if task in TASKS else ():
        folder = out / f"{task}-live-{shots}shot"
        run(settings(task, shots, base_url=base_url, model=model, limit=limit), out=folder)
        yield Row(folder, "live")


def why_stale(folder: Path) -> str | None:
    """Why today's prompts, corpus and selectors would ask something else than was recorded; `None`: they would not."""
    settings = record.read(RunFolder(folder)).settings
    plan = plan_of(settings)
    system = system_of(plan, open_backend(settings.backend, options(settings, offline=True)))
    with cassette.Cassette.open(RunFolder(folder).responses, readonly=True) as tape:
        for request in system.requests.all:
            if cassette.key(request) not in tape:
                return tape.explain_miss(request)
    return None


def limits(rows: Iterable[Row]) -> list[int | None]:
    """The parts of the test split that rows are of, each once."""
    return list(dict.fromkeys(record.read(RunFolder(row.folder)).settings.limit for row in rows))


def _emptied(folder: Path) -> Path:
    if RunFolder(folder).exists():
        shutil.rmtree(folder)
    return folder
