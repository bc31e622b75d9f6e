"""Plain text, a legend a line: something to predict on, without any label.

    (A) p53 blot. (B) The same cells, fixed.

The id is file name and line, `legends.txt:1`; blank lines are no legends.
"""

from __future__ import annotations

from collections.abc import Iterator

from fewshot.data import Origin, Reader
from fewshot.records import Example


class TextReader(Reader):
    """One unlabelled example a line."""

    suffixes = frozenset({".txt"})
    numbers_ids = True

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every line that is not blank, without the white space at its edges."""
        for number, line in enumerate(source.lines(), 1):
            id_, text = f"{source.label}:{number}", line.strip()
            if text:
                yield Example(id=id_, group=id_, text=text)


READER = TextReader()
