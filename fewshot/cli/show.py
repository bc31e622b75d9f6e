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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fewshot.scoring.faults import Fault

WORST = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot show`."""
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("id", nargs="?", metavar="ID", help="one legend")
    which = parser.add_argument_group("which legends")
    which.add_argument("--worst", type=int, metavar="N", help=f"the N legends with most faults [{WORST}]")
    which.add_argument("--missed", action="store_true", help="count only what was missed")
    which.add_argument("--made-up", action="store_true", help="count only what was made up")
    which.add_argument("--label", metavar="L", help="count only faults of this label")
    which.add_argument("--problem", metavar="KIND", help="only answers with this problem, e.g. truncated")
    one = parser.add_argument_group("one legend")
    one.add_argument("--prompt", action="store_true", help="also the prompt")
    one.add_argument("--raw", action="store_true", help="also the raw answer")
    parser.add_argument("--settings", action="store_true", help="every setting, every score")
    parser.add_argument("--json", action="store_true", help="the faults as JSON")


def main(args: argparse.Namespace) -> int:
    """Prints the run, or one legend."""
    from fewshot.cli import _showing, _terminal
    from fewshot.report.inspection import Inspection

    inspection = Inspection.of(args.run)
    if args.settings:
        _showing.settings(inspection)
    elif args.id is not None:
        inspection.example(args.id)
        if args.json:
            _terminal.json_row(_showing.one_as_json(inspection, args.id))
        else:
            _showing.legend(inspection, args.id, prompt=args.prompt, raw=args.raw)
    elif args.json:
        _terminal.json_row(_showing.as_json(inspection))
    else:
        most = WORST if args.worst is None else max(0, args.worst)
        _showing.run(inspection, most, matches=_filter(args), problem=args.problem, narrowed=_words(args))
    return 0


def _filter(args: argparse.Namespace) -> Callable[[Fault], bool] | None:
    """Which faults count; `None`: all that are scored."""
    kinds = [kind for kind, chosen in (("missed", args.missed), ("made_up", args.made_up)) if chosen]
    if not kinds and args.label is None:
        return None

    def counts(fault: Fault) -> bool:
        named = args.label is None or any(part.name == args.label for part in (*fault.gold, *fault.predicted))
        return fault.scored and named and (not kinds or fault.kind in kinds)

    return counts


def _words(args: argparse.Namespace) -> str:
    """What the filters ask for, in words.

    >>> _words(argparse.Namespace(missed=True, made_up=False, label="GENEPROD", problem=None))
    'missed, GENEPROD'
    """
    parts = [("missed", args.missed), ("made up", args.made_up), (args.label, args.label is not None)]
    return ", ".join([str(word) for word, chosen in parts if chosen] + ([args.problem] if args.problem else []))
