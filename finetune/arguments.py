"""The command line of `python -m finetune`: its own flags, and all of transformers' Seq2SeqTrainingArguments.

fewshot finetune --task ner --data train.jsonl --base-model facebook/bart-base --do_train --do_predict
fewshot finetune EMBO/sd-nlp-non-tokenized NER copy_tag --base_model t5-base --do_train …    (the study's form)
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fewshot import data, tasks
from fewshot.cli import _arguments
from fewshot.errors import InputError
from fewshot.models import model_folder
from finetune import combinations, study

if TYPE_CHECKING:
    from transformers import Seq2SeqTrainingArguments

MODELS = Path("runs/models")
RUNS = Path("runs")
_GENERATION = (
    "temperature", "no_repeat_ngram_size", "repetition_penalty", "do_sample", "top_k", "top_p", "length_penalty",
)  # fmt: skip
_EVERYTHING = ("all",)
TAGGER: model_folder.ModelKind = "tagger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Our own flags, as given on the command line; `None`: not given."""

    data: str
    task: str
    format: str | None = None
    kind: model_folder.ModelKind = "seq2seq"
    base_model: str | None = None
    checkpoint: str | None = None
    labels: tuple[str, ...] = ()
    prompt: str = ""
    end: str = ""
    max_input_length: int | None = None
    max_target_length: int | None = None
    truncate: bool = False
    reading: dict[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    skip_lines: int = 0
    split_fractions: tuple[float, float, float] | None = None
    extra_data: tuple[str, ...] = ()
    validation_data: str | None = None
    test_data: str | None = None
    limit: int | None = None
    decoder: str | None = None
    decisions: float | None = None
    draft_loss: float = 0.0
    full_vocabulary: bool = False
    word_dropout: float = 0.0
    lora: int | None = None
    early_stopping: int | None = None
    overwrite: bool = False
    shown: int = 2
    generation: dict[str, Any] = field(default_factory=dict)

    @property
    def tagger(self) -> bool:
        """Whether a model that gives each word a class is trained; else one that writes answers."""
        return self.kind == TAGGER


class _Parser(argparse.ArgumentParser):
    """Raises one clear line instead of printing the usage text."""

    def error(self, message: str) -> NoReturn:
        raise InputError(_arguments.without_value(message), hint="see `fewshot finetune --help`")


def parse(argv: Sequence[str]) -> tuple[Arguments, Seq2SeqTrainingArguments, list[str]]:
    """Parses a command line; returns our arguments, transformers' arguments, and notices.

    Raises:
        InputError: A flag or a value cannot be used.
    """
    words, notices = study.translated(argv)
    first = list(takewhile(lambda word: not word.startswith("-"), words))
    said, rest = _ours().parse_known_args(words[len(first) :])
    where = _places(first, said)
    reading = {name: value for name in (data.FORMAT, *data.options()) if (value := getattr(said, name)) is not None}
    name = said.run_name or _name(where["task"], said)
    training = _training(rest, name, Path(said.output_dir) if said.output_dir else MODELS / name, said)
    ours = Arguments(
        **where,
        kind=said.kind,
        base_model=said.base_model,
        checkpoint=said.from_local_checkpoint,
        labels=() if tuple(said.labels) == _EVERYTHING else tuple(said.labels),
        prompt=said.prompt_init,
        end=said.generate_end,
        max_input_length=said.max_input_length,
        max_target_length=said.max_target_length,
        truncate=said.truncate,
        reading=reading,
        delimiter=said.delimiter,
        skip_lines=said.skip_lines,
        split_fractions=_fractions(said.split_fractions),
        extra_data=tuple(said.extra_data),
        validation_data=said.validation_data,
        test_data=said.test_data,
        limit=said.limit,
        decoder=said.decoder,
        decisions=said.decisions,
        draft_loss=said.draft_loss,
        full_vocabulary=said.full_vocabulary,
        word_dropout=said.word_dropout,
        lora=said.lora,
        early_stopping=_patience(said),
        overwrite=said.overwrite_output_dir,
        shown=said.shown,
        generation=_generation(said, training),
    )
    notices += combinations.check(ours, training)
    return ours, training, notices


def _ours() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fewshot finetune",
        usage="fewshot finetune [DATA TASK [TYPE]] [flags]",
        description="Fine-tune a seq2seq model or a tagger; --do_predict runs it and adds its row to the table.",
        epilog="Accepts every flag of transformers' Seq2SeqTrainingArguments; dashes and underscores are equivalent.",
        allow_abbrev=False,
    )

    def add(flag: str, **options: Any) -> None:
        names = dict.fromkeys((flag, flag.replace("_", "-")))
        parser.add_argument(*names, **options)

    add("--data", help="as `fewshot run --data`; EMBO/SourceData is read from the hub")
    add("--task", help=", ".join(tasks.names()))
    add("--kind", choices=tuple(model_folder.AUTO_CLASSES), default="seq2seq")
    add("--format", help="format of the answers, see `fewshot list formats` [copy_tag; causal: sentence]")
    add("--base_model", help="a model of the hub, or a folder")
    add("--from_local_checkpoint", help="continue from this checkpoint, or predict with it")
    parser.add_argument(
        "--labels", "--ner_labels", "--ner-labels", nargs="+", default=(), metavar="L", help="only these labels"
    )
    add("--prompt_init", default="", help="text before each source")
    add("--generate_end", default="", help="text that ends each answer")
    add("--max_input_length", type=int, help="tokens; longer texts are read in windows [512, or the model's limit]")
    add("--max_target_length", type=int, help="tokens of an answer [as many as the source needs]")
    add("--truncate", action="store_true", help="cut long texts instead, as the study did, and report what is lost")
    add("--from", metavar="F", help="how --data is read: see `fewshot list data` [by content]")
    for option in data.options().values():
        add(f"--{option.name}", metavar=option.metavar, help=option.help)
    add("--delimiter", help="separates input and target in a CSV with one column")
    add("--skip_lines", type=int, default=0, metavar="N", help="skip the first N lines of a CSV")
    add("--split_fractions", nargs=3, type=float, metavar="F", help="train, validation and test, by article")
    add("--validation_data", help="the validation split, if it is a source of its own")
    add("--test_data", help="the test split, likewise; --do_predict runs on it")
    add("--extra_data", nargs="+", default=(), help="more training data: its train split, or all of it")
    add("--limit", type=int, metavar="N", help="train on N examples")
    add("--decoder", choices=("copy", "generate"), help="[copy if the model can]")
    add(
        "--decisions", type=float, metavar="W", help="weight of the loss of tag decisions beside the loss of tokens [1]"
    )
    add(
        "--draft_loss",
        type=float,
        default=0.0,
        metavar="W",
        help="copy_tag: also a head on the encoder, which drafts answers; weight of its loss [0: none]",
    )
    add(
        "--full_vocabulary",
        action="store_true",
        help="copy_tag: loss over the whole vocabulary, not over the tokens of the batch",
    )
    add(
        "--word_dropout", type=float, default=0.0, metavar="P", help="share of a tagger's tokens masked in training [0]"
    )
    add("--lora", type=int, nargs="?", const=16, metavar="RANK", help="train low-rank adapters only [16]")
    add(
        "--early_stopping",
        nargs="?",
        const=3,
        type=int,
        metavar="N",
        help="end after N evaluations without a better F1 [3]",
    )
    add("--early_stopping_patience", type=int, metavar="N")
    add("--overwrite_output_dir", action="store_true", help="replace a model that is already there")
    add("--shown", type=int, default=2, metavar="N", help="examples shown at each evaluation [2]")
    add("--run_name", help="[named after task and model]")
    add("--output_dir", help=f"[{MODELS}/<run name>]")
    for name in _GENERATION:
        add(f"--{name}", type=_flag if name == "do_sample" else float, help="passed to `generate`")
    return parser


