"""Which label a model means: `Cell type`, `cell-type` and `**CELL_TYPE**` are CELL_TYPE.

>>> labels = Labels(("GENEPROD", "CELL_TYPE", "GO:BP"))
>>> labels.find("Cell types"), labels.find("go:bp"), labels.find("TISSUE")
('CELL_TYPE', 'GO:BP', None)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_LONGEST = 200
"""Characters of what may be a label: an answer may go on and on."""


class Labels:
    """The labels that were asked for, by how they may be written."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._exact = {label.casefold(): label for label in labels}
        by_letters: dict[str, list[str]] = {}
        for label in labels:
            by_letters.setdefault(plain(label), []).append(label)
        self._plain = {key: found[0] for key, found in by_letters.items() if key and len(found) == 1}

    def find(self, written: str) -> str | None:
        """The label, whatever its case, signs and number; `None` if it is not one of those asked for."""
        label = self._exact.get(written.strip().casefold())
        if label is not None:
            return label
        if len(written) > _LONGEST:
            return None
        letters = plain(written)
        return self._plain.get(letters) or (self._plain.get(letters[:-1]) if letters.endswith("s") else None)

    def goes_on(self, text: str, colon: int) -> bool:
        """Whether a longer label with a colon in it begins a text: "GO:BP: p53", where GO is a label too."""
        folded, head = text.casefold(), len(text[:colon].casefold())  # ᾀ is two letters there, ß too
        return any(":" in label and len(label) > head and folded.startswith(f"{label}:") for label in self._exact)


@lru_cache(maxsize=256)
def labels_of(labels: tuple[str, ...]) -> Labels:
    """The labels of a scheme; made once."""
    return Labels(labels)


def plain(written: str) -> str:
    """Letters and digits alone, whatever their case: what answers and data agree on."""
    return "".join(char for char in written.casefold() if char.isalnum())
