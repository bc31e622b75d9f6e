r"""One table of systems: as Markdown, as LaTeX, as CSV, and its cells as they are displayed.

Names of systems, labels and captions come from files of others. In each format they are text: a label
`X\n\input{/etc/passwd}` is one cell that reads `X\n\input{/etc/passwd}`, and a comment stays one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.tasks import Task
from fewshot.text.visible import one_line

if TYPE_CHECKING:
    import pandas as pd

_COUNTS = (".support", ".neutral")  # the endings of scores that are counts


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table with its caption and the signatures below it."""

    task: Task
    frame: pd.DataFrame
    signatures: Mapping[str, str]  # id → full line
    caption: str | None

    def markdown(self) -> str:
        """Returns the table in GitHub's Markdown, with the signatures below."""
        header = list(self.frame.columns)
        rows = [header, ["---"] * len(header), *self._cells()]
        lines = ["| " + " | ".join(map(_markdown, row)) + " |" for row in rows]
        notes = [f"- `{key}` {_markdown(line)}" for key, line in self.signatures.items()]
        caption = [f"*{_markdown(self.caption)}*", ""] if self.caption else []
        return "\n".join([*caption, *lines, "", *notes]) + "\n"

    def latex(self) -> str:
        """Returns the table as a `tabular` with the rules of booktabs."""
        columns = "l" + "r" * (len(self.frame.columns) - 1)
        body = [" & ".join(map(_latex, row)) + r" \\" for row in (list(self.frame.columns), *self._cells())]
        notes = [f"% {one_line(f'{key} {line}')}" for key, line in self.signatures.items()]
        if self.caption:
            notes.insert(0, f"% {one_line(self.caption)}")
        table = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", body[0], r"\midrule", *body[1:]]
        return "\n".join([*notes, *table, r"\bottomrule", r"\end{tabular}"]) + "\n"

    def _cells(self) -> list[list[str]]:
        return [[shown(name, value) for name, value in row.items()] for row in self.rows()]

    def rows(self) -> list[dict[str, Any]]:
        """Returns the rows as records; a missing value is `None`."""
        raw = self.frame.astype(object).to_dict("records")
        return [{str(k): None if _missing(v) else v for k, v in row.items()} for row in raw]

    def write(self, folder: Path) -> None:
        """Writes `table.md`, `table.csv` (unrounded) and `table.tex`.

        Raises:
            RunFolderError: the folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"cannot write {folder}: {error.strerror}") from None
        csv = self.frame.to_csv(index=False, lineterminator="\n")
        for name, text in (("table.md", self.markdown()), ("table.csv", csv), ("table.tex", self.latex())):
            files.write(folder / name, text, error=RunFolderError)


def shown(column: str, value: object) -> str:
    """Returns a cell for display: scores with three decimals, `–` for a missing value.

    >>> shown("starts.f1", 0.98765), shown("tokens", None), shown("tokens", 12345), shown("labels.neutral", 6.0)
    ('0.988', '–', '12,345', '6')
    """
    if value is None or _missing(value):
        return "–"
    if column == "s/example":
        return f"{value:.2g}"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3f}"
    if (column in ("tokens", "labelled") or column.endswith(_COUNTS)) and isinstance(value, int | float):
        return f"{int(value):,}"
    if isinstance(value, float):
        return f"{value:.3f}" if "." in column else str(int(value))
    return str(value)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124  (NaN)


_LATEX = str.maketrans(
    {char: f"\\{char}" for char in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--"}
)


_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\|`*[]"} | {"<": "&lt;", "&": "&amp;"})


_ARGUMENT = re.compile(r"^( *)([\[*])")
"""What `\\\\` and `\\midrule`, behind which a row stands, would take for their own argument."""


def _latex(cell: str) -> str:
    r"""A cell as LaTeX prints it, character by character: what one replacement writes is not escaped by the next.

    >>> print(_latex(r"C:\runs_1 ~5%"))
    C:\textbackslash{}runs\_1 \textasciitilde{}5\%
    """
    return _ARGUMENT.sub(r"\1{\2}", one_line(cell).translate(_LATEX))


def _markdown(cell: str) -> str:
    r"""A cell or a line as GitHub's Markdown shows it: no column, no line, no HTML, no link, no image of its own.

    >>> print(_markdown("a|b\n<img src=x> [c](d)"))
    a\|b\\n&lt;img src=x> \[c\](d)
    """
    return one_line(cell).translate(_MARKDOWN)
