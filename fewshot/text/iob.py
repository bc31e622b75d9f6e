"""Tags ↔ spans: IOB data becomes text with offsets, and can be turned back to the very same tags.

>>> words = ["Torsade", "de", "pointes", "came", "back"]
>>> tags = ["B-Disease", "I-Disease", "I-Disease", "O", "O"]
>>> text, edges = join(words)
>>> spans(tags, edges, text)
(Span(start=0, end=18, label='Disease', labels=None, role=None, confidence=None, match=None),)
>>> tags_of(spans(tags, edges, text), edges, "IOB2") == tags
True

Where an entity begins and ends is read as conlleval reads it (Tjong Kim Sang & Buchholz 2000), which is
seqeval's default: an `I-` after `O` or after another label begins one, so that every sequence of tags means
something. Known prefixes: B I E S, and U L for S E.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, TypeAlias

from fewshot.errors import DataError
from fewshot.records import Span
from fewshot.text.spans import trimmed

Tagging: TypeAlias = Literal["IOB2", "IOB1", "IOBES", "BILOU"]
"""How an entity's words are tagged. IOB1 writes B- only between two entities of one label that touch."""

Edges: TypeAlias = Sequence[tuple[int, int]]
"""`(start, end)` of every word in the text."""

Chunk: TypeAlias = tuple[int, int, str]
"""First word, word after the last, label."""

_TAG = re.compile(r"O|[BIESUL]-.+", re.DOTALL)
_MEANING = {"U": "S", "L": "E"}
_WORD = re.compile(r"\w+|[^\w\s]")
_SKIP = re.compile(r"\s|[^\W_]+|.", re.DOTALL)


def join(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The text of some words, one space between them, and each word's offsets.

    >>> join(["p53", "blot"])
    ('p53 blot', [(0, 3), (4, 8)])
    """
    edges, position = [], 0
    for word in words:
        edges.append((position, position + len(word)))
        position += len(word) + 1
    return " ".join(words), edges


def locate(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Each word's offsets in the text it was split from; `None` where a word is not found.

    Between two words may lie white space, and whole words that the splitting left out.

    >>> locate(["p53", "(", "A", ")"], "p53 protein (A)")
    [(0, 3), (12, 13), (13, 14), (14, 15)]
    """
    edges, position = [], 0
    for word in words:
        while not text.startswith(word, position):
            skipped = _SKIP.match(text, position)
            if skipped is None:
                return None
            position = skipped.end()
        edges.append((position, position + len(word)))
        position += len(word)
    return edges


def tokenize(text: str, cuts: Iterable[int] = ()) -> list[tuple[int, int]]:
    """Offsets of the words and punctuation marks of a text that never was IOB. No word runs over one of `cuts`.

    >>> [text[a:b] for text in ["Gα-null (p53KO)"] for a, b in tokenize(text, [12])]
    ['Gα', '-', 'null', '(', 'p53', 'KO', ')']
    """
    parted = sorted(set(cuts))
    edges: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        inside = parted[bisect_right(parted, start) : bisect_left(parted, end)]
        edges += pairwise([start, *inside, end])
    return edges


def is_tag(tag: str) -> bool:
    """Whether a tag can be read.

    >>> [is_tag(tag) for tag in ("O", "B-Disease", "I-", "Disease")]
    [True, True, False, False]
    """
    return _TAG.fullmatch(tag) is not None


def chunks(tags: Iterable[str]) -> Iterator[Chunk]:
    """The entities of a sequence of tags, in order.

    >>> list(chunks(["I-A", "B-A", "I-A", "I-B", "O", "S-B", "E-B"]))
    [(0, 1, 'A'), (1, 3, 'A'), (3, 4, 'B'), (5, 6, 'B'), (6, 7, 'B')]
    """
    start, label, closed = -1, "", True
    i = -1
    for i, tag in enumerate(tags):
        prefix, _, here = tag.partition("-")
        prefix = _MEANING.get(prefix, prefix)
        begins = prefix in "BS" or closed or here != label
        if start >= 0 and (prefix == "O" or begins):
            yield start, i, label
            start = -1
        if prefix == "O":
            closed, label = True, ""
            continue
        if begins:
            start, label = i, here
        closed = prefix in "ES"
    if start >= 0:
        yield start, i + 1, label


def spans(tags: Iterable[str], edges: Edges, text: str) -> tuple[Span, ...]:
    """The entities as characters of the text, white space at their edges trimmed.

    Raises:
        DataError: an entity whose words are white space only.
    """
    found = []
    for first, after, label in chunks(tags):
        extent = trimmed(text, edges[first][0], edges[after - 1][1])
        if extent is None:
            raise DataError(f"an entity of white space only ({label}, word {first + 1})")
        found.append(Span(*extent, label))
    return tuple(found)


def tags_of(entities: Sequence[Span], edges: Edges, tagging: Tagging) -> list[str]:
    """The tags of some entities over the words at `edges`.

    Raises:
        DataError: an edge of an entity falls inside a word.
    """
    by_start = {start: i for i, (start, _) in enumerate(edges)}
    by_end = {end: i for i, (_, end) in enumerate(edges)}
    tags = ["O"] * len(edges)
    for span in entities:
        first, last = by_start.get(span.start), by_end.get(span.end)
        if first is None or last is None:
            side, at = ("starts", span.start) if first is None else ("ends", span.end)
            raise DataError(f"entity {span.start}–{span.end} ({span.label}) {side} inside a word, at {at}")
        before = tags[first - 1] if first else "O"
        tags[first : last + 1] = _tagged(last + 1 - first, span.label, tagging, before)
    return tags


def tagging_of(sentences: Iterable[Sequence[str]]) -> Tagging:
    """How a file tags: by its prefixes, and IOB1 where that explains more of its sentences than IOB2.

    >>> tagging_of([["B-A", "I-A", "O"]]), tagging_of([["I-A", "B-A"]]), tagging_of([["B-A", "E-A"]])
    ('IOB2', 'IOB1', 'IOBES')
    """
    sentences = list(sentences)
    prefixes = {tag[:1] for tags in sentences for tag in tags}
    if prefixes & {"E", "S"}:
        return "IOBES"
    if prefixes & {"U", "L"}:
        return "BILOU"
    first = sum(retag(tags, "IOB1") == list(tags) for tags in sentences)
    second = sum(retag(tags, "IOB2") == list(tags) for tags in sentences)
    return "IOB1" if first > second else "IOB2"


def retag(tags: Sequence[str], tagging: Tagging) -> list[str]:
    """The same entities, tagged in another way.

    >>> retag(["I-A", "B-A", "I-A"], "IOBES")
    ['S-A', 'B-A', 'E-A']
    """
    written = ["O"] * len(tags)
    for first, after, label in chunks(tags):
        before = written[first - 1] if first else "O"
        written[first:after] = _tagged(after - first, label, tagging, before)
    return written


def _tagged(length: int, label: str, tagging: Tagging, before: str) -> list[str]:
    """The tags of one entity of `length` words; `before`: the tag of the word in front of it."""
    if tagging == "IOB1":
        touches = before[2:] == label
        prefixes = ("B" if touches else "I") + "I" * (length - 1)
    elif tagging == "IOB2":
        prefixes = "B" + "I" * (length - 1)
    else:
        single, last = ("S", "E") if tagging == "IOBES" else ("U", "L")
        prefixes = single if length == 1 else "B" + "I" * (length - 2) + last
    return [f"{prefix}-{label}" for prefix in prefixes]
