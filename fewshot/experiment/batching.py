"""What can be done with the batches of a run beside running it: look, cancel, collect; write and read their files.

status(folder)            # [PartStatus("fewshot-1a2b-1", "batch_…", "in_progress", 812, 0, 50000)]
export(settings, folder)  # files of requests for `vllm run-batch` and its like; nothing is sent
take(folder, files)       # the answers that somebody else has fetched
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fewshot.backends import Batched, open_backend
from fewshot.cassette import key as key_of
from fewshot.engine.batch import lines
from fewshot.engine.batch.harvest import Harvest, harvested
from fewshot.engine.batch.state import Part, State
from fewshot.errors import IncompleteError, InputError, RunFolderError
from fewshot.experiment import record
from fewshot.experiment.answers import Listener, Tapes
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.options import options
from fewshot.experiment.plan import plan_of
from fewshot.experiment.running import EndedRun, begin, claimed, end, finished, run
from fewshot.experiment.secrecy import refuse_secrets
from fewshot.experiment.settings import Settings
from fewshot.experiment.systems import LocalSystem, PromptedSystem, system_of
from fewshot.records import Request
from fewshot.servers.adapting import Terms
from fewshot.servers.batches import Batch, Batches


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One file of requests: its name, its batch (empty: not created yet), and how far it is."""

    name: str
    batch: str
    status: str
    answered: int
    failed: int
    requests: int


def status(folder: Path, access: Mapping[str, Any] | None = None) -> list[PartStatus]:
    """Returns how the batches of a run are; asks the server about those whose answers are not recorded yet.

    `access`: headers and the variable of the key, where the run was given some.

    Raises:
        RunFolderError: it is no run folder, or has no batches.
        BackendError: the server does not say.
    """
    return _at_server(folder, access or {}, Batches.retrieve)


def cancel(folder: Path, access: Mapping[str, Any] | None = None) -> list[PartStatus]:
    """Cancels the batches of a run that still run; what is answered already is kept, and paid.

    Raises:
        RunFolderError, BackendError: as `status`.
    """

    async def ended(batches: Batches, id: str) -> Batch:
        now = await batches.retrieve(id)
        return now if now.ended or now.status == "cancelling" else await batches.cancel(id)

    return _at_server(folder, access or {}, ended)


def fetch(folder: Path, access: Mapping[str, Any] | None = None, *, listen: Listener | None = None) -> EndedRun:
    """Records the answers of batches that have ended; submits nothing, and waits for nothing."""
    return run(_settings(folder, access or {}), out=folder, wait=False, listen=listen)


def export(settings: Settings, folder: Path) -> list[Path]:
    """Begins a run and writes its requests, within the limits of a file, into its folder; sends nothing.

    Raises:
        InputError: the backend has no requests, or the model is not named.
        RunFolderError: the folder holds something else.
    """
    refuse_secrets(settings)
    asked = replace(settings, batch=True)
    folder_ = RunFolder(folder)
    plan = plan_of(asked)
    if finished(folder_, plan) is not None:
        raise InputError(f"{folder} holds this run, and it is complete")
    system = _prompted(asked)
    with claimed(folder_) as cassette:
        begin(folder_, system.plan, system)
        keyed = {key_of(request): request for request in system.requests.all}
        rest = {key: request for key, request in keyed.items() if key not in cassette}
        return _written(folder, rest, system.backend)


def take(folder: Path, files: Sequence[Path]) -> tuple[EndedRun | None, Harvest]:
    """Records the answers of files that somebody else has fetched; scores the run if nothing is missing.

    Raises:
        InputError: a file is not there.
        RunFolderError: it is no run folder.
        IncompleteError: answers are missing; says how many.
    """
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: no such file")
    settings = record.read(RunFolder(folder)).settings
    if done := finished(RunFolder(folder), plan_of(settings)):
        return done, Harvest()
    system = _prompted(replace(settings, headers={}))
    backend: object = system.backend
    if not isinstance(backend, Batched):
        raise InputError(f"--backend {settings.backend} has no Batch endpoint")
    keyed = {key_of(request): request for request in system.requests.all}
    part = Part("imported", len(keyed), "", {})
    with claimed(RunFolder(folder)) as cassette:
        found = harvested(files, keyed, backend, part, cassette, {})
        missing = sum(key not in cassette for key in keyed)
        if missing:
            why = next(iter(found.failed.values()), "")
            raise IncompleteError(
                f"{folder} is incomplete: {len(found.answered):,} answers were taken, {missing:,} of {len(keyed):,} are"
                f" missing{f' ({why})' if why else ''}",
                hint="import another file, or `fewshot run` with the same settings asks for the rest",
            )
        return end(RunFolder(folder), system.plan, system, system.answer(Tapes(cassette, strict=True))), found


def _written(folder: Path, requests: Mapping[str, Request], backend: object) -> list[Path]:
    if not isinstance(backend, Batched):
        raise InputError("this backend has no Batch endpoint")
    paths: list[Path] = []
    rest = list(requests)
    while rest:
        path = folder / f"requests-{len(paths) + 1}.jsonl"
        count = lines.write(path, (lines.line_of(key, requests[key], backend, Terms({})) for key in rest))
        paths.append(path)
        rest = rest[count:]
    return paths


def _prompted(settings: Settings) -> PromptedSystem:
    """The system that settings name, offline."""
    plan = plan_of(settings)
    backend = open_backend(plan.settings.backend, options(plan.settings, labels=plan.question.labels, offline=True))
    system = system_of(plan, backend)
    if isinstance(system, LocalSystem):
        raise InputError(f"--backend {settings.backend} sends no requests")
    if not system.backend.model:
        raise InputError("--model is missing: each line names its model")
    return system


def _settings(folder: Path, access: Mapping[str, Any]) -> Settings:
    return replace(record.read(RunFolder(folder)).settings, batch=True, **access)


def _at_server(
    folder: Path, access: Mapping[str, Any], call: Callable[[Batches, str], Awaitable[Batch]]
) -> list[PartStatus]:
    settings, state = _settings(folder, access), State.read(folder)
    if not state.parts:
        raise RunFolderError(f"{folder} has no batches", hint="`fewshot run --batch` makes them")
    if not any(part.batch for part in state.open):
        return [_shown(part) for part in state.parts.values()]
    backend = open_backend(settings.backend, options(settings))
    if not isinstance(backend, Batched):
        raise InputError(f"--backend {settings.backend} has no Batch endpoint")

    async def every() -> list[PartStatus]:
        batches = backend.batches()
        try:
            return [await _asked(batches, part, call) for part in state.parts.values()]
        finally:
            await batches.close()

    return asyncio.run(every())


async def _asked(batches: Batches, part: Part, call: Callable[[Batches, str], Awaitable[Batch]]) -> PartStatus:
    if not part.open or part.batch is None:
        return _shown(part)
    now = await call(batches, part.batch)
    return _shown(replace(part, status=now.status, completed=now.completed, failed=now.failed))


def _shown(part: Part) -> PartStatus:
    return PartStatus(part.name, part.batch or "", part.status, part.completed, part.failed, part.requests)
