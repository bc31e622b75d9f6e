"""Write what a run found: a row a span for spreadsheets, or annotations to correct in the tool that you use.

    fewshot export runs/NAME --to csv spans.csv          # also xlsx, jsonl, parquet, html
    fewshot export runs/NAME --to jsonl -                # standard output
    fewshot export runs/NAME --to brat to-correct/       # every format that `fewshot convert` can write

The annotation formats hold the predictions as if they were gold: correct them, and read them with `--data`.
"""

from __future__ import annotations

import argparse
from pathlib import Path


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
        args.out = Path("/dev/stdout")
    path, count = export.write(inspection, args.to, args.out)
    what = "spans" if args.to in export.row_formats() else "legends"
    _output.notice([f"{count:,} {what} written to {path}"])
    return 0
