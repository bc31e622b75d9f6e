"""A command line becomes a namespace, or one line that names every mistake in it, with the nearest flag.

    fewshot run --taks ner --shots x
    fewshot: argument --shots: invalid int value: 'x'; unrecognized arguments: --taks … (did you mean --task?); see …

Hyphens and underscores in the name of a flag are the same. Flags cannot be abbreviated: a mistyped one must not be
taken for another, since its value may be a key.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, Protocol, cast

from fewshot import __version__, discovery
from fewshot.cli import _arguments, _log
from fewshot.errors import InputError
from fewshot.text.visible import visible

_COMMANDS = "fewshot.cli"


class Command(Protocol):
    """What the file of a command provides."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the command's flags."""
        ...

    def main(self, args: argparse.Namespace) -> int:
        """Runs the command; returns the exit code."""
        ...


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong instead of printing the usage text and leaving."""

    def error(self, message: str) -> NoReturn:
        raise argparse.ArgumentError(None, message)

    def format_help(self) -> str:
        """The help text; names of plugins stand in it."""
        return visible(super().format_help())


def names() -> tuple[str, ...]:
    """The commands, by name. A plugin adds none: `fewshot --help` reads no entry points."""
    return discovery.own_names(_COMMANDS)


def command(name: str) -> Command:
    """The file of a command."""
    return cast("Command", import_module(f"{_COMMANDS}.{name}"))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The namespace of a command line; `command` is the name of the command.

    Raises:
        InputError: the command or a flag is unknown, or a value is wrong; names every mistake.
        SystemExit: after `--help` and `--version`, which argparse prints itself.
    """
    words = _arguments.with_hyphens(_arguments.with_their_flags(_as_typed(argv)))
    mistakes: list[str] = []
    while True:
        parser, called = _parser(words)
        try:
            args, unknown = parser.parse_known_args(words)
            if unknown and not any(word.startswith("-") and word != "-" for word in unknown):
                args, unknown = _with_late_words(called, words, args.command)
        except argparse.ArgumentError as error:
            mistakes.append(_arguments.without_value(str(error)))
            rest = _arguments.without_flag(words, error.argument_name)
            if rest == words:  # a positional word, or one that is missing: nothing can be read beyond it
                if strange := [word for word in words if _is_strange(word, called)]:
                    mistakes.append(_arguments.unrecognized(strange, _flags(called)))
                break
            words = rest
            continue
        if unknown:
            mistakes.append(_arguments.unrecognized(unknown, _flags(called)))
        if not mistakes:
            return args
        break
    name = chosen(words)
    raise InputError("; ".join(mistakes), hint=f"see `fewshot {name} --help`" if name else "see `fewshot --help`")


def chosen(argv: Sequence[str]) -> str | None:
    """The command that a command line names; `None` if it names none."""
    return next((word for word in argv if not word.startswith("-")), None)


def complete() -> None:
    """Prints the words that may follow, if a shell asks for them (`fewshot completion`), and leaves."""
    import argcomplete

    parser = _new_parser()
    _declare(parser, names())
    argcomplete.autocomplete(parser)


def _as_typed(argv: Sequence[str]) -> list[str]:
    """`fewshot`, `fewshot help`, `fewshot help run` and `-V` as the flags that they stand for."""
    if not argv or list(argv) == ["help"]:
        return ["--help"]
    if argv[0] == "help" and "help" not in names():
        return [*argv[1:], "--help"]
    return [*argv]


def _parser(argv: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The parser, and that of the command that is called; the other commands stay unimported."""
    name = chosen(argv)
    if name is not None and name not in names():
        raise discovery.unknown("command", name, names())
    parser = _new_parser()
    declared = _declare(parser, () if name is None else (name,))
    return parser, declared.get(name or "", parser)


def _new_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fewshot",
        description="Ask figure legends: few-shot prompting and fine-tuned models, scored alike, in one table.",
        allow_abbrev=False,
        exit_on_error=False,
        epilog="First steps: `fewshot demo`, then `fewshot run --backend gpt3 --task panelization`.",
    )
    parser.add_argument("--version", "-V", action="version", version=f"fewshot {__version__}")
    return parser


def _declare(parser: argparse.ArgumentParser, called: Sequence[str]) -> dict[str, argparse.ArgumentParser]:
    """Declares all commands, and the flags of those that are called; returns the parsers of these."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    parsers: dict[str, argparse.ArgumentParser] = {}
    for name in names():
        sub = commands.add_parser(
            name,
            help=discovery.summary(_COMMANDS, name).rstrip("."),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            exit_on_error=False,
        )
        if name in called:
            sub.description = (command(name).__doc__ or "").strip()
            command(name).add_arguments(sub)
            _log.add_arguments(sub)
            parsers[name] = sub
    return parsers


def _with_late_words(
    called: argparse.ArgumentParser, words: Sequence[str], name: str
) -> tuple[argparse.Namespace, list[str]]:
    """The namespace of a command line with words behind its flags (`export RUN --to csv OUT`). Before Python 3.12,
    argparse takes a word that may be left out for left out as soon as a flag stands before it."""
    args, unknown = called.parse_known_intermixed_args(words[words.index(name) + 1 :])
    args.command = name
    return args, unknown


def _is_strange(word: str, parser: argparse.ArgumentParser) -> bool:
    """Whether a word is a flag that a parser does not have."""
    return word.startswith("--") and word.partition("=")[0] not in {*_flags(parser), "--help"}


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    """The long flags of a parser, as its usage names them."""
    return re.findall(r"(?<![\w-])--[a-z][\w-]*", parser.format_usage())
