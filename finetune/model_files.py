"""The files of a model folder: which settings its model has, whether it is fully trained, and how it is written.

settings_of(arguments, training, source)  →  {"task": "ner", "learning_rate": 0.001, …, "data_digest": "3f…"}
check(folder, settings)                   →  a finished model with these settings: it is not trained again
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot.errors import RunFolderError
from fewshot.files import write
from fewshot.models import draft_head, model_folder
from fewshot.models.training_log import LOG
from finetune import card
from finetune.arguments import Arguments
from finetune.building import Built
from finetune.sources import Source

if TYPE_CHECKING:
    from transformers import Seq2SeqTrainingArguments

DONE = LOG
"""The file that a finished training leaves: the trainer's log."""

_NOT_SETTINGS = ("overwrite", "shown", "decoder")
_NO_MATTER = ("output_dir", "run_name", "logging_dir", "resume_from_checkpoint", "do_train", "do_eval", "do_predict",
              "disable_tqdm", "use_cpu", "report_to", "hub_token", "logging_steps", "save_total_limit",
              "log_level")  # fmt: skip


def settings_of(arguments: Arguments, training: Seq2SeqTrainingArguments, source: Source) -> dict[str, Any]:
    """Returns what a model depends on: our settings, and transformers' that are not defaults and change the result."""
    ours = {name: value for name, value in asdict(arguments).items() if name not in _NOT_SETTINGS}
    given = {k: list(v) if isinstance(v, tuple) else v for k, v in ours.items() if v not in (None, (), "", {}, 0)}
    for f in dataclasses.fields(training):
        value = getattr(training, f.name)
        default = f.default if f.default is not dataclasses.MISSING else None
        if f.name in _NO_MATTER or value == default or not isinstance(value, str | int | float | bool):
            continue
        given[f.name] = getattr(value, "value", value)
    return json.loads(json.dumps(given | {"data_digest": source.digest[:16]}))  # type: ignore[no-any-return]


def check(folder: Path, settings: dict[str, Any], *, overwrite: bool) -> bool:
    """Returns whether the folder holds a finished model with these settings.

    Raises:
        RunFolderError: It holds a model with other settings; names what differs.
    """
    was = model_folder.read_manifest(folder) or _checkpointed(folder)
    if was is None:
        return False
    if overwrite:
        for name in ("checkpoint-*", DONE, model_folder.MANIFEST):
            for path in folder.glob(name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return False
    names = dict.fromkeys((*was.settings, *settings))
    differences = [f"{name}: {was.settings.get(name, 'not set')} → {settings.get(name, 'not set')}" for name in names
             if was.settings.get(name) != settings.get(name)]  # fmt: skip
    if differences:
        raise RunFolderError(
            f"{folder} holds a model with other settings ({'; '.join(differences)})",
            hint="choose another --output_dir or --run_name, or add --overwrite_output_dir",
        )
    return (folder / DONE).exists()


def checkpoints(folder: Path) -> list[Path]:
    """Returns the complete checkpoints of a folder, the last one at the end.

    A training that is killed while it writes one leaves a part of it. Trainer's last act is `trainer_state.json`.
    """
    found = [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdecimal()]
    return sorted(filter(_is_complete, found), key=lambda path: int(path.name.rpartition("-")[2]))


def _is_complete(checkpoint: Path) -> bool:
    try:
        return isinstance(json.loads((checkpoint / "trainer_state.json").read_bytes()), dict)
    except (OSError, ValueError):
        return False


def _checkpointed(folder: Path) -> model_folder.Manifest | None:
    """Returns the manifest of the last checkpoint in a folder."""
    complete = checkpoints(folder)
    return model_folder.read_manifest(complete[-1]) if complete else None


def save(
    built: Built, folder: Path, *, scores: dict[str, float] | None = None, history: Sequence[Any] | None = None
) -> None:
    """Writes a model folder: weights as safetensors, vocabulary, manifest, card."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft_head.apart(built.model, folder):
            built.model.save_pretrained(folder)
        built.tokenizer.save_pretrained(folder)
        built.manifest.write(folder)
        write(folder / "README.md", card.text(built.manifest, scores or {}), error=RunFolderError)
        if history is not None:
            write(folder / DONE, json.dumps(list(history), indent=1) + "\n", error=RunFolderError)
    except (OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:160]
        raise RunFolderError(f"cannot write {folder}: {said}", hint="the last checkpoint is complete") from None
