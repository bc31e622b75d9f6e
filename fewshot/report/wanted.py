"""Which legends of a run are asked for: those with faults of a kind, faults of a label, or a problem of the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from fewshot.discovery import unknown
from fewshot.errors import InputError
from fewshot.records import ProblemKind
from fewshot.report.inspection import Inspection, names_in, parts_by_kind
from fewshot.scoring.faults import KINDS, Fault

PROBLEMS: tuple[str, ...] = get_args(ProblemKind)
"""What can be wrong with the form of an answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What legends are asked for.

    Attributes:
        kinds: The kinds of faults that count; none: all that a score counts.
        label: Only faults of this label, role or part of a hypothesis.
        problem: Only legends whose answer has this problem.
    """

    kinds: tuple[str, ...] = ()
    label: str | None = None
    problem: str | None = None

    @classmethod
    def of(
        cls, inspection: Inspection, *, missed: bool = False, made_up: bool = False,
        label: str | None = None, problem: str | None = None,
    ) -> Wanted:  # fmt: skip
        """What flags ask for. `problem` is a kind of fault, or a problem of the answer.

        Raises:
            InputError: the run has no such label, there is no such problem, or nothing is labelled that could be
                missed or made up.
        """
        labels = dict.fromkeys([*inspection.labels, *inspection.run.signature.labels])
        if label is not None and label not in labels:
            raise unknown("label", label, labels)
        if problem is not None and problem not in (*KINDS, *PROBLEMS):
            raise unknown("problem", problem, dict.fromkeys([*KINDS, *PROBLEMS]))
        kinds = [kind for kind, chosen in (("missed", missed), ("made_up", made_up)) if chosen]
        if problem is not None and problem not in PROBLEMS:
            kinds, problem = [*kinds, problem], None
        if kinds and not inspection.scored:
            raise InputError(f"{inspection.run.folder.path} is not labelled: nothing in it can be {kinds[0]}")
        return cls(tuple(kinds), label, problem)

    def counts(self, fault: Fault) -> bool:
        """Whether a fault counts."""
        named = {name for part in (*fault.gold, *fault.predicted) for name in (part.name, part.label)}
        if self.label is not None and self.label not in named:
            return False
        return fault.kind in self.kinds if self.kinds else fault.scored

    def worst(self, inspection: Inspection) -> list[tuple[str, Counter[str]]]:
        """Returns ids with their faults by kind, the most faults first; of equal ones the first in the data first."""
        rows = []
        for id_, one in inspection.examined.items():
            faults = parts_by_kind(fault for fault in one.answered.faults if self.counts(fault))
            if self._has_problem(inspection, id_) and (faults or self.problem is not None):
                rows.append((id_, faults))
        return sorted(rows, key=lambda row: -row[1].total())

    def found(self, inspection: Inspection) -> list[tuple[str, Counter[str]]]:
        """Returns ids with what was predicted, by label; with a label those that have most of it first."""
        rows: list[tuple[str, Counter[str]]] = []
        for id_, prediction in inspection.predictions.items():
            names = Counter(names_in(prediction))
            if self._has_problem(inspection, id_) and (self.label is None or names[self.label]):
                rows.append((id_, names))
        return rows if self.label is None else sorted(rows, key=lambda row: -row[1][str(self.label)])

    def words(self, in_words: Mapping[str, str]) -> str:
        """What is asked for, in words.

        >>> Wanted(("missed",), "GENEPROD").words({"missed": "missed"})
        'missed, GENEPROD'
        """
        return ", ".join(
            [in_words.get(kind, kind) for kind in self.kinds] + [w for w in (self.label, self.problem) if w]
        )

    def _has_problem(self, inspection: Inspection, id_: str) -> bool:
        prediction = inspection.predictions.get(id_)
        if self.problem is None or prediction is None:
            return self.problem is None
        return any(kind == self.problem and count for kind, count in prediction.problems.items())
