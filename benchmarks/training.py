"""The speed of a training step: real tokens per second, beside the study's recipe and plain transformers.

    python -m benchmarks.training                        bart-base and t5-base size
    python -m benchmarks.training --models tiny-bart tiny-t5 --steps 2
    python -m benchmarks.training --json > rows.json     {"rows": [{"model", "trainer", "precision", "tokens_s", …}]}

Random weights. Every contender trains on the same examples (tagged copies, one epoch of `--steps` × `--batch`) in its
own way; tokens of source and answer count, padding does not. Medians of `--repeats` rounds in which the contenders
take turns, after one round that warms up.

    ours      what `fewshot finetune` does: padded to the longest row, rows of similar length together, the loss over
              the tokens of the batch, plus the loss of decisions; fp32 (its default), and bf16 (`--bf16`) with AMX or
              a GPU that supports it
    padded    the study's recipe: every row padded to 512, fp32
    dynamic   Seq2SeqTrainer with DataCollatorForSeq2Seq: padded to the longest row, in random order; fp32 and bf16

Goals: ≥ 1.5 × padded, ≥ 1.0 × dynamic in the same precision, and the same loss at every step (`--curve`): from the
same weights, on the same batches in the same order, without dropout, without the loss of decisions and over the whole
vocabulary. On a GPU there is also bf16 with torch.compile (attention is SDPA everywhere), and the share of the card's
peak.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import sizes

RATE = 1e-4
SAME = 1e-3
"""Losses with a smaller relative difference count as equal: sums over other shapes round differently."""

PEAKS = {"H100": 989, "H200": 989, "A100": 312, "L40": 181, "L4": 121, "A10": 125}
"""TFLOP/s of a card in bf16 without sparsity, from the vendor's data sheet."""


@dataclass(frozen=True)
class Contender:
    """A way to train."""

    trainer: str
    precision: str
    compiled: bool = False

    def __str__(self) -> str:
        return f"{self.trainer} {self.precision}{' compiled' if self.compiled else ''}"


@dataclass
class Row:
    """One line of the table. `losses`: one per step of the curve; `off`: relative difference from ours in fp32."""

    model: str
    trainer: str
    precision: str
    tokens_s: float
    mfu: float | None = None
    against_padded: float | None = None
    against_dynamic: float | None = None
    losses: list[float] = field(default_factory=list)
    off: float | None = None


def contenders(*, bf16: bool, gpu: bool) -> list[Contender]:
    """Returns the contenders that can run here."""
    found = [Contender("ours", "fp32"), Contender("padded", "fp32"), Contender("dynamic", "fp32")]
    if bf16:
        found += [Contender("ours", "bf16"), Contender("dynamic", "bf16")]
    if bf16 and gpu:
        found.append(Contender("ours", "bf16", compiled=True))
    return found


