"""The engine `ray`: partitions go through Ray Data to a pool of actors, each with a system of its own.

    one task reads the feed ──► blocks of one partition ──► map_batches(actors) ──► parts, notes ──► outcomes

An actor writes its part itself, as the engine `local` does: the parts are the same bytes, and one that is answered
twice, because an actor died, is written twice with the same content. All nodes must see the input and OUT under the
same paths. Ray starts on this machine, unless RAY_ADDRESS names a cluster.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fewshot.annotate.answering import Annotator
from fewshot.annotate.asking import Asked, opened
from fewshot.annotate.feed import Item, feed
from fewshot.annotate.intake import Partition
from fewshot.annotate.job import Job
from fewshot.annotate.opening import open_annotator
from fewshot.annotate.permits import Permits, RemoteDesk, SharedGate, Terms
from fewshot.annotate.running import End, Ticker
from fewshot.annotate.work import Workshop
from fewshot.errors import FewshotError, IncompleteError, InputError, MissingExtraError
from fewshot.experiment.systems import budget_of, price_of

_COLUMN = "item"
_QUIET = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
"""Variables that keep Ray from writing on stderr what it has said in its own logs."""
_MOST_WAITING = 10_000
"""Calls that wait for a permit at a time: more than all callers have requests in flight."""
_IN_FLIGHT = 2
"""Partitions that an actor has at a time: one it works at, one that is on its way."""


def ends(job: Job, annotator: Annotator, items: Iterable[Item], listen: Ticker) -> Iterator[End]:
    """What becomes of each item, as it is ready. The items are read by a task of Ray, which makes them anew; the system
    is opened by each actor.

    Raises:
        MissingExtraError: ray is not installed.
    """
    if job.settings.batch:
        raise InputError("--batch goes with --engine local: a batch is one request", hint="leave --engine out")
    terms = _terms(annotator, job) if isinstance(annotator, Asked) else None
    del annotator, items
    return _ends(job, terms, _library())


def _terms(annotator: Asked, job: Job) -> Terms:
    """The limits that all callers share.

    Raises:
        InputError: a budget in dollars, and no price is known.
    """
    settings, backend = job.settings, opened(annotator.plan)
    if backend.kind != "prompted":
        return Terms(settings.concurrency)
    price = price_of(settings, backend)
    budget = budget_of(settings, backend, price)
    return Terms(settings.concurrency, settings.rpm, settings.tpm, budget, price)


def _ends(job: Job, terms: Terms | None, ray: Any) -> Iterator[End]:
    with _cluster(ray):
        data = _context(ray)
        desk = ray.remote(Permits).options(num_cpus=0, max_concurrency=_MOST_WAITING)
        permits = None if terms is None else desk.remote(terms)
        found = data.read_datasource(
            # Reading takes no CPU of those that the actors have all of: else it would wait for them, and they for it.
            _feed_of(job),
            override_num_blocks=1,
            num_cpus=0,
        ).map_batches(
            _actor_of(job, permits),
            batch_size=1,
            compute=data.ActorPoolStrategy(size=job.workers, max_tasks_in_flight_per_actor=_IN_FLIGHT),
            num_cpus=1,
            num_gpus=job.gpus or None,
        )
        try:
            for row in found.iter_rows():
                end = pickle.loads(row[_COLUMN])  # our own workers wrote it
                if isinstance(end, FewshotError):
                    raise end
                yield end
        except ray.exceptions.RayError as error:
            said = str(error).strip().splitlines()[-1:]
            raise IncompleteError(
                f"Ray: {' '.join(said)}", hint="what is whole stays; is every node set up?"
            ) from error


def _actor_of(job: Job, permits: Any) -> type:
    """The class of the actors. The job is part of it: Ray cannot start an actor again whose arguments got lost."""
    folder = Path.cwd()

    class Actor:
        """A system that answers the partitions it is given."""

        def __init__(self) -> None:
            os.chdir(folder)  # names of files in the job are those of the command line
            gate = None if permits is None else SharedGate(RemoteDesk(permits))
            self._workshop = Workshop(job, open_annotator(job, gate))

        def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
            return {_COLUMN: [pickle.dumps(self._end(pickle.loads(item))) for item in batch[_COLUMN]]}

        def _end(self, item: Item | FewshotError) -> End | FewshotError:
            try:
                return self._workshop.do(item) if isinstance(item, Partition) else item
            except FewshotError as error:
                return error

    return Actor


def _feed_of(job: Job) -> Any:
    """The feed of a job as a source of Ray Data: one task, that yields a block an item."""
    from pyarrow import Table
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    folder = Path.cwd()

    def blocks() -> Iterator[Any]:
        os.chdir(folder)
        try:
            for item in feed(job):
                yield Table.from_pydict({_COLUMN: [pickle.dumps(item)]})
        except FewshotError as error:
            yield Table.from_pydict({_COLUMN: [pickle.dumps(error)]})

    class Feed(Datasource):  # type: ignore[misc]
        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[Any]:
            size = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(blocks, size)]

    return Feed()


def _library() -> Any:
    try:
        import ray
        import ray.data
    except ImportError:
        raise MissingExtraError("ray, which --engine ray needs,", extra="ray") from None
    return ray


@contextmanager
def _cluster(ray: Any) -> Iterator[None]:
    """Ray as it runs already, else started: on this machine, or as RAY_ADDRESS says."""
    if ray.is_initialized():
        yield
        return
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    address = os.environ.get("RAY_ADDRESS") or "local"  # else Ray joins whatever cluster runs on this machine
    with _stderr_away():
        ray.init(address=address, log_to_driver=False, logging_level="error", include_dashboard=False)
    try:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():  # Ray puts in one of its own, which exits with 15
                signal.signal(number, handler)
        yield
    finally:
        ray.shutdown()


@contextmanager
def _stderr_away() -> Iterator[None]:
    """Drops what is written to file descriptor 2: Ray says there, past Python, that it will be quiet."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _context(ray: Any) -> Any:
    """Ray Data, told that a block is one partition, and not to draw."""
    context = ray.data.DataContext.get_current()
    context.target_max_block_size = 1
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray.data
