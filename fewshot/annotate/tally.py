"""What became of records, and how fast: counts that add up, shown while a job runs and when it has ended.

>>> (Counts(records=3, written=2, rejected=1) + Counts(records=1, written=1)).records
4
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Counts:
    """Records that were read; of these, written and rejected ones; the tokens of answers, as servers counted them, and
    their dollars (`None`: no price is known)."""

    records: int = 0
    written: int = 0
    rejected: int = 0
    tokens: int = 0
    usd: float | None = 0.0

    def __add__(self, other: Counts) -> Counts:
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Counts(
            self.records + other.records,
            self.written + other.written,
            self.rejected + other.rejected,
            self.tokens + other.tokens,
            usd,
        )

    def to_json(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Counts:
        """What `to_json` wrote; other keys are ignored.

        Raises:
            KeyError, TypeError: a count is missing, or is none.
        """
        values = {f.name: row[f.name] for f in fields(cls)}
        for name, value in values.items():
            known = (int, float, type(None)) if name == "usd" else (int,)
            if type(value) not in known or (value is not None and not 0 <= value < float("inf")):
                raise TypeError(f"{name} is not a count")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a job is.

    Attributes:
        counts: Of the whole job, former commands included.
        partitions: That are written.
        total: Records in all, by the lines of the input; `None`: not known.
        rate: Records a second of this command.
        left: Estimated seconds to the end; `None`: not known.
        seconds: Since this command began.
        asked: What this command has been answered in the partition that it is at (prompted systems).
    """

    counts: Counts = Counts()
    partitions: int = 0
    total: int | None = None
    rate: float = 0.0
    left: float | None = None
    seconds: float = 0.0
    asked: int = 0

    def to_json(self) -> dict[str, Any]:
        """One flat row, for a log."""
        row = {"partitions": self.partitions, "total": self.total, "rate": round(self.rate, 3), "asked": self.asked}
        left = None if self.left is None else round(self.left, 1)
        return self.counts.to_json() | row | {"left": left, "seconds": round(self.seconds, 3)}


Listener: TypeAlias = Callable[[Pace], None]


@dataclass(frozen=True, slots=True)
class Done:
    """A job that has ended. `stopped`: why it is incomplete; `blocked`: a person must mend that first; `open`: records
    whose requests failed, by id; `notices`: what there is to say, a line each."""

    counts: Counts
    partitions: int
    stopped: str | None = None
    blocked: bool = False
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every record was written or rejected."""
        return self.stopped is None and not self.failures
