"""List the names to choose from (tasks, backends, formats, selectors, data formats, checks), or the runs of a folder.

fewshot list tasks
fewshot list runs
fewshot list runs elsewhere/
"""

from __future__ import annotations

import argparse
from pathlib import Path

_PACKAGES = {
    "tasks": "fewshot.tasks",
    "backends": "fewshot.backends",
    "formats": "fewshot.formats",
    "selectors": "fewshot.demonstrations",
    "data": "fewshot.data",
    "checks": "fewshot.audit.checks",
}
RUNS = "runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot list`."""
    parser.add_argument("kind", choices=(*_PACKAGES, RUNS))
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="runs: where they lie [runs]")
    parser.add_argument("--json", action="store_true", help="a line of JSON each")


def main(args: argparse.Namespace) -> int:
    """Prints a line each."""
    from fewshot.errors import InputError

    if args.kind == RUNS:
        return _runs(args.folder or Path(RUNS), as_json=args.json)
    if args.folder is not None:
        raise InputError(f"{args.folder}: only `fewshot list runs` takes a folder")
    return _names(_PACKAGES[args.kind], as_json=args.json)


def _names(package: str, *, as_json: bool) -> int:
    """Prints names, each with the first line of its docstring and, for a plugin, its package."""
    from fewshot import discovery
    from fewshot.cli import _terminal

    names = discovery.names(package)
    width = max(map(len, names), default=0)
    for name in names:
        plugin, about = discovery.plugins(package).get(name), discovery.summary(package, name)
        if as_json:
            _terminal.json_row({"name": name, "about": about, "plugin": plugin.source if plugin else None})
        else:
            _terminal.line(f"{name:{width}}  {about}{f'  [{plugin.source}]' if plugin else ''}")
    return 0


def _runs(root: Path, *, as_json: bool) -> int:
    """Prints what lies in a folder: newest first, broken runs with the reason."""
    from fewshot.cli import _output, _terminal
    from fewshot.report import layout, listing

    found = listing.runs(root)
    if as_json:
        for run in found:
            _terminal.json_row(run.to_json())
    elif not found:
        _output.notice([f"no runs in {root}: `fewshot run --task panelization` makes the first"])
    else:
        laid = layout.laid(listing.table(found), _terminal.width())
        _terminal.pieces(laid.lines[1:])
        _terminal.pieces(laid.legend)
    return 0
