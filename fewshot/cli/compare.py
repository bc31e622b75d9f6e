"""Put runs of one task into one table.

    fewshot compare runs/rules-panelization runs/gpt3-panelization

One row per run, below the row of a system that answers nothing. Also writes table.md, table.csv and table.tex.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot compare`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument("--out", type=Path, metavar="DIR", help="[runs/compare-<task>-<digest>]")


def main(args: argparse.Namespace) -> int:
    """Prints the table and writes it."""
    from fewshot.cli import _output
    from fewshot.report.compare import compare, default_folder

    comparison = compare(args.runs)
    folder = args.out or default_folder(comparison)
    comparison.write(folder)
    _output.comparison(comparison, title=comparison.task.name)
    _output.notice([f"written to {folder}"])
    return 0
