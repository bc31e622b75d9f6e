"""The time to score a million tokens, beside seqeval's strict mode on the same data in the same run; and the time of
all statistics of ten systems on a thousand legends.

    python -m benchmarks.scoring [--sentences 20000] [--json]

We score strict, relaxed, boundary and exact from spans; seqeval scores strict micro from tags. CPU time. A ratio of
0.1 means a tenth of seqeval's time. Statistics: counts by article, the interval of every score, differences, ties and
swap tests of every headline score, scores by label and article, faults, confusions, agreement with the baseline.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import warnings

from fewshot import tasks
from fewshot.records import Example, Prediction
from fewshot.scoring import tallies
from fewshot.scoring.agreement import agreement
from fewshot.scoring.articles import by_article, by_label
from fewshot.scoring.differences import differences, tied_with_best
from fewshot.scoring.errors import errors
from fewshot.scoring.intervals import interval
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


def statistics(systems: int = 10, legends: int = 1000, articles: int = 50) -> dict[str, float]:
    """Returns the CPU seconds of each part of the statistics."""
    task, chance = tasks.get("ner"), random.Random(1)
    text, edges = iob.join(["word"] * WORDS)
    gold = [
        Example(str(n), str(n % articles), text, entities=iob.spans(tags(chance), edges, text)) for n in range(legends)
    ]
    answers = [
        [
            Prediction(
                e.id,
                e.entities or () if chance.random() > 0.2 + 0.02 * number else iob.spans(tags(chance), edges, text),
            )
            for e in gold
        ]
        for number in range(systems)
    ]
    seconds, began = {}, time.process_time()

    def lap(name: str) -> None:
        nonlocal began
        seconds[name] = time.process_time() - began
        began = time.process_time()

    counted = [tallies.count(task, gold, said, labels=LABELS, grouped=True) for said in answers]
    named = {str(number): one for number, one in enumerate(counted) if one is not None}
    lap("counts by article")
    for one in named.values():
        for score in one.formulas:
            interval(one, score)
        by_label(one)
    lap("intervals of all scores")
    for score in task.headline:
        differences(named["0"], {name: one for name, one in named.items() if name != "0"}, score)
        tied_with_best(named, score)
        for one in named.values():
            by_article(one, score)
    lap("differences, swaps, ties of headline scores")
    found = [errors(task, gold, said, labels=LABELS) for said in answers]
    lap("faults and confusions")
    for other in found[1:]:
        agreement(found[0], other)
    lap("agreement with the baseline")
    return seconds


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
    parts = statistics()
    measure = f"score {args.sentences * WORDS:,} tokens"
    if args.json:
        row = {"measure": measure, "against": "seqeval strict", "ratio": ours / theirs}
        print(json.dumps({"rows": [row], "statistics": parts}))
    else:
        print(f"{measure}: {ours:.2f} s, seqeval strict {theirs:.2f} s, ratio {ours / theirs:.3f}")
        print(f"statistics of 10 systems on 1,000 legends: {sum(parts.values()):.2f} s")
        for name, taken in parts.items():
            print(f"  {name}: {taken:.2f} s")


if __name__ == "__main__":
    main()
