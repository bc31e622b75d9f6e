"""What labels mean, in one line each: ours (`prompts/labels.toml`), those beside a plugin's task, the user's own.

    --labels ANTIBODY="antibodies, with their clone"      →      - ANTIBODY: antibodies, with their clone

A name of the user's own becomes a tag, the head of a line and a string of JSON, and answers write it in their own way:
it is one word, and no two of them may be told apart by case or signs alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from fewshot import discovery
from fewshot.errors import DataError, InputError
from fewshot.files import PACKAGE
from fewshot.text.labels import plain
from fewshot.text.visible import one_line, shortened

_NAME = re.compile(r"[^\W\d_](?:[\w.:-]*[^\W_])?")
_LONGEST_NAME = 60
_LONGEST = 1_000
"""Characters of a definition: a paragraph. All of them stand in every prompt."""
_RESERVED = frozenset({"all", "none", "o", "end", "panel"})
"""What names mean elsewhere: every label, no answer, no label of a word, the end of a copy, a segment of a legend."""


def folder() -> Path:
    """`prompts/`: inside the package where it is installed, beside it in a checkout."""
    inside = PACKAGE / "prompts"
    return inside if inside.is_dir() else PACKAGE.parent / "prompts"


@cache
def known(beside: Path | None = None) -> Mapping[str, str]:
    """One line of definition a label, from `labels.toml` in `prompts/`, or in the folder `beside` a plugin's module
    (where there may be none).

    Raises:
        DataError: the file is not a TOML table of lines.
    """
    path = (beside or folder()) / "labels.toml"
    return {} if beside is not None and not path.is_file() else read(path)


def beside(package: str, name: str) -> list[Path]:
    """The folder `prompts/` beside a plugin's module; nothing for our own names."""
    found = discovery.folder(package, name)
    return [] if found is None else [found / "prompts"]


def of_labels(task: str, labels: Iterable[str], own: Mapping[str, str]) -> dict[str, str]:
    """What labels mean, where that is known: the user's `own` definitions, else those of the task's package, else ours.

    >>> of_labels("ner", ["DOSE", "Chemical", "X1"], {"DOSE": "amounts"})
    {'DOSE': 'amounts', 'Chemical': 'drugs and other chemicals'}
    """
    tables = (known(), *map(known, beside("fewshot.tasks", task)), own)
    every = {label: text for table in tables for label, text in table.items()}
    return {label: every[label] for label in labels if label in every}


def read(path: Path) -> dict[str, str]:
    """The definitions in a TOML file, `NAME = "one line"`; the names are not checked.

    Raises:
        DataError: it cannot be read, or is not a TOML table of lines; names the file.
    """
    try:
        table = tomllib.loads(text_of(path))
    except (ValueError, RecursionError) as error:  # ValueError too: a number of 5,000 digits
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise DataError(f"not TOML: {why}", path=path, hint='a line is NAME = "what it means"') from None
    for label, text in table.items():
        if not isinstance(text, str) or "\n" in text:
            raise DataError(
                f"{_quoted(label)} must be one line of text", path=path, hint='a line is NAME = "what it means"'
            )
    return table


def of_file(path: Path) -> dict[str, str]:
    """The definitions of a user's own labels in a TOML file (`--label-file`), checked.

    Raises:
        DataError: as `read` and `own`; names the file.
    """
    table = read(path)
    try:
        return own(table)
    except InputError as error:
        raise DataError(error.message, path=path, hint=error.hint) from None


def own(definitions: Mapping[str, str]) -> dict[str, str]:
    """The definitions of a user's own labels, checked, white space around them trimmed.

    Raises:
        InputError: a name or a text that cannot stand in prompts and answers, or two names that answers would not tell
            apart; names it.

    >>> own({"ANTIBODY": " antibodies, with their clone "})
    {'ANTIBODY': 'antibodies, with their clone'}
    >>> own({"MY LABEL": "anything"})
    Traceback (most recent call last):
        ...
    fewshot.errors.InputError: 'MY LABEL' cannot be the name of a label; letters, digits and _ - . : make one, for \
example MY_LABEL
    """
    checked: dict[str, str] = {}
    for name, text in definitions.items():
        _check_name(name)
        if (other := _alike(name, checked)) is not None:
            raise InputError(f"labels {other} and {name} are one in answers: case and signs do not tell them apart")
        checked[name] = _checked_text(name, text)
    return checked


def check_apart(own: Iterable[str], present: Sequence[str]) -> None:
    """Compares names of the user's own with the labels of the data.

    Raises:
        InputError: one is a label of the data in other writing.

    >>> check_apart(["Chemical", "DOSE"], ["Chemical", "Disease"])
    """
    for name in own:
        if name not in present and (other := _alike(name, present)) is not None:
            raise InputError(
                f"label {name} is {_quoted(other)} in the data, in other writing",
                hint=f'write {other}="…" to define it',
            )


def text_of(path: Path) -> str:
    """The text of a file of `prompts/`, or of the user's.

    Raises:
        DataError: it cannot be read; names it.
    """
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise DataError(f"cannot be read ({reason})", path=path) from None


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        shown = name if isinstance(name, str) else repr(name)
        example = re.sub(r"\W+", "_", shown).strip("_0123456789")[:_LONGEST_NAME] or "ANTIBODY"
        raise InputError(
            f"{_quoted(shown)} cannot be the name of a label",
            hint=f"letters, digits and _ - . : make one, for example {example}",
        )
    if plain(name) in _RESERVED:
        raise InputError(f"{name} cannot be the name of a label: it means something else", hint="take another name")


def _checked_text(name: str, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise InputError(
            f"label {name} has no definition", hint=f'{name}="what it means", without a space before or after ='
        )
    said = text.strip()
    if one_line(said) != said or len(said) > _LONGEST:
        raise InputError(f"the definition of {name} must be one line of at most {_LONGEST:,} characters")
    return said


def _alike(name: str, others: Iterable[str]) -> str | None:
    """The first of `others` that answers would not tell from a name."""
    wanted = plain(name)
    return next((other for other in others if plain(other) == wanted), None)


def _quoted(text: str) -> str:
    return repr(shortened(text, 80))