class Case:
    """A model prepared as `fewshot finetune` does it, and the rows that all contenders train on."""

    def __init__(self, name: str, folder: Path, args: argparse.Namespace) -> None:
        from finetune import building, features, sources

        tokenizer, model = sizes.made(name)
        self.name, self.folder, self.args = name, folder, args
        self.longest = sizes.longest(model)
        model.save_pretrained(folder / "base")
        tokenizer.save_pretrained(folder / "base")
        ours, training, _ = self._arguments(Contender("ours", "fp32"))
        self.source = sources.read(ours, ours.task, seed=training.seed)
        self.built = building.build(ours, self.source, {})
        every = features.seq2seq(self.source.train, self.source.task, self.built.tokenizer, self.built.manifest).rows
        # Rows that the study would cut are left out: all contenders must train on the same tokens.
        whole = [row for row in every if max(len(row["input_ids"]), len(row["labels"])) <= self.longest]
        Random(0).shuffle(whole)
        self.rows = whole[: args.steps * args.batch]
        if len(self.rows) < args.steps * args.batch:
            sys.exit(f"{args.data} has {len(whole)} rows of at most {self.longest} tokens: fewer --steps, please")
        self.tokens = sum(len(row["input_ids"]) + len(row["labels"]) for row in self.rows)

    def _arguments(self, contender: Contender, *extra: str) -> Any:
        """Parses a command line as `fewshot finetune` does."""

        from finetune.arguments import parse

        words = [self.args.data, self.args.task, "copy_tag", "--base_model", str(self.folder / "base"), "--do_train",
                 "--output_dir", str(self.folder / "out"), "--run_name", "benchmark", "--report_to", "none",
                 "--per_device_train_batch_size", str(self.args.batch), "--learning_rate", str(RATE),
                 "--max_input_length", str(self.longest), "--save_strategy", "no",
                 "--disable_tqdm", "True"]  # fmt: skip
        words += ["--bf16"] if contender.precision == "bf16" else []
        words += ["--torch_compile"] if contender.compiled else []
        return parse([*words, *extra])

    def trainer(self, contender: Contender, rows: Sequence[Any], *extra: str, decisions: float, model: Any) -> Any:
        """Returns a trainer for one epoch; `decisions`: the weight of that loss, which only ours has."""
        from transformers import PrinterCallback

        ours, training, _ = self._arguments(contender, "--num_train_epochs", "1", *extra)
        training.remove_unused_columns, training.label_names = False, ["labels"]
        if contender.trainer == "ours":
            made = self._ours(ours, training, rows, decisions, model)
        else:
            made = self._theirs(contender, training, rows, model)
        made.remove_callback(PrinterCallback)  # only the table is printed
        return made

    def _ours(self, ours: Any, training: Any, rows: Sequence[Any], decisions: float, model: Any) -> Any:
        from fewshot.models import vocabulary
        from finetune import features, run
        from finetune.trainer import Trainer

        tokenizer, manifest = self.built.tokenizer, self.built.manifest
        return Trainer(
            model=model,
            args=training,
            train_dataset=rows,
            data_collator=features.collate(tokenizer.pad_token_id),
            processing_class=tokenizer,
            task=self.source.task,
            manifest=manifest,
            predict=lambda trained, asked: list(run.predictor(trained, tokenizer, manifest).predict(asked)),
            decision_weight=decisions,
            tags=dict(vocabulary.tag_ids(tokenizer, manifest.answer_format.tags(manifest.scheme))),
            shortlisted=run.shortlisted(ours, training, model),
        )

    def _theirs(self, contender: Contender, training: Any, rows: Sequence[Any], model: Any) -> Any:
        from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer

        tokenizer = self.built.tokenizer
        if training.train_sampling_strategy == "group_by_length":
            training.train_sampling_strategy = "random"  # transformers' default, and so the study's
        full: dict[str, Any] = {"padding": "max_length", "max_length": self.longest}
        return Seq2SeqTrainer(
            model=model,
            args=training,
            train_dataset=[{name: row[name] for name in ("input_ids", "labels")} for row in rows],
            data_collator=DataCollatorForSeq2Seq(tokenizer, **(full if contender.trainer == "padded" else {})),
            processing_class=tokenizer,
        )

    def seconds(self, contender: Contender) -> float:
        """Returns the time of one epoch, on a copy of the model: accelerate leaves its autocast in what it trains."""
        model = copy.deepcopy(self.built.model)
        trainer = self.trainer(contender, self.rows, decisions=1.0, model=model)
        return float(trainer.train().metrics["train_runtime"])

    def losses(self, contender: Contender, steps: int) -> list[float]:
        """Returns the loss of each step, in fixed order and without dropout, whose draws depend on the shape."""
        model = without_dropout(copy.deepcopy(self.built.model))
        rows = self.rows[: steps * self.args.batch]
        options = ("--logging_steps", "1", "--train_sampling_strategy", "sequential")
        trainer = self.trainer(contender, rows, *options, decisions=0.0, model=model)
        trainer.train()
        return [float(line["loss"]) for line in trainer.state.log_history if "loss" in line]

    def flops(self) -> float:
        """Returns the FLOPs of one epoch over the real tokens: 6 per weight and token (Kaplan et al. 2020), with the
        encoder's weights for the source and those of decoder and output head for the answer. The part of attention
        that grows with the square of the length is left out."""
        model = self.built.model
        rows = model.get_input_embeddings().weight.numel()
        encoder = sum(p.numel() for p in model.get_encoder().parameters()) - rows
        decoder = sum(
            p.numel() for p in model.get_decoder().parameters()
        )  # its embedding has the size of the output head
        read, written = (sum(len(row[name]) for row in self.rows) for name in ("input_ids", "labels"))
        return 6.0 * float(encoder * read + decoder * written)


