"""Write what a run found: a row a span for spreadsheets, or annotations to correct in the tool that you use.

    fewshot export runs/NAME --to csv spans.csv          # also xlsx, jsonl, parquet, html
    fewshot export runs/NAME --to jsonl -                # standard output
    fewshot export runs/NAME --to brat to-correct/       # every format that `fewshot convert` can write

The annotation formats hold the predictions as if they were gold: correct them, and read them with `--data`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewshot.report.inspection import Inspection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot export`."""
    from fewshot.cli import _settings
    from fewshot.report import export

    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument(
        "out", nargs="?", type=Path, metavar="OUT", help="- for standard output [export-F.<ending> in the run folder]"
    )
    _settings.listed(parser.add_argument("--to", required=True, metavar="F", help="%(names)s"), export.names)


def main(args: argparse.Namespace) -> int:
    """Writes the file, and prints how much is in it."""
    from fewshot.cli import _output
    from fewshot.report import export
    from fewshot.report.inspection import Inspection

    inspection = Inspection.of(args.run)
    if str(args.out) == "-":
        where, count = "standard output", _to_stdout(inspection, args.to)
    else:
        path, count = export.write(inspection, args.to, args.out)
        where = str(path)
    what = "spans" if args.to in export.row_formats() else "legends"
    _output.notice([f"{count:,} {what} written to {where}"])
    return 0


def _to_stdout(inspection: Inspection, name: str) -> int:
    """Writes to standard output, behind what it holds already: /dev/stdout, opened anew, would empty a file that the
    shell appends to."""
    import shutil
    import sys
    from tempfile import TemporaryDirectory

    from fewshot.errors import InputError
    from fewshot.report import export

    with TemporaryDirectory() as folder:
        part = Path(folder) / "stdout"
        _, count = export.write(inspection, name, part)
        if part.is_dir():
            raise InputError(f"{name} is a folder, which standard output cannot hold", hint="name one in place of -")
        sys.stdout.flush()
        with part.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return count
