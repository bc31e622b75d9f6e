"""One run, from settings to scores, as a function you can read on one screen.

    run("panelization", backend="rules", out="runs/first").result.scores["starts.f1"]     # 0.991…

`fewshot.run` is this function with what a person in Python wants beside it (`fewshot/interactive`).

The way is the same for every backend: plan → system → answers (recorded before they are used) → values with offsets →
scores → files. `replaying` goes the same way with a folder's recorded answers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TypeAlias, Unpack

from fewshot.backends import open_backend
from fewshot.cassette import Cassette
from fewshot.engine.batch.state import State
from fewshot.errors import RunFolderError
from fewshot.experiment import record
from fewshot.experiment.answers import Answers, Listener, System, Tapes
from fewshot.experiment.differences import differences
from fewshot.experiment.folder import DEMONSTRATIONS, GOLD, PREDICTIONS, SCORES, RunFolder
from fewshot.experiment.options import options
from fewshot.experiment.plan import Plan, plan_of
from fewshot.experiment.record import Recorded
from fewshot.experiment.remarks import check_demonstrations, of_recording, remarks
from fewshot.experiment.requests import wording_of
from fewshot.experiment.secrecy import refuse_secrets
from fewshot.experiment.settings import PACE, Keywords, Settings, with_changes
from fewshot.experiment.signature import Signature
from fewshot.experiment.systems import system_of
from fewshot.experiment.tallying import counted
from fewshot.files import exists
from fewshot.records import Example
from fewshot.scoring import Scores, evaluate
from fewshot.scoring.tallies import Tallies
from fewshot.tasks import Task

RUNS = Path("runs")

Beginning: TypeAlias = Callable[[Plan], None]

_LONGEST_NAME = 120
"""Characters of a model's name in the name of a folder, which must stay below 255 bytes."""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has ended: its folder and its scores. `stopped`: why it is incomplete; `blocked`: whether a person
    must mend that before it can go on; `failures`: why a request was not answered, by id; `asked`: how many requests
    (or texts) were sent now, none where all was recorded; `gold`: its examples, where it was carried out now."""

    folder: RunFolder
    result: Scores
    notices: Sequence[str] = ()
    stopped: str | None = None
    blocked: bool = False
    failures: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    gold: Sequence[Example] = field(default=(), repr=False)

    @property
    def complete(self) -> bool:
        """Whether every request was answered (or its failure accepted)."""
        return self.result.complete


def run(
    task: str | Settings,
    *,
    out: str | PathLike[str] | None = None,
    reuse: str | PathLike[str] | None = None,
    listen: Listener | None = None,
    wait: bool = True,
    beginning: Beginning | None = None,
    **settings: Unpack[Keywords],
) -> EndedRun:
    """Asks a backend about every example of a data set and scores its answers.

    Args:
        task: The name of a task, or whole `Settings`, which keywords override.
        out: The run folder: made if it is missing, continued if it holds an unfinished run of the same settings, read
            if it holds a complete one. Default: a folder in `runs/`, named after the settings.
        reuse: Another run, whose answers are taken for equal requests.
        listen: Called with the progress, several times a second.
        wait: With `batch`: whether to submit what is missing and to wait for it, or only to take what has come.
        beginning: Called with the plan before anything is asked; not where all is there already.
        settings: The fields of `Settings`.

    Raises:
        UnknownSettingError: a keyword that is not a setting.
        InputError: the settings or the data cannot be used.
        RunFolderError: `out` holds a run of other settings, or something else.
    """
    asked = with_changes("run", task, dict(settings))
    refuse_secrets(asked)
    return carried_out(plan_of(asked), out=out, reuse=reuse, listen=listen, wait=wait, beginning=beginning)


def carried_out(
    plan: Plan,
    *,
    out: str | PathLike[str] | None = None,
    reuse: str | PathLike[str] | None = None,
    listen: Listener | None = None,
    wait: bool = True,
    beginning: Beginning | None = None,
) -> EndedRun:
    """Does what is planned; the arguments and what is raised are those of `run`."""
    if out is not None and (done := finished(RunFolder(Path(out)), plan)):
        return done
    backend = open_backend(plan.settings.backend, options(plan.settings, labels=plan.question.labels))
    folder = RunFolder(Path(out) if out is not None else default_folder(plan, backend.name, backend.model))
    if out is None and (done := finished(folder, plan)):
        return done
    system = system_of(plan, backend)
    checked = check_demonstrations(plan, system.requests)
    with ExitStack() as stack:
        other = None if reuse is None else stack.enter_context(recorded_answers(RunFolder(Path(reuse))))
        cassette = stack.enter_context(claimed(folder))
        if done := finished(folder, plan):  # by another process, since we looked
            return done
        _check_batches(folder, plan.settings)
        begin(folder, plan, system)
        if beginning is not None:
            beginning(plan)
        recorded = len(cassette)
        tapes = Tapes(cassette, reuse=other, batches=folder.path, wait=wait)
        answers = system.answer(tapes, listen)
        done = end(folder, plan, system, answers)
    return replace(done, notices=(*checked, *of_recording(cassette, recorded), *done.notices))


def load(folder: str | PathLike[str]) -> EndedRun:
    """The finished run in a folder.

    Raises:
        RunFolderError: it is not a run folder, or the run is not finished.
    """
    place = RunFolder(Path(folder))
    return EndedRun(place, place.scores(), failures=record.read(place).failed)


def finished(folder: RunFolder, plan: Plan) -> EndedRun | None:
    """The run that already lies in a folder, if it is complete; `None` if there is something left to do.

    Raises:
        RunFolderError: the folder holds a run of other settings or of other data; names what differs.
    """
    if not folder.exists():
        return None
    recorded = record.read(folder)
    conflicts = _conflicts(recorded, plan)
    if conflicts:
        raise RunFolderError(
            f"{folder.path} holds a run of other settings ({'; '.join(conflicts)})",
            hint=f"choose another --out; --reuse {folder.path} takes its answers where they fit",
        )
    if not recorded.run.complete or not all(map(folder.holds, (GOLD, DEMONSTRATIONS, PREDICTIONS, SCORES))):
        return None  # also a run that was killed while it wrote: the same command makes it whole
    scores = folder.scores()
    return EndedRun(folder, scores, plan.notices) if scores.complete else None


def _conflicts(recorded: Recorded, plan: Plan) -> list[str]:
    """Why a recorded run is not the one that is planned: its settings, its data, or the words of its prompt differ."""
    settings = plan.settings
    if conflicts := differences(recorded.settings, settings):
        return conflicts
    if recorded.plan.digest != plan.digest:
        return [f"data: {settings.data} has changed since (digest {recorded.plan.digest} → {plan.digest})"]
    if recorded.plan.demos not in (None, plan.demos):  # None: before 0.2.0, or a folder without --demos
        return [f"demos: {settings.demos} has changed since"]
    own = settings.prompt is not None and exists(settings.prompt) and Path(settings.prompt).is_file()
    if own and recorded.prompt and recorded.prompt != wording_of(plan):
        return [f"prompt: {settings.prompt} has changed since"]
    return []


def default_folder(plan: Plan, backend: str, model: str) -> Path:
    """`runs/<backend>-<model>-<task>-<shots>shot-<digest of settings and data>`."""
    settings = plan.settings.given()
    identity = repr(sorted((name, value) for name, value in settings.items() if name not in PACE)) + plan.digest + model
    identity += plan.demos or ""
    digest = hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    short = re.sub(r"[^A-Za-z0-9.]+", "-", model.rstrip("/").rpartition("/")[2]).strip("-")[:_LONGEST_NAME]
    name = short if short.startswith(backend) else f"{backend}-{short}"
    shots = f"-{plan.shots}shot" if plan.prompted else ""
    return RUNS / f"{name}-{plan.task.name}{shots}-{digest}"


@contextmanager
def claimed(folder: RunFolder) -> Iterator[Cassette]:
    """The cassette of a folder that is ours alone for as long as the block runs: nothing is written before.

    Raises:
        RunFolderError: another process has it, it holds other things than a run, or it cannot be written.
    """
    folder.create()
    with Cassette.open(folder.responses) as cassette:
        folder.sweep()
        yield cassette


def begin(folder: RunFolder, plan: Plan, system: System) -> None:
    """Writes what is known before the first request. A folder that was begun before keeps its start."""
    started = record.read(folder).run.started if folder.exists() else None
    record.write(folder, Recorded.begun(plan, system, started=started))
    folder.write_examples(GOLD, plan.examples)
    if plan.settings.entities is not None:
        folder.write_entities(plan.given)


def score(plan: Plan, system: System, answers: Answers, kept: Tallies | None = None) -> Scores:
    """The scores of the answers, under their signature. `kept`: their counts, if they are counted already."""
    signature = Signature.make(plan, system.identity, shots=system.requests.shots, adapted=answers.adapted)
    task = type(plan.task)
    by_counts = task.score is Task.score and task.scores is Task.scores  # a plugin may score in a way of its own
    return evaluate(
        plan.task,
        plan.examples,
        answers.predictions,
        labels=plan.question.labels,
        signature=signature.values,
        complete=answers.complete,
        failed=len(answers.failed),
        scores=kept.scores() if kept is not None and by_counts else None,
    )


def end(folder: RunFolder, plan: Plan, system: System, answers: Answers) -> EndedRun:
    """Scores the answers and writes everything that is known after the last one. `scores.json` comes last: it says that
    the folder is whole."""
    kept = counted(plan, answers)
    scores = score(plan, system, answers, kept)
    folder.write_predictions(answers.predictions, plan.task.kind)
    folder.write_examples(DEMONSTRATIONS, system.requests.demonstrations)
    record.write(folder, record.read(folder).ended(system, answers))
    folder.write_tallies(kept)
    folder.write_scores(scores)
    notices = (*plan.notices, *system.notices, *answers.notices, *remarks(plan, scores, answers.predictions))
    return EndedRun(
        folder,
        scores,
        notices,
        stopped=answers.stopped,
        blocked=answers.blocked,
        failures=answers.failed,
        asked=answers.asked,
        gold=plan.examples,
    )


def _check_batches(folder: RunFolder, settings: Settings) -> None:
    """Refuses to ask online what is on its way in a batch, and would be paid twice.

    Raises:
        RunFolderError: batches of the run are open.
    """
    if not settings.batch and State.read(folder.path).open:
        raise RunFolderError(
            f"{folder.path} waits for batches, whose requests would be sent and paid again",
            hint=f"add --batch, or end them: `fewshot batch cancel {folder.path}`, `fewshot batch fetch {folder.path}`",
        )


def recorded_answers(folder: RunFolder) -> Cassette:
    """The cassette of a run, to read from.

    Raises:
        RunFolderError: it has none.
    """
    if not folder.holds(folder.responses.name):
        raise RunFolderError(f"{folder.path} holds no recorded answers ({folder.responses.name} is missing)")
    return Cassette.open(folder.responses, readonly=True)
