"""CoNLL: a word and its tag a line, a blank line between sentences (IOB1, IOB2, IOBES, BILOU).

    Torsade     B-Disease
    de          I-Disease
    pointes     I-Disease

Columns are parted by tabs or spaces; the first is the word, the last the tag. A sentence is an example, its
text the words joined by single spaces, its id file name and line of the first word (`test.tsv:1`), its group
the document where -DOCSTART- lines part documents. What a writer needs to give the very same tags again is
kept in the record: `tagging`, and `words` or `tags` where text and entities alone would not tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from fewshot import tasks
from fewshot.data import Head, Origin, Reader, Writer, asked_of
from fewshot.errors import Where
from fewshot.origin import tagged
from fewshot.records import Example, Kind
from fewshot.text import iob
from fewshot.text.visible import shortened

DOCUMENT = "-DOCSTART-"
_QUOTED = 80
"""Characters of a line in a message: enough to find it."""
_GAP = re.compile(r"[\t ]+")
_SENTENCES = 10_000
"""Sentences that show how a file is tagged."""
_ENOUGH = 3
"""Tagged lines that make a file CoNLL, whatever its name: "see B-A" alone may be a legend."""


@dataclass(slots=True)
class _Sentence:
    line: int
    document: int | None
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


class ConllReader(Reader):
    """Word and tag columns."""

    suffixes = frozenset({".tsv", ".conll", ".iob"})
    numbers_ids = True

    def recognises(self, head: Head) -> bool | None:
        """By tags at the ends of its lines."""
        tagged = [_ends_in_tag(line) for line in head.lines]
        if len(tagged) >= _ENOUGH and all(tagged):
            return True
        return False if len(tagged) > 1 and not any(tagged) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every sentence, with its entities. How they are tagged is seen from the first sentences; a sentence that is
        tagged otherwise keeps its tags.

        Raises:
            DataError: a line without word or tag; a tag that is none.
        """
        sentences = _sentences(source)
        first = list(islice(sentences, _SENTENCES))
        tagging = iob.tagging_of(sentence.tags for sentence in first)
        for sentence in chain(first, sentences):
            yield _example(sentence, tagging, source)


class ConllWriter(Writer):
    """Words and tags, tab between them. Examples that were read from CoNLL get their own tags again."""

    kinds: frozenset[Kind] = frozenset(("entities",))

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes the entities of every example.

        Raises:
            DataError: an example without entity labels; a line break in a word; an entity that was moved off the
                words that the example was read with.
        """
        count, group = 0, None
        asked = asked_of(self, task)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for count, example in enumerate(examples, 1):  # noqa: B007
                if example.group not in (example.id, group):
                    file.write(f"{DOCUMENT}\tO\n\n")
                group = example.group
                gold = example.entities if asked is None else asked.gold(example)
                words, tags = _words_and_tags(replace(example, entities=None if gold is None else tasks.spans_of(gold)))
                file.writelines(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
                file.write("\n")
        return count


def _sentences(origin: Origin) -> Iterator[_Sentence]:
    document, sentence = None, None
    for number, raw in enumerate(origin.lines(), 1):
        line = raw.rstrip("\r\n")
        if not line.strip():
            if sentence:
                yield sentence
            sentence = None
            continue
        word, tag = _columns(line, Where(origin, number))
        if word == DOCUMENT:
            document = number
            continue
        sentence = sentence or _Sentence(number, document)
        sentence.words.append(word)
        sentence.tags.append(tag)
    if sentence:
        yield sentence


def _ends_in_tag(line: str) -> bool:
    """Whether a line is a word and a tag, or parts documents."""
    columns = line.split("\t") if "\t" in line else _GAP.split(line.strip(" "))
    return columns[0] == DOCUMENT or (len(columns) > 1 and iob.is_tag(columns[-1].strip()))


def _columns(line: str, where: Where) -> tuple[str, str]:
    """First and last column. A line with a tab is parted by tabs alone: its words may hold spaces."""
    columns = line.split("\t") if "\t" in line else _GAP.split(line.strip(" "))
    word, tag = columns[0], columns[-1].strip()
    if word == DOCUMENT:
        return word, "O"
    if len(columns) < 2 or not word:
        where.fail(
            f"no {'word' if not word else 'tag'} in {shortened(line, _QUOTED)!r}", hint="a line is a word and its tag"
        )
    if not iob.is_tag(tag):
        where.fail(f"{shortened(tag, _QUOTED)!r} is not a tag", hint="tags are O, B-LABEL, I-LABEL (or E-, S-, U-, L-)")
    return word, tag


def _example(sentence: _Sentence, tagging: iob.Tagging, origin: Origin) -> Example:
    where = Where(origin, sentence.line, f"{origin.label}:{sentence.line}")
    group = None if sentence.document is None else f"{origin.label}:{sentence.document}"
    return tagged.example_of(sentence.words, sentence.tags, tagging, where, group)


def _words_and_tags(example: Example) -> tuple[Sequence[str], Sequence[str]]:
    words, tags = tagged.words_and_tags(example, "conll")
    if any("\n" in word or "\r" in word or "\t" in word for word in words):
        Where(id=example.id).fail("a word holds a tab or a line break")
    return words, tags


READER = ConllReader()
WRITER = ConllWriter()
