"""A legend a line: id, article, split, text as JSON, and its entities as START-END-LABEL, with tabs between.

    fig-1<TAB>10.1000/x<TAB>test<TAB>"Cells treated with nutlin."<TAB>19-25-CHEMICAL

JSON escapes the tabs and line breaks of a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from fewshot.data import Origin, Reader, Writer, asked_of
from fewshot.records import Example, Kind, Span
from fewshot.tasks import spans_of


class TabbedReader(Reader):
    """Entities by offsets."""

    suffixes = frozenset((".tabbed",))

    def read(self, source: Origin, task: str | None) -> list[Example]:
        """Every line."""
        found = []
        for line in source.lines():
            id_, group, split, text, spans = line.rstrip("\n").split("\t")
            parts = (span.split("-", 2) for span in spans.split())
            entities = tuple(Span(int(start), int(end), label) for start, end, label in parts)
            found.append(Example(id_, group, json.loads(text), entities=entities, split=split))
        return found


class TabbedWriter(Writer):
    """The entities, or those that a task asks for."""

    kinds: frozenset[Kind] = frozenset(("entities",))

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """One line an example."""
        asked, rows = asked_of(self, task), []
        for example in examples:
            gold = (example.entities if asked is None else asked.gold(example)) or ()
            spans = " ".join(f"{span.start}-{span.end}-{span.label}" for span in spans_of(gold))
            rows.append(
                "\t".join((example.id, example.group, example.split or "test", json.dumps(example.text), spans)) + "\n"
            )
        path.write_text("".join(rows), "utf-8")
        return len(rows)


READER = TabbedReader()
WRITER = TabbedWriter()
