"""Look at the batches of a run, fetch or cancel them; write and read their files.

    fewshot batch status RUN
    fewshot batch fetch RUN                  # records what has come, submits nothing
    fewshot batch cancel RUN
    fewshot batch export RUN --task ner --backend gpt3 --base-url URL --model M
    fewshot batch import RUN FILE...

`fewshot run --batch` makes batches and waits for them. `export` begins a run and writes its requests as files that
`vllm run-batch` and other programs take; `import` records the answers that they write.

Exit codes: 0 complete; 2 bad input; 3 answers are missing; 4 a person must fix something first; 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fewshot.cli import _settings
from fewshot.errors import InputError

_ACCESS = frozenset({"headers", "key_env"})
"""Settings that a run folder does not keep, and that every action may be given."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `fewshot batch`."""
    parser.add_argument("action", choices=("status", "fetch", "cancel", "export", "import"), help="what is done")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder")
    parser.add_argument("files", type=Path, nargs="*", default=[], metavar="FILE", help="import: files of answers")
    parser.add_argument("--config", type=Path, metavar="FILE", help="export: settings from a TOML file")
    parser.add_argument("--json", action="store_true", help="status, cancel: JSON; else scores as JSON")
    _settings.add_settings(parser)
    _settings.add_reading(parser)


def main(args: argparse.Namespace) -> int:
    """Does what is asked."""
    if (args.action == "import") != bool(args.files):
        raise InputError("`fewshot batch import RUN FILE...` takes files of answers, the other actions take none")
    if args.action == "export":
        return _export(args)
    given = _settings.given(args)
    if other := sorted(given.keys() - _ACCESS):
        raise InputError(f"the settings are those of the run: --{other[0].replace('_', '-')} is not heeded here")
    if args.action == "import":
        return _import(args)
    return _fetch(args, given) if args.action == "fetch" else _status(args, given)


def _status(args: argparse.Namespace, access: dict[str, Any]) -> int:
    from fewshot.cli import _terminal
    from fewshot.experiment import batching

    parts = (batching.cancel if args.action == "cancel" else batching.status)(args.run, access)
    if args.json:
        _terminal.json_row({"folder": str(args.run), "parts": [asdict(part) for part in parts]})
        return 0
    _terminal.table(
        ["batch", "status", "answered", "failed", "requests"],
        [
            [part.batch or part.name, part.status, f"{part.answered:,}", f"{part.failed:,}", f"{part.requests:,}"]
            for part in parts
        ],
    )
    return 0


def _fetch(args: argparse.Namespace, access: dict[str, Any]) -> int:
    from fewshot.cli import _ending, _output
    from fewshot.experiment import batching

    with _output.progress("fetching") as listen:
        done = batching.fetch(args.run, access, listen=listen)
    return _ending.shown(done, as_json=args.json)


def _export(args: argparse.Namespace) -> int:
    from fewshot.cli import _terminal
    from fewshot.experiment import batching

    for path in batching.export(_settings.settings(args), args.run):
        _terminal.line(str(path))
    return 0


def _import(args: argparse.Namespace) -> int:
    from fewshot.cli import _ending, _output
    from fewshot.experiment import batching

    done, found = batching.take(args.run, args.files)
    for count, what in (
        (found.unreadable, "lines cannot be read"),
        (found.unknown, "lines answer what was not asked"),
        (found.twice, "lines answer again what is answered"),
    ):
        if count:
            _output.notice([f"{count} {what}"])
    return 0 if done is None else _ending.shown(done, as_json=args.json)
