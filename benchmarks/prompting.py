"""Compares selectors × formats × numbers of demonstrations on any data, in one table.

    python -m benchmarks.prompting --task ner --data test.tsv --demos train.tsv --limit 100 \\
        --base-url http://127.0.0.1:8808/v1 --model SmolLM2-135M-Instruct --formats list --shots 0 1 3 8

Each combination is an ordinary run in its own folder under --out: answers are kept, the same command continues, and
`fewshot show` shows each run. With 0 shots all selectors are the same run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from fewshot.errors import FewshotError, IncompleteError
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings
from fewshot.report.compare import compare


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", required=True)
    parser.add_argument("--data", default="demo")
    parser.add_argument("--demos")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--backend", default="gpt3")
    parser.add_argument("--base-url")
    parser.add_argument("--model")
    parser.add_argument("--api", choices=("chat", "completions"))
    parser.add_argument("--selectors", nargs="+", default=["random", "nearest"])
    parser.add_argument("--formats", nargs="+", default=[None])
    parser.add_argument("--shots", nargs="+", type=int, default=[0, 1, 3, 8])
    parser.add_argument("--embedder")
    parser.add_argument("--context", type=int)
    parser.add_argument("--max-tokens", type=int)
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--out", type=Path, default=Path("runs/prompting"))
    return parser.parse_args()


def combinations(args: argparse.Namespace) -> Iterator[Settings]:
    """Yields the settings of each run, in the order of the flags."""
    for format_, shots, selector in product(args.formats, args.shots, args.selectors):
        if not shots and selector != args.selectors[0]:
            continue
        more: dict[str, Any] = {} if not shots else {"selector": selector}
        if shots and selector in ("nearest", "diverse"):
            more["embedder"] = args.embedder
        same = ("task", "data", "demos", "split", "limit", "backend", "base_url", "model", "api")
        pace = ("context", "max_tokens", "timeout", "concurrency")
        yield Settings(**{name: getattr(args, name) for name in (*same, *pace)}, format=format_, shots=shots, **more)


def folder(root: Path, settings: Settings) -> Path:
    """Returns the folder of a combination."""
    how = f"{settings.selector}-{settings.shots}shot" if settings.shots else "0shot"
    return root / f"{settings.task}-{settings.format or 'default'}-{how}"


def main() -> int:
    """Runs all combinations and prints the table."""
    args = arguments()
    folders = []
    try:
        for settings in combinations(args):
            began = time.perf_counter()
            out = folder(args.out, settings)
            done = run(settings, out=out)
            if not done.complete:
                raise IncompleteError(f"{out} is incomplete: {done.stopped or 'requests failed'}")
            print(f"{out.name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
            folders.append(out)
        made = compare(folders)
    except FewshotError as error:
        print(f"prompting: {error}", file=sys.stderr)
        return error.exit_code
    made.write(args.out / "table")
    print(made.markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
