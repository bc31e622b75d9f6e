"""PubTator: title and abstract, then a line an annotation with tabs between; a blank line between documents.

    25763772|t|DCTN4 as a modifier of infection
    25763772|a|Pseudomonas is chronic.
    25763772<TAB>0<TAB>5<TAB>DCTN4<TAB>Gene<TAB>51164

Offsets run over title and abstract with one character between. Each of them is a text of its own (`25763772/title`,
`25763772/abstract`; a document of one is its text), its offsets from its own beginning, its group the document.
Identifiers are kept under `concepts`; relations are not read. Writing turns each line break into a space.
Format: Wei, Kao, Lu, Nucleic Acids Research 2013, doi 10.1093/nar/gkt441.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import DataError, Where
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.records import Example, Kind, Span
from fewshot.text.offsets import unit_of
from fewshot.text.visible import shortened

_PASSAGE = re.compile(r"([^|\t\n]+)\|([ta])\|(.*)", re.DOTALL)
_NAMES = {"t": "title", "a": "abstract"}
_LEAST_COLUMNS = 5
"""Document, start, end, mention, type; identifiers follow."""
_QUOTED = 80
_BREAKS = str.maketrans("\r\n\t", "   ")


@dataclass(slots=True)
class _Document:
    id: str
    line: int
    passages: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What the offsets count."""
        return " ".join(self.passages.values())


@dataclass(frozen=True)
class PubtatorReader(Reader):
    """Documents with entities."""

    offsets: str = offsets_option()

    suffixes = frozenset({".pubtator"})

    def recognises(self, head: Head) -> bool | None:
        """By its first line."""
        return True if head.lines and _PASSAGE.match(head.lines[0]) else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every title and abstract. Documents without an annotation name nothing if others do.

        Raises:
            DataError: a line of neither form; an annotation that is not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        labelled = any(_is_annotation(line) for line in source.head().text.splitlines())
        for document in _documents(source):
            yield from _examples(document, found, labelled=labelled)
        found.report()


class PubtatorWriter(Writer):
    """A document an example; examples that were read from one document become one again."""

    kinds: frozenset[Kind] = frozenset(("entities",))

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named.

        Raises:
            DataError: an id that holds a bar, a tab or a line break.
        """
        count = 0
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for _, members in groupby(examples, key=lambda one: (one.extra.get("document") or one.id, one.group)):
                passages = list(members)
                count += len(passages)
                for part in _written(passages, self, task):
                    file.write(part)
        return count


READER = PubtatorReader()
WRITER = PubtatorWriter()


def _is_annotation(line: str) -> bool:
    columns = line.split("\t", 3)
    return len(columns) > 2 and columns[1].isdecimal() and columns[2].isdecimal()


def _documents(origin: Origin) -> Iterator[_Document]:
    document: _Document | None = None
    for number, raw in enumerate(origin.lines(), 1):
        line = raw.rstrip("\r\n")
        passage = _PASSAGE.fullmatch(line)
        if document and (not line.strip() or (passage and passage[1] != document.id)):
            yield document
            document = None
        if not line.strip():
            continue
        where = Where(origin, number)
        if passage:
            document = document or _Document(passage[1], number)
            if passage[2] in document.passages or document.rows:
                twice = where._replace(id=document.id)
                twice.fail(f"a second {_NAMES[passage[2]]}", hint="part documents by a blank line")
            document.passages[passage[2]] = passage[3]
            continue
        columns = line.split("\t")
        if document is None or columns[0] != document.id or len(columns) < 4:
            where.fail(
                f"{shortened(line, _QUOTED)!r} is no line of PubTator",
                hint="ID|t|title, ID|a|abstract, or ID, start, end, mention and type with tabs between",
            )
        document.rows.append((number, columns))
    if document:
        yield document


def _examples(document: _Document, found: Annotations, *, labelled: bool) -> Iterator[Example]:
    """The texts of a document. `labelled`: whether one without an annotation says that nothing is named."""
    spans = list(_spans(document, found))
    start = 0
    for name, text in document.passages.items():
        end = start + len(text)
        mine = [(span, concept) for span, concept in spans if start <= span.start and span.end <= end]
        shift = start
        start = end + 1
        if not text.strip():
            continue
        kept = found.entities([Span(s.start - shift, s.end - shift, s.label) for s, _ in mine], text)
        extra: dict[str, Any] = {"document": document.id, "part": _NAMES[name]}
        if concepts := [[s.start - shift, s.end - shift, concept] for s, concept in mine if concept]:
            extra["concepts"] = concepts
        id_ = f"{document.id}/{_NAMES[name]}" if sum(map(bool, document.passages.values())) > 1 else document.id
        yield Example(id_, document.id, text, entities=kept if labelled or spans else None, extra=extra)


def _spans(document: _Document, found: Annotations) -> Iterator[tuple[Span, str]]:
    """The annotations, by offsets of the whole document, each with its identifier."""
    text, title = document.text, len(next(iter(document.passages.values())))
    for line, columns in document.rows:
        where = Where(found.origin, line, document.id)
        if not (columns[1].isdecimal() and columns[2].isdecimal()):
            found.note("other", repr(shortened("\t".join(columns), _QUOTED)))
            continue
        if len(columns) < _LEAST_COLUMNS:
            where.fail(f"{len(columns)} columns", hint="an annotation has ID, start, end, mention, type")
        if len(columns[1]) > 12 or len(columns[2]) > 12:
            where.fail("an offset of more than 12 digits")
        span = found.span(text, int(columns[1]), int(columns[2]), columns[4], where, surface=columns[3])
        if span.start < title < span.end and len(document.passages) > 1:
            where.fail(f"{shortened(columns[3], _QUOTED)!r} reaches from the title into the abstract")
        yield span, columns[5].strip() if len(columns) > _LEAST_COLUMNS else ""


def _written(passages: list[Example], writer: Writer, task: str | None) -> Iterator[str]:
    """A document."""
    id_ = str(passages[0].extra.get("document") or passages[0].id)
    if not id_.strip() or any(sign in id_ for sign in "|\t\r\n"):
        raise DataError("PubTator cannot hold this id: it is empty or holds a bar, a tab or a line break", id=id_)
    names = ["a" if one.extra.get("part") == "abstract" else "t" for one in passages]
    if len(set(names)) < len(names):
        raise DataError("two examples are the same part of a document", id=passages[0].id)
    if names == ["a"]:
        yield f"{id_}|t|\n"
    for name, example in zip(names, passages, strict=True):
        yield f"{id_}|{name}|{example.text.translate(_BREAKS)}\n"
    start = 1 if names == ["a"] else 0
    for example in passages:
        concepts = {(a, b): concept for a, b, concept in example.extra.get("concepts", ())}
        for span in spans_to_write(writer, example, task) or ():
            surface = span.cut(example.text).translate(_BREAKS)
            row = [id_, str(start + span.start), str(start + span.end), surface, span.label]
            yield "\t".join((*row, *filter(None, [concepts.get((span.start, span.end))]))) + "\n"
        start += len(example.text) + 1
    yield "\n"
