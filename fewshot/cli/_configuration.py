"""Settings that are not typed: from environment variables and from a TOML file.

    FEWSHOT_BACKEND=gpt3 FEWSHOT_LABELS=GENEPROD,TISSUE fewshot run --task ner
    fewshot run --config ours.toml --task ner        # backend = "gpt3", or a [settings] table: a run.toml is one

A flag overrides a variable, a variable overrides the file, the file overrides the defaults. Headers are not read from
either: their values are keys, and belong to `--header-env`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fewshot import discovery, files
from fewshot.cli import _terminal
from fewshot.errors import DataError, InputError
from fewshot.experiment.settings import Settings, declared
from fewshot.servers import address, hub_bounds

PREFIX = "FEWSHOT_"
_OTHERS = frozenset({
    files.MOST_BYTES, address.MOST_REPLY_BYTES, hub_bounds.VARIABLE, "FEWSHOT_PRICES", "FEWSHOT_GPT3_MODEL",
})  # fmt: skip
_YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_NEAR = 0.85  # of a misspelt variable to a setting; a judgement: a plugin may have variables of its own


def values(file: Path | None) -> dict[str, Any]:
    """The settings in the environment and in a file, by field name; those of the environment come first.

    Raises:
        InputError: A variable or a key of the file is not a setting, or its value is of another type.
    """
    return (_of_file(file) if file is not None else {}) | _of_environment(os.environ)


def _known() -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(Settings) if field.name != "headers"}


def _of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = _known()
    found = {}
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or variable in _OTHERS:
            continue
        if name in known:
            found[name] = _parsed(variable, environment[variable], str(known[name].type))
        elif near := get_close_matches(name, known, n=1, cutoff=_NEAR):
            _terminal.message(f"{variable} is not a setting; did you mean {PREFIX}{near[0].upper()}?")
    return found


def _parsed(variable: str, text: str, annotation: str) -> object:
    """The value that the text of a variable stands for.

    >>> _parsed("FEWSHOT_SHOTS", "3", "int | None"), _parsed("FEWSHOT_LABELS", "A,B", "tuple[str, ...]")
    (3, ('A', 'B'))
    """
    kind = annotation.partition(" ")[0]
    try:
        if kind in ("int", "float"):
            return int(text) if kind == "int" else float(text)
        if kind == "bool":
            return _YES_NO[text.lower()]
        if kind.startswith("Mapping"):
            return json.loads(text)
    except (ValueError, KeyError, RecursionError):
        wanted = {"int": "a whole number", "float": "a number", "bool": "true or false"}.get(kind, "JSON")
        raise InputError(f"{variable} must be {wanted}, not {text[:40]!r}") from None
    if kind.startswith("tuple"):
        return tuple(name for name in text.replace(",", " ").split() if name)
    return text


def _of_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads("".join(files.lines(path)))
    except (ValueError, RecursionError) as error:  # ValueError: TOMLDecodeError, and a number of 5,000 digits
        raise DataError(f"is not TOML ({str(error)[:120]})", path=path) from None
    recorded = isinstance(table.get("settings"), dict)
    settings = table["settings"] if recorded else table
    known = _known()
    found = {}
    for key, value in settings.items():
        name = key.replace("-", "_")
        if name in known:
            found[name] = value
        elif key == "headers":
            continue
        elif not recorded:
            raise discovery.unknown(f"setting of {path}", key, known)
    if isinstance(found.get("labels"), list | dict):  # a table: names with what they mean
        found |= declared(found["labels"], found.get("definitions", {}))
    if isinstance(found.get("extra"), str):
        found["extra"] = _parsed(f"{path}: extra", found["extra"], "Mapping")
    return found
