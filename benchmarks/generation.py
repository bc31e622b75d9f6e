"""The speed of free generation: predictions per second of `--backend local`, beside what a user would write.

    python -m benchmarks.generation                      bart-base, tiny-bart and tiny-t5 size
    python -m benchmarks.generation --models tiny-bart --n 16 --repeats 1
    python -m benchmarks.generation --json > rows.json   {"rows": [{"model", "task", "contender", "predictions_s", …}]}

Random weights; texts of the demo corpus, in its order. An answer is forced to have a third as many tokens as its
source, rounded up to a multiple of 16, so that every contender writes the same number (scores are computed as usual,
then overruled). Medians of `--repeats` rounds in which the contenders take turns.

    local        `Seq2Seq.predict`, decoder `generate`: longest first, batches by number of tokens, answers parsed
    local ct2    the same with decoder `ct2` (int8), one call per length of answer
    generate     model.generate in input order, `--batch` texts at a time, answers decoded to text
    ctranslate2  int8, greedy, one call per length of answer (it cannot end the rows of a call at different lengths);
                 its own batches, sorted by length (skipped if not installed)

All get the same ids; `local` and `generate` run in fp32. The ratios are how many times faster `local` and `local ct2`
are; goals: `local` is at least as fast as `generate`, `local ct2` as CTranslate2.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks import sizes
from benchmarks.decoding import CLOCKS, medians, translator
from fewshot import data, tasks
from fewshot.models.model_folder import Manifest, places
from fewshot.models.seq2seq import CT2, GENERATE, Seq2Seq
from fewshot.records import Example

STEP = 16
SHARE = 3
"""An answer has one token per so many of its source, as a list of entities has; a judgement."""

FORMATS = {"ner": "list", "panelization": "list", "causal": "sentence"}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    model: str
    task: str
    contender: str
    predictions_s: float
    local_is_faster: float | None = None
    ct2_is_faster: float | None = None


def answer_length(source: int) -> int:
    """Returns the tokens to write for a source of so many tokens."""
    return -(-source // (SHARE * STEP)) * STEP


class Ending:
    """A logits processor that ends each row at its given length, and not before."""

    def __init__(self, lengths: Sequence[int], end: int) -> None:
        self.lengths, self.end = torch.tensor(lengths), end
        self.written = 0

    def __call__(self, ids: Tensor, scores: Tensor) -> Tensor:
        self.written = ids.shape[1] - 1  # the first token is the start token
        over = self.lengths.to(scores.device) <= self.written
        scores[:, self.end] = torch.where(over, 1e9, -1e9)
        return scores


class Forced(Seq2Seq):
    """Writes the given number of tokens, otherwise as usual. `tokens`: all that were written, without end tokens."""

    tokens = 0

    def _options(self, pieces: Sequence[Any]) -> Mapping[str, Any]:
        lengths = [answer_length(len(piece.encoded)) for piece in pieces]
        type(self).tokens += sum(lengths)
        if self.decoder == CT2:  # it cannot end the rows of a call at different lengths
            return {**super()._options(pieces), "min_new_tokens": max(lengths), "max_new_tokens": max(lengths)}
        ending = Ending(lengths, self.tokenizer.eos_token_id)
        return {**super()._options(pieces), "max_new_tokens": max(lengths) + 1, "logits_processor": [ending]}


class Case:
    """A model, the examples to predict, and their ids."""

    def __init__(self, name: str, task: str, args: argparse.Namespace) -> None:
        self.tokenizer, model = sizes.made(name)
        self.model = model.to(args.device).eval()
        self.batch = args.batch
        longest = min(sizes.longest(model), (places(model.config) or sizes.LONGEST) - STEP)
        known = tasks.get(task)
        every = [e for e in data.read(args.data, task) if known.gold(e) is not None]
        labels = known.known_labels
        manifest = Manifest(task=task, format=FORMATS[task], kind="seq2seq", labels=labels, max_input_length=longest)
        self.local = Forced(self.model, self.tokenizer, manifest, GENERATE)
        # A text that needs several windows would not be the same input for the others.
        fitting = [(e, self.local.cut.framed(self.local.cut(e.text).ids)) for e in every]
        fitting = [(e, ids) for e, ids in fitting if len(ids) <= longest][: args.n]
        self.examples: list[Example] = [e for e, _ in fitting]
        self.inputs = [ids for _, ids in fitting]
        self.lengths = [answer_length(len(ids)) for ids in self.inputs]

    def ours(self) -> None:
        Forced.tokens = 0
        made = list(self.local.predict(self.examples))
        if len(made) != len(self.examples) or Forced.tokens != sum(self.lengths):
            raise AssertionError("local wrote something else")

    def converted(self) -> Callable[[], None]:
        """Returns the run of our decoder `ct2`, with one call per length of answer."""
        local = Forced(self.model, self.tokenizer, self.local.manifest, CT2)
        alike: dict[int, list[Example]] = defaultdict(list)
        for example, length in zip(self.examples, self.lengths, strict=True):
            alike[length].append(example)

        def run() -> None:
            Forced.tokens = 0
            made = [one for examples in alike.values() for one in local.predict(examples)]
            if len(made) != len(self.examples) or Forced.tokens != sum(self.lengths):
                raise AssertionError("local ct2 wrote something else")

        return run

    @torch.inference_mode()
    def generate(self) -> None:
        end, written = self.tokenizer.eos_token_id, 0
        for first in range(0, len(self.inputs), self.batch):
            lengths = self.lengths[first : first + self.batch]
            given = self.tokenizer.pad({"input_ids": self.inputs[first : first + self.batch]}, return_tensors="pt")
            made = self.model.generate(
                **given.to(self.model.device),
                max_new_tokens=max(lengths) + 1,
                do_sample=False,
                num_beams=1,
                logits_processor=[Ending(lengths, end)],
            )
            self.tokenizer.batch_decode(made, skip_special_tokens=True)
            written += sum(row.index(end) for row in made[:, 1:].tolist())
        if written != sum(self.lengths):
            raise AssertionError("generate wrote something else")

    def translated(self, rival: Any) -> Callable[[], None]:
        """Returns the run of CTranslate2, with one call per length of answer."""
        alike: dict[int, list[list[str]]] = defaultdict(list)
        for ids, length in zip(self.inputs, self.lengths, strict=True):
            alike[length].append([f"w{i}" for i in ids])

        def run() -> None:
            for length, rows in alike.items():
                found = rival.translate_batch(
                    rows,
                    beam_size=1,
                    max_batch_size=self.local.batch_tokens,
                    batch_type="tokens",
                    min_decoding_length=length,
                    max_decoding_length=length,
                )
                if any(len(one.hypotheses[0]) < length - 1 for one in found):
                    raise AssertionError("CTranslate2 wrote less")

        return run


def measure(name: str, task: str, args: argparse.Namespace) -> list[Row]:
    """Returns the rows of a model and task."""
    case = Case(name, task, args)
    contenders = {"local": case.ours, "generate": case.generate}
    with tempfile.TemporaryDirectory() as folder:
        rival = None if args.device != "cpu" else translator(case.model, Path(folder), args.threads)
        if rival is not None:
            contenders |= {"local ct2": case.converted(), "ctranslate2": case.translated(rival)}
        taken = medians(contenders, args.repeats, CLOCKS[args.clock])
    made = []
    for contender, seconds in taken.items():
        ratios = [
            round(seconds / taken[one], 2) if one in taken and contender != one else None
            for one in ("local", "local ct2")
        ]
        made.append(Row(name, task, contender, round(len(case.examples) / seconds, 2), *ratios))
        print(made[-1], file=sys.stderr)
    return made


def table(rows: Sequence[Row]) -> str:
    """Returns the table as Markdown."""
    lines = ["| model | task | contender | predictions/s | local is × faster | local ct2 is × faster | goal |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        goal = {"generate": "local ≥ 1", "ctranslate2": "local ct2 ≥ 1"}.get(row.contender, "")
        ratios = ["" if one is None else one for one in (row.local_is_faster, row.ct2_is_faster)]
        lines.append(
            f"| {row.model} | {row.task} | {row.contender} | {row.predictions_s} | {ratios[0]} | {ratios[1]} | {goal} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=sizes.NAMES, default=("bart-base", "tiny-bart", "tiny-t5"))
    parser.add_argument("--data", default="demo")
    parser.add_argument("--tasks", nargs="+", choices=tuple(FORMATS), default=("ner", "causal"))
    parser.add_argument("--n", type=int, default=64, help="examples [64]")
    parser.add_argument("--batch", type=int, default=8, help="batch size of `generate` [8, as in the study]")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    rows = [row for name in args.models for task in args.tasks for row in measure(name, task, args)]
    if args.device == "cpu" and not any(row.contender == "ctranslate2" for row in rows):
        print("ctranslate2 is not installed: left out", file=sys.stderr)
    print(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) if args.json else table(rows))


if __name__ == "__main__":
    main()
