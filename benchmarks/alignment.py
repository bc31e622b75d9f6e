"""The time to parse an answer: an exact copy, and one with every kind of damage at once.

    python -m benchmarks.alignment [--data ../shared/data/panelization/legends.jsonl] [--seeds 5] [--json]

`tests/perturbation.py` damages the answers and defines which spans survive; the share of those that come back at
exact offsets is printed. The time is CPU time per answer, in the fastest of five rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence

from fewshot import data
from fewshot.formats.copy_tag import FORMAT
from fewshot.records import PANEL, Example, Scheme, Span
from tests.perturbation import Spoilt, perturb

ROUNDS = 5


def milliseconds(answers: Sequence[tuple[str, str]], scheme: Scheme) -> float:
    """Returns the time per answer."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        for answer, text in answers:
            FORMAT.parse(answer, text, scheme)
        best = min(best, time.thread_time() - start)
    return 1000 * best / len(answers)


def share(spoilt: Sequence[tuple[Spoilt, str]], scheme: Scheme) -> float:
    """Returns the share of the surviving spans that come back exactly."""
    exact = survived = 0
    for one, text in spoilt:
        value = FORMAT.parse(one.answer, text, scheme).value
        read = {(s.start, s.end, s.label) for s in value} if isinstance(value, tuple) else set()
        survived += len(one.survivors)
        exact += sum((s.start, s.end, s.label) in read for s in one.survivors)
    return exact / survived


def measure(
    name: str, cases: Sequence[tuple[Example, tuple[Span, ...]]], scheme: Scheme, seeds: int
) -> dict[str, object]:
    """Returns one row of the table."""
    spoilt = [
        (perturb(example.text, spans, random.Random(f"{seed} {example.id}")), example.text)
        for seed in range(seeds)
        for example, spans in cases
    ]
    copies = [(FORMAT.render(example.text, spans, scheme), example.text) for example, spans in cases]
    return {
        "measure": f"read {name}",
        "answers": len(spoilt),
        "exact_copy_ms": round(milliseconds(copies, scheme), 4),
        "spoilt_ms": round(milliseconds([(one.answer, text) for one, text in spoilt], scheme), 3),
        "survivors_exact": round(share(spoilt, scheme), 5),
    }


def main() -> None:
    """Prints a row for panels and one for entities, if the data has them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="demo")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    examples = data.read(args.data)
    panels = [(e, e.panels) for e in examples if e.panels]
    entities = [(e, e.entities) for e in examples if e.entities]
    labels = tuple(sorted({span.label for _, spans in entities for span in spans}))
    rows = []
    if panels:
        rows.append(measure(f"panels of {args.data}", panels, Scheme("panels", (PANEL,)), args.seeds))
    if entities:
        rows.append(measure(f"entities of {args.data}", entities, Scheme("entities", labels), args.seeds))
    if args.json:
        print(json.dumps({"rows": rows}))
        return
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
