"""Systems as witnesses: where several unlike ones agree against gold, gold is doubtful.

    rules, tagger and language model all say "nutlin" SMALL_MOLECULE, gold says nothing      suggested_span
    gold says "cells" GENEPROD, none of them does                                            doubted_span

How much such an agreement is worth is read from the data: of all other spans that so many witnesses name, the share
that gold has; of all other spans that gold has, the share that so few witnesses name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fewshot import tasks
from fewshot.audit.finding import QUOTED, Certainty, Change, Field, Finding
from fewshot.audit.propositions import Proposition, of
from fewshot.errors import InputError
from fewshot.experiment.folder import RunFolder
from fewshot.records import FIELDS, Example, Value
from fewshot.tasks import Task
from fewshot.text.visible import shortened

SUGGESTED, DOUBTED = "suggested_span", "doubted_span"

_LIKELY, _POSSIBLE = 0.9, 0.75
"""Confidence from which a finding is likely, and from which it is one."""
_SMOOTHING = 1.0


@dataclass(frozen=True)
class Testimony:
    """What runs say about the examples that all of them answered."""

    task: Task
    systems: Sequence[str]
    values: Mapping[str, Sequence[Value]]
    """By example id, a value a system."""


def testimony(folders: Sequence[Path], examples: Sequence[Example]) -> Testimony:
    """Reads runs as witnesses about examples.

    Raises:
        InputError: fewer than two runs, runs of several tasks, none of the examples is in all of them, another text.
        RunFolderError: a folder is not a finished run.
    """
    if len(folders) < 2:
        raise InputError("one witness is none", hint="name two runs or more, of systems as unlike as there are")
    runs = [RunFolder(folder) for folder in folders]
    names = {run.scores().task for run in runs}
    if len(names) > 1:
        raise InputError(f"the runs are of different tasks: {', '.join(sorted(names))}")
    task = tasks.get(names.pop())
    texts = {example.id: example.text for example in examples}
    said: list[dict[str, Value]] = []
    for run in runs:
        asked = run.examples()
        for example in asked:
            if texts.get(example.id, example.text) != example.text:
                raise InputError(f"{run.path}: the text of {example.id} is another one than in the data")
        said.append({answer.id: answer.value for answer in run.predictions(task.kind, asked)})
    common = [example.id for example in examples if all(example.id in answers for answers in said)]
    if not common:
        raise InputError("the runs and the data have no example in common", hint="are they of this data and split?")
    systems = [folder.name or str(folder) for folder in folders]
    return Testimony(task, systems, {id_: [answers[id_] for answers in said] for id_ in common})


def find(examples: Sequence[Example], said: Testimony) -> list[Finding]:
    """What the witnesses hold against gold, the surest first."""
    cases = list(_cases(examples, said))
    by_votes = Counter((len(votes), is_gold) for _, _, votes, is_gold in cases)
    found = [
        finding
        for example, proposition, votes, is_gold in cases
        if (finding := _finding(example, proposition, votes, is_gold, by_votes, said)) is not None
    ]
    return sorted(found, key=lambda finding: -(finding.confidence or 0.0))


Case = tuple[Example, Proposition, list[str], bool]


def _cases(examples: Sequence[Example], said: Testimony) -> Iterator[Case]:
    """Everything that gold or a witness says, with the witnesses that say it, and whether gold does."""
    for example in examples:
        gold = said.task.gold(example)
        if gold is None or example.id not in said.values:
            continue
        right = {proposition.key: proposition for proposition in of(gold, example.text)}
        named: dict[tuple[object, ...], Proposition] = dict(right)
        votes: dict[tuple[object, ...], list[str]] = {key: [] for key in right}
        for system, value in zip(said.systems, said.values[example.id], strict=True):
            for key, proposition in {p.key: p for p in of(value, example.text)}.items():
                named.setdefault(key, proposition)
                votes.setdefault(key, []).append(system)
        for key, proposition in named.items():
            yield example, proposition, votes[key], key in right


def _finding(
    example: Example,
    proposition: Proposition,
    votes: Sequence[str],
    is_gold: bool,
    by_votes: Mapping[tuple[int, bool], int],
    said: Testimony,
) -> Finding | None:
    """The finding about one proposition; `None`: gold and witnesses agree well enough."""
    number, every = len(votes), len(said.systems)
    if is_gold and not number:
        golden = sum(count for (_, gold), count in by_votes.items() if gold)
        unseen = (by_votes[0, True] - 1 + _SMOOTHING) / (golden - 1 + 2 * _SMOOTHING)
        reason = f"none of {every} systems says so; they miss {unseen:.0%} of what gold has"
        return _result(example, proposition, said.task, DOUBTED, 1.0 - unseen, reason, add=False)
    if not is_gold and number >= 2:
        right, wrong = by_votes.get((number, True), 0), by_votes.get((number, False), 0) - 1
        share = (right + _SMOOTHING) / (right + wrong + 2 * _SMOOTHING)
        reason = f"{', '.join(votes)} say so; of what {number} of {every} say, gold has {share:.0%}"
        return _result(example, proposition, said.task, SUGGESTED, share, reason, add=True)
    return None


def _result(
    example: Example, proposition: Proposition, task: Task, kind: str, confidence: float, reason: str, *, add: bool
) -> Finding | None:
    if confidence < _POSSIBLE:
        return None
    certainty: Certainty = "likely" if confidence >= _LIKELY else "possible"
    field: Field = "hypothesis" if FIELDS[task.kind] == "hypothesis" else "entities"
    change = None
    if proposition.item is not None and not task.of_entities:
        change = Change(field, () if add else (proposition.item,), (proposition.item,) if add else ())
    return Finding(
        example.id, kind, "warning", proposition.start, proposition.end, shortened(proposition.quote, QUOTED),
        certainty, reason, change, confidence,
    )  # fmt: skip
