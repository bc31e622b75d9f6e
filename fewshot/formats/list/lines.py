"""The lines of a list, whatever a model makes of them.

    **GENEPROD:** p53; MDM2        ### GENEPROD        | Label     | Mention |        - p53 (GENEPROD)
    - Cell type: HeLa              - p53               |-----------|---------|        - p53: GENEPROD
                                   - MDM2              | GENEPROD  | p53     |

Lines are cut at signs, never matched with patterns of neighbouring runs: an answer may be 100,000 blanks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fewshot.records import ProblemKind
from fewshot.text.labels import Labels, labels_of
from fewshot.text.legend import leading_label

NONE = "(none)"
_MARKUP = " \t\r*_`#>"
"""Around a label: Markdown for bold, italics, code, headings, quotations."""

_BULLET = re.compile(r"(?:[-*•+–]|[0-9]{1,3}[.)])\s")
_FENCE = "```"
_LONGEST_LABEL = 60
"""Characters before a colon that may be a label; what is longer is prose."""

_RULE = frozenset("|-:= \t")
_BEHIND = re.compile(r"[(\[]([^()\[\]]{1,60})[)\]]$|(?:\s[-–—=→]{1,2}>?|:)\s([^-–—:=→]{1,60})$")
"""A label behind its name: "p53 (GENEPROD)", "p53 – GENEPROD", "p53: GENEPROD"."""

_COLON = re.compile(r"\\.|[:：]", re.DOTALL)
_PANEL = re.compile(r"panels?\s", re.IGNORECASE)
_MENTIONS = frozenset(("mention", "entity", "name", "text", "surface", "span"))


@dataclass(frozen=True, slots=True)
class Line:
    """A listing under its label (`None`: a panel without one). `number`: of the line; lines below a label share it."""

    label: str | None
    text: str
    number: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A line without its bullet. `cells`: of a table; `header`: the line above the rule of a table."""

    text: str
    bullet: bool = False
    cells: tuple[str, ...] = ()
    header: bool = False


def surface_lines(answer: str, labels: tuple[str, ...], problems: Counter[ProblemKind]) -> list[Line]:
    """The listings of an answer by label; a line that is neither a label's nor below one is counted."""
    known = labels_of(labels)
    lines: list[Line] = []
    label: str | None = None
    columns: tuple[str, ...] = ()
    opened = False  # a label without a listing: whatever follows is below it
    number = 0
    for row in _rows(answer):
        if row.cells:
            columns = row.cells if row.header else columns
            pairs = [] if row.header else _in_table(row.cells, columns, known)
        else:
            pairs = _labelled(row, known, label)
        if pairs:
            number += 1
            lines += [Line(own, listing, number) for own, listing in pairs]
            label, opened = pairs[-1][0], not pairs[-1][1]
        elif label is not None and (row.bullet or opened) and not row.cells:
            lines.append(Line(label, row.text, number))
        elif not row.header:
            problems["unknown_label" if _colons(row.text) else "text_added"] += 1
            label = None
    return [line for line in lines if line.text]


def panel_lines(answer: str, problems: Counter[ProblemKind]) -> list[Line]:
    """The segments of an answer: what names their letters, and their first words."""
    lines: list[Line] = []
    heading: str | None = None
    for number, row in enumerate(_rows(answer)):
        if row.header:
            continue
        letters, words = (row.cells[0], " ".join(row.cells[1:])) if row.cells else _segment(row.text)
        if letters is not None and not words:
            heading = letters
        elif letters is not None or heading is not None or leading_label(words) is not None:
            lines.append(Line(heading if letters is None else letters, words, number))
            heading = None
        else:
            problems["text_added"] += 1
    return lines


