"""The time of `fewshot --help`, beside a bare interpreter.

    python -m benchmarks.startup [--rounds 20] [--json]

Both are started alternately; the fastest run of each counts. The goal is a ratio below 6.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time


def seconds(command: list[str]) -> float:
    """Returns the time of one start."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Prints both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    bare, ours = float("inf"), float("inf")
    for _ in range(args.rounds):
        bare = min(bare, seconds([sys.executable, "-c", "pass"]))
        ours = min(ours, seconds([sys.executable, "-m", "fewshot", "--help"]))
    if args.json:
        row = {"measure": "fewshot --help", "against": "python -c pass", "ratio": ours / bare}
        print(json.dumps({"rows": [row]}))
    else:
        print(f"fewshot --help {1000 * ours:.0f} ms, python -c pass {1000 * bare:.0f} ms, ratio {ours / bare:.1f}")


if __name__ == "__main__":
    main()
