"""A data set repaired: what is certain is changed, and audited again, until nothing certain is left.

    fixed, patch = repair(examples, "panelization")      the repaired examples, and each change with its finding

Changes are made one after another. One that no longer fits (an earlier one has moved the same panel) waits for the
next round, which looks at the data as they then are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from fewshot.audit import audit
from fewshot.audit.changes import changed
from fewshot.audit.finding import Change, Finding
from fewshot.errors import DataError, Where
from fewshot.records import Example

_ROUNDS = 4
"""How often the data are audited again: a change can uncover a finding, rarely a third one."""

FOR_REVIEW = frozenset(("enumerated_in_sentence",))
"""Kinds whose change is made only if a person accepts it."""


@dataclass(frozen=True)
class Decisions:
    """What a person said about findings, by their names."""

    accepted: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()


NO_DECISIONS = Decisions()


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a patch: a change of one record, and the finding that it answers."""

    id: str
    finding: str
    kind: str
    certainty: str
    reason: str
    change: Change

    @classmethod
    def of(cls, finding: Finding, change: Change) -> Step:
        """The step that makes a finding's change."""
        return cls(finding.id, finding.name, finding.kind, finding.certainty, finding.reason, change)


def repair(
    examples: Sequence[Example],
    task: str | None = None,
    findings: Sequence[Finding] | None = None,
    *,
    aggressive: bool = False,
    decisions: Decisions = NO_DECISIONS,
) -> tuple[list[Example], list[Step]]:
    """Returns the repaired examples and the steps that were made, in order.

    `findings`: those of a first audit, which may hold what models said as well; `None`: it is made here.
    `aggressive`: all changes are made but those `FOR_REVIEW`, not the certain ones alone. `decisions`: accepted
    changes are made and rejected ones are not, whatever their kind.

    Raises:
        InputError: there is no such task.
    """
    now, steps = list(examples), list[Step]()
    quick = not (aggressive or decisions.accepted)  # nothing that the slow checks find is changed by itself
    for number in range(_ROUNDS):
        found = audit(now, task, quick=quick) if number or findings is None else findings
        wanted = [finding for finding in found if _is_wanted(finding, aggressive, decisions)]
        now, made = _made(now, wanted)
        steps.extend(made)
        if not made:
            break
    return now, steps


def _is_wanted(finding: Finding, aggressive: bool, decisions: Decisions) -> bool:
    if finding.change is None or finding.name in decisions.rejected:
        return False
    if finding.name in decisions.accepted:
        return True
    return finding.kind not in FOR_REVIEW and (aggressive or finding.is_certain)


def _made(examples: Sequence[Example], findings: Iterable[Finding]) -> tuple[list[Example], list[Step]]:
    """The examples with the changes of findings made, where they fit."""
    now = {example.id: example for example in examples}
    steps = []
    # Text last: it moves the offsets that other changes name. Of a text's own, one a round, for the same reason.
    ordered = sorted(findings, key=lambda finding: finding.change is not None and finding.change.field == "text")
    edited: set[str] = set()
    for finding in ordered:
        step = Step.of(finding, finding.change) if finding.change is not None else None
        if step is None or finding.id not in now or (step.change.field == "text" and finding.id in edited):
            continue
        try:
            apply(now, step)
        except DataError:
            continue
        edited.update([finding.id] if step.change.field == "text" else [])
        steps.append(step)
    return list(now.values()), steps


def apply(now: dict[str, Example], step: Step, where: Where | None = None) -> None:
    """Makes one step on examples by id, in place.

    Raises:
        DataError: it does not fit them.
    """
    here = where or Where(id=step.id)
    if step.change.field == "record":
        for lost in step.change.remove:
            if now.pop(str(lost["id"]), None) is None:
                here.fail("the record to be left out is not there", hint="the patch was made for other data")
        return
    now[step.id] = changed(now[step.id], step.change, here)


def applied(examples: Sequence[Example], steps: Iterable[tuple[Step, Where]]) -> tuple[list[Example], Collection[str]]:
    """The examples with the steps of a patch made, and the ids of the patch that they lack.

    Raises:
        DataError: a step does not fit the record that it names.
    """
    now = {example.id: example for example in examples}
    unknown: list[str] = []
    for step, where in steps:
        ids = [str(lost["id"]) for lost in step.change.remove] if step.change.field == "record" else [step.id]
        lacking = [id_ for id_ in ids if id_ not in now]
        if lacking:
            unknown.extend(lacking)
        else:
            apply(now, step, where)
    return list(now.values()), dict.fromkeys(unknown)
