"""Words with tags become examples, and examples words with the very same tags again.

What text and entities alone would not tell is kept in the record: `tagging`, and `words` or `tags` where needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fewshot.errors import DataError, Where
from fewshot.records import Example, Span
from fewshot.text import iob


def example_of(
    words: Sequence[str], tags: Sequence[str], tagging: iob.Tagging, where: Where, group: str | None = None
) -> Example:
    """The words joined by single spaces, with their entities; the id is that of `where`, as is the group without one.

    Raises:
        DataError: an entity of white space only.
    """
    id_ = where.id or ""
    text, edges = iob.join(words)
    try:
        entities = iob.spans(tags, edges, text)
    except DataError as error:
        where.fail(error.message)
    extra: dict[str, Any] = {"tagging": tagging}
    if text.split(" ") != list(words):
        extra["words"] = list(words)
    if _plain_tags(entities, edges, tagging) != list(tags):
        extra["tags"] = list(tags)
    return Example(id=id_, group=group or id_, text=text, entities=entities, extra=extra)


def words_and_tags(example: Example, format: str) -> tuple[Sequence[str], Sequence[str]]:
    """The words of an example and a tag for each. `format`: for messages.

    Raises:
        DataError: no entity labels; an entity that begins or ends inside a word.
    """
    where = Where(id=example.id)
    if example.entities is None:
        where.fail("has no entities to write", hint="--task ner leaves such records out, jsonl holds them")
    words, edges = _words(example)
    if kept := _kept_tags(example, edges):
        return words, kept
    try:
        return words, iob.tags_of(example.entities, edges, example.extra.get("tagging", "IOB2"))
    except DataError as error:
        where.fail(f"{error.message} of {example.text[:40]!r}…", hint=f"{format} cannot carry it; jsonl can")


def _plain_tags(entities: Sequence[Span], edges: iob.Edges, tagging: iob.Tagging) -> list[str] | None:
    """What the entities give without the help of kept tags (white space may have been trimmed off them)."""
    try:
        return iob.tags_of(entities, edges, tagging)
    except DataError:
        return None


def _words(example: Example) -> tuple[Sequence[str], iob.Edges]:
    """The words that the example was read from, if they still are its text; else words and punctuation marks, parted
    where an entity begins or ends ("p53" in "p53KO")."""
    if "tagging" in example.extra:
        words = example.extra.get("words", example.text.split(" "))
        text, edges = iob.join(words)
        if text == example.text:
            return words, edges
    cuts = [edge for span in example.entities or () for edge in (span.start, span.end)]
    edges = iob.tokenize(example.text, cuts)
    return [example.text[start:end] for start, end in edges], edges


def _kept_tags(example: Example, edges: iob.Edges) -> list[str] | None:
    """The tags the example was read with, if they still say its entities (someone may have edited those)."""
    tags = example.extra.get("tags")
    if not isinstance(tags, list) or len(tags) != len(edges) or not all(map(iob.is_tag, tags)):
        return None
    said = [(span.start, span.end, span.label) for span in iob.spans(tags, edges, example.text)]
    return tags if said == [(s.start, s.end, s.label) for s in example.entities or ()] else None
