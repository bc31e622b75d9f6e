"""The speed of copy decoding: ratios within one run to `generate`, one forward pass, and CTranslate2.

    python benchmarks/decoding.py                       bart-base and t5-base size, batch 1 and 8
    python benchmarks/decoding.py --json > rows.json    {"rows": [{"model", "batch", "draft", "against", "ratio"}]}
    python benchmarks/decoding.py --clock cpu --threads 1      for a machine that is busy otherwise
    python benchmarks/decoding.py --peak ours           peak memory after one batch; also generate, forward

Random weights at the sizes of bart-base and t5-base. The decisions are forced to one pattern, 6 tagged spans in 256
source tokens, the same for every contender (scores are computed as usual, then overruled). Medians of `--repeats`
rounds in which the contenders take turns. Ours, by the first draft:

    copy         no tag is expected
    6, 5, 0      what the head on the encoder says, computed and then overruled too: right in so many of the spans. Of
                 the wrong ones each second is missed, the others lie one token off; the one that is wrong in `5` is
                 another one in each row and each round

A forced decision knows its context as a trained model does: a tag closes only where one is open in what was fed. Goals
count at `5`.

    generate     model.generate, greedy, fp32, the same model: how many times faster we are
    forward      one teacher-forced pass over source and finished answer, with the logits of the whole vocabulary:
                 how many times longer we take (1 is the floor)
    ctranslate2  int8, greedy, unconstrained, the same number of tokens: how many times faster we are (skipped if not
                 installed)
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from fewshot.models import tagging
from fewshot.models.copy_decoding import CopyDecoder
from fewshot.models.draft_head import DraftHead, Guessing
from fewshot.models.drafts import Copying, Drafter
from fewshot.models.source_tokens import SourceTokens
from fewshot.records import Span

SOURCE = 256  # tokens
SPANS = tuple((start, start + length) for start, length in zip(range(12, 256, 41), (1, 3, 2, 4, 1, 2), strict=True))
LABELS = ("GENEPROD", "EXP_ASSAY")
DRAFTS: Mapping[str, int | None] = {"copy": None, "6 of 6": 6, "5 of 6": 5, "0 of 6": 0}
"""The spans that a draft has right; `None`: a draft without tags."""
COUNTED = "5 of 6"
Clock: TypeAlias = Callable[[], float]
CLOCKS: Mapping[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}
"""`cpu`, with `--threads 1`: what the work costs on a machine that does other things as well. Threads that wait for
each other spin, and spinning counts."""
_FIRST_WORD = 10  # the ids below are special tokens


class Forced(CopyDecoder):
    """Decides as the pattern says, in the state that each fed token is in: everything is computed as usual, then the
    result is overruled."""

    def _scores(self, hidden: Tensor, active: Sequence[Any], fed: Sequence[Sequence[int]]) -> Any:
        copied, tags = super()._scores(hidden, active, fed)
        copied, tags = np.zeros_like(copied), np.full_like(tags, -1.0)
        firsts, afters = ({span[side] for span in SPANS} for side in (0, 1))
        at = 0
        for row, tokens in zip(active, fed, strict=True):
            if tokens:
                states = zip(row.course.places, row.course.labels, strict=True)
                for i, (place, label) in enumerate(states, at + len(row.pending) - 1):
                    tags[i, 0] = 1.0 if label < 0 and place in firsts else -1.0
                    tags[i, len(LABELS)] = 1.0 if label >= 0 and place in afters else -1.0
            at += len(tokens)
        return copied, tags


@dataclass(frozen=True)
class Overruled(DraftHead):
    """A head that says the pattern, but for its wrong spans; what it would have said is computed all the same."""

    right: int
    turns: Iterator[int] = field(default_factory=count)

    def spans(self, states: Tensor, sources: Sequence[SourceTokens], going_on: Any = None) -> list[tuple[Span, ...]]:
        super().spans(states, sources, going_on)
        turn = next(self.turns)
        return [tuple(self._said(turn + number)) for number in range(len(sources))]

    def _said(self, turn: int) -> Iterator[Span]:
        for number, (first, after) in enumerate(SPANS):
            off = (number + turn) % len(SPANS) >= self.right
            if not off or number % 2:
                yield Span(2 * (first + off), 2 * (after + off) - 1, LABELS[0])


def bart_base() -> Any:
    from transformers import BartConfig, BartForConditionalGeneration

    heads = {"encoder_attention_heads": 12, "decoder_attention_heads": 12}
    size = {"d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072}
    config = BartConfig(**size, **heads, forced_eos_token_id=None)
    config.normalize_before, config.normalize_embedding = (
        False,
        True,
    )  # as in the published configurations: CTranslate2 reads them
    return BartForConditionalGeneration(config)


def t5_base() -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    return T5ForConditionalGeneration(T5Config(d_model=768, d_ff=3072, num_layers=12, num_heads=12,
                                               decoder_start_token_id=0))  # fmt: skip


SIZES: Mapping[str, Callable[[], Any]] = {"bart-base": bart_base, "t5-base": t5_base}


class Case:
    """One model and batch size: the sources, the answer that every contender writes, and the contenders."""

    def __init__(self, model: Any, batch: int, device: str, dtype: torch.dtype) -> None:
        torch.manual_seed(0)
        self.model = model.to(device, dtype).eval()
        size = model.config.vocab_size
        self.tags = {label: (size - 2 * i - 2, size - 2 * i - 1) for i, label in enumerate(LABELS)}
        ids = torch.randint(_FIRST_WORD, size - 10, (batch, SOURCE))
        self.sources = [self._source(row) for row in ids.tolist()]
        self.inputs = [list(source.ids) for source in self.sources]
        self.start = [model.config.decoder_start_token_id]
        self.answers = [self._answer(row) for row in ids.tolist()]
        self.ids = ids.to(device)
        self.answer = torch.tensor(self.answers, device=device)

    def _source(self, ids: Sequence[int]) -> SourceTokens:
        starts = tuple(range(0, 2 * len(ids), 2))
        return SourceTokens("w " * len(ids), tuple(ids), starts, tuple(at + 1 for at in starts), (True,) * len(ids))

    def _answer(self, ids: Sequence[int]) -> list[int]:
        opening, closing = self.tags[LABELS[0]]
        found: list[int] = []
        last = 0
        for first, after in SPANS:
            found += [*ids[last:first], opening, *ids[first:after], closing]
            last = after
        return [*found, *ids[last:]]

    def ours(self, right: int | None) -> Callable[[], None]:
        """Returns a decoding from drafts with so many spans right, or from those without tags."""
        if right is None:
            return partial(self._decode, Copying())
        scheme = tagging.of("entities")
        linear = torch.nn.Linear(self.model.get_input_embeddings().weight.shape[1], len(scheme.classes(LABELS)))
        torch.nn.init.zeros_(linear.weight)  # as a head begins; noise would be read as tags that do not go together
        head = Overruled(linear.to(self.ids.device, self.model.dtype), scheme.classes(LABELS), scheme, 0, right)
        return partial(self._decode, Guessing(head, LABELS))

    def _decode(self, drafter: Drafter) -> None:
        decoder = Forced(self.model, self.tags, drafter=drafter)
        for marks in decoder.decode(self.inputs, self.sources, self.start):
            if [(mark.first, mark.after) for mark in marks] != list(SPANS):
                raise AssertionError("the pattern was not written")

    @torch.inference_mode()
    def generate(self) -> None:
        answer = self.answer

        def force(ids: Tensor, scores: Tensor) -> Tensor:
            right = answer[:, ids.shape[1] - 1]
            scores.scatter_(1, right[:, None], 1e9)
            return scores

        made = self.model.generate(
            self.ids,
            attention_mask=torch.ones_like(self.ids),
            max_new_tokens=answer.shape[1],
            do_sample=False,
            num_beams=1,
            logits_processor=[force],
            eos_token_id=None,
        )
        if not torch.equal(made[:, 1:], answer):
            raise AssertionError("generate wrote something else")

    @torch.inference_mode()
    def forward(self) -> None:
        start = torch.full((len(self.answers), 1), self.start[0], device=self.ids.device)
        asked = torch.cat([start, self.answer[:, :-1]], 1)
        self.model(
            input_ids=self.ids, attention_mask=torch.ones_like(self.ids), decoder_input_ids=asked, use_cache=False
        )


def translator(model: Any, folder: Path, threads: int) -> Any:
    """Returns the same weights in CTranslate2, int8; `None` if it is not installed."""
    try:
        import ctranslate2
    except ImportError:
        return None
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {f"w{i}": i for i in range(model.config.vocab_size)}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="w3"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {"pad_token": model.config.pad_token_id, "eos_token": model.config.eos_token_id, "unk_token": 3}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, bos_token="w0", **{k: f"w{i}" for k, i in names.items()}
    )
    model.save_pretrained(folder / "hf")
    tokenizer.save_pretrained(folder / "hf")
    converter = ctranslate2.converters.TransformersConverter(str(folder / "hf"))
    converter.convert(str(folder / "ct2"), quantization="int8", force=True)
    return ctranslate2.Translator(str(folder / "ct2"), device="cpu", intra_threads=threads, inter_threads=1)


def translated(made: Any, case: Case) -> Callable[[], None]:
    """Returns a greedy translation of as many tokens as the answer has."""
    length = len(case.answers[0])
    words = [[f"w{i}" for i in row] for row in case.inputs]

    def run() -> None:
        found = made.translate_batch(words, beam_size=1, min_decoding_length=length, max_decoding_length=length)
        if len(found[0].hypotheses[0]) < length - 1:
            raise AssertionError("CTranslate2 wrote less")

    return run


def medians(
    contenders: Mapping[str, Callable[[], None]], repeats: int, clock: Clock = time.perf_counter
) -> dict[str, float]:
    """Returns the median seconds of each contender; they take turns, and the first round only warms up (without
    `generate`, hundreds of passes that need no warming)."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(repeats + 1):
        for name, run in contenders.items():
            if round_ or name != "generate":
                started = clock()
                run()
                if round_:
                    taken[name].append(clock() - started)
    return {name: statistics.median(times) for name, times in taken.items()}


