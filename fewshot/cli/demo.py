"""The main job, offline, on the bundled corpus: all tasks and systems in one table, and what it says in words.

    fewshot demo
    fewshot demo --train
    fewshot demo --live --base-url http://127.0.0.1:8000/v1 --model NAME
    fewshot demo --generate 1000 --out more.jsonl

Needs no key and no network: the answers of the language model were recorded, and the weights of the tiny fine-tuned
models are in the package (they need the extra `local`; --no-training leaves them out, --train trains them anew, four
minutes on two cores). Ends with the path of a page that shows everything. --live asks a model now. --generate writes
new synthetic legends as JSONL instead.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewshot.demo import Live, Models
    from fewshot.report.comparison import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot demo`."""
    parser.add_argument(
        "--live", action="store_true", help="ask a language model now instead of replaying the recorded one"
    )
    parser.add_argument("--base-url", metavar="URL", help="--live: an OpenAI-compatible server")
    parser.add_argument("--model", metavar="M", help="--live: the model there")
    parser.add_argument("--limit", type=int, metavar="N", help="--live: the first N examples only")
    parser.add_argument("--train", action="store_true", help="train the fine-tuned models anew")
    parser.add_argument("--no-training", action="store_true", help="leave the fine-tuned models out")
    parser.add_argument("--gpu-hour-usd", type=float, default=0.1, metavar="USD", help="price of the machine [0.1]")
    parser.add_argument("--generate", type=int, metavar="N", help="write N generated legends, run nothing")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the generator [0]")
    parser.add_argument("--out", type=Path, metavar="PATH", help="[runs/demo; --generate: standard output]")


def main(args: argparse.Namespace) -> int:
    """Runs the demo, or writes generated legends."""
    if args.generate is not None:
        return _generate(args.generate, args.seed, args.out)
    from fewshot import demo
    from fewshot.cli import _output, _terminal
    from fewshot.data._source import Source
    from fewshot.report import layout, page, summary
    from fewshot.report.overall import over
    from fewshot.report.page.contents import document

    out, live = args.out or Path("runs/demo"), _live(args)
    made = demo.comparisons(
        out, live, models=_models(args), hour_usd=args.gpu_hour_usd, say=lambda line: _output.notice([line])
    )
    _terminal.line(Source("demo").caption or "")
    _terminal.text()
    _terminal.pieces(summary.head(), flush=True)
    done: list[Comparison] = []
    for comparison in made:
        _terminal.pieces([(), *summary.group(comparison)] if done else summary.group(comparison), flush=True)
        done.append(comparison)
    _output.verdict(over(done))
    _terminal.text()
    _terminal.pieces(layout.prose(summary.legend(done), _terminal.width()))
    page.write(document(done), out / page.NAME)
    _output.notice([f"every run, prompt, answer and table is in {out}; look at one with `fewshot show {out}/…`"])
    _output.notice([f"the page that shows all of it: {out / page.NAME}"])
    return 0


def _models(args: argparse.Namespace) -> Models:
    from fewshot.cli import _output
    from fewshot.demo import fine_tuned
    from fewshot.errors import InputError

    if args.no_training:
        if args.train:
            raise InputError("--train and --no-training exclude each other")
        return "none"
    absent = fine_tuned.missing(train=args.train)
    if absent:
        _output.notice([absent])
        return "none"
    return "trained" if args.train else "shipped"


def _live(args: argparse.Namespace) -> Live | None:
    from fewshot.demo import Live
    from fewshot.errors import InputError

    if not args.live:
        if args.base_url or args.model or args.limit:
            raise InputError("--base-url, --model and --limit go with --live")
        return None
    if not args.base_url or not args.model:
        raise InputError("--live needs --base-url and --model", hint="like --base-url http://127.0.0.1:8000/v1")
    return Live(args.base_url, args.model, args.limit)


def _generate(count: int, seed: int, out: Path | None) -> int:
    from fewshot import data
    from fewshot.cli import _terminal
    from fewshot.demo import synthesis
    from fewshot.errors import InputError
    from fewshot.schema import example_to_json

    if count < 1:
        raise InputError(f"--generate must be at least 1, not {count}")
    examples = synthesis.generate(count, seed=seed)
    if out is not None:
        data.write(examples, out, "jsonl")
        return 0
    for example in examples:
        _terminal.json_row(example_to_json(example))
    return 0
