"""Raw pairs: a CSV whose targets belong to none of our tasks; trained as they are, scored by exact match.

There are no offsets and no labels to score, so such a run is not a row of the table: its results are in
`predictions.jsonl` and `scores.json` of the run folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from fewshot.data import study_csv
from fewshot.errors import InputError, RunFolderError
from fewshot.files import json_lines, write
from fewshot.models import batches, model_folder, vocabulary
from fewshot.models.seq2seq import generate
from fewshot.models.source_tokens import SourceTokenizer
from finetune import building, features, sources
from finetune.arguments import RUNS, Arguments

if TYPE_CHECKING:
    from transformers import Seq2SeqTrainingArguments

_LIMIT = 512
"""Tokens of an input, and of a target, by default (as for the tasks)."""


@dataclass(frozen=True, slots=True)
class _Sets:
    train: list[study_csv.Row]
    validation: list[study_csv.Row]
    test: list[study_csv.Row]


def run(arguments: Arguments, training: Seq2SeqTrainingArguments, say: Callable[[str], None]) -> int:
    """Trains on pairs, predicts the test split and scores it by exact match.

    Raises:
        InputError: There are no pairs to train on, or `--kind tagger` is given.
    """
    from transformers import Seq2SeqTrainer

    if arguments.tagger:
        raise InputError("raw pairs need --kind seq2seq", hint="leave --kind out")
    say(f"the targets of {arguments.data} belong to no known task: raw pairs, scored by exact match")
    reader = study_csv.StudyCsvReader(**sources.csv_options(arguments))
    sets = _split(reader.pairs(arguments.data), arguments, training.seed)
    folder = model_folder.resolve(str(arguments.checkpoint or arguments.base_model))
    model, tokenizer = model_folder.load(folder, "AutoModelForSeq2SeqLM")
    written = [arguments.end] if arguments.end else []
    vocabulary.extend(tokenizer, model, written=written, texts=[t for r in sets.train for t in (r.input, r.target)])
    building.plain_generation(model)
    if training.do_train:
        if not sets.train:
            raise InputError(f"{arguments.data} has no train rows")
        training.remove_unused_columns = False
        training.eval_strategy = type(training.eval_strategy)("no")
        trainer = Seq2SeqTrainer(
            model=model,
            args=training,
            train_dataset=[_row(pair, tokenizer, arguments) for pair in sets.train],
            data_collator=features.collate(tokenizer.pad_token_id),
            processing_class=tokenizer,
        )
        trainer.model_accepts_loss_kwargs = False  # for the reason given in `finetune.trainer`
        trainer.train()
        trainer.save_model(str(training.output_dir))
    if training.do_predict:
        _predict(model, tokenizer, sets.test, arguments, RUNS / str(training.run_name), say)
    return 0


def _split(rows: Sequence[study_csv.Row], arguments: Arguments, seed: int) -> _Sets:
    if any(row.subset for row in rows) and arguments.split_fractions is None:
        return _Sets(*([row for row in rows if row.subset == s] for s in ("train", "validation", "test")))
    order = list(rows)
    Random(f"splits {seed}").shuffle(order)
    shares = arguments.split_fractions or (0.8, 0.1, 0.1)
    first, second = round(len(order) * shares[0]), round(len(order) * (shares[0] + shares[1]))
    return _Sets(order[:first], order[first:second], order[second:])


def _row(pair: study_csv.Row, tokenizer: Any, arguments: Arguments) -> dict[str, list[int]]:
    cut = SourceTokenizer(tokenizer)
    target = f"{pair.target} {arguments.end}".strip()
    room = (arguments.max_target_length or _LIMIT) - len(cut.framed(()))
    return {
        "input_ids": _input(pair, cut, arguments),
        "labels": cut.framed(cut.text_ids(target)[:room]),
    }


def _input(pair: study_csv.Row, cut: SourceTokenizer, arguments: Arguments) -> list[int]:
    room = (arguments.max_input_length or _LIMIT) - len(cut.framed(()))
    return cut.framed(cut.text_ids(arguments.prompt + pair.input)[:room])


def _predict(
    model: Any,
    tokenizer: Any,
    rows: Sequence[study_csv.Row],
    arguments: Arguments,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    if not rows:
        raise InputError(f"{arguments.data} has no test rows")
    cut = SourceTokenizer(tokenizer)
    inputs = [_input(row, cut, arguments) for row in rows]
    answers = [""] * len(rows)
    model.eval()
    for batch in batches.batches([len(row) for row in inputs]):
        options = {"max_new_tokens": arguments.max_target_length or _LIMIT, "do_sample": False, **arguments.generation}
        for i, (answer, _) in zip(batch, generate(model, tokenizer, [inputs[i] for i in batch], options), strict=True):
            answers[i] = answer.partition(arguments.end)[0].strip() if arguments.end else answer.strip()
    right = sum(answer == row.target.strip() for answer, row in zip(answers, rows, strict=True))
    scores = {"task": "other", "n": len(rows), "scores": {"exact.accuracy": right / len(rows)}}
    predictions = (
        {"id": f"{Path(str(row.where.path)).name}:{row.where.line}", "output": answer, "target": row.target}
        for row, answer in zip(rows, answers, strict=True)
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"cannot make {folder}: {error.strerror}") from None
    write(folder / "predictions.jsonl", json_lines(predictions), error=RunFolderError)
    write(folder / "scores.json", json.dumps(scores, indent=2) + "\n", error=RunFolderError)
    say(f"exact match {right} of {len(rows)} ({right / len(rows):.1%}) · {folder}")
