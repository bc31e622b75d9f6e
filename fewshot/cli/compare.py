"""Put runs of one task into one table, with intervals, differences, costs and a verdict in words.

    fewshot compare runs/rules-panelization runs/gpt3-panelization
    fewshot compare runs/* --baseline runs/gpt3 --name runs/gpt3=luna --gpu-hour-usd 2.50
    fewshot compare runs/* --columns shots,starts.f1,usd_1k --sort starts.f1

One row a system, below the row of a system that answers nothing: runs that differ in the seed alone are one row. Also
writes report.html (`fewshot open` shows it), report.md, table.md, table.csv and table.tex. --json prints everything
unrounded instead.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot compare`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument("--out", type=Path, metavar="DIR", help="[runs/compare-<task>-<digest>]")
    parser.add_argument(
        "--baseline", metavar="RUN", help="what the others are compared with [the best system of another kind]"
    )
    parser.add_argument("--name", action="append", default=[], metavar="RUN=NAME", help="call the system of a run so")
    parser.add_argument("--columns", default="", metavar="A,B", help="these columns, or names of any scores")
    parser.add_argument("--sort", metavar="COLUMN", help="best first by this column [the order of the runs]")
    parser.add_argument("--gpu-hour-usd", type=float, metavar="USD", help="price of the seconds that no API priced")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the tests that draw exchanges [0]")
    parser.add_argument("--clean", action="store_true", help="score again on clean and on repaired gold (`audit`)")
    parser.add_argument("--signatures", action="store_true", help="print the signature of each run")
    parser.add_argument("--json", action="store_true", help="print everything unrounded, as one JSON document")


def main(args: argparse.Namespace) -> int:
    """Prints the comparison and writes it."""
    from fewshot.cli import _doubts, _output, _terminal
    from fewshot.report import page
    from fewshot.report.compare import compare, default_folder
    from fewshot.report.page.contents import document

    compared = compare(
        args.runs,
        baseline=args.baseline,
        names=dict(_named(text, args.runs) for text in args.name),
        gpu_hour_usd=args.gpu_hour_usd,
        seed=args.seed,
    )
    columns = [name.strip() for name in args.columns.split(",") if name.strip()]
    table = compared.table(columns, args.sort)
    folder = args.out or default_folder(compared)
    compared.write(folder, columns, args.sort)
    cleaned = _doubts.readings(compared) if args.clean else None
    shown = document([compared])
    page.write(shown if cleaned is None else _doubts.with_gold(shown, cleaned), folder / page.NAME)
    if args.json:
        more = {} if cleaned is None else {"clean": [asdict(reading) for reading in cleaned]}
        _terminal.json_row(compared.to_json() | more)
    else:
        _output.comparison(table, compared.verdict)
        if args.signatures:
            for key, line in compared.signatures.items():
                _terminal.line(f"{key}  {line}")
        if cleaned is not None:
            _doubts.show(cleaned)
    _output.notice(_doubts.of_comparison(compared))
    _output.notice([f"written to {folder}; look at {folder / page.NAME}"])
    return 0


def _named(text: str, runs: list[Path]) -> tuple[str, str]:
    """A run and its name, of `RUN=NAME`; both may hold `=`."""
    from fewshot.errors import InputError

    for run in runs:
        for path in (str(run), f"{run}/"):
            if text.startswith(f"{path}=") and text.removeprefix(f"{path}=").strip():
                return str(run), text.removeprefix(f"{path}=").strip()
    raise InputError(f"--name {text}: not RUN=NAME with one of the runs", hint=f"like --name {runs[0]}=NAME")
