"""The system that a job names, opened: the plan of a run over no example, who answers it, and their signature.

open_annotator(job) ──► Direct     a backend without a server (rules): asked one by one, nothing is recorded
                    ├─► Local      a model on this machine: the whole partition at once, in batches of like length
                    └─► Asked      a server: through the engine, with a cassette of its own for each partition
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fewshot import tasks
from fewshot.annotate.answering import Annotator, Direct, Gate, Local
from fewshot.annotate.asking import Asked, opened
from fewshot.annotate.job import ANSWERS, Job
from fewshot.data import digest
from fewshot.errors import InputError
from fewshot.experiment.plan import Materials, Plan, assemble, check_format, demos_of, labelled
from fewshot.experiment.settings import Settings
from fewshot.experiment.signature import Signature
from fewshot.experiment.systems import LocalSystem, PromptedSystem, system_of

_OF_DATA = frozenset({"data", "split", "ids", "groups", "adapted"})
"""Facts of a signature that say what was scored, and not who answers."""


def open_annotator(job: Job, gate: Gate | None = None) -> Annotator:
    """Opens the system that a job names; its signature says what its answers depend on. `gate`: see `Gate`.

    Raises:
        InputError: an unknown name, a model or a key that is missing, demonstrations that cannot be read.
    """
    plan = _plan(job.settings)
    backend = opened(plan)
    system = system_of(replace(plan, examples=()), backend)
    signature = _signature(plan, system)
    notices = (*plan.notices, *backend.notices)
    if isinstance(system, LocalSystem):
        return Local(plan, system.backend, signature, notices)
    if backend.kind == "prompted" and backend.endpoint is None:
        return Direct(plan, system, signature, notices)
    return Asked(plan, system.wording, signature, notices, job.out / ANSWERS, gate)


def _plan(settings: Settings) -> Plan:
    """The plan of a run over no example: who is asked, how, with which demonstrations and labels."""
    task = tasks.get(settings.task)
    check_format(settings, task)
    shown = demos_of(settings, task)
    if shown is None and settings.shots:
        raise InputError(f"--shots {settings.shots} needs --demos: the records that are annotated have no labels")
    pool = [] if shown is None else shown.pool()
    read = Materials(
        split=(),
        digest="",
        pool=labelled(pool, task),
        demos=None if shown is None else digest(pool),
        notices=() if shown is None else shown.notices,
    )
    return assemble(settings if shown is not None else replace(settings, shots=0), task, read)


def _signature(plan: Plan, system: PromptedSystem | LocalSystem) -> dict[str, Any]:
    """What a record depends on: the facts of a score, without those of the data that was scored."""
    made = Signature.make(plan, system.identity).values
    facts = {key: value for key, value in made.items() if key not in _OF_DATA and value not in (None, {})}
    if isinstance(system, LocalSystem) and not plan.settings.labels and not plan.settings.definitions:
        facts.pop("labels", None)  # the model's own
    shots = {"shots": plan.shots, "selector": plan.chooser.selector} if plan.shots else {}
    return {**facts, "shots": 0, **shots, "demos": plan.demos} if plan.prompted else facts
