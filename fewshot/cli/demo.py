"""The main job, offline, on the bundled corpus: one table per task.

    fewshot demo
    fewshot demo --generate 1000 --out more.jsonl

Needs no key, no weights and no network. --generate writes new synthetic legends as JSONL instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot demo`."""
    parser.add_argument("--generate", type=int, metavar="N", help="write N generated legends, run nothing")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the generator [0]")
    parser.add_argument("--out", type=Path, metavar="PATH", help="[runs/demo; --generate: standard output]")


def main(args: argparse.Namespace) -> int:
    """Runs the demo, or writes generated legends."""
    if args.generate is not None:
        return _generate(args.generate, args.seed, args.out)
    from fewshot import demo
    from fewshot.cli import _output

    out = args.out or Path("runs/demo")
    for number, comparison in enumerate(demo.tables(out)):
        if number:
            print()
        _output.comparison(comparison, title=comparison.task.name)
    _output.notice([f"every run, prompt and answer is in {out}; look at one with `fewshot show {out}/…`"])
    return 0


def _generate(count: int, seed: int, out: Path | None) -> int:
    from fewshot import data, synthesis
    from fewshot.errors import InputError
    from fewshot.schema import example_to_json

    if count < 1:
        raise InputError(f"--generate must be at least 1, not {count}")
    examples = synthesis.generate(count, seed=seed)
    if out is not None:
        data.write(examples, out, "jsonl")
        return 0
    for example in examples:
        sys.stdout.write(json.dumps(example_to_json(example), ensure_ascii=False) + "\n")
    return 0
