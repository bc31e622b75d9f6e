"""Whether the intervals hold: the share that covers the true score, and false alarms of the tests, by simulation.

    python -m benchmarks.coverage [--repetitions 1500] [--seed 0] [--json]

Articles are drawn (`benchmarks/simulated.py`), our own functions compute intervals and tests, and the truth is known.
Beside them in the same data sets: the percentile bootstrap over articles, spans (legends) taken as independent, and
our jackknife with other degrees of freedom. Goals: intervals of F1 and accuracies cover .93 to .97, of macro F1 at
least .93; no more than 5.5% false alarms, alone and after Holm for six systems.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.special import expit, logit, stdtr, stdtrit

from benchmarks.simulated import Array, World
from fewshot.metrics.formulas import Formula
from fewshot.scoring.differences import holm, jackknifed
from fewshot.scoring.intervals import logit_jackknife
from fewshot.scoring.jackknife import freedom, left_out
from fewshot.scoring.swapping import swap_tests

ARTICLES = (3, 5, 8, 12, 20, 60, 200)
F1, UNLIKE = World("F1"), World("F1, articles very unlike", sizes=1.0, difficulty=1.0)
MACRO, EXACT = World("macro F1", "macro"), World("exact accuracy", "accuracy", units=6)
RESAMPLES = 500  # of the bootstrap
SWAPS = 999  # of the swap test, where there are too many exchanges to try all
OWN = 0.4  # standard deviation of a system's own difficulty
FAMILY = 6
AT_MOST = 0.055
BATCH = 1500  # data sets at a time: those of eight labels in 200 articles are 58 MB
COVERED = (0.93, 0.97)

Ends = tuple[Array, Array]


@dataclass(frozen=True)
class Row:
    """One line of a table: a share for each number of articles. `goal`: what it should lie in; `None`: a peer."""

    table: str
    what: str
    method: str
    shares: tuple[float, ...]
    goal: tuple[float, float] | None = None

    @property
    def missed(self) -> list[int]:
        """The numbers of articles at which the goal is missed."""
        if self.goal is None:
            return []
        low, high = self.goal
        return [g for g, share in zip(ARTICLES, self.shares, strict=True) if not low <= share <= high]


def intervals(repetitions: int, seed: int) -> Iterator[Row]:
    """Yields how often intervals cover the truth, of those that are given."""
    for world, truths in ((F1, (0.5, 0.81, 0.93, 0.99)), (UNLIKE, (0.81, 0.93)), (EXACT, (0.5, 0.81, 0.93)),
                          (MACRO, (0.81, 0.93))):  # fmt: skip
        for true in truths:
            yield from _covering(world, true, repetitions, seed)


def _covering(world: World, true: float, repetitions: int, seed: int) -> Iterator[Row]:
    formula = world.formula
    other = "our jackknife, t(G−1)" if world is MACRO else "our jackknife, t(G*−1)"
    methods: dict[str, Callable[[Array], Ends]] = {
        "ours": partial(logit_jackknife, formula),
        other: partial(_other_freedom, formula),
        "bootstrap over articles": partial(bootstrap, formula, seed=seed),
    }
    if world is not MACRO:
        methods["spans as independent"] = partial(independent, formula)
    drawn = [world.systems(_chance(seed, world, true, g), (repetitions, g), [true])[0] for g in ARTICLES]
    goal = (COVERED[0], 1.0) if world is MACRO else COVERED
    for name, method in methods.items():
        shares = [covered(method(counts), true) for counts in drawn]
        yield Row("coverage", f"{world.name} {true}", name, tuple(shares), goal if name == "ours" else None)
    given = [float(np.isfinite(logit_jackknife(formula, counts)[0]).mean()) for counts in drawn]
    if min(given) < 0.995:  # where most data sets have no error, those that have one are the unlucky ones
        yield Row("coverage", f"{world.name} {true}", "share of data sets with an interval", tuple(given))


def differences(repetitions: int, seed: int) -> Iterator[Row]:
    """Yields the share of false alarms at p < .05 between two systems of the same true score, and the coverage of the
    interval of a true difference."""
    for world, true, own in (
        (F1, 0.5, (OWN,)), (F1, 0.81, (OWN,)), (F1, 0.93, (OWN,)), (F1, 0.81, (0.1, 0.7)), (UNLIKE, 0.81, (OWN,)),
        (EXACT, 0.5, (OWN,)), (EXACT, 0.81, (OWN,)), (EXACT, 0.93, (OWN,)), (MACRO, 0.81, (OWN,)),
    ):  # fmt: skip
        what = f"{world.name} {true}" + (", one system far less steady" if len(own) > 1 else "")
        yield from _alarms(world, true, own, what, repetitions, seed)
    for world, pair in ((F1, (0.81, 0.86)), (EXACT, (0.5, 0.6)), (MACRO, (0.81, 0.86))):
        yield _difference_covered(world, pair, repetitions, seed)
    for world in (F1, EXACT, MACRO):
        yield _family(world, 0.81, repetitions, seed)


def _alarms(world: World, true: float, own: Sequence[float], what: str, repetitions: int, seed: int) -> Iterator[Row]:
    shares: dict[str, list[float]] = {"ours": [], "t(G−1)": [], "swap": []}
    for g in ARTICLES:
        one, other = world.systems(_chance(seed, world, true, g), (repetitions, g), [true, true], own)
        delta, error, known, articles = jackknifed(world.formula, one, other)
        shares["ours"].append(float((_p(delta, error, known) < 0.05).mean()))
        shares["t(G−1)"].append(float((_p(delta, error, articles - 1.0) < 0.05).mean()))
        swaps = (swap_tests(world.formula, a, [b], swaps=SWAPS)[0] for a, b in zip(one, other, strict=True))
        shares["swap"].append(sum(swap is not None and swap.p < 0.05 for swap in swaps) / repetitions)
    for name, values in shares.items():
        fair = name == "swap" and len(set(own)) == 1  # unlike systems are no null hypothesis of the swap test
        yield Row("false alarms", what, name, tuple(values), (0.0, AT_MOST) if name == "ours" or fair else None)


def _difference_covered(world: World, pair: tuple[float, float], repetitions: int, seed: int) -> Row:
    shares = []
    for g in ARTICLES:
        one, other = world.systems(_chance(seed, world, pair[1], g), (repetitions, g), pair, (OWN,))
        delta, error, known, _ = jackknifed(world.formula, one, other)
        reach = stdtrit(known, 0.975) * error
        shares.append(covered((delta - reach, delta + reach), pair[1] - pair[0]))
    goal = (COVERED[0], 1.0) if world is MACRO else None
    return Row("difference", f"{world.name} {pair[0]} and {pair[1]}", "ours", tuple(shares), goal)


def _family(world: World, true: float, repetitions: int, seed: int) -> Row:
    """How often any of six systems is told from a baseline of the same true score."""
    shares = []
    for g in ARTICLES:
        first, *others = world.systems(_chance(seed, world, true, g), (repetitions, g), [true] * (FAMILY + 1), (OWN,))
        ps = np.stack([_p(*jackknifed(world.formula, first, other)[:3]) for other in others], axis=-1)
        adjusted = [holm(row.tolist()) for row in ps]
        shares.append(float(np.mean([min(p for p in row if p is not None) < 0.05 for row in adjusted])))
    return Row("six systems", f"{world.name} {true}", "ours, Holm", tuple(shares), (0.0, AT_MOST))


def _p(delta: Array, error: Array, known: Array) -> Array:
    """As `differences` has it; where the error is 0, that is no difference here: the counts are the same."""
    t = np.divide(np.abs(delta), error, out=np.zeros_like(delta), where=error > 0)
    p: Array = 2.0 * stdtr(known, -t)
    return p


def covered(ends: Ends, true: float) -> float:
    """Returns the share of intervals that hold the truth, of those that are given."""
    low, high = ends
    given = np.isfinite(low)
    return float(((low <= true) & (true <= high))[given].mean())


def bootstrap(formula: Formula, counts: Array, *, seed: int = 0) -> Ends:
    """Returns the percentile bootstrap over articles, counts of shape (data sets, 1, articles, measures, 3)."""
    articles = counts.shape[2]
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(articles, np.full(articles, 1.0 / articles), size=RESAMPLES).astype(float)
    ends = []
    for part in np.array_split(counts[:, 0], max(1, len(counts) // 100)):
        flat = part.reshape(len(part), articles, -1).astype(float)
        scores = formula.over((drawn @ flat).reshape(len(part), RESAMPLES, *part.shape[2:]))
        ends.append(np.percentile(scores, (2.5, 97.5), axis=1))
    low, high = np.concatenate(ends, axis=1)
    return low, high


def independent(formula: Formula, counts: Array) -> Ends:
    """Returns F ± 1.96 SE as if each span (legend) had been drawn on its own; TP of TP + FP + FN by the delta rule."""
    total = counts[:, 0].sum(1)
    score = formula.over(total)
    if formula.ratio == "recall":
        error = np.sqrt(score * (1.0 - score) / total[:, 0, 2])
    else:
        trials = total[:, 0, 1] + total[:, 0, 2] - total[:, 0, 0]
        right = total[:, 0, 0] / trials
        error = 2.0 / (1.0 + right) ** 2 * np.sqrt(right * (1.0 - right) / trials)
    return score - 1.96 * error, score + 1.96 * error


def _other_freedom(formula: Formula, counts: Array) -> Ends:
    """Returns our interval with the degrees of freedom that we do not use: those of the effective number of articles
    for a pooled score, G − 1 for a macro score."""
    low, high = logit_jackknife(formula, counts)
    jackknife = left_out(formula, counts)
    plain = jackknife.informative.sum(-1) - 1.0
    ours, other = (plain, freedom(jackknife.units, jackknife.moves))
    if formula.shape == "mean":
        ours, other = other, plain
    centre = logit(np.clip(jackknife.score, 1e-9, 1 - 1e-9))
    reach = (logit(high) - centre) * stdtrit(other, 0.975) / stdtrit(ours, 0.975)
    return np.where(np.isnan(low), np.nan, expit(centre - reach)), expit(centre + reach)


def _chance(seed: int, world: World, true: float, articles: int) -> np.random.Generator:
    """A generator for each cell, so that cells do not depend on their order."""
    return np.random.default_rng([seed, len(world.name), round(1000 * true), articles])


def measured(repetitions: int, seed: int) -> list[Row]:
    """Returns all rows: the means of batches, which bound the memory."""
    sizes = [min(BATCH, repetitions - start) for start in range(0, repetitions, BATCH)]
    batches = [
        [*intervals(size, seed + number), *differences(size, seed + number)] for number, size in enumerate(sizes)
    ]
    rows = []
    for same in zip(*batches, strict=True):
        shares = np.average([row.shares for row in same], axis=0, weights=sizes)
        rows.append(replace(same[0], shares=tuple(round(float(share), 4) for share in shares)))
    return rows


def main() -> None:
    """Prints the tables and what misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = measured(args.repetitions, args.seed)
    if args.json:
        print(json.dumps({"articles": ARTICLES, "rows": [vars(row) | {"missed": row.missed} for row in rows]}))
        return
    for table in dict.fromkeys(row.table for row in rows):
        print(f"\n{table}\n")
        print(f"| {table} | method | " + " | ".join(map(str, ARTICLES)) + " |\n" + "|---" * (2 + len(ARTICLES)) + "|")
        for row in rows:
            if row.table == table:
                cells = [_cell(share, g in row.missed) for g, share in zip(ARTICLES, row.shares, strict=True)]
                print(f"| {row.what} | {row.method} | " + " | ".join(cells) + " |")
    aimed = [row for row in rows if row.goal]
    missed = sum(len(row.missed) for row in aimed)
    error = 2 * (0.05 * 0.95 / args.repetitions) ** 0.5
    print(f"\n{missed} of {len(aimed) * len(ARTICLES)} cells miss their goal (*); twice a share's error: ±{error:.3f}")


def _cell(share: float, missed: bool) -> str:
    return f"{share:.3f}".removeprefix("0") + "*" * missed


if __name__ == "__main__":
    main()
