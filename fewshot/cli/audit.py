"""Find what is wrong in a data set before its scores are trusted.

    fewshot audit legends.jsonl --task panelization

Each finding has a place, a quotation and, where one is known, a change. Findings are data: the exit code is 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot audit`."""
    parser.add_argument("data", metavar="DATA", help="demo, a file or folder, or hub:REPO:CONFIG")
    parser.add_argument("--task", metavar="T", help="what matters for this task only [all that is labelled]")
    parser.add_argument("--json", action="store_true", help="findings and counts as JSON on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="writes findings.jsonl there")


def main(args: argparse.Namespace) -> int:
    """Audits and prints."""
    from fewshot.audit import audit
    from fewshot.audit.finding import counts
    from fewshot.cli import _terminal
    from fewshot.data import read

    examples = read(args.data, args.task)
    findings = audit(examples, args.task)
    if args.json:
        _terminal.json_row({"findings": [found.to_json() for found in findings], "counts": counts(findings)})
    return 0