def without_dropout(model: Any) -> Any:
    """Sets every dropout to zero; BART keeps its rates as numbers, T5 in modules as well."""
    from torch.nn import Dropout

    for module in model.modules():
        if isinstance(module, Dropout):
            module.p = 0.0
        for name in ("dropout", "attention_dropout", "activation_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    return model


def peak(said: float | None) -> float | None:
    """Returns the card's peak FLOP/s in bf16; `None` if there is no card or it is unknown."""
    import torch

    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name()
    known = next((tera for card, tera in PEAKS.items() if card in name), None)
    return None if (said or known) is None else 1e12 * float(said or known or 0)


def measure(case: Case, args: argparse.Namespace) -> list[Row]:
    """Returns the rows of a model."""
    import torch

    chosen = contenders(bf16=sizes.supports_bf16(), gpu=torch.cuda.is_available())
    taken: dict[Contender, list[float]] = {contender: [] for contender in chosen}
    for round_ in range(args.repeats + 1):
        for contender in chosen:
            took = case.seconds(contender)
            print(f"{case.name}, round {round_}, {contender}: {took:.2f} s", file=sys.stderr)
            if round_:
                taken[contender].append(took)
    median = {contender: statistics.median(times) for contender, times in taken.items()}
    most, base = peak(args.peak), case.losses(chosen[0], args.curve)
    made = []
    for contender in chosen:
        row = Row(case.name, contender.trainer, contender.precision + (" compiled" if contender.compiled else ""),
                  tokens_s=round(case.tokens / median[contender], 1))  # fmt: skip
        if most is not None and contender.precision == "bf16":
            row.mfu = round(case.flops() / median[contender] / most, 3)
        if contender.trainer == "ours":
            row.against_padded = round(median[Contender("padded", "fp32")] / median[contender], 2)
            row.against_dynamic = round(median[Contender("dynamic", contender.precision)] / median[contender], 2)
        row.losses = base if contender is chosen[0] else case.losses(contender, args.curve)
        row.off = max(abs(a - b) / b for a, b in zip(row.losses, base, strict=True))
        made.append(row)
    return made


def table(rows: Sequence[Row]) -> str:
    """Returns the table as Markdown."""
    head = ("model", "trainer", "precision", "tokens/s", "× padded (≥ 1.5)", "× dynamic (≥ 1.0)", "loss by step",
            "off by", "of peak")  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        shown = (row.model, row.trainer, row.precision, row.tokens_s, row.against_padded, row.against_dynamic,
                 " ".join(f"{loss:.4f}" for loss in islice(row.losses, 4)),
                 None if row.off is None else f"{row.off:.0e}", row.mfu)  # fmt: skip
        lines.append("| " + " | ".join("" if cell is None else str(cell) for cell in shown) + " |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=sizes.NAMES, default=("bart-base", "t5-base"))
    parser.add_argument("--data", default="demo")
    parser.add_argument("--task", choices=("ner", "panelization"), default="ner")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4, help="rows per step [4, as in the study]")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--curve", type=int, default=4, metavar="STEPS", help="steps of the comparison of losses [4]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peak", type=float, metavar="TFLOPS", help="peak of the card in bf16, if it is unknown")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    rows = []
    for name in args.models:
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(Case(name, Path(folder), args), args)
    different = [row for row in rows if row.precision == "fp32" and (row.off or 0) > SAME]
    print(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) if args.json else table(rows))
    if different:
        sys.exit(f"another loss curve: {different[0].model}, {different[0].trainer}")


if __name__ == "__main__":
    main()
