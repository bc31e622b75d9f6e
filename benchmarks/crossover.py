"""How often the interval of a crossover holds the true one: learning curves and few-shot rows of simulated articles.

    python -m benchmarks.crossover                       # all cells, 1,000 repetitions each
    python -m benchmarks.crossover --repetitions 100     # a look

A training on n labelled examples has the expected score of a saturating curve, F(n) = top − (top − bottom)·(10/n)^p,
and of its seed a deviation that shrinks with n. A few-shot row does not learn. All answer the same articles
(`benchmarks/simulated.py`). The true crossover is where F(n) passes the row's true score: a curve, where the method
draws straight lines between the sizes that were tried. An open end of an interval counts as beyond the sizes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated import World
from fewshot.scoring.crossover import Crossover, crossover
from fewshot.scoring.tallies import Tallies

SIZES = (10, 50, 200, 1000)
ARTICLES = (5, 8, 12, 20, 60)
SEEDS = (1, 3, 5)
_WORLD = World("articles")
_OWN = (0.4,)  # logits by which an article suits one system and not another


@dataclass(frozen=True, slots=True)
class Case:
    """A learning curve, the few-shot rows that it has to pass, and how much a training's seed matters.

    Attributes:
        name: For the table.
        rows: The true scores of the few-shot rows; the best one as scored is the level.
        bottom: F at 10 examples.
        top: F at infinitely many.
        power: How fast it is learned.
        spread: Standard deviation over seeds of a training on 10 examples; a third of it on 1,000.
    """

    name: str
    rows: tuple[float, ...] = (0.55,)
    bottom: float = 0.35
    top: float = 0.85
    power: float = 0.35
    spread: float = 0.04

    def expected(self, size: float) -> float:
        """The score that trainings on so many examples have on average."""
        return self.top - (self.top - self.bottom) * (SIZES[0] / size) ** self.power

    @property
    def truth(self) -> float | None:
        """Where the curve passes the best row; `None`: beyond the sizes tried."""
        level = max(self.rows)
        if self.expected(SIZES[-1]) <= level:
            return None
        return float(SIZES[0] * ((self.top - self.bottom) / (self.top - level)) ** (1 / self.power))

    def deviation(self, size: int) -> float:
        """The standard deviation over seeds at a size."""
        return float(self.spread * (SIZES[0] / size) ** 0.24)


CASES = (
    Case("crosses at 43"),
    Case("crosses at 43, steep", bottom=0.15, power=0.58),
    Case("crosses at 43, seeds matter twice as much", spread=0.08),
    Case("best of four rows", rows=(0.55, 0.545, 0.54, 0.53)),
    Case("never crosses, stays .05 below", top=0.56, bottom=0.3, power=0.5, rows=(0.583,)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of the repetitions of one cell; `width`: median of upper end over lower end where both are there."""

    covered: float
    claimed: float
    certain: float
    closed: float
    width: float


def simulated(case: Case, articles: int, seeds: int, repetitions: int, seed: int = 0) -> Found:
    """Draws a cell's data sets and returns how its crossovers did.

    `claimed`: there is an estimate within the sizes; `certain`: so is the upper end; `closed`: both ends are.
    """
    chance = np.random.default_rng((seed, articles, seeds))
    found = [_one(case, articles, seeds, chance) for _ in range(repetitions)]
    truth = case.truth
    widths = [one.high / one.low for one in found if one.high is not None and one.low is not None]
    return Found(
        covered=float(np.mean([_holds(one, truth) for one in found])),
        claimed=float(np.mean([one.size is not None for one in found])),
        certain=float(np.mean([one.high is not None for one in found])),
        closed=len(widths) / len(found),
        width=float(np.median(widths)) if widths else float("nan"),
    )


def _holds(found: Crossover, truth: float | None) -> bool:
    """Whether an interval holds the true crossover. Without one within the sizes, its upper end must be open."""
    if truth is None:
        return found.high is None
    return (found.low is None or found.low <= truth) and (found.high is None or truth <= found.high)


def _one(case: Case, articles: int, seeds: int, chance: np.random.Generator) -> Crossover:
    trained = [
        float(np.clip(case.expected(size) + case.deviation(size) * chance.standard_normal(), 0.02, 0.98))
        for size in SIZES
        for _ in range(seeds)
    ]
    drawn = _WORLD.systems(chance, (1, articles), (*case.rows, *trained), _OWN)
    counted = [_tallies(counts[0, 0]) for counts in drawn]
    rows, curves = counted[: len(case.rows)], counted[len(case.rows) :]
    level = max(rows, key=lambda row: row.scores()["starts.f1"])
    curve = [(size, curves[at * seeds : (at + 1) * seeds]) for at, size in enumerate(SIZES)]
    return crossover([level], curve, "starts.f1")


def _tallies(counts: NDArray[np.int64]) -> Tallies:
    groups = tuple(f"a{number}" for number in range(len(counts)))
    rows = tuple(((int(hits), int(said), int(gold)),) for hits, said, gold in counts[:, 0])
    return Tallies("panelization", (), groups, ("starts",), rows, grouped=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table in Markdown: a row a cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    args = parser.parse_args(argv)
    print(f"| case | seeds | | {' | '.join(map(str, ARTICLES))} |")
    print(f"|---|---:|---|{'---:|' * len(ARTICLES)}")
    for case in CASES:
        for seeds in SEEDS:
            found = [simulated(case, articles, seeds, args.repetitions) for articles in ARTICLES]
            for line in _lines(case, found):
                print(f"| {case.name} | {seeds} | {line} |", flush=True)
    return 0


def _lines(case: Case, found: Sequence[Found]) -> list[str]:
    """What a table says of one case and number of seeds, a column for each number of articles."""
    rows = {"interval holds the truth": [f"{one.covered:.3f}".removeprefix("0") for one in found]}
    if case.truth is None:
        rows["estimate within the sizes"] = [f"{one.claimed:.2f}".removeprefix("0") for one in found]
    else:
        rows["upper end within the sizes"] = [f"{one.certain:.2f}".removeprefix("0") for one in found]
        rows["upper end over lower end, median"] = [f"×{one.width:.1f}" for one in found]
    return [" | ".join([what, *cells]) for what, cells in rows.items()]


if __name__ == "__main__":
    raise SystemExit(main())
