"""What one run found in each legend, and what was wrong with it: what `show` and `export` are made of.

    inspection = Inspection.of(Path("runs/rules-ner"))
    inspection.labels["GENEPROD"].faults["missed"]      # 137
    Wanted().worst(inspection)[:20]                     # the legends with the most faults, worst first (report/wanted)

An incomplete run is shown as far as it is. Where nothing is labelled, there is a prediction and no fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from fewshot.errors import InputError
from fewshot.experiment.folder import RunFolder
from fewshot.records import Example, Hypothesis, Prediction
from fewshot.report.marking import Mark, marks_of, marks_of_spans
from fewshot.report.runs import FinishedRun
from fewshot.scoring.errors import Errors, Examined
from fewshot.scoring.faults import Answered, Fault

_MOST_COMPARED = 5_000  # of ids that a mistyped one is compared with: a tenth of a second
_NEAR = 0.6  # difflib's own threshold


@dataclass(slots=True)
class LabelCounts:
    """The parts of one label (or role): `faults` by kind, with what gold or prediction it is about."""

    gold: int = 0
    predicted: int = 0
    right: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Inspection:
    """A run, looked at legend by legend. Every file of its folder is read once, when it is first needed."""

    run: FinishedRun

    @classmethod
    def of(cls, path: Path) -> Inspection:
        """The run in a folder, complete or not.

        Raises:
            RunFolderError: it is not a run folder, or its run has not ended.
        """
        folder = RunFolder(path)
        return cls(FinishedRun(folder, folder.scores()))

    @cached_property
    def examples(self) -> Mapping[str, Example]:
        """The examples by id, in the order of the data."""
        return {example.id: example for example in self.run.gold}

    @cached_property
    def predictions(self) -> Mapping[str, Prediction]:
        """The predictions by id; an example whose request failed has none."""
        return {prediction.id: prediction for prediction in self.run.predictions}

    @property
    def errors(self) -> Errors:
        """The faults of all scored examples."""
        return self.run.errors

    @cached_property
    def examined(self) -> Mapping[str, Examined]:
        """The scored examples by id."""
        return {one.id: one for one in self.errors.examples}

    @property
    def scored(self) -> bool:
        """Whether anything was labelled."""
        return bool(self.examined)

    @cached_property
    def labels(self) -> Mapping[str, LabelCounts]:
        """Counts by label, in the order of the run's labels; where nothing is labelled, of predictions alone."""
        counts: dict[str, LabelCounts] = {}
        for one in self.examined.values():
            for hit in one.answered.hits:
                row = counts.setdefault(hit.name, LabelCounts())
                row.gold, row.predicted, row.right = row.gold + 1, row.predicted + 1, row.right + 1
            for fault in one.answered.faults:
                _count(counts, fault)
        for prediction in () if self.scored else self.predictions.values():
            for name in names_in(prediction):
                counts.setdefault(name, LabelCounts()).predicted += 1
        known = [label for label in self.run.signature.labels if label in counts]
        return {label: counts[label] for label in (*known, *sorted(counts.keys() - set(known)))}

    @cached_property
    def problems(self) -> Mapping[str, int]:
        """The number of answers with a problem, by kind, most frequent first."""
        return dict(self.run.problems.most_common())

    def example(self, id_: str) -> Example:
        """The example with an id.

        Raises:
            InputError: there is none; names the nearest.
        """
        if id_ not in self.examples:
            ids = list(self.examples)[:_MOST_COMPARED]
            near = get_close_matches(id_, ids, n=1, cutoff=_NEAR)
            hint = f"did you mean {near[0]!r}?" if near else f"the first one is {ids[0]!r}" if ids else None
            raise InputError(f"{self.run.folder.path} has no legend {id_!r} among {len(self.examples):,}", hint=hint)
        return self.examples[id_]

    def answered(self, id_: str) -> Answered | None:
        """What is right and wrong in the answer about an example; `None` if it is not scored."""
        one = self.examined.get(id_)
        return None if one is None else one.answered

    def marks(self, id_: str) -> list[Mark]:
        """What is marked in the text of an example: gold and prediction, or the prediction alone if it is not scored.

        Raises:
            InputError: there is no such example.
        """
        example, answered, prediction = self.example(id_), self.answered(id_), self.predictions.get(id_)
        if answered is not None:
            return marks_of(answered)
        spans = () if prediction is None or isinstance(prediction.value, Hypothesis) else prediction.value
        return marks_of_spans(spans, example.text)


def _count(counts: dict[str, LabelCounts], fault: Fault) -> None:
    """Counts a fault under the labels of its gold, so that the faults of a label and its hits add up to its gold; under
    those of the prediction where there is no gold."""
    for part in fault.gold:
        counts.setdefault(part.name, LabelCounts()).gold += 1
    for part in fault.predicted:
        counts.setdefault(part.name, LabelCounts()).predicted += fault.scored
    for part in fault.gold or fault.predicted:
        counts[part.name].faults[fault.kind] += 1


def parts_by_kind(faults: Iterable[Fault]) -> Counter[str]:
    """Returns how much is wrong, by kind: gold parts (five panels that are merged into one are five), or predicted ones
    where there is no gold; an answer with a problem is one."""
    counts = Counter[str]()
    for fault in faults:
        counts[fault.kind] += len(fault.gold) or len(fault.predicted) or 1
    return counts


def names_in(prediction: Prediction) -> list[str]:
    """Returns the label (or role) of every part of a prediction."""
    if isinstance(prediction.value, Hypothesis):
        return [member.label for _, members in prediction.value.roles() for member in members]
    return [span.role or span.label for span in prediction.value]
