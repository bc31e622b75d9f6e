"""What drafts do on a trained model: passes an answer by the draft, and the F1 of the head that drafts.

    python -m benchmarks.drafts runs/models/my-model
    python -m benchmarks.drafts MODEL… --data ../shared/data/ner_bc5cdr/test.tsv --limit 500

Passes are counted for each answer (a window of a text) in float32, one text at a time and eight together. The spans of
all drafts must be the same: a difference is counted, and ends the program with exit code 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.decoders import score
from fewshot import data, tasks
from fewshot.models import draft_head, model_folder
from fewshot.models.seq2seq import COPIED, COPY, ENCODER, HEAD, Seq2Seq
from fewshot.records import Example, Prediction, Value
from fewshot.tasks import spans_of


def bare(value: Value) -> list[tuple[int, int, str]]:
    """Returns spans without their confidence, whose last digits depend on what ran together."""
    return [(span.start, span.end, span.label) for span in spans_of(value)]


def rows(folder: Path, examples: Sequence[Example]) -> tuple[list[str], int]:
    """Returns the lines of one model, and how many texts were answered differently with different drafts."""
    manifest = model_folder.read_manifest(folder)
    if manifest is None:
        raise SystemExit(f"{folder} has no fewshot.json")
    task = tasks.get(manifest.task)
    asked = [example for example in examples if task.gold(example) is not None]
    model, tokenizer = model_folder.load(folder, "AutoModelForSeq2SeqLM")
    draft_head.load(folder, model, manifest)
    has_head = manifest.draft_head is not None

    def answered(decoder: str, draft: str | None, batch_tokens: int) -> tuple[Seq2Seq, list[Prediction]]:
        predictor = Seq2Seq(model, tokenizer, manifest, decoder, draft=draft, batch_tokens=batch_tokens)
        return predictor, sorted(predictor.predict(asked), key=lambda one: one.id)

    lines, different, reference = [], 0, answered(COPY, COPIED, 1)[1]
    copied = score(task, asked, reference, manifest.labels)
    for draft in (COPIED, ENCODER) if has_head else (COPIED,):
        for name, batch_tokens in (("1", 1), ("many", 8192)):
            predictor, found = answered(COPY, draft, batch_tokens)
            different += sum(bare(a.value) != bare(b.value) for a, b in zip(reference, found, strict=True))
            cost = predictor.cost
            lines.append(
                f"| {folder.name} | {draft} | {name} | {cost.turns / cost.answers:.2f} | "
                f"{cost.fed / cost.kept:.2f} | {copied:.4f} |"
            )
    if has_head:
        _, found = answered(HEAD, None, 8192)
        alone = score(task, asked, found, manifest.labels)
        same = sum(bare(a.value) == bare(b.value) for a, b in zip(reference, found, strict=True)) / len(asked)
        lines.append(f"| {folder.name} | head alone ({same:.0%} of texts as copied) | – | – | – | {alone:.4f} |")
    return lines, different


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--data", default="demo")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    args = parser.parse_args(argv)
    print("| model | draft | batch | passes an answer | tokens fed for one kept | F1 |\n|---|---|---|---|---|---|")
    differences = 0
    for folder in args.models:
        manifest = model_folder.read_manifest(folder)
        examples = data.read(args.data, manifest.task if manifest else "ner")
        chosen = [e for e in examples if e.split in (None, args.split)]
        lines, different = rows(folder, chosen[: args.limit])
        print("\n".join(lines), flush=True)
        differences += different
    if differences:
        print(f"{differences} texts were answered differently with another draft")
    return 1 if differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
