"""Flags of a training that do not go together: each is refused with one line that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewshot.errors import InputError

if TYPE_CHECKING:
    from transformers import Seq2SeqTrainingArguments

    from finetune.arguments import Arguments


def check(ours: Arguments, training: Seq2SeqTrainingArguments) -> list[str]:
    """Returns notices about defaults that change.

    Raises:
        InputError: A combination of flags cannot work.
    """
    if not (training.do_train or training.do_eval or training.do_predict):
        raise InputError("nothing to do", hint="add --do_train, --do_eval or --do_predict")
    if ours.base_model is None and ours.checkpoint is None:
        raise InputError(
            "--base-model is missing", hint="name a model of the hub, such as facebook/bart-base, or a folder"
        )
    if not 0 <= ours.word_dropout < 1:
        raise InputError(f"--word-dropout must be at least 0 and less than 1, not {ours.word_dropout}")
    if ours.word_dropout and not ours.tagger:
        raise InputError(
            "--word-dropout needs --kind tagger: a model that copies must see what it copies", hint="use --kind tagger"
        )
    if not 0 <= ours.draft_loss < float("inf"):
        raise InputError(f"--draft-loss must be at least 0, not {ours.draft_loss}")
    if ours.draft_loss and (ours.tagger or ours.lora):
        why = "a tagger writes no answers" if ours.tagger else "adapters leave the rest of the model alone"
        raise InputError(f"--draft-loss: {why}", hint="leave one out")
    breaking = [name for name in ("no_repeat_ngram_size", "repetition_penalty", "do_sample", "num_beams")
                if ours.generation.get(name) not in (None, False, 0, 1, 1.0)]  # fmt: skip
    if breaking and ours.decoder == "copy":
        raise InputError(
            f"--decoder copy cannot be combined with --{breaking[0]}, which forbids copying", hint="leave one out"
        )
    if breaking and ours.decoder is None:
        return [f"decoded by generate: --{breaking[0]} {ours.generation[breaking[0]]} forbids copying"]
    return []
