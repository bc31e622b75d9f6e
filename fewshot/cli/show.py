"""Show what a run got right and wrong: counts, the worst legends, or one legend with gold and prediction marked.

fewshot show runs/NAME                                  # counts by label and problem, the worst legends
fewshot show runs/NAME --missed --label GENEPROD        # the legends where most of these were missed
fewshot show runs/NAME --problem truncated
fewshot show runs/NAME fig-12 --prompt --raw            # one legend; also its prompt and the raw answer
fewshot show runs/NAME --settings                       # every setting and score
"""

from __future__ import annotations

import argparse
from pathlib import Path

WORST = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot show`."""
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("id", nargs="?", metavar="ID", help="one legend")
    which = parser.add_argument_group("which legends")
    which.add_argument("--worst", type=_number, metavar="N", help=f"the N legends with most faults [{WORST}]")
    which.add_argument("--missed", action="store_true", help="count only what was missed")
    which.add_argument("--made-up", action="store_true", help="count only what was made up")
    which.add_argument("--label", metavar="L", help="count only faults of this label")
    which.add_argument(
        "--problem",
        metavar="KIND",
        help="only this kind of fault (merged, split, copied, …), or answers with this problem (truncated, refused, …)",
    )
    one = parser.add_argument_group("one legend")
    one.add_argument("--prompt", action="store_true", help="also the prompt")
    one.add_argument("--raw", action="store_true", help="also the raw answer")
    parser.add_argument("--settings", action="store_true", help="every setting, every score")
    parser.add_argument("--json", action="store_true", help="the faults as JSON")


def main(args: argparse.Namespace) -> int:
    """Prints the run, or one legend."""
    from fewshot.cli import _showing, _showing_legend, _terminal
    from fewshot.report.inspection import Inspection
    from fewshot.report.wanted import Wanted

    inspection = Inspection.of(args.run)
    if args.settings:
        _showing.settings(inspection)
    elif args.id is not None:
        inspection.example(args.id)
        if args.json:
            _terminal.json_row(_showing_legend.as_json(inspection, args.id))
        else:
            _showing_legend.legend(inspection, args.id, prompt=args.prompt, raw=args.raw)
    elif args.json:
        _terminal.json_row(_showing.as_json(inspection))
    else:
        wanted = Wanted.of(inspection, missed=args.missed, made_up=args.made_up, label=args.label, problem=args.problem)
        _showing.run(inspection, wanted, WORST if args.worst is None else args.worst)
    return 0


def _number(word: str) -> int:
    """A number of legends, from 1."""
    number = int(word)
    if number < 1:
        raise ValueError
    return number


_number.__name__ = "whole number"  # argparse: "invalid whole number value: '0'"