def _rows(answer: str) -> Iterator[_Row]:
    """The lines that say something."""
    lines = [line.strip() for line in answer.split("\n")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line or line.startswith(_FENCE) or line.casefold() == NONE or _is_rule(line):
            continue
        if line.startswith("|"):
            yield _Row(line, False, tuple(cell.strip() for cell in line.strip("|").split("|")), _is_rule(following))
            continue
        bullet = _BULLET.match(line)
        yield _Row(line[bullet.end() :].strip() if bullet else line, bullet is not None)


def _is_rule(line: str) -> bool:
    """A line of a table, or across the page, that parts others."""
    return (line.startswith("|") or "---" in line) and ": " not in line and not set(line) - _RULE


def _in_table(cells: tuple[str, ...], columns: tuple[str, ...], known: Labels) -> list[tuple[str, str]]:
    """The pairs of label and listing in a row: a column of labels beside one of names, or a column for each label."""
    by_column = [(known.find(name.strip(_MARKUP)), cell) for name, cell in zip(columns, cells, strict=False)]
    if any(label is not None for label, _ in by_column):
        return [(label, cell.strip(_MARKUP)) for label, cell in by_column if label is not None and cell]
    at = next((i for i, cell in enumerate(cells) if known.find(cell.strip(_MARKUP)) is not None), None)
    label = None if at is None else known.find(cells[at].strip(_MARKUP))
    if at is None or label is None or len(cells) < 2:
        return []
    named = next((i for i, name in enumerate(columns) if _is_mention(name) and i != at and i < len(cells)), None)
    beside = at + 1 if at + 1 < len(cells) else at - 1
    return [(label, cells[beside if named is None else named].strip(_MARKUP))]


def _is_mention(column: str) -> bool:
    name = column.strip(_MARKUP).casefold()
    return name in _MENTIONS or name.rstrip("s") in _MENTIONS


def _labelled(row: _Row, known: Labels, above: str | None) -> list[tuple[str, str]]:
    """The label of a line and its listing, which may stand below it; nothing if it has no label."""
    text = row.text
    for at, after in _colons(text):
        head, listing = text[:at], text[after:].strip()
        label = known.find(head.strip(_MARKUP))
        if label is not None and not known.goes_on(text, at):
            return [(label, _unmarked(head, listing))]
    bare = text.strip(_MARKUP)
    label = known.find(bare)
    if label is not None and not (row.bullet and above is not None and bare == text):
        return [(label, "")]
    behind = _BEHIND.search(text[-2 * _LONGEST_LABEL :])
    if behind is None:
        return []
    label = known.find((behind[1] or behind[2]).strip(_MARKUP))
    if label is None:
        return []
    return [(label, text[: len(text) - len(behind[0])].strip(_MARKUP + ":"))]


def _unmarked(head: str, listing: str) -> str:
    """A listing without the end of the bold type that began before its label: `**GENEPROD:** p53`."""
    marks = head[: len(head) - len(head.lstrip("*_`"))]
    if marks and not head.endswith(marks) and listing.startswith(marks):
        return listing[len(marks) :].strip()
    return listing


def _colons(text: str) -> list[tuple[int, int]]:
    """Where a label may end: the colons in the first characters, and what follows them."""
    return [colon.span() for colon in _COLON.finditer(text, 0, _LONGEST_LABEL) if colon[0] in ":："]


def _segment(text: str) -> tuple[str | None, str]:
    """What names a segment's letters, if something does, and its first words."""
    for colon in _COLON.finditer(text):
        if colon[0] not in ":：":
            continue
        head, words = text[: colon.start()], text[colon.end() :].strip()
        letters = _unprefixed(head.strip(" \t*_`#>") if "\\" not in head else head.strip())
        printed = leading_label(letters)
        if printed is not None and len(letters[printed.end :].strip()) > 3:
            break  # "(A) Western blot: …" is a segment, and no letter before it
        if len(letters) > _LONGEST_LABEL and "\\" not in head:
            break
        return letters, _unmarked(head.strip(), words)
    if text.startswith("#") or _PANEL.match(text.strip(_MARKUP)):
        return _unprefixed(text.strip(_MARKUP)), ""
    return None, text


def _unprefixed(letters: str) -> str:
    """Letters without the word "panel" before them."""
    prefix = _PANEL.match(letters)
    return letters[prefix.end() :].strip() if prefix else letters
