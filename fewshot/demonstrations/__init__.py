"""Which 2–3 examples a prompt shows: one file a selector, named as `--selector` names it.

    pool = Pool(examples, seed=0, selector="nearest")
    pool.pick(query, 3).demonstrations      # in the order in which a prompt shows them

A demonstration never comes from the query's article, and never is nearly the query itself (Jaccard similarity of
word 3-grams ≥ 0.8: it would give the answer away). What is chosen for a query depends on the pool, the seed and
that query alone, so that a limit, an order or a resume changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeAlias, cast

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.records import Example
from fewshot.tasks import Task

NEAR = 0.8
"""From this Jaccard similarity of word 3-grams on, two texts are near-duplicates."""

VECTORS = Path("runs") / "vectors"
"""Where the vectors of an embedder are kept, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a selector may go by, beside the pool. `task`, `labels`: what is asked; `embedder`: `--embedder`, whose
    vectors are kept in the folder `vectors`."""

    seed: int
    task: Task | None = None
    labels: tuple[str, ...] = ()
    embedder: str | None = None
    vectors: Path = VECTORS


Ranking: TypeAlias = Callable[[Example], Iterator[int]]
"""Indices into the pool for a query, best first, each once; drawn from as long as demonstrations are wanted."""


class Selector(Protocol):
    """What a file in this package provides under the name `SELECTOR`."""

    @property
    def best_last(self) -> bool:
        """Whether a prompt shows the best demonstration last, next to the query."""
        return False

    @property
    def embeds(self) -> bool:
        """Whether it can go by an embedder."""
        return False

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """The ranking of a pool: what all queries share is worked out here, once."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The demonstrations for one query, in the order in which a prompt shows them, and what was passed over."""

    demonstrations: tuple[Example, ...]
    excluded_same_group: int = 0
    excluded_near_duplicates: int = 0


class Pool:
    """The examples that demonstrations are taken from: labelled for the task, in the order of their source.

    Raises:
        InputError: no such selector, or one that has no use for an embedder.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        *,
        seed: int,
        selector: str,
        task: Task | None = None,
        labels: tuple[str, ...] = (),
        embedder: str | None = None,
        vectors: Path = VECTORS,
    ) -> None:
        self.examples = tuple(examples)
        self._name = selector
        self._selector = _selector(selector)
        if embedder is not None and not self._selector.embeds:
            able = [n for n in discovery.usable(__name__) if _selector(n).embeds]
            raise InputError(f"selector {selector!r} has no use for --embedder", hint=f"take {' or '.join(able)}")
        self._ground = Ground(seed=seed, task=task, labels=labels, embedder=embedder, vectors=vectors)
        self._ranking: Ranking | None = None
        # Only candidates are looked at, a few a query; bounded, since 50,000 texts' 3-grams are gigabytes.
        self._shingles = lru_cache(maxsize=1024)(lambda index: shingles(self.examples[index].text))

    @property
    def selector(self) -> str:
        """The selector as a signature names it: with the embedder that it goes by, and that one's digest."""
        if self._ground.embedder is None:
            return self._name
        from fewshot.models.encoder import open_encoder

        name = Path(self._ground.embedder).name
        return f"{self._name}({name}@{open_encoder(self._ground.embedder).digest[:8]})"

    def pick(self, query: Example, shots: int) -> Choice:
        """The demonstrations for a query. Counts what was passed over on the way to them, not in the whole pool.

        Raises:
            InputError: fewer than `shots` are allowed.
        """
        if not shots:
            return Choice(())
        chosen: list[Example] = []
        same_group = near = 0
        mine = shingles(query.text)
        for index in self._ranked(query):
            example = self.examples[index]
            if example.group == query.group or example.id == query.id:
                same_group += 1
            elif jaccard(mine, self._shingles(index)) >= NEAR:
                near += 1
            else:
                chosen.append(example)
                if len(chosen) == shots:
                    break
        if len(chosen) < shots:
            raise InputError(
                f"--shots {shots}: only {len(chosen)} of {len(self.examples)} labelled examples may be shown to"
                f" {query.id!r} ({same_group} are of its article, {near} are near-duplicates of it)",
                hint="lower --shots or name more with --demos",
            )
        return Choice(tuple(reversed(chosen) if self._selector.best_last else chosen), same_group, near)

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Without the one that a prompt which is too long gives up first: the least similar, or the last chosen."""
        return demonstrations[1:] if self._selector.best_last else demonstrations[:-1]

    def _ranked(self, query: Example) -> Iterator[int]:
        if not self.examples:
            return iter(())
        if self._ranking is None:
            self._ranking = self._selector.rank(self.examples, self._ground)
        return self._ranking(query)


def names() -> tuple[str, ...]:
    """The selectors by name: our own, then those of plugins."""
    return discovery.names(__name__)


def _selector(name: str) -> Selector:
    return cast("Selector", discovery.load(__name__, name, "SELECTOR"))


def seed_of(selector: str, seed: int, query_id: str = "") -> int:
    """The seed of a generator of its own for each selector (and query), the same on every machine.

    >>> seed_of("random", 0, "fig-1") != seed_of("random", 0, "fig-2")
    True
    """
    text = f"{selector} {seed} {query_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(sha256(text).digest())


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The word 3-grams of a text; of a shorter text all its words as one.

    >>> sorted(shingles("a b c d"))
    [('a', 'b', 'c'), ('b', 'c', 'd')]
    """
    words = text.lower().split()
    if len(words) < 3:
        return frozenset((tuple(words),))
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(left: frozenset[tuple[str, ...]], right: frozenset[tuple[str, ...]]) -> float:
    """Shared n-grams by all n-grams: 1 for equal sets."""
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)
