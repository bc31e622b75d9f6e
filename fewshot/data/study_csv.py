"""The study's CSV: pairs of input and target text, as its seq2seq models were trained on.

    subset,input_text,output_text
    train,(A) Blot of p53.,<panel> (A) Blot of p53. </panel> [END]

`subset` is train|trainset, validation|eval, test|testset. The export that it came from has one column, `input
###tt9HHSlkWoUM### target`, and no subsets: read too. Targets are aligned to inputs; what a row holds (panels,
entities, a hypothesis) is seen from the tags. The id is file:line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fewshot import formats, tasks
from fewshot.data import Head, Origin, Reader, Writer, asked_of, label, lines
from fewshot.errors import DataError, Where
from fewshot.origin.sheets import separated
from fewshot.records import FIELDS, PANEL, Example, Hypothesis, Kind, Scheme
from fewshot.text.sourcedata import ASSAY, ASSAY_TAG
from fewshot.text.visible import shortened

DELIMITER = "###tt9HHSlkWoUM###"
SUBSETS = {
    "train": "train", "trainset": "train", "validation": "validation", "eval": "validation",
    "test": "test", "testset": "test",
}  # fmt: skip
COLUMNS = ("subset", "input_text", "output_text")
_TAG = re.compile(r"<(/?+)\s*+([A-Za-z][A-Za-z_]{1,30})\s*+>")
_INFLUENCE = re.compile(r"tested for its influence|influence on", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:[A-Z][a-z]+ (?:the|this|all)\b[^:\n]{0,160}|Panelize|Causal hypothesis|Tag|NER)\s?:\s+")
_KINDS: tuple[Kind, ...] = ("panels", "entities", "hypothesis")
_QUOTED = 80
"""Characters of a cell or header in a message."""
_LEAST_COPIED = 0.6


@dataclass(frozen=True, slots=True)
class Row:
    """A pair, without the prompt before its input."""

    subset: str | None
    input: str
    target: str
    where: Where


@dataclass(frozen=True, slots=True)
class StudyCsvReader(Reader):
    """Reads both shapes. `skip_lines`: what stands above the header; `delimiter`: between input and target where
    there is one column."""

    delimiter: str = DELIMITER
    skip_lines: int = 0
    suffixes: frozenset[str] = frozenset((".csv",))
    numbers_ids: bool = True

    def recognises(self, head: Head) -> bool | None:
        """By the delimiter, or by the columns."""
        first = head.lines[0] if head.lines else ""
        if self.delimiter in "".join(head.lines[:2]):
            return True
        found = sum(name in first for name in COLUMNS)
        return found > 1 or (None if found or not first else False)  # of one that lacks a column the reader tells

    def pairs(self, source: str) -> list[Row]:
        """The rows as they stand, whatever their targets hold.

        Raises:
            DataError: a missing column, an unknown subset, an empty text.
        """
        return list(_rows(source, self.delimiter, self.skip_lines))

    def task_of(self, source: str) -> str | None:
        """The task that the targets are those of; `None`: of none that is known here."""
        kind = _held_by(self.pairs(source))
        return None if kind is None else _task(kind)

    def read(self, source: Origin, task: str | None) -> list[Example]:
        """All rows, in order; what the rows hold must be what `task` asks for.

        Raises:
            DataError: a missing column, an unknown subset, an empty text, a target that is not a copy of its input.
        """
        rows = self.pairs(source.name)
        kind = _kind(rows, task, source.name)
        labels = _labels(rows, kind)
        return [_example(row, kind, labels) for row in rows]


class StudyCsvWriter(Writer):
    """Writes subset, input and target."""

    kinds: frozenset[Kind] = frozenset(_KINDS)

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes the examples with their labels for `task` (without one: those that the first example holds).

        Raises:
            DataError: an example is not labelled for it.
        """
        count = 0
        asked = asked_of(self, task)
        kind = None if asked is None else asked.kind
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for count, example in enumerate(examples, 1):  # noqa: B007
                kind = kind or _held(example)
                target = None if kind is None else _target(example, kind, asked)
                if kind is None or target is None:
                    what = task or (_task(kind) if kind else "any task that study_csv holds")
                    raise DataError(f"not labelled for {what}", id=example.id, hint="--task T leaves such records out")
                writer.writerow((example.split or "test", example.text, target))
        return count


READER = StudyCsvReader()
WRITER = StudyCsvWriter()


def _rows(source: str, delimiter: str, skip_lines: int) -> Iterator[Row]:
    """Rows of either shape, with the line on which each starts."""
    reader = separated(islice(lines(source), skip_lines, None))
    started, head = 1 + skip_lines, None
    try:
        for cells in reader:
            line, started = started, skip_lines + reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            where = Where(source, line)
            if head is None:
                head = [cell.strip() for cell in cells]
                if delimiter not in ",".join(cells):
                    _check_head(head, where)
                    continue
                head = []
            yield _paired(cells, head, where, delimiter)
    except csv.Error as error:
        raise DataError(f"not CSV: {error}", path=source, line=skip_lines + reader.line_num) from None


