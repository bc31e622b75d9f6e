"""Plain text, a legend a line: something to predict on, without any label.

    (A) p53 blot. (B) The same cells, fixed.

The id is file name and line, `legends.txt:1`; blank lines are no legends.
"""

from __future__ import annotations

from pathlib import Path

from fewshot.data import Reader, lines
from fewshot.records import Example


class TextReader(Reader):
    """One unlabelled example a line."""

    suffixes = frozenset({".txt"})

    def read(self, source: str, task: str | None) -> list[Example]:
        """Every line that is not blank, without the white space at its edges."""
        name = Path(source).name
        texts = ((f"{name}:{number}", line.strip()) for number, line in enumerate(lines(source), 1))
        return [Example(id=id_, group=id_, text=text) for id_, text in texts if text]


READER = TextReader()
