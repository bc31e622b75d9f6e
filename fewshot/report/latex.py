r"""A table as LaTeX with the rules of booktabs, intervals beside the scores, the best in bold.

    \begin{tabular}{lrr}
    \toprule
    system & shots & starts.f1 \\
    \midrule
    rules-2 & 3 & \textbf{.995 [.98, 1.00]} \\
    \bottomrule
    \end{tabular}

Names of systems, labels and captions are text there: a label `\input{/etc/passwd}` is a cell that reads so, a comment
stays one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fewshot.report.table import Cell, Table
from fewshot.text.visible import one_line

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--"}
    | {"−": "$-$", "±": r"$\pm$", "Δ": r"$\Delta$", "≈": r"$^{\approx}$", "≥": r"$\geq$"}
)

_ARGUMENT = re.compile(r"^( *)([\[*])")
"""What `\\\\` and `\\midrule`, behind which a row stands, would take for their own argument."""


def text(table: Table, signatures: Mapping[str, str]) -> str:
    """Returns a table with its caption, notes and signatures as comments."""
    comments = [*table.caption, table.legend(table.headings), *(f"{key} {line}" for key, line in signatures.items())]
    header = _row([escaped(heading.text) for heading in table.headings])
    rows = [_row([_cell(cell) for cell in row]) for row in table.rows]
    return (
        "\n".join(
            [
                *(f"% {one_line(comment)}" for comment in comments if comment),
                rf"\begin{{tabular}}{{l{'r' * (len(table.headings) - 1)}}}",
                r"\toprule",
                header,
                r"\midrule",
                *rows,
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )
        + "\n"
    )


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Cell) -> str:
    if cell.bold:
        return rf"\textbf{{{escaped(cell.text)}}}"
    return escaped(cell.text) + ("" if cell.mark == "*" else escaped(cell.mark))


def escaped(cell: str) -> str:
    r"""A cell as LaTeX prints it, character by character: what one replacement writes is not escaped by the next.

    >>> print(escaped(r"C:\runs_1 ~5%"))
    C:\textbackslash{}runs\_1 \textasciitilde{}5\%
    """
    return _ARGUMENT.sub(r"\1{\2}", one_line(cell).translate(_ESCAPES))
