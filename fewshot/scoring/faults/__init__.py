"""What is wrong with one answer, fault by fault: gold and prediction paired, and each pair named.

    gold `p53` GENEPROD, predicted `p53 protein` GENEPROD   → wrong_boundary
    gold `p53` GENEPROD, predicted `p53` SMALL_MOLECULE     → wrong_label
    gold panels (A) and (B), predicted one panel over both   → merged

Gold that is in no pair is `missed`, a prediction that is in none is `made_up`. Each gold part, and each predicted part,
is in one fault at most, so the faults of an answer add up to the false negatives and false positives of its strict
score. Names that have no place in the text are scored nowhere; they are `copied` if they stand in a demonstration that
the prompt showed, else `not_in_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from fewshot.records import Example, Member, Prediction, Span
from fewshot.tasks import Case, Task

FaultKind: TypeAlias = Literal[
    "missed", "made_up", "wrong_boundary", "wrong_label", "merged", "split", "copied", "not_in_text", "malformed"
]

KINDS: tuple[FaultKind, ...] = (
    "missed", "made_up", "wrong_boundary", "wrong_label", "merged", "split", "copied", "not_in_text", "malformed",
)  # fmt: skip
"""In the order of tables."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value: a span of the text, or a member of a hypothesis (which has no offsets).

    Attributes:
        label: The type of an entity, `panel`, or the type of a member.
        text: Its surface.
        start: The first character; `None` without offsets.
        end: The offset behind the last character.
        role: The role of an entity, or which part of a hypothesis it belongs to; `None` where there are none.
        letters: The letters of a panel; `None`: it is no panel, or they are unknown.
    """

    label: str
    text: str
    start: int | None = None
    end: int | None = None
    role: str | None = None
    letters: tuple[str, ...] | None = None

    @classmethod
    def of_span(cls, span: Span, text: str) -> Part:
        """The part that a span is."""
        return cls(span.label, span.cut(text), span.start, span.end, span.role or None, span.labels)

    @classmethod
    def of_member(cls, member: Member, role: str | None = None) -> Part:
        """The part that a member of a hypothesis (or a name without a place) is."""
        return cls(member.label, member.text, role=role)

    @property
    def name(self) -> str:
        """What it is called in a table of confusions: its role, where roles are told apart, else its label."""
        return self.role or self.label

    def to_json(self) -> dict[str, Any]:
        """The part as JSON; what it does not have is left out."""
        values = {"label": self.label, "text": self.text, "start": self.start, "end": self.end, "role": self.role}
        row = {key: value for key, value in values.items() if value is not None}
        return row if self.letters is None else row | {"letters": list(self.letters)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: What.
        gold: The gold parts that it is about.
        predicted: The predicted parts that it is about.
        detail: `malformed`: the problems of the answer, counted.
        scored: Whether a score counts it; not what has no place in the text, and not the form of an answer.
    """

    kind: FaultKind
    gold: tuple[Part, ...] = ()
    predicted: tuple[Part, ...] = ()
    detail: str = ""
    scored: bool = True

    def to_json(self) -> dict[str, Any]:
        """The fault as JSON."""
        return {
            "kind": self.kind,
            "gold": [part.to_json() for part in self.gold],
            "predicted": [part.to_json() for part in self.predicted],
        } | ({"detail": self.detail} if self.detail else {})


@dataclass(frozen=True, slots=True)
class Answered:
    """What is right and wrong in one answer. `hits`: the parts that are right, in the order of the gold."""

    hits: tuple[Part, ...]
    faults: tuple[Fault, ...]

    @property
    def right(self) -> bool:
        """Whether the answer is right as a whole: nothing that a score counts is wrong."""
        return not any(fault.scored for fault in self.faults)


def examine(task: Task, case: Case, prediction: Prediction, shown: Sequence[Example] = ()) -> Answered:
    """Returns what is right and wrong in one answer.

    Args:
        task: The task.
        case: The example, what is right, what was predicted.
        prediction: The prediction: its problems, and the names that have no place.
        shown: The demonstrations that its prompt showed.
    """
    from fewshot.scoring.faults import hypothesis, names, panels, spans

    if task.kind == "panels":
        answered = panels.examine(case)
    elif task.kind == "hypothesis":
        answered = hypothesis.examine(case, shown)
    else:
        answered = spans.examine(case, roles=task.kind == "roles")
    faults = (*answered.faults, *names.without_a_place(prediction, shown), *_malformed(prediction))
    return Answered(answered.hits, faults)


def _malformed(prediction: Prediction) -> tuple[Fault, ...]:
    problems = ", ".join(f"{kind} {count}" for kind, count in prediction.problems.items() if count)
    return (Fault("malformed", detail=problems, scored=False),) if problems else ()
