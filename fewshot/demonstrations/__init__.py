"""Chooses the 2–3 examples that a prompt shows: one file per selector, named as `--selector` names it.

    pool = Pool(examples, seed=0, selector="nearest")
    pool.pick(query, 3).demonstrations      # in the order in which the prompt shows them

A demonstration never comes from the query's article and is never a near-duplicate of the query (Jaccard similarity of
word 3-grams ≥ 0.8), because it would give the answer away. The choice for a query depends only on the pool, the seed
and that query, so that `--limit`, the order of queries and a resumed run do not change it.
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
"""The Jaccard similarity of word 3-grams from which on two texts are near-duplicates. A judgement."""

VECTORS = Path("runs") / "vectors"
"""The default folder for the vectors of an embedder."""

_KEPT_SHINGLES = 1024
"""Texts whose 3-grams stay in memory. Only candidates are looked at, a few per query; those of 50,000 texts would take
gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a selector may use beside the pool.

    Attributes:
        seed: `--seed`.
        task: The task.
        labels: The labels that are asked for.
        embedder: `--embedder`; `None`: similarity of words.
        vectors: The folder in which the embedder's vectors are kept.
    """

    seed: int
    task: Task | None = None
    labels: tuple[str, ...] = ()
    embedder: str | None = None
    vectors: Path = VECTORS


Ranking: TypeAlias = Callable[[Example], Iterator[int]]
"""Maps a query to indices into the pool, best first, each once; consumed only as far as demonstrations are needed."""


class Selector(Protocol):
    """What each file of this package provides as `SELECTOR`."""

    @property
    def best_last(self) -> bool:
        """Whether the prompt shows the best demonstration last, next to the query."""
        return False

    @property
    def embeds(self) -> bool:
        """Whether it can use an embedder."""
        return False

    @property
    def seeded(self) -> bool:
        """Whether the seed decides what is shown, and not only between equals."""
        return True

    @property
    def shared(self) -> bool:
        """Whether all queries are shown the same examples, so that no other ones need labels."""
        return False

    def rank(self, pool: Sequence[Example], ground: Ground) -> Ranking:
        """Returns the ranking of a pool; whatever all queries share is computed here, once."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The demonstrations for one query, in the order in which the prompt shows them, and how many were passed over."""

    demonstrations: tuple[Example, ...]
    excluded_same_group: int = 0
    excluded_near_duplicates: int = 0


class Pool:
    """The examples that demonstrations are taken from.

    Args:
        examples: Labelled for the task, in the order of their source.
        seed: `--seed`.
        selector: The name of a selector.
        task: The task; `balanced` needs it.
        labels: The labels that are asked for.
        embedder: `--embedder`.
        vectors: The folder in which the embedder's vectors are kept.

    Raises:
        InputError: The selector is unknown, or cannot use an embedder.
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
            raise InputError(f"selector {selector!r} cannot use --embedder", hint=f"use --selector {' or '.join(able)}")
        self._ground = Ground(seed=seed, task=task, labels=labels, embedder=embedder, vectors=vectors)
        self._ranking: Ranking | None = None  # computed with the first query: indexing a large pool takes seconds
        self._shingles = lru_cache(maxsize=_KEPT_SHINGLES)(lambda index: shingles(self.examples[index].text))

    @property
    def selector(self) -> str:
        """The selector as signatures name it: its name, with the name and the digest of its embedder."""
        if self._ground.embedder is None:
            return self._name
        from fewshot.models.encoder import open_encoder

        name = Path(self._ground.embedder).name
        return f"{self._name}({name}@{open_encoder(self._ground.embedder).digest[:8]})"

    def pick(self, query: Example, shots: int) -> Choice:
        """Returns the demonstrations for a query; counts what was passed over until there were enough.

        Raises:
            InputError: The pool has fewer than `shots` examples that may be shown to this query.
        """
        if not shots:
            return Choice(())
        chosen: list[Example] = []
        same_group = near = 0
        query_shingles = shingles(query.text)
        for index in self._ranked(query):
            example = self.examples[index]
            # The same article repeats its legends' wording, and its labels: it would give the answer away.
            if example.group == query.group or example.id == query.id:
                same_group += 1
            elif jaccard(query_shingles, self._shingles(index)) >= NEAR:
                near += 1
            else:
                chosen.append(example)
                if len(chosen) == shots:
                    break
        if len(chosen) < shots:
            raise InputError(
                f"--shots {shots}: only {len(chosen)} of {len(self.examples)} labelled examples may be shown to"
                f" {query.id!r} ({same_group} are of its article, {near} are near-duplicates of it)",
                hint="lower --shots, or add examples with --demos",
            )
        return Choice(tuple(reversed(chosen) if self._selector.best_last else chosen), same_group, near)

    def fewer(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Drops one demonstration, for a prompt that is too long: the least similar, or the last one chosen."""
        return demonstrations[1:] if self._selector.best_last else demonstrations[:-1]

    def _ranked(self, query: Example) -> Iterator[int]:
        if not self.examples:
            return iter(())
        if self._ranking is None:
            self._ranking = self._selector.rank(self.examples, self._ground)
        return self._ranking(query)


def names() -> tuple[str, ...]:
    """Returns the names of the selectors: our own, then those of plugins."""
    return discovery.names(__name__)


def is_seeded(name: str) -> bool:
    """Returns whether another seed shows other demonstrations.

    Raises:
        InputError: The selector is unknown.
    """
    return bool(getattr(_selector(name), "seeded", True))  # a plugin may be older than the question


def is_shared(name: str) -> bool:
    """Returns whether a selector shows all queries the same demonstrations.

    >>> is_shared("fixed"), is_shared("nearest")
    (True, False)

    Raises:
        InputError: The selector is unknown.
    """
    return bool(getattr(_selector(name), "shared", False))


def _selector(name: str) -> Selector:
    return cast("Selector", discovery.load(__name__, name, "SELECTOR"))


def seed_of(selector: str, seed: int, query_id: str = "") -> int:
    """Returns a seed of its own for each selector (and query), the same on every machine.

    >>> seed_of("random", 0, "fig-1") != seed_of("random", 0, "fig-2")
    True
    """
    text = f"{selector} {seed} {query_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(sha256(text).digest())  # not `hash`, which differs from one process to the next


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Returns the word 3-grams of a text; a shorter text is one n-gram of all its words.

    >>> sorted(shingles("a b c d"))
    [('a', 'b', 'c'), ('b', 'c', 'd')]
    """
    words = text.lower().split()
    if len(words) < 3:
        return frozenset((tuple(words),))
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(left: frozenset[tuple[str, ...]], right: frozenset[tuple[str, ...]]) -> float:
    """Returns the Jaccard similarity of two sets, |A ∩ B| / |A ∪ B|: 1 if they are equal, 0 if they are disjoint."""
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)
