"""The bundled corpus through everything that runs here: one comparison per task.

Rows: the system that answers nothing, then `rules` with 0, 2 and 3 demonstrations.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from fewshot.compare import Comparison, compare
from fewshot.experiment import run
from fewshot.runs import RunFolder
from fewshot.settings import Settings

TASKS = ("panelization", "ner", "causal", "roles")
SHOTS = (0, 2, 3)


def tables(out: Path) -> Iterator[Comparison]:
    """Runs the demo into `out` and yields each task's table as it is ready.

    Runs that an earlier demo left there are made anew: the demo shows what the code does today.
    """
    for task in TASKS:
        folders = [_run(task, shots, out / f"{task}-rules-{shots}shot") for shots in SHOTS]
        comparison = compare(folders)
        comparison.write(out / f"compare-{task}")
        yield comparison


def _run(task: str, shots: int, folder: Path) -> Path:
    if RunFolder(folder).exists():
        shutil.rmtree(folder)
    run(Settings(task=task, shots=shots), out=folder)
    return folder
