"""Time and memory to choose 3 of 50,000 demonstrations for each of 5,000 queries.

    OMP_NUM_THREADS=1 taskset -c 0 python -m benchmarks.choosing [--pool 50000] [--queries 5000] [--json]

The pool is made of artificial legends of about 700 characters. Seconds are processor time (one core); memory is the
peak of the process, with Python, the pool and numpy.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import time

from fewshot import demonstrations, tasks
from fewshot.demo import synthesis
from fewshot.demonstrations import Pool
from fewshot.records import Example, Span


def legends(count: int) -> list[Example]:
    """Returns legends made of the sentences of generated legends, recombined."""
    draw = random.Random(0)
    whole = synthesis.generate(600, seed=1)
    sentences = [s for legend in whole for s in re.split(r"(?<=\.)\s+", legend.text) if len(s) > 20]
    examples = []
    for number in range(count):
        text = " ".join(f"{draw.choice(sentences)} {draw.randrange(10**5)}" for _ in range(9))
        labels = draw.sample(tasks.get("ner").known_labels, draw.randrange(4))
        spans = tuple(Span(at, at + 1, label) for at, label in enumerate(labels) if not text[at].isspace())
        examples.append(Example(f"d{number}", f"g{number % 9000}", text, entities=spans))
    return examples


def main() -> None:
    """Prints one line per selector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    examples = legends(args.pool + args.queries)
    rows = []
    for name in demonstrations.names():
        began = time.process_time()
        pool = Pool(examples[: args.pool], seed=0, selector=name, task=tasks.get("ner"))
        for query in examples[args.pool :]:
            pool.pick(query, 3)
        seconds = time.process_time() - began
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        rows.append(
            {"measure": f"3 of {args.pool:,} for {args.queries:,} by {name}", "seconds": seconds, "GB": gigabytes}
        )
        if not args.json:
            print(f"{name}: {seconds:.1f} s, {gigabytes:.2f} GB", flush=True)
    if args.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
