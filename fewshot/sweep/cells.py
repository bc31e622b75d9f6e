"""Cells → finished run folders: what is prompted in one lane, what is trained in another, beside it.

    OUT/pool.jsonl            what is learned from: one file for all trainings
    OUT/cells/<cell>/         an ordinary run folder
    OUT/models/<cell>/        the weights of a training, until its run is complete
    OUT/logs/<cell>.txt       what a training said

A cell whose run is complete is left as it is, so that the same command goes on where it was stopped. Prompting runs in
the main thread, where the engine takes Ctrl-C; trainings are processes of their own, watched by threads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock
from time import monotonic
from typing import TypeAlias

from fewshot.cassette import lock
from fewshot.engine import Progress
from fewshot.errors import BlockedError, FewshotError, IncompleteError, RunFolderError
from fewshot.experiment.answers import Listener
from fewshot.experiment.folder import SCORES, RunFolder
from fewshot.experiment.running import run
from fewshot.sweep.grid import Grid, Prompted, Trained

Cell: TypeAlias = Prompted | Trained
POOL = "pool.jsonl"
PARENT = "FEWSHOT_PARENT"
"""The variable that tells a training whose child it is: it ends when that process is gone (`finetune/parent.py`). A
sweep that was killed would leave it behind, to write into the folders of the next one."""


@dataclass(frozen=True, slots=True)
class Done:
    """A cell that came to its end. `seconds`: what it took now, `None` where it was complete already; `why`: why it is
    not complete, with the exit code that says so."""

    cell: Cell
    folder: Path
    seconds: float | None = None
    why: str | None = None
    exit_code: int = 0
    notices: Sequence[str] = ()


Ended: TypeAlias = SimpleQueue[Done | BaseException]
"""What threads hand to the main one: cells that came to their end, and errors that end all."""


@dataclass
class Work:
    """Where a sweep works, and how. `jobs`: trainings at once; `keep_models`: weights stay."""

    out: Path
    jobs: int = 1
    keep_models: bool = False
    _stop: Event = field(default_factory=Event, repr=False)
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Makes the folder, ours alone for as long as the block runs: two sweeps would train the same models.

        Raises:
            RunFolderError: another process has it, or it cannot be written.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"cannot write {self.out}: {error.strerror}") from None
        held = lock.Lock(self.out / POOL)
        try:
            yield
        finally:
            held.release()

    def folder(self, cell: Cell) -> Path:
        """The run folder of a cell."""
        return self.out / "cells" / cell.name

    def is_complete(self, cell: Cell) -> bool:
        """Whether there is nothing left to do."""
        folder = RunFolder(self.folder(cell))
        return folder.exists() and folder.holds(SCORES) and folder.scores().complete

    def all(self, grid: Grid, listen: Listener | None = None) -> Iterator[Done]:
        """Runs every cell; yields each as it ends.

        Raises:
            InputError: what is prompted cannot be asked.
            KeyboardInterrupt: trainings are stopped, and what is recorded is whole.
        """
        ended: Ended = SimpleQueue()
        left = len(grid.trained)
        with ThreadPoolExecutor(self.jobs) as threads:
            waiting = [threads.submit(self._trained, cell, ended) for cell in grid.trained]
            try:
                for done in self._prompted(grid.prompted, listen):
                    yield done
                    while not ended.empty():
                        yield _next(ended)
                        left -= 1
                while left:
                    yield _next(ended)
                    left -= 1
            except BaseException:
                self._end(waiting)
                raise

    def _prompted(self, cells: Sequence[Prompted], listen: Listener | None) -> Iterator[Done]:
        """Asks. A model that could not finish one cell is not asked for the next one, which would fail likewise."""
        given_up: set[tuple[str, str | None]] = set()
        for cell in cells:
            who = cell.settings.backend, cell.settings.model
            if who not in given_up:
                done = self._asked(cell, listen)
                if done.why is not None:
                    given_up.add(who)
                yield done

    def _asked(self, cell: Prompted, listen: Listener | None) -> Done:
        folder = self.folder(cell)
        if self.is_complete(cell):
            return Done(cell, folder)
        start = monotonic()
        done = run(cell.settings, out=folder, listen=listen)
        seconds = monotonic() - start
        if done.complete:
            return Done(cell, folder, seconds, notices=done.notices)
        why = done.stopped or next(iter(done.failures.values()), "not every request was answered")
        error = BlockedError if done.blocked else IncompleteError
        return Done(cell, folder, seconds, why, error.exit_code, done.notices)

    def _trained(self, cell: Trained, ended: Ended) -> None:
        folder, start = self.folder(cell), monotonic()
        try:
            complete = self.is_complete(cell)
            if not complete:
                self._train(cell)
                settings = replace(cell.settings, model=str(self._model(cell)))
                run(settings, out=folder, listen=self._unless_stopped)
            if not self.keep_models:  # a sweep that was killed may have left them beside a complete run
                shutil.rmtree(self._model(cell), ignore_errors=complete)
            ended.put(Done(cell, folder, None if complete else monotonic() - start))
        except FewshotError as error:  # the other trainings may be spared what stopped this one
            ended.put(Done(cell, folder, monotonic() - start, str(error), error.exit_code))
        except BaseException as error:
            ended.put(error)

    def _model(self, cell: Trained) -> Path:
        return self.out / "models" / cell.name

    def _train(self, cell: Trained) -> None:
        log = self.out / "logs" / f"{cell.name}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        words = [*cell.command(str(self.out / POOL), str(self._model(cell))), "--disable_tqdm", "True"]
        with log.open("wb") as said:
            with self._lock:
                if self._stop.is_set():
                    raise KeyboardInterrupt
                process = subprocess.Popen(
                    [sys.executable, "-m", "finetune", *words],
                    stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                    env=os.environ | {PARENT: str(os.getpid())},
                )  # fmt: skip
                self._running.add(process)
            code = process.wait()
            with self._lock:
                self._running.discard(process)
        if self._stop.is_set():
            raise KeyboardInterrupt
        if code:
            raise RunFolderError(f"the training ended with exit code {code}: {_last_line(log)}", hint=f"see {log}")

    def _unless_stopped(self, now: Progress) -> None:
        del now
        if self._stop.is_set():
            raise KeyboardInterrupt

    def _end(self, waiting: Sequence[Future[None]]) -> None:
        """Stops the trainings; what waits for its turn is not begun."""
        for future in waiting:
            future.cancel()
        with self._lock:
            self._stop.set()
            for process in self._running:
                process.terminate()


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"


def _next(ended: Ended) -> Done:
    found = ended.get()
    if isinstance(found, BaseException):
        raise found
    return found
