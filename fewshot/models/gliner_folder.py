"""A GLiNER folder made whole: what it lacks comes from its encoder's folder, and nothing in it can run.

    gliner_config.json   names an encoder, "microsoft/deberta-v3-base"; holds its configuration, or does not
    model.safetensors    or pytorch_model.bin
    tokenizer*.json      or none: then the encoder's

The gliner library fetches by itself what a folder lacks, and lets an encoder's configuration bring code of its own.
Here everything is put together first, through the one door to the hub, is looked at, and is then loaded offline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fewshot.errors import InputError
from fewshot.models import model_folder
from fewshot.models.model_folder import CONFIG, VOCABULARY
from fewshot.models.soundness import LEFT_OVER, check_config, check_finite, check_vocabulary, unfit

GLINER_CONFIG = "gliner_config.json"
_LABELS = "labels_tokenizer"
"""The folder of the vocabulary that labels are read with, if the model has an encoder of its own for them."""
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # in the order in which the library looks for them
LOADED = (GLINER_CONFIG, CONFIG, *_WEIGHTS, *VOCABULARY, f"{_LABELS}/*")
_NOWHERE = "/nonexistent/encoder"
"""In place of the name of an encoder: nothing is looked up by it any more."""
_UNREAD = {
    "labels_decoder": "writes its labels itself",
    "relations_layer": "finds relations",
    "decoder_config": "reads a stream",
    "precomputed_prompts_mode": "has labels of its own",
}


@contextmanager
def whole(name: str) -> Iterator[Path]:
    """A temporary folder that holds all that a model needs, as links.

    Raises:
        InputError: no such folder or hub model; a part of it is missing, beyond reason, of a kind that is not read, or
            would run code.
    """
    folder = model_folder.resolve(name, config=GLINER_CONFIG)
    config = _checked(folder)
    with TemporaryDirectory(prefix="fewshot-gliner-") as made:
        place = Path(made)
        _link(_weights(folder), place)
        encoder = _part(folder, place, config, "encoder_config", config.get("model_name"))
        row = config | {"encoder_config": encoder, "model_name": _NOWHERE}
        if config.get("labels_encoder"):
            inside = place / _LABELS
            inside.mkdir()
            labels = _part(folder / _LABELS, inside, config, "labels_encoder_config", config["labels_encoder"])
            row |= {"labels_encoder_config": labels, "labels_encoder": _NOWHERE}
        (place / GLINER_CONFIG).write_text(json.dumps(row), "utf-8")
        yield place


def digest(place: Path) -> str:
    """SHA-256 (16 hex digits) of a whole folder."""
    return model_folder.digest(place, LOADED)


def load(name: str, place: Path, device: str) -> Any:
    """The model of a whole folder, its weights read as data. `name`: how messages call it.

    Raises:
        InputError: it cannot be built; weights are missing, left over or not finite; a vocabulary that does not fit.
    """
    from gliner import GLiNER

    shown = Path(name)
    with quiet():
        try:
            model = GLiNER.from_pretrained(str(place), local_files_only=True, map_location=device)
        except Exception as error:  # torch, safetensors, transformers and gliner each have their own
            raise model_folder.unusable(shown, error) from error
        _check_weights(shown, _weights(place), model.model)
        if not getattr(model.config, "labels_encoder", None):  # else the tokens that GLiNER adds stand in no text
            encoder = model.model.token_rep_layer.bert_layer.model
            check_vocabulary(shown, model.data_processor.transformer_tokenizer, encoder)
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """Without the remarks of transformers and gliner: what they warn of is checked here, or does not apply."""
    import warnings

    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)


def _checked(folder: Path) -> dict[str, Any]:
    """The configuration of a GLiNER folder."""
    if not (folder / GLINER_CONFIG).is_file():
        raise InputError(f"{folder} holds no {GLINER_CONFIG}", hint="name a GLiNER model of the hub, or a folder")
    config = check_config(folder, GLINER_CONFIG)
    for key, what in _UNREAD.items():
        if config.get(key):
            raise InputError(f"{folder} is a GLiNER that {what} ({key}), which is not read")
    splitter = config.get("words_splitter_type") or "whitespace"
    if splitter != "whitespace":
        raise InputError(f"{folder}: words_splitter_type {str(splitter)[:40]!r} is not read, only 'whitespace'")
    if (folder / "adapter_config.json").exists():
        raise InputError(f"{folder} holds an adapter, not a whole model", hint="merge it into its base model first")
    _refuse_code(folder, config)
    return config


def _part(folder: Path, place: Path, config: Mapping[str, Any], key: str, encoder: object) -> dict[str, Any]:
    """Links an encoder's vocabulary into `place` and returns its configuration, which is written there as well: those
    of the model's own folder, and what that lacks from the folder of the encoder."""
    found = config.get(key)
    has_vocabulary = (folder / "tokenizer_config.json").is_file()
    if not isinstance(found, dict) or not has_vocabulary:
        base = _base(encoder)
        if not isinstance(found, dict):
            found = check_config(base)
            if isinstance(rows := config.get("vocab_size"), int) and rows > 0:
                found["vocab_size"] = rows  # with the tokens that GLiNER adds: as the library sets it
        folder = folder if has_vocabulary else base
    for pattern in VOCABULARY:
        for file in folder.glob(pattern):
            _link(file, place)
    (place / CONFIG).write_text(json.dumps(found), "utf-8")
    _refuse_code(folder, found)
    if (file := place / "tokenizer_config.json").is_file():
        _refuse_code(folder, check_config(place, file.name))
    return found


def _base(name: object) -> Path:
    """The folder of an encoder: its configuration and vocabulary."""
    if not isinstance(name, str) or not name:
        raise InputError(f"{GLINER_CONFIG} names no encoder, and its configuration or vocabulary is missing")
    return model_folder.resolve(name, weights=False)


def _weights(folder: Path) -> Path:
    found = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if found is None:
        raise InputError(f"{folder} holds no weights", hint=" or ".join(_WEIGHTS))
    return found


def _link(file: Path, place: Path) -> None:
    (place / file.name).symlink_to(file.resolve())


def _refuse_code(folder: Path, row: Mapping[str, Any]) -> None:
    """Refuses a configuration that names code (`auto_map`), however deep: the library would run it."""
    waiting: list[object] = [row]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "auto_map" in value:
                raise InputError(f"{folder} wants to run code of its own, which is refused", hint="take another model")
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_weights(folder: Path, file: Path, model: Any) -> None:
    """Compares the weights of a file with those that the model has: the library leaves out what does not fit."""
    held, known = _names(file), set(model.state_dict())
    if missing := sorted(known - held):
        raise unfit(folder, "lacks weights of the model that its configuration describes", missing)
    if over := sorted(name for name in held - known if not LEFT_OVER.search(name)):
        raise unfit(folder, "holds weights that the model of its configuration has no place for", over)
    check_finite(folder, model)


def _names(file: Path) -> set[str]:
    """The names of the weights in a file; safetensors names a tensor that has two once, and the other beside it."""
    if file.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(file, framework="pt") as opened:
            return {*opened.keys(), *(opened.metadata() or {})}
    import torch

    return set(torch.load(file, map_location="meta", weights_only=True))
