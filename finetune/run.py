"""One training, from the command line to a model folder, and the run that predicts with it.

    data ──► features ──► transformers' trainer ──► model folder ──► fewshot run --backend local
                              │ eval_f1 from decoded answers

A folder that holds a model with other settings is refused; one with the same settings is continued from its last
checkpoint, or left as it is if it is finished.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot import data
from fewshot.errors import InputError, RunFolderError
from fewshot.models import model_folder, vocabulary
from fewshot.models.seq2seq import COPY, Seq2Seq
from fewshot.models.tagger import Tagger
from fewshot.records import Example
from finetune import building, card, features, pairs, shortlist, sources
from finetune.arguments import RUNS, Arguments
from finetune.building import Built
from finetune.sources import OTHER, Source
from finetune.trainer import F1, Trainer

if TYPE_CHECKING:
    from transformers import Seq2SeqTrainingArguments

Say = Callable[[str], None]
_NOT_SETTINGS = ("overwrite", "shown", "decoder")
_NO_MATTER = ("output_dir", "run_name", "logging_dir", "resume_from_checkpoint", "do_train", "do_eval", "do_predict",
              "disable_tqdm", "use_cpu", "report_to", "hub_token", "logging_steps", "save_total_limit",
              "log_level")  # fmt: skip
DONE = "trained.json"


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
    settings = settings_of(arguments, training, source)
    going_on = arguments.overwrite and training.resume_from_checkpoint is not None
    finished = not going_on and check(folder, settings, overwrite=arguments.overwrite)
    if training.do_train and finished:
        say(f"{folder} already holds this model, fully trained")
    if not finished:
        built = building.build(arguments, source, settings)
        for line in built.notices:
            say(line)
        if training.do_train or training.do_eval:
            train(built, arguments, training, source, say)
        if training.do_predict and not training.do_train:
            save(built, folder)
    return predict(arguments, training, source, say) if training.do_predict else 0


def train(built: Built, arguments: Arguments, training: Seq2SeqTrainingArguments, source: Source, say: Say) -> None:
    """Trains and/or evaluates, and writes the model folder."""
    tagging = built.manifest.kind == "tagger"
    make = features.taggers if tagging else features.seq2seq
    rows = {
        split: make(examples, source.task, built.tokenizer, built.manifest)
        for split, examples in (("train", source.train), ("validation", source.validation))
        if examples
    }
    for split, found in rows.items():
        for line in found.said(split):
            say(line)
    if training.do_train and "train" not in rows:
        raise InputError(f"{arguments.data} has no train split", hint="--split-fractions 0.8 0.1 0.1 creates one")
    _prepare(training, arguments, rows, say)
    trainer = _trainer(built, arguments, training, source, rows, say)
    folder = Path(str(training.output_dir))
    if training.do_train:
        last = _last_checkpoint(folder, training)
        if last is not None:
            say(f"continuing from {last}")
        _checked(lambda: trainer.train(resume_from_checkpoint=last), folder)
        model = trainer.accelerator.unwrap_model(trainer.model)
        built.model = model.merge_and_unload() if arguments.lora else model
    scores = {}
    if training.do_eval and "validation" in rows:
        scores = {k.removeprefix("eval_"): v for k, v in trainer.evaluate().items() if isinstance(v, float)}
        say("validation: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items() if name != "runtime"))
    if training.do_train and trainer.is_world_process_zero():
        save(built, folder, scores=scores, history=trainer.state.log_history)
        _push(trainer, training)


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
    copying = manifest.decoder == COPY and manifest.format == "copy_tag"
    weight = (1.0 if arguments.decisions is None else arguments.decisions) if copying else 0.0
    tags = dict(vocabulary.tag_ids(tokenizer, manifest.labels)) if copying else {}
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
    if manifest.kind == "tagger":
        return Tagger(model, tokenizer, manifest)
    return Seq2Seq(model, tokenizer, manifest, manifest.decoder or COPY)


def questions(examples: Sequence[Example], source: Source) -> list[Example]:
    """Returns the examples without gold; those of ROLES keep the entities in question, without roles."""
    from dataclasses import replace

    return [replace(e, panels=None, hypothesis=None, entities=source.task.given(e) or None) for e in examples]


def settings_of(arguments: Arguments, training: Seq2SeqTrainingArguments, source: Source) -> dict[str, Any]:
    """Returns what a model depends on: our settings, and transformers' that are not defaults and change the result."""
    import dataclasses

    ours = {name: value for name, value in asdict(arguments).items() if name not in _NOT_SETTINGS}
    found = {name: list(v) if isinstance(v, tuple) else v for name, v in ours.items() if v not in (None, (), "", {}, 0)}
    for f in dataclasses.fields(training):
        value = getattr(training, f.name)
        default = f.default if f.default is not dataclasses.MISSING else None
        if f.name in _NO_MATTER or value == default or not isinstance(value, str | int | float | bool):
            continue
        found[f.name] = getattr(value, "value", value)
    return json.loads(json.dumps(found | {"data_digest": source.digest[:16]}))  # type: ignore[no-any-return]


