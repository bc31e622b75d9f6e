"""Pretrains the tiny models that come with the package: `python -m finetune.pretrain tiny-bart OUT`.

They learn to copy and to repair generated legends (`fewshot.demo.synthesis`: no surface of the bundled test split),
without any label. Some words are replaced by random strings, in source and answer alike, so that the model learns to
copy and not the lexicon. The next source token is known, so one head of each decoder layer is trained to attend to it
(guided attention: Tachibana et al. 2018, "Efficiently Trainable Text-to-Speech System Based on Deep Convolutional
Networks with Guided Attention"); without that, copying is not learned within 3,000 steps. The encoder has to fill the
masked words as well.

    tiny-bart     BART, 3+2 layers of 128, byte-level BPE of 1,500
    tiny-t5       T5, 3+2 layers of 128, Unigram of 1,500
    tiny-tagger   RoBERTa: tiny-bart's encoder, weight for weight (`--encoder-of FOLDER`), so that tagger and seq2seq
                  start from the same pretraining

Seeded; the training log is written beside the weights (`pretraining.json`).
"""

from __future__ import annotations

import argparse
import json
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from fewshot.cli import _terminal
from fewshot.demo import synthesis
from fewshot.models import model_folder
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.models.windows import windows
from finetune.tiny import SPECIAL, bpe, tiny_bart, tiny_t5, unigram
from finetune.warm_start import as_roberta

FIGURES = 4000
"""Generated figures to learn from. A judgement."""

LONGEST = 256
"""Tokens of a source; longer legends are read in windows of this size."""

_LENGTHS, _OFTEN = (64, 128, LONGEST), (3, 4, 3)
"""Sizes of the training windows in tokens, and their weights: short ones cost less and teach most. Judgements."""

_MASKED, _REPLACED = 0.15, 0.05  # shares of tokens; judgements, near the 15% of BERT
_STRANGE, _CLEAN = 0.15, 0.4  # share of words made random; share of sources left as they are (judgements)
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one of the models is built and trained."""

    tokenizer: Callable[[Sequence[str]], Any]
    model: Callable[[Any], Any]
    steps: int = 2500
    learning_rate: float = 1.5e-3


RECIPES = {
    "tiny-bart": Recipe(bpe, tiny_bart),
    "tiny-t5": Recipe(unigram, tiny_t5),
}


def strange(text: str, random: Random) -> str:
    """Returns the text with some words replaced by random strings of the same length, which can only be copied."""
    words = text.split(" ")
    for i, word in enumerate(words):
        if word.isalnum() and len(word) > 1 and random.random() < _STRANGE:
            letters = string.ascii_letters + string.digits + "αβγ-"
            words[i] = "".join(random.choice(letters) for _ in word)
    return " ".join(words)


def corrupted(ids: Sequence[int], mask: int, size: int, random: Random) -> list[int]:
    """Returns the ids with some masked and some replaced by random ones."""
    tokens = list(ids)
    for i in range(len(tokens)):
        draw = random.random()
        if draw < _MASKED + _REPLACED:
            tokens[i] = mask if draw < _MASKED else random.randrange(len(SPECIAL), size)
    return tokens


def interrupted(ids: Sequence[int], random: Random) -> tuple[list[int], list[int]]:
    """Returns an answer with ignored positions inserted where tags will be later, and each token's source position."""
    labels: list[int] = []
    aligned: list[int] = []
    often = random.choice((0.0, 0.05, 0.15))
    for place, token in enumerate(ids):
        if place > 0 and random.random() < often:
            labels.append(IGNORED)
            aligned.append(place)
        labels.append(token)
        aligned.append(place)
    return labels, aligned


def rows(tokenizer: Any, texts: Sequence[str], seed: int, batch: int) -> Iterator[dict[str, list[int]]]:
    """Yields training rows without end; the rows of a batch come from windows of one size."""
    random = Random(f"pretrain {seed}")
    cut = SourceTokenizer(tokenizer)
    mask = tokenizer.mask_token_id if tokenizer.mask_token_id is not None else tokenizer.unk_token_id
    for number in count():
        if number % batch == 0:
            longest = random.choices(_LENGTHS, _OFTEN)[0] - 2
        text = strange(random.choice(texts), random)
        pieces = windows(text, longest, lambda part: len(cut(part)))
        window = random.choice(pieces)
        ids = list(cut(text[window.start : window.end]).ids)
        given = ids if random.random() < _CLEAN else corrupted(ids, mask, len(tokenizer), random)
        labels, aligned = interrupted(cut.framed(ids), random)
        masked = [IGNORED if token == mended else mended for token, mended in zip(given, ids, strict=True)]
        before, after = [IGNORED] * len(cut.before), [IGNORED] * len(cut.after)
        row = {"input_ids": cut.framed(given), "labels": labels, "aligned": aligned}
        yield row | {"masked": [*before, *masked, *after]}


