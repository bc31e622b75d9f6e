"""The command line: one file a command, named as it is typed. The only place that prints and exits.

A command's file has a docstring (its first line is its help), `add_arguments(parser)` and `main(args) -> int`. One
with `HANDS_ON = True` gets its arguments unparsed, as `args.rest`.
Exit codes: 0 complete; 2 bad input; 3 incomplete, the same command continues; 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn, Protocol, cast

from fewshot import __version__, discovery
from fewshot.errors import FewshotError, InputError

INTERRUPTED = 130


class Command(Protocol):
    """What a file in this package provides."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the command's flags."""
        ...

    def main(self, args: argparse.Namespace) -> int:
        """Runs the command; returns the exit code."""
        ...


class _Parser(argparse.ArgumentParser):
    """One clear line instead of the usage text."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message, hint=f"see `{self.prog} --help`")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns its exit code (argparse exits by itself after --help and --version)."""
    argv = [*(sys.argv[1:] if argv is None else argv)]  # `list` is a command here
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a character that the terminal cannot show is escaped
            stream.reconfigure(errors="backslashreplace")
    try:
        if argv and argv[0] in names() and getattr(_command(argv[0]), "HANDS_ON", False):
            return _command(argv[0]).main(argparse.Namespace(rest=argv[1:]))
        args = _parser(argv).parse_args(argv)
        return _command(args.command).main(args)
    except FewshotError as error:
        print(f"fewshot: {_one_line(error)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("fewshot: stopped; recorded answers are kept, the same command continues", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `fewshot … | head`: the reader has left, which is not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def names() -> tuple[str, ...]:
    """The commands, by name. A plugin adds none: `fewshot --help` reads no entry points."""
    return discovery.own_names(__name__)


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the flags of the command that is called; the other commands stay unimported."""
    parser = _Parser(
        prog="fewshot",
        description="Ask figure legends: few-shot prompting and fine-tuned models, scored alike, in one table.",
        epilog="First steps: `fewshot demo`, then `fewshot run --backend gpt3 --task panelization`.",
    )
    parser.add_argument("--version", action="version", version=f"fewshot {__version__}")
    chosen = next((word for word in argv if not word.startswith("-")), None)
    if chosen is not None and chosen not in names():
        raise discovery.unknown("command", chosen, names())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names():
        sub = commands.add_parser(
            name,
            help=discovery.summary(__name__, name).rstrip("."),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            sub.description = (_command(name).__doc__ or "").strip()
            _command(name).add_arguments(sub)
    return parser


def _command(name: str) -> Command:
    return cast("Command", import_module(f"{__name__}.{name}"))


def _one_line(error: FewshotError) -> str:
    from fewshot.servers.address import redactor
    from fewshot.servers.secrets import without_keys

    # What was mistyped may be a key: argparse repeats it, and so do messages about names and files.
    return " ".join(without_keys(redactor().answer(str(error), "")).split())
