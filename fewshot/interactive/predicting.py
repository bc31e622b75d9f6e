"""`predict`: texts from a list, without files and without gold.

    found = predict(["(A) p53 blot. (B) MDM2 in HeLa."], task="ner", backend="rules")
    found[0].value                  # the spans of the first text, with offsets into it
    found.frame                     # a row a span, as `Run.predictions`

A model on this machine and the rules leave nothing behind. What a server answers is recorded in a run folder before it
is used, as in every run: the same call again sends nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Unpack, overload

from fewshot import backends, data, tasks
from fewshot.errors import BlockedError, IncompleteError, InputError
from fewshot.experiment.plan import Materials, Plan, assemble, check_format, demos_of, labelled, pool_of
from fewshot.experiment.running import EndedRun, carried_out
from fewshot.experiment.settings import Keywords, Settings, with_changes
from fewshot.interactive import watching
from fewshot.interactive.viewed import Legend, Run
from fewshot.origin.opening import STDIN
from fewshot.records import Example, Prediction

if TYPE_CHECKING:
    import pandas as pd

MOST_SHOWN = 10
"""Texts that a notebook shows of a result."""


class Predictions(Sequence[Prediction]):
    """What was found in texts: one prediction for each, in their order.

    Attributes:
        run: The run behind it, to look at: `run.examples`, `run.cost`, `run.folder` (which is gone where nothing was
            asked of a server).
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._ids = list(run.inspection.examples)
        self._found = [run.inspection.predictions[id_] for id_ in self._ids]

    @overload
    def __getitem__(self, number: int) -> Prediction: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Prediction]: ...
    def __getitem__(self, number: int | slice) -> Prediction | Sequence[Prediction]:
        return self._found[number]

    def __len__(self) -> int:
        return len(self._found)

    @property
    def frame(self) -> pd.DataFrame:
        """All that was found, a row a span; the columns of `Run.predictions`. `id` counts the texts from 1."""
        return self.run.predictions

    def show(self, number: int = 0) -> Legend:
        """A text with what was found drawn in it.

        Raises:
            IndexError: there is no such text.
        """
        return self.run.show(self._ids[number])

    def __repr__(self) -> str:
        found = len(self.frame)
        return f"<Predictions: {found:,} found in {len(self):,} {'text' if len(self) == 1 else 'texts'}>"

    def _repr_html_(self) -> str:
        return self.run.drawn(self._ids[:MOST_SHOWN])


def predict(
    texts: str | Iterable[str | Example],
    *,
    task: str | None = None,
    out: str | PathLike[str] | None = None,
    progress: bool | None = None,
    **settings: Unpack[Keywords],
) -> Predictions:
    """Finds in texts what a task asks for.

        >>> found = predict(["(A) p53 blot. (B) The same cells, fixed."], task="panelization")
        >>> [span.labels for span in found[0].value]
        [('A',), ('B',)]

    Args:
        texts: The texts: a list, a column of a DataFrame; one text alone is one. Examples may stand among them, whose
            ids are kept (and whose gold is not looked at).
        task: The name of a task. Default: the one that the model folder was trained for.
        out: The run folder of a prompted backend. Default: one in `runs/`, named after settings and texts.
        progress: Whether a bar shows how far it is. Default: in a notebook and on a terminal.
        settings: The fields of `Settings`. `model`: a model folder; or, with `backend`, the model that it asks. A call
            loads a folder once: give it all texts together. `demos`: labelled examples that a prompt shows. Default of
            `backend`: `local` with a model, else `rules`.

    Raises:
        InputError: no text, an empty text, a setting that cannot be used, no task.
        IncompleteError: requests failed; what was answered is kept, and the same call sends only the rest.
    """
    asked = _settings(task, settings)
    plan = _plan(asked, _examples(texts))
    with _folder(plan, out) as folder, watching.listener("predicting", None, shown=progress) as listen:
        done = carried_out(plan, out=folder, listen=listen)
        _check_whole(done)
        return Predictions(Run.of(done).read())


def _settings(task: str | None, given: Keywords) -> Settings:
    """What is asked of the texts: a model folder knows its task, and that it needs no server."""
    changes: dict[str, Any] = {**given, "data": STDIN}
    if changes.get("model") is not None:
        changes["model"] = str(changes["model"])
        changes.setdefault("backend", "local")
    backend = changes.get("backend", "rules")
    if task is None and backend == "local" and changes.get("model") is not None:
        task = _trained_for(changes["model"])
    if task is None:
        raise InputError("predict() needs a task", hint=f"task={' or task='.join(map(repr, tasks.names()))}")
    if changes.get("demos") is None and backends.is_prompted(backend):
        if changes.get("shots"):
            raise InputError(
                f"shots={changes['shots']} needs labelled examples", hint="name some, as demos='demo' does"
            )
        changes["shots"] = 0
    return with_changes("predict", task, changes)


def _trained_for(model: str) -> str | None:
    """The task that a model folder was trained for; `None` for a plain model."""
    from fewshot.models.manifest import read_manifest
    from fewshot.models.model_folder import resolve

    manifest = read_manifest(resolve(model, weights=False))
    return None if manifest is None else manifest.task


def _examples(texts: str | Iterable[str | Example]) -> list[Example]:
    """The texts as unlabelled examples, numbered from 1.

    Raises:
        InputError: there is none, one of them is empty or no text, or two have one id.
    """
    found: dict[str, Example] = {}
    for number, text in enumerate([texts] if isinstance(texts, str) else texts, 1):
        given = text if isinstance(text, Example) else None
        words = given.text if given else text
        if not isinstance(words, str) or not words.strip():
            raise InputError(f"text {number} is {'empty' if isinstance(words, str) else f'no text, but {words!r:.40}'}")
        id_ = given.id if given else str(number)
        if id_ in found:
            raise InputError(f"text {number} has the id {id_!r}, which an earlier one has")
        found[id_] = Example(id=id_, group=given.group if given else id_, text=words)
    if not found:
        raise InputError("predict() was given no text")
    return list(found.values())


def _plan(settings: Settings, examples: Sequence[Example]) -> Plan:
    """The plan for texts that come from no source: as of a source that is read once and has no splits."""
    task = tasks.get(settings.task)
    check_format(settings, task)
    shown = demos_of(settings, task)
    pool = [] if shown is None else pool_of(shown, shown)
    materials = Materials(
        split=examples,
        digest=data.digest(examples),
        pool=labelled(pool, task),
        demos=None if shown is None else data.digest(pool),
        notices=() if shown is None else shown.notices,
    )
    return assemble(settings, task, materials)


@contextmanager
def _folder(plan: Plan, out: str | PathLike[str] | None) -> Iterator[str | PathLike[str] | None]:
    """Where the answers are kept: a run folder, or one that is thrown away where nothing was paid for."""
    if out is not None or backends.asks_a_server(plan.settings.backend):
        yield out
        return
    with TemporaryDirectory(prefix="fewshot-") as name:
        yield Path(name) / "run"


def _check_whole(done: EndedRun) -> None:
    """Refuses a result with holes.

    Raises:
        IncompleteError, BlockedError: requests failed.
    """
    if done.complete:
        return
    first = next(iter(done.failures.values()), "not every request was answered")
    error = BlockedError if done.blocked else IncompleteError
    raise error(
        f"{len(done.failures):,} of {len(done.folder.examples()):,} texts were not answered: {done.stopped or first}",
        hint=f"what was answered is kept in {done.folder.path}; the same call sends only the rest",
    )
