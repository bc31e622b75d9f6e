"""Fine-tune a model, then predict with it.

    fewshot finetune --task ner --data train.jsonl --base-model facebook/bart-base --do_train --do_predict
    fewshot finetune EMBO/sd-nlp-non-tokenized NER copy_tag --base_model t5-base --do_train --do_eval --do_predict

Accepts the study's command lines unchanged, and every flag of transformers' Seq2SeqTrainingArguments
(`python -m finetune --help` lists ours). Several GPUs: `accelerate launch -m finetune …`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

HANDS_ON = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares nothing: all arguments are passed on unchanged."""
    del parser


def main(args: argparse.Namespace) -> int:
    """Starts `python -m finetune` with the same words."""
    done = subprocess.Popen([sys.executable, "-m", "finetune", *args.rest])
    while True:
        try:
            return done.wait()
        except (
            KeyboardInterrupt
        ):  # the terminal signals the training as well: it ends by itself and prints how to continue
            continue
