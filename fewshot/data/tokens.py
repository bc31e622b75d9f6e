"""Tokens with tags as JSON, as data sets for token classification on the Hugging Face hub have them.

    {"id": "0", "tokens": ["Torsade", "de", "pointes"], "ner_tags": ["B-Disease", "I-Disease", "I-Disease"]}

Tags may be numbers, whose names stand beside the data and are given by `--tag-names O,B-Disease,I-Disease`. The text is
the tokens joined by single spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import Where
from fewshot.fields import shown, strings
from fewshot.files import write_json_lines
from fewshot.origin import tagged
from fewshot.origin.options import option
from fewshot.origin.records import list_at, objects, word_at
from fewshot.records import Example, Kind
from fewshot.text import iob

_WORDS = ("tokens", "words")
_TAGS = ("ner_tags", "ner", "tags", "labels")
_LOOKED_AT = 10_000
"""Rows that show how a file is tagged."""


@dataclass(frozen=True)
class TokensReader(Reader):
    """Rows of tokens and tags."""

    tag_names: str | None = option("O,B-X,…", "names of numeric tags, in their order")

    suffixes: frozenset[str] = frozenset()

    def recognises(self, head: Head) -> bool | None:
        """By its keys: tokens and tags, and no text."""
        keys = head.keys
        if "text" in keys or not any(key in keys for key in _WORDS):
            return None
        return True if any(key in keys for key in _TAGS) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every row; one without tags is unlabelled.

        Raises:
            DataError: it is not JSON; more or fewer tags than tokens; a number without a name; a tag that is none.
        """
        names = [name.strip() for name in self.tag_names.split(",")] if self.tag_names else None
        rows = (self._row(where, row, source, names) for where, row in objects(source))
        first = list(islice(rows, _LOOKED_AT))
        tagging = iob.tagging_of(tags for _, tags, _, _ in first if tags is not None)
        for words, tags, where, row in chain(first, rows):
            group = word_at(row, "group") or word_at(row, "document_id") or where.id
            example = tagged.example_of(words, tags or ["O"] * len(words), tagging, where, group)
            if tags is None:
                example = replace(example, entities=None)
            yield replace(example, split=word_at(row, "split"))

    def _row(
        self, where: Where, row: Mapping[str, Any], source: Origin, names: Sequence[str] | None
    ) -> tuple[Sequence[str], list[str] | None, Where, Mapping[str, Any]]:
        """Words, tags, location with the id, and the row."""
        here = where._replace(id=word_at(row, "id") or f"{source.label}:{where.line}")
        words_key = next((key for key in _WORDS if key in row), _WORDS[0])
        tags_key = next((key for key in _TAGS if key in row), None)
        words = strings(list_at(row, words_key, here), words_key, here) or ()
        if not any(word.strip() for word in words):
            here.fail(f"{words_key} is missing or holds no word")
        if tags_key is None:
            return words, None, here, row
        tags = [_tag(tag, names, here) for tag in list_at(row, tags_key, here)]
        if len(tags) != len(words):
            here.fail(f"{len(tags)} {tags_key} for {len(words)} {words_key}")
        return words, tags, here, row


class TokensWriter(Writer):
    """Words, punctuation marks and tags; examples that were read so get their own again."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    ending = ".jsonl"

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes the entities, those of a task if one is named.

        Raises:
            DataError: an example without entity labels; an entity that begins or ends inside a word.
        """
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines((self._row(example, task) for example in examples), file)

    def _row(self, example: Example, task: str | None) -> dict[str, Any]:
        labelled = replace(example, entities=spans_to_write(self, example, task))
        words, tags = tagged.words_and_tags(labelled, "tokens")
        row: dict[str, Any] = {"id": example.id, "tokens": list(words), "ner_tags": list(tags)}
        if example.group != example.id:
            row["group"] = example.group
        return row | ({} if example.split is None else {"split": example.split})


READER = TokensReader()
WRITER = TokensWriter()


def _tag(tag: object, names: Sequence[str] | None, where: Where) -> str:
    if type(tag) is int:
        if names is None:
            where.fail(f"the tag {shown(tag)} is a number", hint="name them in their order: --tag-names O,B-X,I-X")
        if not 0 <= tag < len(names):
            where.fail(f"the tag {shown(tag)} has no name: --tag-names has {len(names)}")
        tag = names[tag]
    if not isinstance(tag, str) or not iob.is_tag(tag):
        where.fail(f"{shown(tag)} is not a tag", hint="tags are O, B-LABEL, I-LABEL (or E-, S-, U-, L-), or numbers")
    return tag
