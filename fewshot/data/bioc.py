"""BioC, XML or JSON: documents of passages, each with its annotations.

    <collection>… <document><id>25763772</id><passage><offset>0</offset><text>DCTN4 blot.</text><annotation id="1">
    <infon key="type">Gene</infon><location offset="0" length="5"/><text>DCTN4</text></annotation></passage></document>

A passage is a text (`25763772/2`: the second; a document of one is its text), its group the document. Passages may hold
their text in sentences. Annotations of several locations are read as one entity a location, which is said. Other infons
are kept. JSON as PubTator 3 and PMC serve it (a list, or documents a line) is read too.
Format: Comeau et al., Database 2013, doi 10.1093/database/bat064; read and written by the library `bioc`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import DataError, Where
from fewshot.fields import type_of
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.origin.records import values
from fewshot.records import NO_ROLE, Example, Kind, Span
from fewshot.text.offsets import unit_of
from fewshot.text.visible import shortened

if TYPE_CHECKING:
    from bioc import BioCAnnotation, BioCDocument, BioCPassage

_OURS = ("group", "split")
"""Infons of a document that keep what a record says beside its text."""
_LISTS = ("passages", "sentences", "annotations", "relations", "locations", "nodes")
_QUOTED = 80


@dataclass(frozen=True)
class BiocReader(Reader):
    """Passages with entities."""

    offsets: str = offsets_option()

    suffixes = frozenset({".bioc"})

    def recognises(self, head: Head) -> bool | None:
        """By the root of XML, by the keys of JSON."""
        if head.root:
            return head.root == "collection" or None
        keys = head.keys
        return True if "passages" in keys or "PubTator3" in keys or {"source", "documents"} <= keys else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every passage that has a text. Those without an annotation name nothing if others of the file do.

        Raises:
            DataError: it is not BioC; an annotation without a type, or not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        documents = list(_of_xml(source) if source.head().root else _of_json(source))
        labelled = any(True for document, _ in documents for _ in _annotations(document))
        for document, where in documents:
            for example in _examples(document, found, where):
                yield example if labelled else replace(example, entities=None)
        found.report()


@dataclass(frozen=True)
class BiocWriter(Writer):
    """A document an example; examples that were read from one document become one again. `.json`: JSON."""

    as_json: bool = False
    kinds: frozenset[Kind] = frozenset(("entities",))
    suffixes = frozenset({".xml", ".bioc"})

    def for_ending(self, suffix: str) -> BiocWriter:
        """JSON for `.json`, else XML."""
        return replace(self, as_json=suffix == ".json")

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named.

        Raises:
            DataError: a text that XML cannot hold.
        """
        import bioc
        from bioc import biocjson, biocxml

        collection, count = bioc.BioCCollection(), 0
        collection.source, collection.date, collection.key = "fewshot", "", ""
        for id_, members in groupby(examples, key=lambda one: str(one.extra.get("document") or one.id)):
            document = bioc.BioCDocument()
            document.id = id_
            for example in members:
                count += 1
                try:
                    _add(document, example, spans_to_write(self, example, task))
                    biocxml.encoder.encode_document(document)
                except ValueError as error:
                    if not self.as_json:
                        raise DataError(
                            f"XML cannot hold this text ({error})", id=example.id, hint="JSON can: .json"
                        ) from None
            collection.add_document(document)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(biocjson.dumps(collection, ensure_ascii=False) if self.as_json else biocxml.dumps(collection))
        return count


READER = BiocReader()
WRITER = BiocWriter()


def _of_xml(origin: Origin) -> Iterator[tuple[BioCDocument, Where]]:
    from bioc import biocxml
    from lxml import etree

    content = origin.content()
    if b"<!ENTITY" in content:
        line = content.count(b"\n", 0, content.index(b"<!ENTITY")) + 1
        raise DataError("declares an entity", path=origin, line=line, hint="write the characters themselves")
    try:
        collection = biocxml.load(io.BytesIO(content))
    except etree.XMLSyntaxError as error:
        said = shortened((error.msg or "empty").partition(", line")[0], _QUOTED)
        raise DataError(f"not well-formed XML: {said}", path=origin, line=error.lineno or 1) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unsound(error, Where(origin)) from None
    start, line = 0, 1
    for document in collection.documents:
        at = content.find(b"<document", start)
        line += content.count(b"\n", start, at)
        start = at + 1
        yield document, Where(origin, line, document.id)


def _of_json(origin: Origin) -> Iterator[tuple[BioCDocument, Where]]:
    from bioc.biocjson import decoder

    for line, value in values(origin):
        if not isinstance(value, dict):
            Where(origin, line).fail(f"a collection or document must be an object, not {type_of(value)}")
        rows = value.get("documents", value.get("PubTator3", [value]))
        if not isinstance(rows, list):
            Where(origin, line).fail(f"documents must be a list, not {type_of(rows)}")
        for row in rows:
            id_ = row.get("id") if isinstance(row, dict) else None
            where = Where(origin, line, str(id_) if id_ is not None else None)
            try:
                document = decoder.parse_doc(_filled(row))
                document.id = str(document.id)
                yield document, where
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                raise _unsound(error, where) from None


