"""A finished run folder as the report reads it: each file once, when it is first needed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from fewshot import files, tasks
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment import record
from fewshot.experiment.folder import DEMONSTRATIONS, RunFolder
from fewshot.experiment.plan import EXTERNAL
from fewshot.experiment.record import Recorded
from fewshot.experiment.signature import Signature
from fewshot.experiment.tallying import tallies_of
from fewshot.records import Example, Prediction
from fewshot.scoring import Scores
from fewshot.scoring.errors import Errors, errors
from fewshot.scoring.tallies import Tallies
from fewshot.tasks import Task

Kind: TypeAlias = Literal["prompted", "local", "program", "given", "nothing"]
"""What answers: a language model on a server, a model on this machine, a program that needs neither (the rules), a file
of predictions, nothing at all."""

_NAMES = {"ids": "scored ids"}  # facts of a signature as messages name them


@dataclass(frozen=True)
class FinishedRun:
    """A run folder with a complete run.

    Raises:
        RunFolderError: the run is not finished, or requests failed.
    """

    folder: RunFolder
    result: Scores

    @classmethod
    def of(cls, path: Path) -> FinishedRun:
        """The finished run in a folder."""
        folder = RunFolder(path)
        scores = folder.scores()
        if not scores.complete:
            raise RunFolderError(
                f"{path} is incomplete: {scores.failed} requests failed",
                hint="run it again to continue it, or with --failed-as-empty",
            )
        return cls(folder, scores)

    @cached_property
    def signature(self) -> Signature:
        """What makes its scores comparable."""
        return Signature.of(self.result)

    @cached_property
    def task(self) -> Task:
        """Its task."""
        return tasks.get(self.result.task)

    @cached_property
    def recorded(self) -> Recorded:
        """Its `run.toml`."""
        return record.read(self.folder)

    @cached_property
    def gold(self) -> list[Example]:
        """Its examples."""
        return self.folder.examples()

    @cached_property
    def predictions(self) -> list[Prediction]:
        """Its predictions."""
        return self.folder.predictions(self.task.kind, self.gold)

    @cached_property
    def tallies(self) -> Tallies | None:
        """The counts behind its scores, by article; `None` if its task keeps none."""
        return tallies_of(self.folder, self.result)

    @cached_property
    def errors(self) -> Errors:
        """What is right and wrong in its answers, by example and by kind."""
        shown = self.folder.examples(DEMONSTRATIONS) if self.folder.holds(DEMONSTRATIONS) else []
        by_id = {example.id: example for example in shown}
        prompts = self.folder.shown() if by_id else {}
        return errors(
            self.task,
            self.gold,
            self.predictions,
            labels=self.signature.labels,
            shown={id_: [by_id[one] for one in ids if one in by_id] for id_, ids in prompts.items()},
        )

    @property
    def problems(self) -> Counter[str]:
        """The number of answers with a problem, by kind of problem."""
        return Counter(kind for answer in self.predictions for kind, count in answer.problems.items() if count)

    @property
    def malformed(self) -> int:
        """The number of answers with a problem of any kind."""
        return sum(bool(prediction.problems) for prediction in self.predictions)

    @property
    def kind(self) -> Kind:
        """What answered, by what it has: an endpoint, or a digest of weights."""
        values = self.signature.values
        if values.get("backend") == EXTERNAL:
            return "given"
        if values.get("endpoint") is not None:
            return "prompted"
        return "program" if values.get("decoder") is None else "local"

    @property
    def model(self) -> str:
        """The model as its run names it; that of a file of predictions without the file's digest."""
        model = str(self.signature.values.get("model") or self.recorded.plan.model or self.folder.path.name)
        return model.partition("@")[0] if self.kind == "given" else model

    @cached_property
    def times(self) -> list[float]:
        """Seconds of each recorded answer, for folders whose `run.toml` has no percentiles of them.

        A line without seconds (local models of older versions) counts for nothing; a file that is damaged is none of
        the report's business, and has no times.
        """
        if not self.folder.responses.exists():
            return []
        found = []
        lines = self.folder.text(self.folder.responses.name).split("\n")
        for _, row in files.json_objects(lines, self.folder.responses):
            completion = row.get("completion")
            seconds = completion.get("seconds") if isinstance(completion, dict) else row.get("seconds")
            if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < float("inf"):
                found.append(float(seconds))
        return found


def same_question(runs: Sequence[FinishedRun]) -> None:
    """Checks that runs can be compared.

    Raises:
        InputError: two of them differ in task, data, scored ids or labels; names runs and difference.
    """
    first = runs[0]
    for run in runs[1:]:
        for name in first.signature.conflicts(run.signature):
            ours, theirs = first.signature.values.get(name), run.signature.values.get(name)
            sizes = f" ({first.result.n} and {run.result.n} examples)" if name == "ids" else ""
            raise InputError(
                f"{first.folder.path} and {run.folder.path} differ in {_NAMES.get(name, name)}: "
                f"{_shown(ours)} and {_shown(theirs)}{sizes}",
                hint="compare runs of one task on the same data, split, limit and labels",
            )


def _shown(value: object) -> str:
    return str(value) if not isinstance(value, list) else json.dumps(value, ensure_ascii=False)
