"""Wrong entities ranked by out-of-fold probabilities: ours by span beside cleanlab's by token, on the same faults.

    python3.11 -m venv /tmp/cl && /tmp/cl/bin/pip install cleanlab==2.9.0
    python -m benchmarks.cross_fit [--data ../shared/data/ner_bc5cdr/train.tsv] [--peer /tmp/cl/bin/python]
        [--model tiny-tagger] [--folds 5] [--steps 1000] [--limit N] [--json]

A quarter of the texts with entities get a fault (`benchmarks/corrupting.py`). Both see the same probabilities. The
measure is the area under the precision-recall curve (average precision), of words (which labels were changed?) and of
spans (which spans of gold, or of the model alone, hold a changed word?). Ours: a span of gold is as doubtful as it is
improbable, one that the model alone names as it is probable, and a word as the span it lies in. cleanlab's: every word
has a score, a span that of its most doubtful word. Beside them the statistics of `fewshot audit`, which need no model,
and both together (their sum).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corrupting import ENTITIES, corrupt
from fewshot import data, tasks
from fewshot.audit import audit
from fewshot.audit.cross_fit import Fit, out_of_fold, probability, spans
from fewshot.models.word_probabilities import Reading, Word
from fewshot.records import Example, Span

METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def tags(words: Sequence[Word], entities: Sequence[Span]) -> list[str]:
    """The IOB2 tag of each word."""
    found = ["O"] * len(words)
    for span in entities:
        inside = [at for at, word in enumerate(words) if word.start < span.end and span.start < word.end]
        for number, at in enumerate(inside):
            found[at] = f"{'I' if number else 'B'}-{span.label}"
    return found


def ours(reading: Reading) -> list[float]:
    """The doubt of each word, by the span that it lies in."""
    doubt = [0.0] * len(reading.words)
    for one in spans(reading, tasks.get("ner")):
        for at, word in enumerate(reading.words):
            if word.start < one.span.end and one.span.start < word.end:
                doubt[at] = max(doubt[at], one.suspicion)
    return doubt


def statistics(readings: Sequence[Reading], examples: Sequence[Example]) -> list[float]:
    """The doubt of each word by the findings of the audit that need no model."""
    found: dict[str, list[tuple[int, int, float]]] = {}
    for finding in audit(examples, "ner"):
        if finding.start is not None and finding.end is not None and finding.severity != "note" and not finding.other:
            place = finding.start, finding.end, finding.confidence or 0.9
            found.setdefault(finding.id, []).append(place)
    return [
        max((doubt for start, end, doubt in found.get(r.example.id, ()) if word.start < end and start < word.end),
            default=0.0)
        for r in readings
        for word in r.words
    ]  # fmt: skip


def cleanlab(peer: str, readings: Sequence[Reading], method: str) -> list[float]:
    """cleanlab's doubt of each word: 1 minus its label quality."""
    labels: list[int] = []
    rows: list[tuple[float, ...]] = []
    ends: list[int] = []
    for reading in readings:
        number = {name: at for at, name in enumerate(reading.names)}
        labels.extend(number.get(tag, 0) for tag in tags(reading.words, reading.example.entities or ()))
        rows.extend(word.probabilities for word in reading.words)
        ends.append(len(labels))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.npz"
        np.savez(path, labels=labels, probabilities=np.array(rows), ends=ends[:-1])
        command = [peer, str(Path(__file__).with_name("cross_fit_peer.py")), str(path), method]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [1.0 - score for score in json.loads(done.stdout)]


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Average precision by method."""
    from sklearn.metrics import average_precision_score

    clean = [example for example in data.read(args.data, "ner") if example.entities is not None][: args.limit]
    wrong, done = corrupt(clean, ENTITIES, random.Random(0), 0.25)
    fit = Fit(args.model, args.folds, args.steps)
    with tempfile.TemporaryDirectory() as folder:
        readings = list(out_of_fold(wrong, "ner", fit, Path(folder), print))
    readings = [reading for reading in readings if reading.words]
    right = {example.id: example for example in clean}
    changed = [
        mine != yours
        for reading in readings
        for mine, yours in zip(
            tags(reading.words, reading.example.entities or ()),
            tags(reading.words, right[reading.example.id].entities or ()),
            strict=True,
        )
    ]
    scores = {"ours": [doubt for reading in readings for doubt in ours(reading)]}
    scores["statistics of the audit"] = statistics(readings, wrong)
    if args.peer:
        scores |= {f"cleanlab, {method}": cleanlab(args.peer, readings, method) for method in METHODS}
    scores["ours and statistics"] = [
        a + b for a, b in zip(scores["ours"], scores["statistics of the audit"], strict=True)
    ]  # fmt: skip
    gold = [
        probability(span, reading, starts=False) > 0.5
        for reading in readings
        for span in right[reading.example.id].entities or ()
    ]
    return {
        "texts": len(clean), "faults": len(done), "words": len(changed), "changed_words": sum(changed),
        "gold_spans_above_half": round(sum(gold) / len(gold), 4),
        "of_words": {n: round(float(average_precision_score(changed, s)), 4) for n, s in scores.items()},
        "of_spans": {n: round(average_of_spans(readings, changed, s), 4) for n, s in scores.items()},
    }  # fmt: skip


def average_of_spans(readings: Sequence[Reading], changed: Sequence[bool], scores: Sequence[float]) -> float:
    """Average precision where a span of gold or of the model is what is found; its doubt is that of its worst word."""
    from sklearn.metrics import average_precision_score

    faulty, doubts, at = [], [], 0
    for reading in readings:
        for one in spans(reading, tasks.get("ner")):
            inside = [
                at + number
                for number, word in enumerate(reading.words)
                if word.start < one.span.end and one.span.start < word.end
            ]
            if inside:
                faulty.append(any(changed[place] for place in inside))
                doubts.append(max(scores[place] for place in inside))
        at += len(reading.words)
    return float(average_precision_score(faulty, doubts))


def main() -> None:
    """Prints the figures, or writes them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="../shared/data/ner_bc5cdr/train.tsv")
    parser.add_argument("--model", default="tiny-tagger")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--peer", help="a Python with cleanlab")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    report = measure(args)
    print(json.dumps(report) if args.json else json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
