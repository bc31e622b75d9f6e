r"""Everything that `fewshot` and `finetune` print passes here: results to stdout, one-line messages to stderr.

    text("── answer ──\n\x1b[2J …")        stdout: ── answer ──⏎\x1b[2J …    (control characters are shown)
    message("written to runs/one")        stderr: fewshot: written to runs/one
    fail(error)                           stderr: fewshot: gold.jsonl:7 (id fig-3): span ends after the text

Texts, labels, ids, files, models and servers are not trusted: what a terminal would obey is shown (`text/visible.py`),
markup of rich is text, and a message quotes at most `LONGEST_QUOTE` characters and no secret.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Protocol

from fewshot.cli._log import LOG
from fewshot.errors import FewshotError
from fewshot.text import secrets
from fewshot.text.visible import json_safe, one_line, shortened, visible

if TYPE_CHECKING:
    from rich.console import Console

LONGEST_QUOTE = 120
"""Characters of others in a message: a line and a half of a terminal (the contract of messages)."""

_LONGEST_PATH = 255  # characters; a path is useless if it is cut, and no name of a file is longer on Linux
_LONGEST_MESSAGE = 600  # characters: half a screen. Lists of labels and models come to more
_LONGEST_HINT = 300  # characters
_READ = 20_000  # characters of a message that are looked at, at most
WIDE = 400  # columns: a table that is piped into a file or a pager is not folded

_QUOTED = rf"(?<!\w)(['\"`])(?:(?!\1).){{{LONGEST_QUOTE + 1},}}\1(?!\w)"
_UNBROKEN = rf"[^\s'\"`]{{{LONGEST_QUOTE + 1},}}"
_FOLDED = r"(?:\r\n|[ \t\n])+"


def prepare() -> None:
    """Makes both streams escape what their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def text(content: str = "") -> None:
    """Prints a text of several lines to stdout."""
    print(visible(content))


def line(content: str) -> None:
    """Prints one line to stdout; line ends in it are shown."""
    print(one_line(content))


def json_row(row: object) -> None:
    """Prints one row of JSON to stdout; control characters are escaped as JSON escapes them."""
    import json  # here: `fewshot --help` does without

    print(json_safe(json.dumps(row, ensure_ascii=False)))


def message(content: str) -> None:
    """Prints a message to stderr, on one line, unless the command line asks for errors only."""
    if LOG.json:
        event("notice", message=clear(content))
    elif not LOG.quiet:
        print(f"fewshot: {clear(content)}", file=sys.stderr)


def event(name: str, **facts: object) -> None:
    """Prints one event as a line of JSON to stderr, with the time."""
    import json
    from datetime import UTC, datetime

    row = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": name, **facts}
    print(json_safe(json.dumps(row, ensure_ascii=False)), file=sys.stderr, flush=True)


def fail(error: FewshotError) -> None:
    """Prints what is wrong, and what to do, to stderr, on one line; what is behind it if the command line asks."""
    if LOG.verbose:
        import traceback

        print(clear_lines("".join(traceback.format_exception(error))), end="", file=sys.stderr)
    if LOG.json:
        event("error", message=clear(error.message), hint=clear(error.hint, _LONGEST_HINT) if error.hint else None)
        return
    hint = f"; {clear(error.hint, _LONGEST_HINT)}" if error.hint else ""
    print(f"fewshot: {clear(error.message)}{hint}", file=sys.stderr)


def clear(content: str, limit: int = _LONGEST_MESSAGE) -> str:
    r"""A message on one line of at most `limit` characters, without control characters, secrets and long quotes.

    >>> print(clear("the server says\n\x1b[2J"))
    the server says \x1b[2J
    >>> len(clear("no such id: " + "x" * 9000))
    132
    """
    content = secrets.hidden(re.sub(_FOLDED, " ", shortened(content, _READ)).strip())
    content = re.sub(_QUOTED, lambda quoted: _short_quote(quoted[0]), one_line(content))
    return shortened(re.sub(_UNBROKEN, lambda word: _short_word(word[0]), content), limit)


def clear_lines(content: str) -> str:
    """A text of several lines without control characters and secrets."""
    return visible(secrets.hidden(content))


def pieces(lines: Iterable[Iterable[Piece]], *, flush: bool = False) -> None:
    """Prints lines of pieces, bold ones in bold if stdout is a terminal that shows it. `flush`: at once."""
    styled = coloured()
    for one in lines:
        parts = [f"\x1b[1m{one_line(p.text)}\x1b[0m" if styled and p.bold else one_line(p.text) for p in one]
        print("".join(parts), flush=flush)


def inks(lines: Iterable[Iterable[Ink]]) -> None:
    """Prints lines of texts with a style, which only a terminal that shows it gets."""
    styled = coloured()
    for one in lines:
        parts = [f"\x1b[{i.style}m{one_line(i.text)}\x1b[0m" if styled and i.style else one_line(i.text) for i in one]
        print("".join(parts).rstrip() if not styled else "".join(parts))


def coloured() -> bool:
    """Whether stdout is a terminal that shows styles; NO_COLOR and TERM=dumb are heeded (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The columns of the terminal: COLUMNS, in a pipe too; else its own; else wide, so that nothing is folded."""
    return shutil.get_terminal_size((WIDE, 0)).columns


class Ink(Protocol):
    """Part of a line with a style: the numbers of an SGR sequence, or none."""

    @property
    def text(self) -> str: ...
    @property
    def style(self) -> str: ...


class Piece(Protocol):
    """Part of a line."""

    @property
    def text(self) -> str: ...
    @property
    def bold(self) -> bool: ...


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """Prints a table to stdout: the first column left, numbers right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    heading = None if title is None else Text(_cell(title))
    grid = Table(box=box.SIMPLE_HEAD, title=heading, title_justify="left", title_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        grid.add_column(Text(_cell(column)), justify="right" if number else "left", no_wrap=number > 0)
    for row in rows:
        grid.add_row(*(Text(_cell(cell)) for cell in row))
    console().print(grid)


def console(*, stderr: bool = False) -> Console:
    """A console of rich that takes no markup and no emoji code from a text."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `fewshot.cli.main` ends quietly; rich would exit with 1

    stream = sys.stderr if stderr else sys.stdout
    return Ours(width=None if stream.isatty() else width(), stderr=stderr, highlight=False, markup=False, emoji=False)


def _cell(content: str) -> str:
    return shortened(one_line(content), LONGEST_QUOTE)


def _short_quote(quoted: str) -> str:
    return quoted[0] + shortened(quoted[1:-1], LONGEST_QUOTE) + quoted[-1]


def _short_word(word: str) -> str:
    return shortened(word, _LONGEST_PATH if "/" in word else LONGEST_QUOTE)
