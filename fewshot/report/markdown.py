r"""A table as GitHub's Markdown, and the whole report.

Names of systems, labels and captions are text there: a label `X\n<img src=x>` is one cell that reads so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fewshot.report.table import Cell, Table
from fewshot.text.visible import one_line

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison

_ESCAPES = str.maketrans({char: f"\\{char}" for char in "\\|`*[]"} | {"<": "&lt;", "&": "&amp;"})


def text(table: Table, signatures: Mapping[str, str]) -> str:
    """Returns a table with its caption above, notes and signatures below."""
    caption = [f"*{escaped(' · '.join(table.caption))}*", ""] if table.caption else []
    notes = [f"- `{key}` {escaped(line)}" for key, line in signatures.items()]
    legend = table.legend(table.headings)
    below = [escaped(legend), ""] if legend else []
    return "\n".join([*caption, *grid(table), "", *below, *notes]) + "\n"


def grid(table: Table) -> list[str]:
    """Returns the lines of a table alone."""
    header = [escaped(heading.text) for heading in table.headings]
    rules = ["---", *["---:"] * (len(header) - 1)]
    return [_row(header), _row(rules), *(_row(_cells(row)) for row in table.rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(row: Sequence[Cell]) -> list[str]:
    return [f"**{escaped(cell.text)}**" if cell.bold else escaped(cell.text + cell.mark) for cell in row]


def escaped(cell: str) -> str:
    r"""A cell or a line as GitHub's Markdown shows it: no column, no line, no HTML, no link, no image of its own.

    >>> print(escaped("a|b\n<img src=x> [c](d)"))
    a\|b\\n&lt;img src=x> \[c\](d)
    """
    return one_line(cell).translate(_ESCAPES)


def report(comparison: Comparison, chosen: Sequence[str] = (), sort: str | None = None) -> str:
    """Returns the whole report: the verdict, the table, scores by label, the methods and the signatures."""
    table = comparison.table(chosen, sort)
    verdict = comparison.verdict
    parts = [
        f"# {escaped(comparison.task.name)}",
        *(escaped(sentence) for sentence in verdict.sentences),
        *([f"The legends that go wrong: `{escaped(verdict.command)}`"] if verdict.command else []),
        text(table, comparison.signatures).rstrip("\n"),
    ]
    return "\n\n".join(parts) + "\n"
