"""LangExtract: annotated documents as it saves them, JSON a line; and its examples, whose extractions have no place.

    {"document_id": "d1", "text": "DCTN4 blot.", "extractions": [{"extraction_class": "gene", "extraction_text":
     "DCTN4", "char_interval": {"start_pos": 0, "end_pos": 5}, "alignment_status": "match_exact"}]}

The class is the label. An extraction that LangExtract could not place is kept under `unplaced`, which is said (of
predictions it is counted as such). Where no extraction of a document has an interval they are grounded here, as the
answers of a model are. Format: `langextract.io.save_annotated_documents`, https://github.com/google/langextract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import Where
from fewshot.fields import name_at, shown, string_at, whole_number
from fewshot.files import write_json_lines
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.origin.records import list_at, objects, word_at
from fewshot.records import Example, Kind, Match, Scheme, Span
from fewshot.text.offsets import unit_of

_EXACT = "match_exact"


@dataclass(frozen=True)
class LangExtractReader(Reader):
    """Documents with extractions."""

    offsets: str = offsets_option()

    suffixes: frozenset[str] = frozenset()

    def recognises(self, head: Head) -> bool | None:
        """By its keys."""
        return True if {"text", "extractions"} <= head.keys else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every document.

        Raises:
            DataError: it is not JSON; an extraction without class or text, or not where it says.
        """
        found = Annotations(source, unit_of(self.offsets))
        for where, row in objects(source):
            text = string_at(row, "text", where)
            id_ = word_at(row, "document_id") or word_at(row, "id") or f"{source.label}:{where.line}"
            here = where._replace(id=id_)
            extractions = list_at(row, "extractions", here)
            for number, one in enumerate(extractions):
                if not isinstance(one, dict):
                    here.fail(f"extractions[{number}] must be an object, not {shown(one)}")
                name_at(one, "extraction_class", here, f"extractions[{number}]")
                string_at(one, "extraction_text", here, f"extractions[{number}]")
            if any(isinstance(one.get("char_interval"), dict) for one in extractions):
                spans, unplaced = _placed(extractions, text, found, here)
            else:
                spans, unplaced = _grounded(extractions, text)
            for one in unplaced:
                found.note("unplaced", shown(one["text"]))
            extra = {"unplaced": unplaced} if unplaced else {}
            group, split = word_at(row, "group") or id_, word_at(row, "split")
            entities = found.entities(spans, text) if "extractions" in row else None
            yield Example(id_, group, text, entities=entities, split=split, extra=extra)
        found.report()


class LangExtractWriter(Writer):
    """Annotated documents, with group and split beside them."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    ending = ".jsonl"

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            return write_json_lines((_row(one, spans_to_write(self, one, task)) for one in examples), file)


READER = LangExtractReader()
WRITER = LangExtractWriter()


def _placed(
    extractions: Iterable[Mapping[str, Any]], text: str, found: Annotations, where: Where
) -> tuple[list[Span], list[dict[str, str]]]:
    """The extractions at their intervals, and those without one."""
    spans: list[Span] = []
    unplaced: list[dict[str, str]] = []
    for number, one in enumerate(extractions):
        name, label, surface = f"extractions[{number}]", one["extraction_class"], one["extraction_text"]
        interval = one.get("char_interval")
        if not isinstance(interval, dict) or interval.get("start_pos") is None or interval.get("end_pos") is None:
            unplaced.append({"label": label, "text": surface})
            continue
        start, end = (whole_number(interval, key, where, name) for key in ("start_pos", "end_pos"))
        exact = one.get("alignment_status", _EXACT) == _EXACT  # other matches differ from the text by intention
        checked = exact and text[max(start, 0) : max(end, 0)].casefold() != surface.casefold()  # it matches in any case
        span = found.span(text, start, end, label, where, surface=surface if checked else None, name=name)
        match: Match = "exact" if exact else "near"
        spans.append(replace(span, match=match))
    return spans, unplaced


def _grounded(extractions: Iterable[Mapping[str, Any]], text: str) -> tuple[list[Span], list[dict[str, str]]]:
    """The extractions where their texts stand, in their order; and those that stand nowhere."""
    from fewshot.text import grounding  # takes a while to import, and is seldom needed

    named = [(one["extraction_class"], grounding.Name(one["extraction_text"])) for one in extractions]
    labels = tuple(dict.fromkeys(label for label, _ in named))
    spans, unplaced = grounding.entities(text, named, Scheme("entities", labels), Counter())
    return list(spans), [{"label": one.label, "text": one.text} for one in unplaced]


def _row(example: Example, spans: Iterable[Span] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"document_id": example.id, "text": example.text}
    if spans is not None:
        row["extractions"] = [
            {
                "extraction_class": span.label,
                "extraction_text": span.cut(example.text),
                "char_interval": {"start_pos": span.start, "end_pos": span.end},
                "alignment_status": _EXACT if span.match in (None, "exact") else "match_fuzzy",
            }
            for span in spans
        ]
    if example.group != example.id:
        row["group"] = example.group
    return row | ({} if example.split is None else {"split": example.split})
