"""Prepares a base model for a task: extends its vocabulary, names its classes, adds adapters, finds its limits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot import formats
from fewshot.errors import InputError
from fewshot.models import draft_head, model_folder, tagging, vocabulary
from fewshot.models.manifest import DRAFT_HEAD
from fewshot.models.model_folder import Manifest
from fewshot.models.seq2seq import COPY, GENERATE, why_not_copy
from fewshot.records import Example, Scheme
from finetune import features, study
from finetune.arguments import Arguments
from finetune.sources import Source

_LONGEST = 512
"""Tokens of a window by default: the positions of BERT, and the length that T5 was trained with."""

# Settings of `generate` that every model gets: greedy search, nothing forbidden.
_PLAIN = {"no_repeat_ngram_size": 0, "num_beams": 1, "early_stopping": False, "length_penalty": 1.0,
          "min_length": 0, "max_length": None, "forced_bos_token_id": None, "forced_eos_token_id": None}  # fmt: skip
_ADAPTED = {"bart": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"], "t5": ["q", "k", "v", "o", "wi", "wo"]}


@dataclass(slots=True)
class Built:
    """A model with its tokenizer and its manifest."""

    model: Any
    tokenizer: Any
    manifest: Manifest
    notices: list[str]


def build(arguments: Arguments, source: Source, settings: dict[str, Any]) -> Built:
    """Loads the base model (or checkpoint) and prepares it for the task.

    Raises:
        InputError: The model does not exist, the checkpoint is of another task, or the task has no such format.
    """
    folder = model_folder.resolve(str(arguments.checkpoint or arguments.base_model))
    was = model_folder.read_manifest(folder)
    if arguments.checkpoint and was is not None:
        if was.task != source.task.name:
            raise InputError(
                f"{folder} was trained for task {was.task}, not {source.task.name}", hint="use another checkpoint"
            )
        return _continued(folder, was, arguments, source, settings)
    if arguments.tagger:
        return _tagger(folder, arguments, source, settings)
    return _seq2seq(folder, arguments, source, settings)


def _seq2seq(folder: Path, arguments: Arguments, source: Source, settings: dict[str, Any]) -> Built:
    task = source.task
    if task.of_entities:
        raise InputError(
            f"task {task.name} needs --kind tagger: a seq2seq model is not given the entities it asks about",
            hint="add --kind tagger",
        )
    notices: list[str] = []
    name = _format(arguments, source, notices)
    form = formats.get(name, task.kind)
    model, tokenizer = model_folder.load(folder, "AutoModelForSeq2SeqLM")
    texts = [text for example in source.train for text in _texts(example)]
    written = features.needed(form, Scheme(task.kind, source.labels), arguments.end)
    vocabulary.extend(tokenizer, model, written=written, texts=texts)
    longest = limit(model, arguments, tags=form.copies)
    if arguments.max_input_length and longest < arguments.max_input_length:
        notices.append(f"texts are read in windows of {longest} tokens, not {arguments.max_input_length}: "
                       "the model has no places for more and their tags")  # fmt: skip
    manifest = _manifest(arguments, source, settings, name, longest)
    if not form.copies:  # a copy is as long as its source, and ends where that does
        manifest = replaced(manifest, end=arguments.end, max_target_length=arguments.max_target_length)
    places = model_folder.places(model.config)
    if places is not None:
        manifest = replaced(manifest, max_target_length=min(manifest.max_target_length or places, places))
    plain_generation(model)
    why = why_not_copy(model, manifest)
    decoder = arguments.decoder or (COPY if why is None else GENERATE)
    if arguments.decoder == COPY and why is not None:
        raise InputError(f"--decoder copy: {why}", hint="use --decoder generate")
    if why is not None and arguments.decoder is None and form.copies:
        notices.append(f"decoded by generate: {why}")
    return _with_head(Built(model, tokenizer, replaced(manifest, decoder=decoder), notices), arguments)


def _with_head(built: Built, arguments: Arguments) -> Built:
    """Adds a head that drafts, if its loss has a weight and the model has none yet.

    Raises:
        InputError: The model does not write tagged copies by copy decoding.
    """
    manifest = built.manifest
    if not arguments.draft_loss or manifest.draft_head is not None:
        return built
    if manifest.decoder != COPY or not manifest.answer_format.copies:
        raise InputError("--draft-loss is for answers in copy_tag that are decoded by copying", hint="leave it out")
    built.manifest = replaced(manifest, draft_head=DRAFT_HEAD)
    draft_head.add(built.model, built.manifest)
    return built


def _tagger(folder: Path, arguments: Arguments, source: Source, settings: dict[str, Any]) -> Built:
    task = source.task
    scheme = tagging.of_task(task)
    names = scheme.classes(source.labels)
    config = model_folder.load_config(folder)
    config.id2label, config.label2id = dict(enumerate(names)), {name: i for i, name in enumerate(names)}
    config.num_labels = len(names)
    auto_class = model_folder.AUTO_CLASSES[arguments.kind]
    model, tokenizer = model_folder.load(folder, auto_class, config=config, new_head=True)
    needs = f"{task.name} needs" if scheme.masks else "--word-dropout needs" if arguments.word_dropout else ""
    if needs and tokenizer.mask_token_id is None:
        raise InputError(f"{folder} has no mask token, which {needs}", hint="use a BERT or RoBERTa model")
    manifest = _manifest(arguments, source, settings, "labels", limit(model, arguments))
    return Built(model, tokenizer, manifest, [])


def _continued(folder: Path, was: Manifest, arguments: Arguments, source: Source, settings: dict[str, Any]) -> Built:
    """Loads a checkpoint of ours: its vocabulary is already extended, its manifest says how it answers."""
    model, tokenizer = model_folder.load(folder, model_folder.AUTO_CLASSES[was.kind])
    draft_head.load(folder, model, was)
    missing = [label for label in source.labels if label not in was.labels]
    if missing:
        raise InputError(f"{folder} was not trained for label {missing[0]} (it knows {', '.join(was.labels)})")
    notices = [] if arguments.format else [f"task type {was.format}, as the checkpoint's manifest says"]
    manifest = replaced(was, settings=settings)
    if arguments.generation:
        manifest = replaced(manifest, generation=arguments.generation, decoder=None)
    if arguments.max_target_length is not None and not (was.tags_words or was.answer_format.copies):
        manifest = replaced(manifest, max_target_length=arguments.max_target_length)
    return _with_head(Built(model, tokenizer, manifest, notices), arguments)


def _format(arguments: Arguments, source: Source, notices: list[str]) -> str:
    """Returns the format of the answers: `--format`; the format with tags in the text if the study's name for it is
    given; else the task's own, or, for a checkpoint without a manifest, the study's."""
    task, given = source.task, arguments.format
    tagged = formats.tagged(task.kind)
    if given in study.TAGGED and tagged is not None:
        return tagged
    if given is not None:
        return given
    able = formats.can_carry(study.UNTOLD, task.kind)
    if arguments.checkpoint is not None and able:
        notices.append(f"no task type is said and the checkpoint has no manifest: {study.UNTOLD}")
        return study.UNTOLD
    return task.default_format


def _texts(example: Example) -> list[str]:
    return [example.text]


def _manifest(arguments: Arguments, source: Source, settings: dict[str, Any], name: str, longest: int) -> Manifest:
    return Manifest(
        task=source.task.name,
        format=name,
        kind=arguments.kind,
        labels=source.labels,
        source_template=arguments.prompt,
        base_model=str(arguments.base_model or arguments.checkpoint),
        data=source.digest[:16],
        labelled=len(source.train),
        max_input_length=longest,
        truncate=arguments.truncate,
        generation=arguments.generation,
        settings=settings,
    )


def limit(model: Any, arguments: Arguments, *, tags: bool = False) -> int:
    """Returns how many tokens the model reads at once: `--max_input_length`, but never more than it has positions for.

    `tags`: the answer is the text again with tags in it, so a quarter of the positions is reserved for them (a
    judgement: one tag for every three tokens of text).
    """
    places = model_folder.places(model.config)
    asked = arguments.max_input_length or _LONGEST
    if places is None:
        return asked
    return min(asked, places * 3 // 4 if tags else places)


def plain_generation(model: Any) -> None:
    """Resets generation to greedy search. Some published models are configured to sample or to forbid repetition, and
    then cannot copy their input."""
    config = model.generation_config
    for name, value in _PLAIN.items():
        setattr(config, name, value)
    model.config.use_cache = True


def adapted(model: Any, rank: int, tokens: Sequence[int]) -> Any:
    """Returns the model with low-rank adapters in its attention and feed-forward layers; new tokens train in full.

    Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models". Scaling (alpha = 2 rank) and dropout (0.05)
    are common choices, not tuned here.
    """
    from peft import LoraConfig, get_peft_model

    kind = model.config.model_type
    options: dict[str, Any] = {"target_modules": _ADAPTED.get(kind, "all-linear")}
    if tokens:
        options["trainable_token_indices"] = list(tokens)
    # peft reports its own decisions at each checkpoint, and reads an attribute of the model by its old name.
    warnings.filterwarnings("ignore", module=r"peft\.")
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
    return get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, **options))


def replaced(manifest: Manifest, **changes: Any) -> Manifest:
    """Returns the manifest with some values changed."""
    from dataclasses import replace

    return replace(manifest, **changes)
