"""The command line: one file per command, named like the command. The only package that prints and exits.

The file of a command has a docstring (its first line is its help), `add_arguments(parser)` and `main(args) -> int`.
With `HANDS_ON = True` a command gets its arguments unparsed, as `args.rest`.
Exit codes: 0 complete; 2 bad input; 3 incomplete, the same command continues it (also after SIGTERM); 4 incomplete,
and a person must fix something first (key, model, address, credit); 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from time import monotonic

from fewshot import __version__
from fewshot.cli import _arguments, _log, _parsing, _signals, _terminal
from fewshot.errors import FewshotError, IncompleteError, InputError, Terminated

INTERRUPTED = 130
_COLLECT = 100_000, 50, 100
"""Objects more than before after which garbage is looked for, and how seldom among older ones. With Python's own 700 a
run of 2,000 legends spends a tenth of its time looking through records that all stay."""
_LONGEST_PATH = 120  # characters of a path in a message


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns its exit code (argparse exits by itself after --help and --version)."""
    own = argv is None
    if own:  # a process of its own, not a call from Python
        _signals.install()
        gc.set_threshold(*_COLLECT)
    argv = [*(sys.argv[1:] if argv is None else argv)]  # `list` is a command here
    _terminal.prepare()
    _log.begin(argv)
    code = _main(argv)
    if _log.LOG.json:
        _terminal.event("end", exit_code=code, seconds=round(monotonic() - _log.LOG.began, 3))
    if own:
        gc.freeze()  # what is left ends with the process: nothing of it need be looked through
    return code


def _main(argv: list[str]) -> int:
    try:
        code = _run(argv)
        sys.stdout.flush()  # a reader that has left is noticed here, and not when Python exits
        return code
    except FewshotError as error:
        _terminal.fail(error)
        return error.exit_code
    except KeyboardInterrupt as stop:
        _signals.ignore()
        _terminal.message(str(stop) or "stopped; recorded answers are kept, the same command continues")
        return IncompleteError.exit_code if isinstance(stop, Terminated) else INTERRUPTED
    except BrokenPipeError:  # `fewshot … | head`: the reader has left, which is not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a path that may not be looked at, or is longer than paths may be
        _terminal.fail(unusable(error))
        return InputError.exit_code


def _run(argv: list[str]) -> int:
    if "_ARGCOMPLETE" in os.environ:  # a shell asks which words may follow
        _parsing.complete()
    _arguments.check(argv)
    if argv and argv[0] in _parsing.names() and getattr(_parsing.command(argv[0]), "HANDS_ON", False):
        return _parsing.command(argv[0]).main(argparse.Namespace(rest=argv[1:]))
    args = _parsing.parse(argv)
    _log.configure(args)
    if _log.LOG.json:
        _terminal.event("start", command=args.command, version=__version__)
    return _parsing.command(args.command).main(args)


def unusable(error: OSError) -> InputError:
    """The one line about a path that the operating system refuses.

    >>> print(unusable(PermissionError(13, "Permission denied", "runs/x")))
    runs/x: Permission denied
    """
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return InputError(reason)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    shown = name if len(name) <= _LONGEST_PATH else f"{name[:_LONGEST_PATH]}…"
    return InputError(f"{shown}: {reason}")
