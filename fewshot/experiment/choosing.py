"""Which demonstrations a query is shown: nothing, the best of a pool, or those that were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from fewshot.demonstrations import Choice, Pool
from fewshot.records import Example


class Chooser(Protocol):
    """Chooses the demonstrations of each query."""

    @property
    def selector(self) -> str | None:
        """The selector as a signature names it; `None`: nothing is chosen."""
        ...

    def choose(self, query: Example) -> Choice:
        """The demonstrations for a query, in the order in which a prompt shows them."""
        ...

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Without the one that a prompt which is too long gives up first."""
        ...


@dataclass(frozen=True, slots=True)
class Nothing:
    """Shows no demonstrations."""

    selector: str | None = None

    def choose(self, query: Example) -> Choice:
        """Nothing."""
        return Choice(())

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class FromPool:
    """Shows the first examples of a pool, as its selector ranks them."""

    pool: Pool
    shots: int
    selector: str | None

    def choose(self, query: Example) -> Choice:
        """The best of the pool."""
        return self.pool.pick(query, self.shots)

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Without the worst of them."""
        return self.pool.fewer(demonstrations)


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """Shows each query what its recorded prompt showed; needs no pool and no embedder."""

    shown: Mapping[str, tuple[Example, ...]]
    selector: str | None

    def choose(self, query: Example) -> Choice:
        """The demonstrations as recorded; none for a query that was not asked."""
        return Choice(self.shown.get(query.id, ()))

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Without the last one."""
        return demonstrations[:-1]
