"""What a terminal shows: tables, progress, notices. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fewshot.compare import Comparison, shown

if TYPE_CHECKING:
    from fewshot.engine import Progress
    from fewshot.experiment import Run

_WIDE = 240  # a table that is piped into a file or a pager is not folded


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """Prints a table: the first column left, numbers right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=number > 0)
    for row in rows:
        made.add_row(*row)
    console.print(made)


def comparison(made: Comparison, *, title: str | None = None) -> None:
    """Prints a comparison: caption above, full signatures below."""
    columns = list(made.frame.columns)
    if made.caption:
        print(made.caption)
    table(columns, [[shown(name, row[name]) for name in columns] for row in made.rows()], title=title)
    for key, line in made.signatures.items():
        print(f"{key}  {line}")


def scores(run: Run, *, headline: Sequence[str]) -> None:
    """Prints the scores of one run: the main ones, then all of them side by side, then the signature."""
    from fewshot.evaluation import signature_id, signature_line

    result = run.result
    if not result.scores:
        why = "no gold" if result.complete else "no answer"
        print(f"{result.task}: not scored ({why}) · {run.folder.path}")
        return
    failed = f" · {result.failed} failed" if result.failed else ""
    print(f"{result.task} · n = {result.n}{failed} · {run.folder.path}")
    table(["score", "value"], [[name, shown(name, result.scores[name])] for name in headline if name in result.scores])
    columns, rows = side_by_side(result.scores)
    table(
        ["", *columns],
        [[name, *(shown(f"{name}.{c}", row[c]) if c in row else "" for c in columns)] for name, row in rows.items()],
    )
    print(f"{signature_id(result.signature)}  {signature_line(result.signature)}")


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
        print(f"fewshot: {line}", file=sys.stderr)


@contextmanager
def progress(what: str) -> Iterator[Callable[[Progress], None] | None]:
    """A progress bar on stderr, while the block runs; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, TextColumn("{task.fields[more]}"), console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task(what, total=None, more="")

        def heard(now: Progress) -> None:
            bar.update(line, completed=now.done, total=now.total, more=_more(now))

        yield heard


def _more(now: Progress) -> str:
    tokens = now.prompt_tokens + now.completion_tokens
    parts: Mapping[str, Any] = {
        "recorded": now.replayed,
        "failed": now.failed,
        "retries": now.retries,
        "tokens": tokens,
    }
    return " · ".join(f"{value:,} {name}" for name, value in parts.items() if value)
