"""The parts of the output: scores, comparisons, progress, notices. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from time import monotonic
from typing import TYPE_CHECKING

from fewshot.cli import _terminal
from fewshot.cli._log import LOG

if TYPE_CHECKING:
    from fewshot.engine import Progress
    from fewshot.experiment.running import EndedRun
    from fewshot.report.table import Table
    from fewshot.report.verdict import Verdict


def comparison(table: Table, found: Verdict) -> None:
    """Prints a comparison as it fits the terminal: the table, what it says in words, the fine print."""
    from fewshot.report import layout

    width = _terminal.width()
    laid = layout.laid(table, width)
    _terminal.pieces(laid.lines)
    verdict(found)
    _terminal.text()
    _terminal.pieces(laid.legend)


def verdict(found: Verdict) -> None:
    """Prints what the numbers say, in words."""
    from fewshot.report import layout

    for sentence in found.sentences:
        _terminal.text()
        _terminal.pieces(layout.prose(sentence, _terminal.width()))
    if found.command is not None:
        _terminal.text()
        said = f"See what went wrong: {found.command}"
        if len(said) <= _terminal.width():
            _terminal.line(said)
        else:  # a command is never folded: it is copied
            head, _, _ = said.partition(found.command)
            _terminal.line(head.rstrip())
            _terminal.line(found.command)


def scores(run: EndedRun, *, headline: Sequence[str]) -> None:
    """Prints the scores of one run: the main ones, then all of them side by side, then the signature."""
    from fewshot.experiment.signature import Signature

    result = run.result
    if not result.scores:
        why = "no gold" if result.complete else "no answer"
        _terminal.line(f"{result.task}: not scored ({why}) · {run.folder.path}")
        if result.complete:
            _terminal.line(f"See what was found: fewshot show {shlex.quote(str(run.folder.path))}")
        return
    failed = f" · {result.failed} failed" if result.failed else ""
    _terminal.line(f"{result.task} · n = {result.n}{failed} · {run.folder.path}")
    _terminal.table(
        ["score", "value"], [[name, shown(name, result.scores[name])] for name in headline if name in result.scores]
    )
    columns, rows = side_by_side(result.scores)
    _terminal.table(
        ["", *columns],
        [[name, *(shown(f"{name}.{c}", row[c]) if c in row else "" for c in columns)] for name, row in rows.items()],
    )
    signature = Signature.of(result)
    _terminal.line(f"{signature.id}  {signature.line}")


def shown(name: str, value: float) -> str:
    """A score with three decimals; a count as it is.

    >>> shown("starts.f1", 0.98765), shown("starts.f1", 1.0), shown("labels.neutral", 6.0)
    ('0.988', '1.000', '6')
    """
    return f"{value:,.0f}" if name.endswith((".support", ".neutral")) else f"{value:.3f}"


def side_by_side(values: Mapping[str, float]) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Dotted names as a table: the last part of a name is its column.

    >>> side_by_side({"strict.micro.f1": 0.5, "strict.micro.recall": 1.0, "exact.accuracy": 0.25})
    (['f1', 'recall', 'accuracy'], {'strict.micro': {'f1': 0.5, 'recall': 1.0}, 'exact': {'accuracy': 0.25}})
    """
    rows: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        row, _, column = name.rpartition(".")
        rows.setdefault(row, {})[column] = value
    return list(dict.fromkeys(column for row in rows.values() for column in row)), rows


def notice(lines: Sequence[str]) -> None:
    """One line each, to stderr."""
    for line in dict.fromkeys(lines):
        _terminal.message(line)


@contextmanager
def progress(what: str) -> Iterator[Callable[[Progress], None]]:
    """Shows on stderr how far a run is: a bar on a terminal; a plain line every `PLAIN_SECONDS` elsewhere (a log)."""
    if LOG.quiet:
        yield lambda _: None
        return
    if LOG.json or not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[more]}", markup=False),
    )
    with Bar(*columns, console=_terminal.console(stderr=True), transient=True) as bar:
        line = bar.add_task(what, total=None, more="")
        stopping = False

        def show(now: Progress) -> None:
            nonlocal stopping
            bar.update(line, completed=now.done, total=now.total, more=" · ".join(_parts(now)))
            if now.stopping and not stopping:
                stopping = True
                bar.console.print(f"fewshot: {STOPPING}")

        yield show


PLAIN_SECONDS = 30.0
"""Seconds between two lines of progress in a log file. A judgement: often enough to see that a run is alive."""

STOPPING = "stopping: sending nothing more, waiting for what is in flight (Ctrl-C again leaves now)"


VERBOSE_SECONDS = 2.0
"""The same with `-v`."""


class _Lines:
    """A listener that writes one line, or one event, every `PLAIN_SECONDS`."""

    def __init__(self) -> None:
        self._last, self._stopping = monotonic(), False

    def __call__(self, now: Progress) -> None:
        if now.stopping and not self._stopping:
            self._stopping = True
            notice([STOPPING])
        if monotonic() - self._last >= (VERBOSE_SECONDS if LOG.verbose else PLAIN_SECONDS):
            self._last = monotonic()
            if LOG.json:
                _terminal.event("progress", **asdict(now), left=now.left)
                return
            of = f"/{now.total:,}" if now.total is not None else ""
            notice([" · ".join([f"{now.done:,}{of}", *_parts(now)])])


def _parts(now: Progress) -> list[str]:
    tokens = now.prompt_tokens + now.completion_tokens
    counts = {
        "recorded": now.replayed,
        "failed": now.failed,
        "retries": now.retries,
        "429s": now.pushbacks,
        "possibly paid twice": now.maybe_twice,
        "tokens": tokens,
    }
    parts = [f"{now.rate:,.1f} requests/s"] if now.rate else []
    parts += [f"{value:,} {name}" for name, value in counts.items() if value]
    if tokens:
        parts.append("cost unknown" if now.cost is None else f"${now.cost:,.4f}")
    if now.elsewhere:
        parts.append(f"{now.elsewhere:,} answered and not fetched")
    if now.waiting:
        parts.append(now.waiting)
    elif now.left is not None and not now.stopping:
        parts.append(f"{clock(now.left)} left")
    return parts


def clock(seconds: float) -> str:
    """A duration as clocks show it.

    >>> clock(59.7), clock(3725)
    ('1:00', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
