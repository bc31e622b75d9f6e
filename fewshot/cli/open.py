"""Make the page of runs and open it in a browser: verdict, table, pictures, every example with every answer.

    fewshot open runs/NAME
    fewshot open runs/rules-ner runs/gpt3-ner runs/gpt3-panelization
    fewshot open runs/compare-ner-1f2e3d4c

Runs of several tasks are parts of one page. A folder that holds a page and no run has that page opened. The page is one
file that needs no network.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot open`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders, or a folder with a page")
    parser.add_argument("--out", type=Path, metavar="FILE", help="[report.html in the folder of the run or comparison]")
    parser.add_argument("--no-browser", action="store_true", help="print the path of the page only")


def main(args: argparse.Namespace) -> int:
    """Writes the page and opens it."""
    from fewshot.cli import _terminal

    path = _made(args.runs) if _holds_page(args.runs) else _written(args.runs, args.out)
    _terminal.line(str(path))
    if not args.no_browser:
        _open(path)
    return 0


def _holds_page(runs: Sequence[Path]) -> bool:
    from fewshot.experiment.folder import RunFolder
    from fewshot.report import page

    return len(runs) == 1 and (runs[0] / page.NAME).is_file() and not RunFolder(runs[0]).exists()


def _made(runs: Sequence[Path]) -> Path:
    from fewshot.report import page

    return runs[0] / page.NAME


def _written(runs: Sequence[Path], out: Path | None) -> Path:
    """Writes the page of runs; runs of one task are compared."""
    from fewshot.errors import RunFolderError
    from fewshot.report import page
    from fewshot.report.compare import compare, default_folder
    from fewshot.report.page.contents import document
    from fewshot.report.runs import FinishedRun

    by_task: dict[str, list[Path]] = {}
    for run in runs:
        by_task.setdefault(FinishedRun.of(run).task.name, []).append(run)
    compared = [compare(same) for same in by_task.values()]
    path = out or (runs[0] if len(runs) == 1 else default_folder(compared[0])) / page.NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"cannot write {path.parent}: {error.strerror}", hint="choose another --out") from None
    page.write(document(compared), path)
    return path


def _open(path: Path) -> None:
    import webbrowser

    from fewshot.cli import _output

    if not webbrowser.open(path.resolve().as_uri()):
        _output.notice(["there is no browser here; open the file yourself"])
