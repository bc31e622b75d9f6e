"""One training, from the command line to a model folder, and the run that predicts with it.

    data ──► features ──► transformers' trainer ──► model folder ──► fewshot run --backend local
                              │ eval_f1 from decoded answers

A folder that holds a model with other settings is refused; one with the same settings is continued from its last
checkpoint, or left as it is if it is finished.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import set_seed

from fewshot import data
from fewshot.errors import InputError, RunFolderError
from fewshot.models import model_folder, vocabulary
from fewshot.models.seq2seq import COPY, Seq2Seq
from fewshot.models.tagger import Tagger
from fewshot.models.training_log import CONTINUED
from fewshot.records import Example
from finetune import building, features, model_files, pairs, progress, shortlist, sources
from finetune.arguments import RUNS, Arguments
from finetune.building import Built
from finetune.sources import OTHER, Source
from finetune.trainer import F1, Trainer

if TYPE_CHECKING:
    from transformers import Seq2SeqTrainingArguments

Say = Callable[[str], None]


def run(arguments: Arguments, training: Seq2SeqTrainingArguments, say: Say) -> int:
    """Trains, evaluates and predicts, as the command line says; returns an exit code.

    Raises:
        InputError: Data, model or settings cannot be used.
        RunFolderError: The folder holds a model with other settings, or cannot be written.
    """
    task_name = sources.task_of(arguments)
    if task_name == OTHER:
        return pairs.run(arguments, training, say)
    source = sources.read(arguments, task_name, seed=training.seed)
    for line in source.notices:
        say(line)
    folder = Path(str(training.output_dir))
    settings = model_files.settings_of(arguments, training, source)
    going_on = arguments.overwrite and training.resume_from_checkpoint is not None
    finished = not going_on and model_files.check(folder, settings, overwrite=arguments.overwrite)
    if training.do_train and finished:
        say(f"{folder} already holds this model, fully trained")
    if not finished:
        set_seed(training.seed)  # a tagger's head is random when it is loaded, before the trainer sets its seed
        built = building.build(arguments, source, settings)
        for line in built.notices:
            say(line)
        if training.do_train or training.do_eval:
            scores = train(built, arguments, training, source, say)
            if training.do_train and not training.do_predict:
                say(closing(folder, source, scores))
        if training.do_predict and not training.do_train:
            model_files.save(built, folder)
    return predict(arguments, training, source, say) if training.do_predict else 0


def closing(folder: Path, source: Source, scores: Mapping[str, float]) -> str:
    """Returns the last line of a training: the folder, the score on the validation split, and the next command."""
    known = f" ({source.task.headline[0]} {scores[F1]:.3f} on the validation split)" if F1 in scores else ""
    command = f"fewshot run --backend local --model {folder} --task {source.task.name}"
    return f"{folder} is trained{known}; next: {command}" + (f" --data {source.place}" if source.place else "")


def train(
    built: Built, arguments: Arguments, training: Seq2SeqTrainingArguments, source: Source, say: Say
) -> dict[str, float]:
    """Trains and/or evaluates, and writes the model folder; returns the scores on the validation split."""
    make = features.taggers if built.manifest.tags_words else features.seq2seq
    rows = {
        split: make(examples, source.task, built.tokenizer, built.manifest)
        for split, examples in (("train", source.train), ("validation", source.validation))
        if examples
    }
    for split, built_rows in rows.items():
        for line in built_rows.said(split):
            say(line)
    if training.do_train and "train" not in rows:
        raise InputError(f"{arguments.data} has no train split", hint="--split-fractions 0.8 0.1 0.1 creates one")
    _prepare(training, arguments, rows, say)
    trainer = _trainer(built, arguments, training, source, rows, say)
    folder = Path(str(training.output_dir))
    last = None
    if training.do_train:
        last = _last_checkpoint(folder, training)
        if last is not None:
            say(f"continuing from {last}")
        progress.show(trainer, say)
        _checked(lambda: trainer.train(resume_from_checkpoint=last), folder)
        model = trainer.accelerator.unwrap_model(trainer.model)
        built.model = model.merge_and_unload() if arguments.lora else model
    scores: dict[str, float] = {}
    if training.do_eval and "validation" in rows:
        scores = {k.removeprefix("eval_"): v for k, v in trainer.evaluate().items() if isinstance(v, float)}
        say("validation: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items() if name != "runtime"))
    if training.do_train and trainer.is_world_process_zero():
        history = [*trainer.state.log_history, *([{CONTINUED: last}] if last is not None else [])]
        model_files.save(built, folder, scores=scores, history=history)
        _push(trainer, training)
    return scores


def _prepare(
    training: Seq2SeqTrainingArguments, arguments: Arguments, rows: dict[str, features.Features], say: Say
) -> None:
    """Adjusts settings to each other: no evaluation without validation examples, else the best checkpoint by F1."""
    if "validation" not in rows and training.eval_strategy != "no":
        say("no validation split: no evaluation during training")
        training.eval_strategy = type(training.eval_strategy)("no")
    if training.eval_strategy != "no" and training.do_train:
        training.metric_for_best_model, training.greater_is_better = F1, True
        same = training.save_strategy == training.eval_strategy
        steps = not training.save_steps or not training.eval_steps or training.save_steps % training.eval_steps == 0
        training.load_best_model_at_end = bool(same and steps)
        if not training.load_best_model_at_end:
            say("the last model is kept, not the best: --save_steps must be a multiple of --eval_steps for that")
    if arguments.draft_loss and training.ddp_find_unused_parameters is None:
        training.ddp_find_unused_parameters = False  # the head is used behind the wrapped model's forward pass
    training.remove_unused_columns = False
    training.label_names = ["labels"]


def _trainer(
    built: Built,
    arguments: Arguments,
    training: Seq2SeqTrainingArguments,
    source: Source,
    rows: dict[str, features.Features],
    say: Say,
) -> Trainer:
    from transformers import EarlyStoppingCallback

    manifest, tokenizer = built.manifest, built.tokenizer
    copying = not manifest.tags_words and manifest.decoder == COPY and manifest.answer_format.copies
    weight = (1.0 if arguments.decisions is None else arguments.decisions) if copying else 0.0
    tags = dict(vocabulary.tag_ids(tokenizer, manifest.answer_format.tags(manifest.scheme))) if copying else {}
    stopping = arguments.early_stopping is not None and training.load_best_model_at_end
    callbacks = [EarlyStoppingCallback(arguments.early_stopping)] if stopping and arguments.early_stopping else []
    model = built.model
    if arguments.lora:
        new = [tokenizer.convert_tokens_to_ids(token) for token in tokenizer.get_added_vocab()]
        model = building.adapted(model, arguments.lora, sorted(new))
    return Trainer(
        model=model,
        args=training,
        train_dataset=rows.get("train"),
        eval_dataset=rows.get("validation"),
        data_collator=features.collate(tokenizer.pad_token_id),
        processing_class=tokenizer,
        callbacks=callbacks,
        task=source.task,
        manifest=manifest,
        predict=lambda trained, asked: list(predictor(trained, tokenizer, manifest).predict(questions(asked, source))),
        asked=source.validation,
        shown=arguments.shown,
        decision_weight=weight,
        draft_weight=arguments.draft_loss,
        word_dropout=arguments.word_dropout,
        shortlisted=shortlisted(arguments, training, built.model),
        tags=tags,
        say=say,
    )


def shortlisted(arguments: Arguments, training: Seq2SeqTrainingArguments, model: Any) -> bool:
    """Returns whether the loss is computed over the tokens of the batch: not if something else holds or rewrites the
    weights of the output head, and not for a small vocabulary, which gains nothing."""
    elsewhere = arguments.lora or training.torch_compile or training.fsdp or training.deepspeed
    if elsewhere or arguments.full_vocabulary or not hasattr(model, "lm_head"):
        return False
    tied = model.lm_head.weight is model.get_input_embeddings().weight  # DDP does not track an untied head
    return tied and model.config.vocab_size > shortlist.PAYS


def predictor(model: Any, tokenizer: Any, manifest: model_folder.Manifest) -> Seq2Seq | Tagger:
    """Returns what predicts with a model in memory, as `--backend local` does with one on disk."""
    if manifest.tags_words:
        return Tagger(model, tokenizer, manifest)
    return Seq2Seq(model, tokenizer, manifest, manifest.decoder or COPY)


def questions(examples: Sequence[Example], source: Source) -> list[Example]:
    """Returns the examples without gold; if a task asks about entities, they keep these, without roles."""
    from dataclasses import replace

    return [replace(e, panels=None, hypothesis=None, entities=source.task.given(e) or None) for e in examples]


def _last_checkpoint(folder: Path, training: Seq2SeqTrainingArguments) -> str | None:
    """Returns the checkpoint to continue from: `--resume_from_checkpoint`, else the last complete one."""
    if training.resume_from_checkpoint not in (None, "True", "true"):
        return str(training.resume_from_checkpoint)
    complete = model_files.checkpoints(folder)
    return str(complete[-1]) if complete else None


def _checked(work: Callable[[], Any], folder: Path) -> None:
    """Runs the training; turns errors of its files and memory into one clear line."""
    try:
        work()
    except OSError as error:
        raise RunFolderError(
            f"cannot write {folder}: {error.strerror or error}",
            hint="the last checkpoint is complete; the same command continues",
        ) from None
    except RuntimeError as error:
        said = " ".join(str(error).split())
        if "PytorchStreamWriter" in said or "No space left" in said or "I/O error" in said:
            raise RunFolderError(
                f"cannot write {folder}: {said[:120]}",
                hint="the last checkpoint is complete; the same command continues",
            ) from None
        if "out of memory" in said.lower():
            raise InputError(
                "out of memory", hint="use a smaller --per_device_train_batch_size, or --gradient_checkpointing"
            ) from None
        raise


def _push(trainer: Trainer, training: Seq2SeqTrainingArguments) -> None:
    if training.push_to_hub:
        trainer.push_to_hub()


def predict(arguments: Arguments, training: Seq2SeqTrainingArguments, source: Source, say: Say) -> int:
    """Starts `fewshot run --backend local` on the test split; returns its exit code."""
    folder = Path(str(training.output_dir))
    place, reading = source.place, arguments.reading
    if place is not None and place == arguments.test_data:
        reading = data.options_for(place, reading)
    if place is None:
        reading = {}
        place = str(folder / "data.jsonl")
        data.write(source.every(), Path(place), "jsonl")
    command = ["run", "--backend", "local", "--task", source.task.name, "--data", place, "--model", str(folder)]
    for name, value in reading.items():
        command += [f"--{name.replace('_', '-')}", value]
    if arguments.labels:
        command += ["--labels", *source.labels]
    if arguments.decoder:
        command += ["--decoder", arguments.decoder]
    command += ["--out", str(RUNS / str(training.run_name))]
    say("fewshot " + " ".join(command))
    return subprocess.run([sys.executable, "-m", "fewshot", *command], check=False).returncode
