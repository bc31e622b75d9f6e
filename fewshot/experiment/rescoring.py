"""A recorded run scored anew, by this version of our scoring: its answers stay untouched.

    runs/ner-gpt3: scoring 1 → 2: 12 of 60 predictions differ; strict.micro.f1 0.412 → 0.455

Answers that are recorded as text are read anew; predictions that somebody else made (`fewshot evaluate`) are scored
unchanged.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from fewshot.cassette.lock import Lock
from fewshot.experiment import record
from fewshot.experiment.answers import Answers, GivenSystem, System
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.plan import EXTERNAL, Plan
from fewshot.experiment.replaying import Recording
from fewshot.experiment.running import recorded_answers, score
from fewshot.experiment.signature import Identity
from fewshot.experiment.tallying import counted
from fewshot.experiment.verifying import movement


@dataclass(frozen=True, slots=True)
class Rescored:
    """A run that was scored anew. `moved`: what differs; `None`: it was of this version already."""

    folder: RunFolder
    moved: str | None


def rescore(path: str | Path) -> Rescored:
    """Scores the recorded answers of a run anew and writes `predictions.jsonl`, `tallies.json` and `scores.json`.

    Raises:
        RunFolderError: not a finished run.
        ReplayError: an answer is not recorded.
    """
    folder = RunFolder(Path(path))
    recording = Recording.of(folder, {})
    plan = recording.plan()
    system, answers = _answers(recording, plan)
    kept = counted(plan, answers)
    scores = score(plan, system, answers, kept)
    moved = movement(folder, plan, answers, scores)
    if moved is not None:
        with Lock(folder.responses):
            folder.write_predictions(answers.predictions, plan.task.kind)
            folder.write_tallies(kept)
            folder.write_scores(scores)
    return Rescored(folder, moved)


def _answers(recording: Recording, plan: Plan) -> tuple[System, Answers]:
    folder = recording.folder
    if recording.settings.backend == EXTERNAL:
        resolved = record.read(folder).plan
        identity = Identity(name=resolved.backend, model=resolved.model, format=recording.settings.format)
        predictions = tuple(folder.predictions(plan.task.kind, plan.examples))
        given = GivenSystem(identity, predictions, failed=recording.recorded.failed)
        return given, replace(given.answer(), complete=folder.scores().complete)
    system = recording.system(plan)
    with ExitStack() as stack:
        return system, system.answer(recording.tapes(stack.enter_context(recorded_answers(folder))))