def guided_trainer() -> Any:
    """Returns a trainer class that adds the losses of guided attention and of masked words."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import Trainer

    class Guided(Trainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **more: Any) -> Any:
            place, masked = inputs.pop("aligned"), inputs.pop("masked")
            real = place != IGNORED
            outputs = model(**inputs, output_attentions=True, use_cache=False)
            layers = [
                layer[:, 0].gather(2, place.clamp(min=0)[:, :, None])[..., 0] for layer in outputs.cross_attentions
            ]
            guide = torch.stack([-torch.log(attention[real].float() + 1e-6).mean() for attention in layers]).mean()
            states = outputs.encoder_last_hidden_state
            if model.config.model_type == "t5":  # T5's head shares its embeddings and expects states of this scale
                states = states * model.config.d_model**-0.5
            filled = cross_entropy(model.lm_head(states).flatten(0, 1), masked.flatten())
            total = outputs.loss + guide
            if bool((masked != IGNORED).any()):
                total = total + filled
            parts = {"answer": outputs.loss, "guide": guide, "masked": filled}
            self.store = {name: float(value.detach()) for name, value in parts.items()}
            return (total, outputs) if return_outputs else total

        def log(self, logs: dict[str, float], *args: Any, **more: Any) -> None:
            super().log(logs | {k: round(v, 4) for k, v in getattr(self, "store", {}).items()}, *args, **more)

    return Guided


def pretrain(name: str, out: Path, *, steps: int | None, batch: int, seed: int, rate: float | None) -> None:
    """Pretrains one of the models and writes its folder."""
    import torch
    from torch.utils.data import IterableDataset
    from transformers import TrainingArguments, set_seed

    from finetune.features import collate

    recipe = RECIPES[name]
    set_seed(seed)
    texts = [e.text for e in synthesis.generate(FIGURES, seed=seed + 1) if e.panels is not None]
    tokenizer = recipe.tokenizer(texts)
    model = recipe.model(tokenizer)
    model.set_attn_implementation("eager")

    class Rows(IterableDataset[dict[str, list[int]]]):
        def __iter__(self) -> Iterator[dict[str, list[int]]]:
            return rows(tokenizer, texts, seed, batch)

    arguments = TrainingArguments(
        output_dir=str(out),
        max_steps=steps or recipe.steps,
        per_device_train_batch_size=batch,
        learning_rate=rate or recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=200,
        weight_decay=0.01,
        adam_beta2=0.98,
        logging_steps=100,
        save_strategy="no",
        report_to="none",
        seed=seed,
        bf16=True,
        dataloader_pin_memory=False,
        disable_tqdm=not sys.stderr.isatty(),
        use_cpu=not torch.cuda.is_available(),
        remove_unused_columns=False,
    )
    trainer = guided_trainer()(
        model=model, args=arguments, train_dataset=Rows(), data_collator=collate(tokenizer.pad_token_id)
    )
    trainer.train()
    log = {
        "command": f"finetune.pretrain {name} OUT --steps {arguments.max_steps} --batch {batch} --seed {seed}",
        "figures": FIGURES,
        "log": trainer.state.log_history,
    }
    write(model, tokenizer, out, log | {"model": name})


def encoder_of(folder: Path, out: Path) -> None:
    """Writes the encoder of a BART as a RoBERTa."""
    model, tokenizer = model_folder.load(folder, "AutoModelForSeq2SeqLM")
    log = {"model": "tiny-tagger", "command": f"finetune.pretrain tiny-tagger OUT --encoder-of {folder.name}"}
    write(as_roberta(model), tokenizer, out, log)


def write(model: Any, tokenizer: Any, out: Path, log: dict[str, Any]) -> None:
    """Writes a model folder with 16-bit weights, and the training log."""
    parameters = sum(p.numel() for p in model.parameters())
    model.to("cpu").half().save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "pretraining.json").write_text(json.dumps(log | {"parameters": parameters}, indent=1) + "\n", "utf-8")
    _terminal.line(f"{out}: {parameters:,} parameters")


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m finetune.pretrain", description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=[*RECIPES, "tiny-tagger"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--encoder-of", type=Path, metavar="FOLDER", help="tiny-tagger: the folder of tiny-bart")
    parser.add_argument("--steps", type=int, help="[2500]")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, help="learning rate [1.5e-3]")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if args.name not in RECIPES:
        if args.encoder_of is None:
            parser.error("tiny-tagger is tiny-bart's encoder: add --encoder-of FOLDER")
        encoder_of(args.encoder_of, args.out)
        return 0
    pretrain(args.name, args.out, steps=args.steps, batch=args.batch, seed=args.seed, rate=args.rate)
    return 0


if __name__ == "__main__":
    sys.exit(main())