def _check_head(head: Sequence[str], where: Where) -> None:
    missing = [name for name in COLUMNS if name not in head]
    if missing and len(head) > 1:
        where.fail(
            f"no column {missing[0]!r} (columns: {shortened(', '.join(head), _QUOTED)})",
            hint=f"needs {', '.join(COLUMNS)}",
        )
    if missing and not any(head):
        where.fail("no header", hint=f"needs {', '.join(COLUMNS)}")


def _paired(cells: Sequence[str], head: Sequence[str], where: Where, delimiter: str) -> Row:
    """One row, checked. Of a single column the delimiter parts input and target (commas belong to the text)."""
    if "input_text" not in head:
        left, found, right = ",".join(cells).partition(delimiter)
        if not found:
            where.fail(f"no {delimiter} between input and target")
        subset: str | None = None
    else:
        if len(cells) != len(head):
            where.fail(f"{len(cells)} columns where the header has {len(head)}")
        row = dict(zip(head, cells, strict=True))
        said, left, right = row["subset"].strip().lower(), row["input_text"], row["output_text"]
        if said not in SUBSETS:
            where.fail(f"unknown subset {shortened(row['subset'], _QUOTED)!r}", hint=f"one of {', '.join(SUBSETS)}")
        subset = SUBSETS[said]
    text = _PREFIX.sub("", left.strip(), count=1)
    for name, value in (("input_text", text), ("output_text", right)):
        if not value.strip():
            where.fail(f"{name} is empty")
    return Row(subset, text, right.strip(), where)


def _kind(rows: Sequence[Row], task: str | None, source: str) -> Kind:
    """What the targets hold; checked against the task they are read for."""
    kind = _held_by(rows) or "entities"  # texts in which nothing is named have no tags
    if task is not None and tasks.get(task).kind != kind:
        raise DataError(f"the targets are those of {_task(kind)}, not of {task}", path=source)
    return kind


def _task(kind: Kind) -> str:
    """The task that such targets are taken for where none is named: the first of its kind."""
    return next(tasks.of_kind(kind)).name


def _held_by(rows: Sequence[Row]) -> Kind | None:
    """What the targets hold; `None`: nothing that is known here."""
    tags = {tag.lower() for row in rows for tag in _tags(row.target)}
    if PANEL in tags:
        return "panels"
    if any(_INFLUENCE.search(row.target) for row in rows):
        return "hypothesis"
    return "entities" if tags else None


def _tags(target: str) -> list[str]:
    """The names of the tags in a target, each once: of those that are opened and somewhere behind that closed.

    >>> _tags("<GENE>p53</GENE> <CELL> <GENE> < TISSUE >liver</TISSUE >")
    ['GENE', 'TISSUE']
    """
    opened: dict[str, int] = {}
    closed: dict[str, int] = {}
    for tag in _TAG.finditer(target):
        if tag[1]:
            closed[tag[2]] = tag.start()
        else:
            opened.setdefault(tag[2], tag.start())
    return [name for name, start in opened.items() if closed.get(name, -1) > start]


def _labels(rows: Sequence[Row], kind: Kind) -> tuple[str, ...]:
    """The labels of the tags in the targets. A source string between angle brackets is not a tag."""
    if kind == "panels":
        return (PANEL,)
    found = {tag: None for row in rows for tag in _tags(row.target) if f"<{tag}>" not in row.input}
    if kind == "hypothesis":
        return tuple(dict.fromkeys(ASSAY if tag.upper() == ASSAY_TAG else tag.upper() for tag in found))
    return tuple(found)


def _example(row: Row, kind: Kind, labels: tuple[str, ...]) -> Example:
    where = row.where
    id_ = f"{label(where.path or '')}:{where.line}"
    parsed = _format(kind).parse(row.target, row.input, Scheme(kind, labels))
    if parsed.fidelity is not None and parsed.fidelity < _LEAST_COPIED:
        where.fail(f"output_text is not a copy of input_text ({parsed.fidelity:.0%} of it is there)")
    value = parsed.value
    if isinstance(value, Hypothesis):
        return Example(id_, id_, row.input, hypothesis=value, split=row.subset)
    if kind == "panels":
        return Example(id_, id_, row.input, panels=value, split=row.subset)
    return Example(id_, id_, row.input, entities=value, split=row.subset)


def _format(kind: Kind) -> formats.Format:
    """The format of the study's targets: that with tags."""
    return formats.get(formats.tagged(kind) or "", kind)


def _held(example: Example) -> Kind | None:
    """What an example is labelled for: panels before entities, as figures carry both."""
    if example.panels is not None:
        return "panels"
    if example.hypothesis is not None:
        return "hypothesis"
    return None if example.entities is None else "entities"


def _target(example: Example, kind: Kind, task: tasks.Task | None) -> str | None:
    """The labels for the task; without one, those of this kind as the record holds them."""
    value = getattr(example, FIELDS[kind]) if task is None else task.gold(example)
    if value is None:
        return None
    if isinstance(value, Hypothesis):
        labels = tuple(dict.fromkeys(m.label for _, members in value.roles() for m in members))
    else:
        labels = tuple(dict.fromkeys(span.label for span in value))
    return _format(kind).render(example.text, value, Scheme(kind, labels))
