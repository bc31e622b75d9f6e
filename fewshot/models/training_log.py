"""How a model was trained, as its folder says: seed and settings in `fewshot.json`, the time in `trained.json`.

    [{"loss": 0.41, "step": 50}, …, {"train_runtime": 38.2, "train_loss": 0.9, "step": 280}]

`trained.json` is the log of transformers' trainer. It is no part of a model's digest: the same weights may have taken
longer.
"""

from __future__ import annotations

import json
from pathlib import Path

from fewshot.files import digest
from fewshot.models.manifest import Manifest
from fewshot.records import Training

LOG = "trained.json"
CONTINUED = "continued_from"
"""The key of the line that a continued training adds: the trainer counts the seconds of its last session alone."""

_TIME = "train_runtime"
_SEED = 42
"""The seed of transformers' `TrainingArguments` where none is given; the manifest keeps what is not a default."""


def training_of(folder: Path, manifest: Manifest) -> Training:
    """Returns what a model folder says about its training; a model of a hub says nothing."""
    if not manifest.settings:
        return Training()
    settings = {key: value for key, value in manifest.settings.items() if key != "seed"}
    seed = manifest.settings.get("seed", _SEED)
    return Training(
        seconds=_seconds(folder / LOG),
        seed=seed if isinstance(seed, int) else None,
        settings=digest(settings)[:16],
    )


def _seconds(path: Path) -> float | None:
    """Seconds of a training; `None` if the log does not say, or not of all sessions of one that was continued."""
    try:
        rows = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = [row[_TIME] for row in rows if _TIME in row]
    if len(found) != 1 or any(CONTINUED in row for row in rows):
        return None
    seconds = found[0]
    return float(seconds) if isinstance(seconds, int | float) and 0 < seconds < float("inf") else None