def check(folder: Path, settings: dict[str, Any], *, overwrite: bool) -> bool:
    """Returns whether the folder holds a finished model with these settings.

    Raises:
        RunFolderError: It holds a model with other settings; names what differs.
    """
    was = model_folder.read_manifest(folder) or _checkpointed(folder)
    if was is None:
        return False
    if overwrite:
        for name in ("checkpoint-*", DONE, model_folder.MANIFEST):
            for path in folder.glob(name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return False
    names = dict.fromkeys((*was.settings, *settings))
    found = [f"{name}: {was.settings.get(name, 'not set')} → {settings.get(name, 'not set')}" for name in names
             if was.settings.get(name) != settings.get(name)]  # fmt: skip
    if found:
        raise RunFolderError(
            f"{folder} holds a model with other settings ({'; '.join(found)})",
            hint="choose another --output_dir or --run_name, or add --overwrite_output_dir",
        )
    return (folder / DONE).exists()


def _checkpointed(folder: Path) -> model_folder.Manifest | None:
    """Returns the manifest of the last checkpoint in a folder."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: path.stat().st_mtime)
    return model_folder.read_manifest(found[-1]) if found else None


def _last_checkpoint(folder: Path, training: Seq2SeqTrainingArguments) -> str | None:
    """Returns the checkpoint to continue from: `--resume_from_checkpoint`, else the last complete one."""
    from transformers.trainer_utils import get_last_checkpoint

    if training.resume_from_checkpoint not in (None, "True", "true"):
        return str(training.resume_from_checkpoint)
    return get_last_checkpoint(str(folder)) if folder.is_dir() else None


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


def save(
    built: Built, folder: Path, *, scores: dict[str, float] | None = None, history: Sequence[Any] | None = None
) -> None:
    """Writes a model folder: weights as safetensors, vocabulary, manifest, card."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        built.model.save_pretrained(folder)
        built.tokenizer.save_pretrained(folder)
        built.manifest.write(folder)
        (folder / "README.md").write_text(card.text(built.manifest, scores or {}), "utf-8")
        if history is not None:
            (folder / DONE).write_text(json.dumps(list(history), indent=1) + "\n", "utf-8")
    except (OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:160]
        raise RunFolderError(f"cannot write {folder}: {said}", hint="the last checkpoint is complete") from None


def _push(trainer: Trainer, training: Seq2SeqTrainingArguments) -> None:
    if training.push_to_hub:
        trainer.push_to_hub()


def predict(arguments: Arguments, training: Seq2SeqTrainingArguments, source: Source, say: Say) -> int:
    """Starts `fewshot run --backend local` on the test split; returns its exit code."""
    folder = Path(str(training.output_dir))
    place = source.place
    if place is None:
        place = str(folder / "data.jsonl")
        data.write(source.every(), Path(place), "jsonl")
    command = ["run", "--backend", "local", "--task", source.task.name, "--data", place, "--model", str(folder)]
    if arguments.labels:
        command += ["--labels", *source.labels]
    if arguments.decoder:
        command += ["--decoder", arguments.decoder]
    command += ["--out", str(RUNS / str(training.run_name))]
    say("fewshot " + " ".join(command))
    return subprocess.run([sys.executable, "-m", "fewshot", *command], check=False).returncode
