"""Errors by kind: a row for each system, a column of bars for each kind, all to one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fewshot.report.page.charts import fitted

_ROW, _TOP, _LEFT, _WIDTH, _GAP, _KIND = 24.0, 44.0, 215.0, 720.0, 12.0, 68.0  # pixels; the least for a kind
_NAME = 23  # characters


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in pixels: `heads` `(x, words)`, `rows` `(y, letter, name, [(x, width, count)])`."""

    title: str
    heads: Sequence[tuple[float, Sequence[str]]]
    rows: Sequence[tuple[float, str, str, Sequence[tuple[float, float, str]]]]
    height: float
    width: float

    @classmethod
    def of(
        cls,
        systems: Sequence[tuple[str, str]],
        kinds: Sequence[str],
        counts: Sequence[Mapping[str, int]],
        *,
        title: str,
    ) -> Bars:
        """Places bars.

        Args:
            systems: Letter and name of each system.
            kinds: The columns.
            counts: For each system the number of errors of each kind.
            title: What a screen reader says.
        """
        room = max(_KIND, (_WIDTH - _LEFT) / max(1, len(kinds)))
        most = max((count.get(kind, 0) for count in counts for kind in kinds), default=0) or 1
        longest = room - _GAP - 34  # room for a number of four digits
        rows = []
        for place, ((letter, name), count) in enumerate(zip(systems, counts, strict=True)):
            y = _TOP + _ROW * (place + 0.5)
            bars = [
                (_LEFT + room * at, max(1.0, longest * count.get(kind, 0) / most) if count.get(kind) else 0.0,
                 f"{count.get(kind, 0):,}")
                for at, kind in enumerate(kinds)
            ]  # fmt: skip
            rows.append((y, letter, fitted(name, _NAME), bars))
        heads = [(_LEFT + room * at, kind.split(" ", 1)) for at, kind in enumerate(kinds)]
        return cls(title, heads, rows, _TOP + _ROW * len(systems) + 8, _LEFT + room * len(kinds))
