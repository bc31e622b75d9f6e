"""The quality of each decoder: F1 of one trained model with both decoders, both rules, and every precision.

    python -m benchmarks.decoders runs/demo/models/ner-tiny-bart
    python -m benchmarks.decoders MODEL… --data ../shared/data/ner_bc5cdr/test.tsv --limit 500

Rows: copy decoding in float64 (the reference), float32, bfloat16 and int8 (torch's dynamic quantization of linear
layers), with the rule `everything`, and greedy `generate` in float32. A second table shows how often a span of copy
decoding is right, by its confidence. Scores are the task's own, on the same examples.
"""

from __future__ import annotations

import argparse
import copy
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from fewshot import data, tasks
from fewshot.models import model_folder
from fewshot.models.copy_decoding import Rule
from fewshot.models.seq2seq import COPY, GENERATE, Seq2Seq, why_not_copy
from fewshot.records import Example, Prediction
from fewshot.tasks import Case, Task, spans_of

EDGES = (0.5, 0.7, 0.9, 0.95, 0.99, 1.0)
"""Upper edges of the confidence bins, denser towards 1, where most spans are."""


class Row(NamedTuple):
    """One way of decoding."""

    decoder: str
    f1: float
    seconds: float
    predictions: Sequence[Prediction]


class Bin(NamedTuple):
    """Spans of similar confidence: their number, their mean confidence, and the share that is right."""

    until: float
    spans: int
    confidence: float
    right: float


def int8(model: Any) -> Any:
    """Returns a copy with 8-bit linear layers, except the output head, of which single rows are read."""
    made = copy.deepcopy(model)
    quantize: Any = torch.ao.quantization.quantize_dynamic
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces a successor of this API
        for name in ("model", "encoder", "decoder"):
            if hasattr(made, name):
                setattr(made, name, quantize(getattr(made, name), {torch.nn.Linear}, dtype=torch.qint8))
    return made


PRECISIONS: Mapping[str, Callable[[Any], Any]] = {
    "float64": lambda model: copy.deepcopy(model).double(),
    "float32": lambda model: model,
    "bfloat16": lambda model: copy.deepcopy(model).bfloat16(),
    "int8": int8,
}


def decoded(folder: Path, examples: Sequence[Example]) -> tuple[Task, list[Row]]:
    """Returns the task and every row of one model."""
    manifest = model_folder.read_manifest(folder)
    if manifest is None:
        raise SystemExit(f"{folder} has no fewshot.json")
    task = tasks.get(manifest.task)
    asked = [example for example in examples if task.gold(example) is not None]
    model = model_folder.load_model(folder, "AutoModelForSeq2SeqLM").float()
    tokenizer = model_folder.load_tokenizer(folder)
    if why_not_copy(model, manifest):
        raise SystemExit(f"{folder}: {why_not_copy(model, manifest)}")

    def row(name: str, used: Any, decoder: str, rule: Rule = "candidates") -> Row:
        predictor = Seq2Seq(used, tokenizer, manifest, decoder, rule=rule)
        began = time.perf_counter()
        found = list(predictor.predict(asked))
        seconds = (time.perf_counter() - began) / len(asked)
        return Row(name, score(task, asked, found, manifest.labels), seconds, found)

    rows = [row(f"copy, {name}", change(model), COPY) for name, change in PRECISIONS.items()]
    rows += [row("copy, float32, rule everything", model, COPY, "everything")]
    rows += [row("generate, float32", model, GENERATE)]
    return task, rows


def score(task: Task, asked: Sequence[Example], found: Sequence[Prediction], labels: Sequence[str]) -> float:
    """Returns the task's main score."""
    value = {prediction.id: prediction.value for prediction in found}
    cases = []
    for example in asked:
        gold = task.gold(example)
        if gold is not None:
            cases.append(Case(example, task.restrict(gold, labels), value[example.id]))
    return float(task.score(cases, labels)[task.headline[0]])


def calibration(task: Task, asked: Sequence[Example], found: Sequence[Prediction]) -> list[Bin]:
    """Returns how often spans are right (offsets and label), by their confidence."""
    gold = {
        example.id: {(s.start, s.end, s.label) for s in spans_of(value)}
        for example in asked
        if (value := task.gold(example)) is not None
    }
    sure = [
        (span.confidence or 0.0, (span.start, span.end, span.label) in gold[one.id])
        for one in found
        if one.id in gold
        for span in spans_of(one.value)
    ]
    bins, below = [], -1.0
    for edge in EDGES:
        inside = [(c, right) for c, right in sure if below < c <= edge]
        if inside:
            mean, right = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            bins.append(Bin(edge, len(inside), mean, right))
        below = edge
    return bins


def report(folder: Path, task: Task, rows: Sequence[Row], bins: Sequence[Bin]) -> str:
    """Returns the tables as Markdown."""
    reference = rows[0].f1
    lines = [
        f"### {folder.name}",
        "",
        f"| decoder | {task.headline[0]} | against float64 | s/example |",
        "|---|---|---|---|",
    ]
    lines += [f"| {r.decoder} | {r.f1:.4f} | {100 * (r.f1 - reference):+.2f} points | {r.seconds:.4f} |" for r in rows]
    total = sum(b.spans for b in bins)
    error = sum(b.spans * abs(b.confidence - b.right) for b in bins) / total if total else 0.0
    lines += ["", "| confidence up to | spans | mean confidence | right |", "|---|---|---|---|"]
    lines += [f"| {b.until} | {b.spans} | {b.confidence:.3f} | {b.right:.3f} |" for b in bins]
    return "\n".join([*lines, "", f"Expected calibration error: {error:.3f} ({total} spans)", ""])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--data", default="demo")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    args = parser.parse_args(argv)
    for folder in args.models:
        manifest = model_folder.read_manifest(folder)
        examples = data.read(args.data, manifest.task if manifest else "ner")
        chosen = [e for e in examples if e.split in (None, args.split)]
        task, rows = decoded(folder, chosen[: args.limit])
        print(report(folder, task, rows, calibration(task, chosen[: args.limit], rows[1].predictions)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
