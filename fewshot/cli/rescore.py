"""Score recorded runs again with this version of the scoring.

    fewshot rescore runs/ner-gpt3 runs/ner-rules

Recorded answers are not changed; predictions.jsonl and scores.json are rewritten, and a line lists the scores that
moved. Runs that this version has scored already are not changed.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot rescore`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")


def main(args: argparse.Namespace) -> int:
    """Scores each run and prints what moved."""
    from fewshot.cli import _terminal
    from fewshot.experiment.rescoring import rescore
    from fewshot.scoring import SCORING

    for path in args.runs:
        moved = rescore(path).moved
        _terminal.line(f"{path}: {moved or f'scored by version {SCORING} already'}")
    return 0
