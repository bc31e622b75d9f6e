"""What goes to stderr beside results: how much of it, and whether people or programs read it.

    fewshot run … -q            errors only
    fewshot run … -v            progress every few seconds, and the traceback behind an error
    fewshot run … --log-json    {"time": "…", "event": "progress", "done": 40, "total": 200, …} a line an event

Events: `start` (command, version), `notice` (message), `progress` (the fields of `fewshot.engine.Progress`), `error`
(message, hint) and `end` (exit_code, seconds). A line is whole when it is written, so that a job controller can follow.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from time import monotonic


class Log:
    """The choice that a command line has made. Not a dataclass: importing `dataclasses` takes as long as `--help`."""

    quiet = False
    verbose = False
    json = False
    began = 0.0


LOG = Log()
"""The log of this process: set by `begin` and `configure`, before a command runs."""


def begin(argv: Sequence[str]) -> None:
    """Starts over for a command line that is not parsed yet: what is wrong with it is logged as it asks."""
    LOG.quiet = LOG.verbose = False
    LOG.json, LOG.began = "--log-json" in argv, monotonic()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags that every command has."""
    group = parser.add_argument_group("messages (stderr)")
    amount = group.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="errors only")
    amount.add_argument("-v", "--verbose", action="store_true", help="more progress; tracebacks behind errors")
    group.add_argument("--log-json", action="store_true", help="one line of JSON an event")


def configure(args: argparse.Namespace) -> None:
    """Takes the choice of a command line."""
    LOG.quiet, LOG.verbose, LOG.json = args.quiet, args.verbose, args.log_json