def _places(first: Sequence[str], said: argparse.Namespace) -> dict[str, Any]:
    """Returns data, task and format, from flags or from the first three words."""
    words = list(first)
    if len(words) > 3:
        raise InputError(f"unexpected argument {words[3]!r}", hint="usage: DATA TASK [TYPE], then flags")
    source = said.data or (words.pop(0) if words else None)
    task = said.task or (words.pop(0) if words else None)
    type_ = said.format or (words.pop(0) if words else None)
    if source is None or task is None:
        raise InputError(f"--{'data' if source is None else 'task'} is missing", hint="see `fewshot finetune --help`")
    return {"data": source, "task": task.lower(), "format": type_}


def _name(task: str | None, said: argparse.Namespace) -> str:
    model = str(said.from_local_checkpoint or said.base_model or "model").rstrip("/").rpartition("/")[2]
    return f"{said.kind}-{model}-{task}"


def _training(rest: Sequence[str], name: str, folder: Path, said: argparse.Namespace) -> Seq2SeqTrainingArguments:
    import torch
    from transformers import HfArgumentParser, Seq2SeqTrainingArguments

    class Parser(_Parser, HfArgumentParser): ...  # type: ignore[misc]

    parser = Parser(Seq2SeqTrainingArguments, allow_abbrev=False)
    words = [*rest, "--output_dir", str(folder), "--run_name", name]
    if said.early_stopping is not None and _says(rest, "do_train") and not _says(rest, "eval_strategy"):
        words += ["--eval_strategy", "epoch", "--save_strategy", "epoch"]
    if not torch.accelerator.is_available():
        words += ["--dataloader_pin_memory", "False"]
        words += [] if _says(rest, "use_cpu") else ["--use_cpu"]  # without --use_cpu transformers refuses --bf16
    # transformers logs every 500 steps, which is longer than a small training.
    for flag, usual in (("logging_steps", "50"), ("train_sampling_strategy", "group_by_length")):
        words += [] if _says(rest, flag) else [f"--{flag}", usual]
    try:
        training, unknown = parser.parse_args_into_dataclasses(words, return_remaining_strings=True)
    except ValueError as error:
        raise InputError(" ".join(str(error).split())[:300]) from None
    if unknown:
        flags = [f"--{known.name}" for known in fields(Seq2SeqTrainingArguments)]
        raise InputError(_arguments.unrecognized(unknown, flags), hint="see `fewshot finetune --help`")
    return training


