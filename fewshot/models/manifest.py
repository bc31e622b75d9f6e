"""`fewshot.json`, the manifest of a model folder: what its model was made for, read and checked.

{"task": "ner", "format": "copy_tag", "kind": "seq2seq", "labels": ["GENEPROD"], "source_template": "",
 "base_model": "facebook/bart-base", "data": "3f…", "labelled": 60, "max_input_length": 512, …}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fewshot import formats, tasks
from fewshot.errors import DataError
from fewshot.fields import type_of
from fewshot.files import whole
from fewshot.records import Scheme

MANIFEST = "fewshot.json"
DRAFT_HEAD = "draft_head.safetensors"
"""The file of the head that drafts (`draft_head`). It has one name, so that a manifest cannot point elsewhere."""
ModelKind: TypeAlias = Literal["seq2seq", "tagger"]
AUTO_CLASSES: Mapping[ModelKind, str] = {
    "seq2seq": "AutoModelForSeq2SeqLM",
    "tagger": "AutoModelForTokenClassification",
}
"""The class of transformers that loads a model of each kind."""

MOST_TOKENS = 1_000_000
"""The largest length in tokens that is believed: a hundred times the longest legend, far beyond any such model."""
_HINT = "train the model again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model was made for. `source_template`: what stands before each source; `end`: what closes each answer
    (the study's `[END]`); `draft_head`: the file of the head that drafts, if there is one; lengths in tokens, what a
    vocabulary puts around a text included."""

    task: str
    format: str
    kind: ModelKind
    labels: tuple[str, ...]
    source_template: str = ""
    end: str = ""
    base_model: str = ""
    data: str = ""
    labelled: int = 0
    max_input_length: int = 512
    max_target_length: int | None = None
    truncate: bool = False
    decoder: str | None = None
    draft_head: str | None = None
    generation: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tags_words(self) -> bool:
        """Whether the model gives each word a class; else it writes answers."""
        return self.kind == "tagger"

    @property
    def scheme(self) -> Scheme:
        """What a format must know to write and read the model's answers."""
        return Scheme(tasks.get(self.task).kind, self.labels)

    @property
    def answer_format(self) -> formats.Format:
        """The format of the answers that the model writes.

        Raises:
            InputError: no such format, or it cannot carry the task's values.
        """
        return formats.get(self.format, self.scheme.kind)

    def write(self, folder: Path) -> None:
        """Writes `fewshot.json`, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        row = asdict(self) | {"labels": list(self.labels)}
        with whole(folder / MANIFEST) as part:
            part.write_text(json.dumps(row, ensure_ascii=False, indent=2) + "\n", "utf-8")


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; `None` where there is none (a plain model of the hub).

    Raises:
        DataError: it is broken, of a later version, or holds a value of another type or beyond reason; names it.
    """
    path = folder / MANIFEST
    try:
        row = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"is not a manifest ({str(error)[:120]})", path=path, hint=_HINT) from None
    except RecursionError:
        raise DataError("is not a manifest (nested too deeply)", path=path, hint=_HINT) from None
    if not isinstance(row, dict):
        raise DataError("is not a manifest of a model", path=path, hint=_HINT)
    values: dict[str, Any] = {key: _checked(key, value, path) for key, value in row.items() if key in _VALUES}
    try:
        return Manifest(**values)
    except TypeError:
        lacking = ", ".join(key for key in ("task", "format", "kind", "labels") if key not in values)
        raise DataError(f"is not a manifest of a model (without {lacking})", path=path, hint=_HINT) from None


def _checked(key: str, value: object, path: Path) -> object:
    """A value of the manifest as the record holds it."""
    holds, what = _VALUES[key]
    if not holds(value):
        raise DataError(
            f"is not a manifest of a model: {key} must be {what}, not {type_of(value)}", path=path, hint=_HINT
        )
    return tuple(value) if isinstance(value, list) else value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)


def _is_labels(value: object) -> bool:
    return _is_names(value) and bool(value)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _is_options(value: object) -> bool:
    """Options of `generate`: training writes numbers and truth values, nothing else."""
    return isinstance(value, dict) and all(isinstance(item, int | float | None) for item in value.values())


def _is_count(value: object, least: int = 0, most: int = 10**12) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_length(value: object) -> bool:
    return _is_count(value, 1, MOST_TOKENS)


_TEXT = (_is_text, "a string")
_LENGTH = f"a whole number from 1 to {MOST_TOKENS:,}"
_VALUES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "task": _TEXT,
    "format": _TEXT,
    "kind": (lambda value: isinstance(value, str) and value in AUTO_CLASSES, " or ".join(AUTO_CLASSES)),
    "labels": (_is_labels, "a list of names, at least one and none of them empty"),
    "source_template": _TEXT,
    "end": _TEXT,
    "base_model": _TEXT,
    "data": _TEXT,
    "labelled": (_is_count, "a whole number from 0"),
    "max_input_length": (_is_length, _LENGTH),
    "max_target_length": (lambda value: value is None or _is_length(value), _LENGTH),
    "truncate": (lambda value: isinstance(value, bool), "true or false"),
    "draft_head": (lambda value: value in (None, DRAFT_HEAD), f"{DRAFT_HEAD} or null"),
    "decoder": (lambda value: value in (None, "copy", "generate"), "copy or generate (--decoder takes more)"),
    "generation": (_is_options, "an object that holds numbers, true or false alone"),
    "settings": (_is_table, "an object"),
}
"""What each key may hold, and how to say so."""
