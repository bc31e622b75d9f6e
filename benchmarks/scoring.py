"""The time to score a million tokens, beside seqeval's strict mode on the same data in the same run.

    python benchmarks/scoring.py [--sentences 20000] [--json]

We score strict, relaxed, boundary and exact from spans; seqeval scores strict micro from tags. CPU time. A ratio of
0.1 means a tenth of seqeval's time.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import warnings

from fewshot import tasks
from fewshot.records import Example
from fewshot.text import iob

LABELS = ("CELL_LINE", "DISEASE", "GENEPROD", "ORGANISM", "TISSUE")
WORDS = 50


def tags(chance: random.Random) -> list[str]:
    """Returns the tags of one sentence, about six entities."""
    found: list[str] = []
    while len(found) < WORDS:
        label = chance.choice(LABELS)
        found += ["O"] * chance.randrange(12) + [f"B-{label}"] + [f"I-{label}"] * chance.randrange(3)
    return found[:WORDS]


def main() -> None:
    """Prints the seconds of both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    chance = random.Random(0)
    gold = [tags(chance) for _ in range(args.sentences)]
    said = [tags(chance) if chance.random() < 0.3 else list(row) for row in gold]
    text, edges = iob.join(["word"] * WORDS)
    example = Example("a", "a", text)
    cases = [
        tasks.Case(example, iob.spans(g, edges, text), iob.spans(s, edges, text))
        for g, s in zip(gold, said, strict=True)
    ]
    task = tasks.get("ner")
    task.score(cases[:100], LABELS)
    began = time.process_time()
    task.score(cases, LABELS)
    ours = time.process_time() - began
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from seqeval.metrics.v1 import precision_recall_fscore_support
        from seqeval.scheme import IOB2
    began = time.process_time()
    precision_recall_fscore_support(gold, said, average="micro", scheme=IOB2, zero_division=0)
    theirs = time.process_time() - began
    measure = f"score {args.sentences * WORDS:,} tokens"
    if args.json:
        row = {"measure": measure, "against": "seqeval strict", "ratio": ours / theirs}
        print(json.dumps({"rows": [row]}))
    else:
        print(f"{measure}: {ours:.2f} s, seqeval strict {theirs:.2f} s, ratio {ours / theirs:.3f}")


if __name__ == "__main__":
    main()
