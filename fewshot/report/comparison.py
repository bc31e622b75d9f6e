"""Systems that answered the same question, and what can be said of them. Everything is here as typed records: tables,
the verdict, JSON and pages are made of it.

    compared = compare(["runs/rules", "runs/gpt3"])
    compared.rows                            Row: runs, scores, counts by article, settings, cost
    compared.rows[1].estimate("starts.f1")   Fold: mean, interval over articles, deviation over seeds
    compared.differences("starts.f1")        by label: Difference from the baseline
    compared.frame                           a pandas DataFrame, unrounded
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot import files
from fewshot.errors import InputError, RunFolderError
from fewshot.report import as_json, columns, latex, markdown, phrases, verdict
from fewshot.report.cost import BreakEven, break_even
from fewshot.report.rows import Row, best_of
from fewshot.report.table import Table
from fewshot.report.verdict import Verdict
from fewshot.scoring import jackknife
from fewshot.scoring.differences import Difference, differences, holm, tied_with_best
from fewshot.tasks import Task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """A comparison of systems.

    Attributes:
        task: The task that all of them were asked.
        rows: The system that answers nothing, then one row a system.
        baseline: The label of the row that the others are compared with; `None` if nothing can be.
        captions: What must be said of the data and the systems.
        kinds: Whether tables have a column for each kind of problem of answers.
        gpu_hour_usd: Dollars for an hour of the machine; `None`: not given.
        seed: Of the exchanges that a swap test draws.
    """

    task: Task
    rows: tuple[Row, ...]
    baseline: str | None
    captions: tuple[str, ...] = ()
    kinds: bool = False
    gpu_hour_usd: float | None = None
    seed: int = 0
    _differences: dict[str, Mapping[str, Difference]] = field(default_factory=dict, repr=False, compare=False)
    _tied: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def systems(self) -> tuple[Row, ...]:
        """The rows without the system that answers nothing."""
        return self.rows[1:]

    @property
    def headline(self) -> str:
        """The score that decides."""
        return self.task.headline[0]

    @cached_property
    def articles(self) -> int:
        """The articles of the scored examples."""
        return len({example.group for example in self.rows[1].runs[0].gold})

    @property
    def grouped(self) -> bool:
        """Whether the data names its articles."""
        return bool(self.rows[1].runs[0].signature.values.get("groups") == "given")

    def row(self, label: str) -> Row:
        """Returns the row with a label.

        Raises:
            InputError: there is none.
        """
        for row in self.rows:
            if row.label == label:
                return row
        raise InputError(f"no system is called {label}")

    def best(self, score: str | None = None) -> Row | None:
        """Returns the system with the highest score; `None` if nothing is scored."""
        return best_of(self.systems, score or self.headline)

    def differences(self, score: str | None = None) -> Mapping[str, Difference]:
        """Returns by label how each other system differs from the baseline; empty if nothing is counted."""
        name = score or self.headline
        if name not in self._differences:
            self._differences[name] = self._against(self.baseline, [row.label for row in self.systems], name)
        return self._differences[name]

    def between(self, ours: Sequence[str], theirs: Sequence[str], pair: tuple[str, str]) -> Difference | None:
        """Returns how the second of a pair differs from the first one, in the headline score; `None` without counts.

        The pair is the best of either side, so Holm's family is all that could have been chosen: the differences from
        the baseline if it is one of the two (and the same numbers as in the table), else every pair of both sides.

        Args:
            ours: The labels of one side, of which the first of the pair is one.
            theirs: The labels of the other side.
            pair: Two labels.
        """
        first, second = pair
        if self.baseline == first:
            return self.differences().get(second)
        if self.baseline == second:
            found = self.differences().get(first)
            return None if found is None else found.reversed()
        each = {(one, other): found for one in ours for other, found in self.against(one, theirs).items()}
        adjusted = dict(zip(each, holm([found.p for found in each.values()]), strict=True))
        return each[pair].with_adjusted(adjusted[pair]) if pair in each else None

    def against(self, baseline: str, others: Sequence[str], score: str | None = None) -> Mapping[str, Difference]:
        """Returns how some systems differ from another one: a family of its own for Holm's adjustment."""
        return self._against(baseline, others, score or self.headline)

    def _against(self, baseline: str | None, others: Sequence[str], score: str) -> Mapping[str, Difference]:
        counted = {row.label: row.counts for row in self.systems if row.counts and score in row.counts[0].formulas}
        if baseline not in counted:
            return {}
        family = {label: counted[label] for label in others if label in counted and label != baseline}
        return differences(counted[baseline], family, score, seed=self.seed)

    def tied(self, score: str | None = None) -> tuple[str, ...]:
        """Returns the labels of the systems that cannot be told apart from the best one, the best one included; empty
        where there is no test (fewer than three articles)."""
        name = score or self.headline
        if name not in self._tied:
            counted = {row.label: row.counts for row in self.systems if row.counts and name in row.counts[0].formulas}
            testable = all(self._testable(row, name) for row in self.systems if row.label in counted)
            tied = tied_with_best(counted, name, seed=self.seed) if testable and len(counted) > 1 else ()
            self._tied[name] = self._as_tabled(tied, name)
        return self._tied[name]

    def _as_tabled(self, tied: Sequence[str], score: str) -> tuple[str, ...]:
        """The tied systems, where the pair of the best system and the baseline is judged as among the differences.

        Ties and differences are two families for Holm's adjustment, and this pair is in both: without a rule the table
        could say p .064 and the marks that the two are told apart.
        """
        best = self.best(score)
        pair = self.differences(score).get(best.label) if tied and best is not None else None
        if pair is None or pair.adjusted is None:
            return tuple(tied)
        kept = {label for label in tied if label != self.baseline}
        if not pair.detected and self.baseline is not None:
            kept.add(self.baseline)
        return tuple(row.label for row in self.systems if row.label in kept)

    @staticmethod
    def _testable(row: Row, score: str) -> bool:
        counts = row.counts[0].of(row.counts[0].formula(score))
        return bool((counts.sum((1, 2)) > 0).sum() >= jackknife.LEAST)

    def break_even(self, row: Row) -> BreakEven:
        """Returns from how many legends on a fine-tuned system is cheaper than the best one that is prompted."""
        prompted = phrases.best_of_kind(self, "prompted")
        return None if prompted is None or row.kind != "local" else break_even(prompted.cost, row.cost)

    @property
    def signatures(self) -> Mapping[str, str]:
        """The full signature of each run, by its id."""
        return {run.signature.id: run.signature.line for row in self.systems for run in row.runs}

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All columns, unrounded, one row a system."""
        import pandas as pd

        return pd.DataFrame(columns.records(self), dtype=object)

    def table(self, chosen: Sequence[str] = (), sort: str | None = None) -> Table:
        """Returns the table with the columns that say something, or with the chosen ones.

        Args:
            chosen: Names of columns (`columns.names`), or of any score.
            sort: The column to sort by, best first.

        Raises:
            InputError: there is no such column.
        """
        return columns.table(self, chosen, sort)

    @cached_property
    def verdict(self) -> Verdict:
        """What the numbers say, in words."""
        return verdict.of(self)

    def markdown(self, chosen: Sequence[str] = (), sort: str | None = None) -> str:
        """Returns the table in GitHub's Markdown, with the signatures below."""
        return markdown.text(self.table(chosen, sort), self.signatures)

    def _repr_html_(self) -> str:
        from fewshot.report import html

        table = self.table()
        return html.rendered(
            "comparison.html", table=table, legend=table.legend(table.headings), verdict=self.verdict.sentences
        )

    def latex(self, chosen: Sequence[str] = (), sort: str | None = None) -> str:
        """Returns the table as a `tabular` with the rules of booktabs."""
        table = columns.table(self, chosen or columns.printed(self), sort)
        return latex.text(table, self.signatures)

    def to_json(self) -> dict[str, Any]:
        """Returns everything, unrounded."""
        return as_json.of(self)

    def write(self, folder: Path, chosen: Sequence[str] = (), sort: str | None = None) -> None:
        """Writes `table.md`, `report.md`, `table.csv` (unrounded) and `table.tex`.

        Raises:
            RunFolderError: the folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"cannot write {folder}: {error.strerror}") from None
        texts = {
            "table.md": self.markdown(chosen, sort),
            "report.md": markdown.report(self, chosen, sort),
            "table.csv": self.frame.to_csv(index=False, lineterminator="\n"),
            "table.tex": self.latex(chosen, sort),
        }
        for name, text in texts.items():
            files.write(folder / name, text, error=RunFolderError)
