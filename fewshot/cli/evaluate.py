"""Score predictions of any system with the evaluator that scores runs.

    fewshot evaluate --task ner --data gold.jsonl --predictions mine.jsonl

Predictions are JSONL: `id` and `panels`, `entities` or `hypothesis`; or `id` and raw `output`, with --format.
Writes the files of a run folder, so that `fewshot compare` can add it as a row.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fewshot.cli import _settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot evaluate`."""
    parser.add_argument("--task", required=True, metavar="T", help="ner, panelization, causal or roles")
    parser.add_argument("--data", required=True, metavar="GOLD", help="demo, a file or folder, or hub:REPO:CONFIG")
    parser.add_argument("--predictions", required=True, type=Path, metavar="FILE")
    parser.add_argument("--split", default="test", metavar="S", help="[test]")
    parser.add_argument("--labels", nargs="+", default=(), metavar="L", help="these labels only")
    parser.add_argument("--format", metavar="F", help="of raw output")
    parser.add_argument("--missing-as-empty", action="store_true", help="an id without prediction scores as empty")
    parser.add_argument("--json", action="store_true", help="scores as JSON on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="[runs/<named after the settings>]")
    _settings.add_reading(parser)


def main(args: argparse.Namespace) -> int:
    """Scores, prints, writes."""
    from fewshot import tasks
    from fewshot.cli import _output, _terminal
    from fewshot.experiment.external import evaluate

    run = evaluate(
        args.task,
        data=args.data,
        predictions=args.predictions,
        split=args.split,
        labels=_settings.labels(args.labels),
        format=args.format,
        missing_as_empty=args.missing_as_empty,
        out=args.out,
        reading=_settings.reading_options(args),
    )
    _output.notice(run.notices)
    if args.json:
        _terminal.json_row({"folder": str(run.folder.path)} | run.result.to_json())
    else:
        _output.scores(run, headline=tasks.get(args.task).headline)
    return 0
