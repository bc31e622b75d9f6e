"""Ask a backend about a data set and score its answers.

    fewshot run --backend gpt3 --task panelization
    fewshot run --task ner --data test.tsv --demos train.tsv --shots 3
    fewshot run --replay runs/NAME

Runs on the bundled corpus unless told otherwise. The run folder holds everything: settings, prompts and answers,
predictions, scores. The same command continues an interrupted run, and prints the scores of a complete one.

Settings come from flags, else from variables such as FEWSHOT_BACKEND and FEWSHOT_BASE_URL, else from --config.

Exit codes: 0 complete; 2 bad input; 3 incomplete, the same command continues it; 4 incomplete, and a person must fix
something first (key, model, address, credit); 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from fewshot.cli import _settings
from fewshot.errors import InputError

if TYPE_CHECKING:
    from fewshot.experiment.answers import Listener
    from fewshot.experiment.running import Beginning, EndedRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot run`."""
    _settings.add_settings(parser)
    _settings.add_reading(parser)
    folder = parser.add_argument_group("the run folder")
    folder.add_argument("--out", type=Path, metavar="DIR", help="[runs/<named after the settings>]")
    folder.add_argument("--replay", type=Path, metavar="RUN", help="repeat a run from its recorded answers")
    folder.add_argument("--reuse", type=Path, metavar="RUN", help="take another run's answers where they fit")
    folder.add_argument("--dry-run", action="store_true", help="show the first prompt and the costs; send nothing")
    folder.add_argument("--for", type=int, metavar="N", dest="count", help="--dry-run: what N such examples would cost")
    folder.add_argument(
        "--config", type=Path, metavar="FILE", help="settings from a TOML file, such as a run.toml; flags override them"
    )
    folder.add_argument("--json", action="store_true", help="scores as JSON on stdout")


def main(args: argparse.Namespace) -> int:
    """Runs, replays, or shows what would be sent."""
    from fewshot.cli import _doubts, _ending, _output, _terminal

    _check(args)
    if args.dry_run:
        from fewshot.experiment.dry_run import dry_run

        _terminal.text(dry_run(_settings.settings(args), examples=args.count))
        return 0
    with _doubts.Beside() as doubts:
        with _output.progress("asking") as listen:
            done = _replayed(args, listen) if args.replay is not None else _asked(args, listen, doubts.look)
        identical = args.replay is not None and args.out is None
        return _ending.shown(done, as_json=args.json, identical=identical, doubts=doubts)


def _replayed(args: argparse.Namespace, listen: Listener | None) -> EndedRun:
    from fewshot.experiment.replaying import replay

    return replay(args.replay, out=args.out, listen=listen, **_settings.given(args))


def _asked(args: argparse.Namespace, listen: Listener | None, beginning: Beginning) -> EndedRun:
    from fewshot import backends
    from fewshot.experiment.folder import SCORES, RunFolder
    from fewshot.experiment.running import run

    settings = _settings.settings(args)
    # A complete run asks nothing, and a batch is sent by the SDK itself.
    idle = settings.batch or (args.out is not None and RunFolder(args.out).holds(SCORES))
    with nullcontext() if idle else backends.prepared(settings.backend):
        return run(settings, out=args.out, reuse=args.reuse, listen=listen, beginning=beginning)


def _check(args: argparse.Namespace) -> None:
    """Refuses flags that cannot be combined."""
    if args.replay is not None and args.reuse is not None:
        raise InputError("--replay sends nothing and --reuse sends the rest: give one of them")
    if args.dry_run and (args.replay is not None or args.json):
        raise InputError("--dry-run sends nothing: it cannot be combined with --replay, and has no score for --json")
    if args.replay is not None and args.config is not None:
        raise InputError("--replay takes its settings from the run: leave --config out")
    if args.count is not None and not args.dry_run:
        raise InputError("--for says what a run would cost: it goes with --dry-run")