def _says(words: Sequence[str], name: str) -> bool:
    return any(word.lstrip("-").replace("-", "_").partition("=")[0] == name for word in words)


def _fractions(said: Sequence[float] | None) -> tuple[float, float, float] | None:
    if said is None:
        return None
    if any(f < 0 for f in said) or not 0.999 < sum(said) < 1.001:
        raise InputError(f"--split-fractions must be three shares that add up to 1, not {' '.join(map(str, said))}")
    return said[0], said[1], said[2]


def _patience(said: argparse.Namespace) -> int | None:
    patience = said.early_stopping_patience if said.early_stopping_patience is not None else said.early_stopping
    if patience is not None and patience < 1:
        raise InputError(f"--early-stopping must be at least 1, not {patience}")
    return None if patience is None else int(patience)


def _generation(said: argparse.Namespace, training: Seq2SeqTrainingArguments) -> dict[str, Any]:
    """Returns the options of `generate` beyond plain greedy search; without sampling a temperature changes nothing."""
    options = {name: getattr(said, name) for name in _GENERATION if getattr(said, name) is not None}
    if not options.get("do_sample"):
        for name in ("temperature", "top_k", "top_p"):
            options.pop(name, None)
    for name in ("no_repeat_ngram_size", "top_k"):
        if name in options:
            options[name] = int(options[name])
    if (training.generation_num_beams or 1) > 1:
        options["num_beams"] = training.generation_num_beams
    return options


def _flag(word: str) -> bool:
    if word.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError(f"True or False, not {word}")
    return word.lower() in ("true", "1")