def _filled(row: Any) -> Any:
    """A document, passage, sentence, annotation or relation with the lists that writers leave out."""
    filled = {"infons": {}} | {key: [] for key in _LISTS} | row
    return filled | {key: [_filled(one) for one in filled[key]] for key in _LISTS if key in row and key != "locations"}


def _unsound(error: Exception, where: Where) -> DataError:
    said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    hint = "see the BioC DTD: document, passage, offset, text, annotation with infon type and location"
    return DataError(f"not sound BioC ({shortened(said, _QUOTED)})", **where._asdict(), hint=hint)


def _annotations(document: BioCDocument) -> Iterator[BioCAnnotation]:
    yield from document.annotations
    for passage in document.passages:
        yield from passage.annotations
        for sentence in passage.sentences:
            yield from sentence.annotations


def _examples(document: BioCDocument, found: Annotations, where: Where) -> Iterator[Example]:
    texts = [(passage, _text(passage, where)) for passage in document.passages]
    several = sum(bool(text.strip()) for _, text in texts) > 1
    infons: Mapping[str, Any] = document.infons if isinstance(document.infons, dict) else {}
    group, split = (str(infons[key]) if infons.get(key) else None for key in _OURS)
    rest = list(document.annotations)
    for number, (passage, text) in enumerate(texts, 1):
        inside: list[BioCAnnotation] = []
        others: list[BioCAnnotation] = []
        for one in rest:
            (inside if _within(one, passage, text) else others).append(one)
        rest = others
        if not text.strip():
            continue
        own = [*passage.annotations, *(one for sentence in passage.sentences for one in sentence.annotations), *inside]
        read = [pair for one in own for pair in _spans(one, passage.offset, text, found, where)]
        extra: dict[str, Any] = {"document": document.id, "offset": passage.offset}
        if passage.infons:
            extra["passage"] = passage.infons
        if kept := [[span.start, span.end, infons] for span, infons in read if infons]:
            extra["infons"] = kept
        id_ = f"{document.id}/{number}" if several else str(document.id)
        entities = found.entities([span for span, _ in read], text)
        yield Example(id_, group or str(document.id), text, entities=entities, split=split, extra=extra)
    for one in rest:
        where.fail(f"annotation {shortened(str(one.text), _QUOTED)!r} lies in no passage")


def _within(annotation: BioCAnnotation, passage: BioCPassage, text: str) -> bool:
    start = min((one.offset for one in annotation.locations), default=-1)
    return bool(passage.offset <= start < passage.offset + max(len(text), 1))


def _text(passage: BioCPassage, where: Where) -> str:
    """The text of a passage, or of its sentences at their offsets."""
    if passage.text or not passage.sentences:
        return passage.text or ""
    text = ""
    for sentence in passage.sentences:
        gap = sentence.offset - passage.offset - len(text)
        if not 0 <= gap <= len(text) + 1000:
            where.fail(f"a sentence at {sentence.offset} begins within the one before it, or far behind it")
        text += " " * gap + (sentence.text or "")
    return text


def _spans(
    annotation: BioCAnnotation, offset: int, text: str, found: Annotations, where: Where
) -> Iterator[tuple[Span, Mapping[str, Any]]]:
    """An annotation as spans of a passage at this offset, with its other infons."""
    infons = dict(annotation.infons)
    label = infons.pop("type", None)
    role = str(infons.pop("role") or NO_ROLE) if "role" in infons else None
    name = f"annotation {annotation.id}"
    if not isinstance(label, str) or not label.strip():
        where.fail(f"{name} has no infon of key type", hint="it is the label")
    if not annotation.locations:
        where.fail(f"{name} has no location")
    surface = annotation.text if len(annotation.locations) == 1 and annotation.text else None
    if surface is None and annotation.text:
        found.note("pieces", repr(shortened(annotation.text, _QUOTED)))
    for place in annotation.locations:
        start = place.offset - offset
        span = found.span(text, start, start + place.length, label, where, surface=surface, name=name)
        yield replace(span, role=role), infons


def _add(document: BioCDocument, example: Example, spans: Iterable[Span] | None) -> None:
    """Adds an example to a document as its next passage."""
    import bioc

    if not document.passages:
        ours = {"group": example.group if example.group != document.id else None, "split": example.split}
        document.infons = {key: value for key, value in ours.items() if value is not None}
    end = document.passages[-1].offset + len(document.passages[-1].text) + 1 if document.passages else 0
    passage = bioc.BioCPassage()
    kept = example.extra.get("offset")
    passage.offset = kept if isinstance(kept, int) and kept >= end - 1 else end
    passage.text = example.text
    infons = example.extra.get("passage")
    passage.infons = infons if isinstance(infons, dict) else {}
    others = {(start, end): infons for start, end, infons in example.extra.get("infons", ())}
    for span in spans or ():
        annotation = bioc.BioCAnnotation()
        annotation.id = str(sum(len(one.annotations) for one in document.passages) + len(passage.annotations) + 1)
        annotation.infons = {"type": span.label} | dict(others.get((span.start, span.end), {}))
        if span.role is not None:
            annotation.infons["role"] = span.role
        if span.confidence is not None:
            annotation.infons["confidence"] = json.dumps(span.confidence)
        annotation.text = span.cut(example.text)
        annotation.add_location(bioc.BioCLocation(passage.offset + span.start, span.end - span.start))
        passage.add_annotation(annotation)
    document.add_passage(passage)
