"""Which column or key holds the text, the id, the article and the split: as the user says, else by its usual names.

>>> found = Columns.of(["DOI", "Figure", "Caption"], Asked())
>>> found.text, found.id, found.group
('Caption', 'Figure', 'DOI')
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from fewshot.errors import InputError
from fewshot.text.visible import one_line, shortened

TEXT = ("text", "caption", "legend", "sentence", "figurelegend", "figurecaption", "legendtext", "captiontext",
        "abstract", "passage", "content")  # fmt: skip
ID = ("id", "figureid", "figid", "panelid", "legendid", "sentenceid", "textid", "figure", "fig", "panel", "uid")
GROUP = ("group", "doi", "pmid", "pmcid", "article", "articleid", "paper", "paperid", "manuscript", "documentid",
         "docid", "document")  # fmt: skip
SPLIT = ("split", "subset", "partition")
_TEXT_WORDS = frozenset({"text", "caption", "legend", "sentence"})
_NAMED = 12
"""Columns that a message names."""
_LONGEST = 30
"""Characters of a column's name in a message."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns that the user names."""

    text: str | None = None
    id: str | None = None
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a source; `None`: it has none for that."""

    text: str
    id: str | None
    group: str | None
    split: str | None
    guessed: bool

    @classmethod
    def of(cls, names: Sequence[str], asked: Asked) -> Columns:
        """The columns among these names.

        Raises:
            InputError: none looks like text, or the user names one that is not there.
        """
        text = _said("--text-column", asked.text, names) or text_among(names)
        if text is None:
            raise InputError(
                f"no column looks like text (columns: {_listed(names)})", hint="name one: --text-column NAME"
            )
        rest = [name for name in names if name != text]
        group = _said("--group-column", asked.group, names) or _usual(GROUP, rest)
        split = _said("--split-column", asked.split, names) or _usual(SPLIT, rest)
        rest = [name for name in rest if name not in (group, split)]
        own = _said("--id-column", asked.id, names) or _usual(ID, rest)
        return cls(text, own, group, split, guessed=asked.text is None)

    def in_words(self) -> str:
        """One line that says what is read as what.

        >>> Columns("Caption", None, "DOI", None, True).in_words()
        'text is the column Caption, group DOI'
        """
        others = (("id", self.id), ("group", self.group), ("split", self.split))
        parts = [f"{what} {_quoted(name)}" for what, name in others if name is not None]
        return ", ".join((f"text is the column {_quoted(self.text)}", *parts))

    @property
    def are_ours(self) -> bool:
        """Whether they are named as our own records are: nothing needs to be said."""
        said = ((self.text, "text"), (self.id, "id"), (self.group, "group"), (self.split, "split"))
        return all(name in (None, own) for name, own in said)


def text_among(names: Sequence[str], *, exact: bool = False) -> str | None:
    """The column that is named as texts are, or (unless `exact`) the only one with such a word in its name.

    >>> text_among(["n", "Figure caption (edited)"]), text_among(["input_text", "output_text"])
    ('Figure caption (edited)', None)
    """
    usual = _usual(TEXT, names)
    if usual is not None or exact:
        return usual
    near = [name for name in names if _TEXT_WORDS & {word.lower() for word in re.findall(r"[A-Za-z]+", name)}]
    return near[0] if len(near) == 1 else None


def usual_among(names: Sequence[str]) -> int:
    """How many columns bear usual names.

    >>> usual_among(["DOI", "Figure legend", "n"])
    2
    """
    usual = {*TEXT, *ID, *GROUP, *SPLIT}
    return sum(_key(name) in usual for name in names)


def _usual(usual: Sequence[str], names: Sequence[str]) -> str | None:
    by_key = {_key(name): name for name in reversed(names)}
    return next((by_key[name] for name in usual if name in by_key), None)


def _said(flag: str, asked: str | None, names: Sequence[str]) -> str | None:
    """The column that the user names, whatever its case."""
    if asked is None or asked in names:
        return asked
    near = [name for name in names if _key(name) == _key(asked)]
    if len(near) == 1:
        return near[0]
    raise InputError(f"{flag} {asked!r}: no such column", hint=f"columns: {_listed(names)}")


@lru_cache(maxsize=1000)
def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(_quoted, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")
    return shown if any(names) else "none has a name"


def _quoted(name: str) -> str:
    """A name of others, on one line, cut if it is long."""
    return one_line(shortened(name, _LONGEST))