def measure(args: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for name in args.models:
        model = SIZES[name]()
        with tempfile.TemporaryDirectory() as folder:
            rival = None if args.device != "cpu" else translator(model, Path(folder), args.threads)
            for batch in args.batches:
                case = Case(model, batch, args.device, torch.float32)
                peers = {"generate": case.generate, "forward": case.forward}
                if rival is not None:
                    peers["ctranslate2"] = translated(rival, case)
                ours = {draft: case.ours(right) for draft, right in DRAFTS.items()}
                seconds = medians({**ours, **peers}, args.repeats, CLOCKS[args.clock])
                if args.bf16:
                    low = {f"{COUNTED} bf16": Case(model, batch, args.device, torch.bfloat16).ours(DRAFTS[COUNTED])}
                    ours |= low
                    seconds |= medians(low, args.repeats, CLOCKS[args.clock])
                    model.to(torch.float32)
                for against in peers:
                    for draft in ours:
                        took = seconds[draft]
                        ratio = took / seconds[against] if against == "forward" else seconds[against] / took
                        rows.append({"model": name, "batch": batch, "against": against, "draft": draft,
                                     "ratio": round(ratio, 2), "seconds": round(took, 4)})  # fmt: skip
                        print(rows[-1], file=sys.stderr)
    return rows


def peak(args: argparse.Namespace) -> None:
    """Prints the peak memory of the process before and after one batch (first model, last batch size)."""
    name, batch = args.models[0], args.batches[-1]
    case = Case(SIZES[name](), batch, args.device, torch.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    {"ours": case.ours(DRAFTS[COUNTED]), "generate": case.generate, "forward": case.forward}[args.peak]()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}, batch {batch}, {args.peak}: {after:.0f} MB ({after - before:.0f} above the loaded model)")


GOALS = {("generate", 1): "≥ 14", ("generate", 8): "≥ 7 (t5: 5.5)", ("forward", 1): "≤ 1.5", ("forward", 8): "≤ 1.2",
         ("ctranslate2", 1): "≥ 3", ("ctranslate2", 8): "≥ 1"}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=tuple(SIZES), default=tuple(SIZES))
    parser.add_argument("--batches", nargs="+", type=int, default=(1, 8))
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--bf16", action="store_true", help="ours in bfloat16 too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peak", choices=("ours", "generate", "forward"), help="memory of one contender, nothing else")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.peak:
        peak(args)
        return
    rows = measure(args)
    if args.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print("| model | batch | draft | against | ratio | goal |\n|---|---|---|---|---|---|")
    for row in rows:
        goal = GOALS.get((row["against"], row["batch"]), "") if row["draft"] == COUNTED else ""
        print(f"| {row['model']} | {row['batch']} | {row['draft']} | {row['against']} | {row['ratio']} | {goal} |")


if __name__ == "__main__":
    main()
