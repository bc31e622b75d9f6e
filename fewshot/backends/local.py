"""`local`: a model on this machine, fine-tuned by `fewshot finetune` or from the hub; needs no prompt and no server.

    fewshot run --backend local --model runs/models/seq2seq-bart-ner --task ner

The model folder's `fewshot.json` says what the model was trained for; a plain hub model needs --task and --format. A
replay does not load torch: recorded predictions are looked up by the recorded digest.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fewshot.backends import LOCAL, Options
from fewshot.errors import FewshotError, InputError, MissingExtraError
from fewshot.models.loaded import LoadedModel, Predictor, broken

if TYPE_CHECKING:
    from pathlib import Path

    from fewshot.models.model_folder import Manifest
    from fewshot.models.tagger import Tagger


NAME = "local"
PROMPTED = False
HEEDS = (LOCAL | {"format"}) - {"threshold"}  # format: of a model without a manifest


def open_backend(options: Options) -> LoadedModel:
    """Opens the model of `--model`.

    Raises:
        InputError: No model is named, or it does not exist, cannot be loaded, or was trained for another task.
        MissingExtraError: torch or transformers is not installed.
    """
    if options.model is None:
        raise InputError(
            "--backend local needs --model", hint="name a folder that `fewshot finetune` wrote, or a model of the hub"
        )
    if options.offline:  # the recorded digest finds the recorded predictions; the model may be gone
        recorded = options.recorded
        name, digest = _without_slash(options.model), recorded.digest or ""
        return LoadedModel(NAME, name, digest, options.format, recorded.labelled, recorded.training)
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            raise MissingExtraError(f"{name}, which local models need,", extra="local")
    from fewshot.models import model_folder

    folder = model_folder.resolve(options.model)
    manifest = model_folder.read_manifest(folder) or _manifest_of_plain_model(folder, options)
    if manifest.task != options.task:
        raise InputError(
            f"{options.model} was trained for task {manifest.task}, not {options.task}",
            hint=f"use --task {manifest.task}, or another --model",
        )
    try:
        return _load(folder, manifest, options)
    except FewshotError:
        raise
    except Exception as error:  # what is loaded is also tried; whatever lies in the folder, it is one clear line
        raise broken(options.model, error) from error


def _load(folder: Path, manifest: Manifest, options: Options) -> LoadedModel:
    from fewshot.models import model_folder
    from fewshot.models.training_log import training_of

    device = model_folder.device(options.local.device)
    notices: list[str] = []
    predictor: Predictor
    decoder = "labels"
    model, tokenizer = model_folder.load(folder, model_folder.AUTO_CLASSES[manifest.kind])
    _check_length(folder, manifest, model_folder.places(model.config))
    model = model.to(device)
    if manifest.tags_words:
        from fewshot.models.tagger import Tagger

        if options.local.decoder is not None:
            raise InputError("--decoder needs a seq2seq model; this one is a tagger", hint="leave --decoder out")
        if options.local.draft is not None:
            raise InputError("--draft needs a seq2seq model; this one is a tagger", hint="leave --draft out")
        tagger = Tagger(model, tokenizer, manifest, **_batch_options(options))
        _check_classes(folder, tagger, manifest)
        predictor = tagger
    else:
        from fewshot.models import draft_head
        from fewshot.models.seq2seq import Seq2Seq, check_generation

        check_generation(manifest.generation)
        draft_head.load(folder, model, manifest)
        decoder, notices = _decoder(model, tokenizer, manifest, options)
        predictor = Seq2Seq(
            model, tokenizer, manifest, decoder, draft=_draft(decoder, manifest, options), **_batch_options(options)
        )
    return LoadedModel(
        name=NAME,
        model=_without_slash(options.model or ""),
        digest=f"{model_folder.digest(folder)}:{decoder}",  # part of every key: another decoder, another answer
        format=manifest.format,
        labelled=manifest.labelled or None,
        training=training_of(folder, manifest),
        notices=notices,
        predictor=predictor,
    )


def _batch_options(options: Options) -> dict[str, Any]:
    return {} if options.local.batch_tokens is None else {"batch_tokens": options.local.batch_tokens}


def _decoder(model: Any, tokenizer: Any, manifest: Manifest, options: Options) -> tuple[str, list[str]]:
    """Returns the decoder, and notices about it: `--decoder`, else the manifest's, else `copy` if the model can."""
    from fewshot.models import ctranslate2_model
    from fewshot.models.seq2seq import COPY, CT2, GENERATE, HEAD, why_not_copy

    wanted = options.local.decoder or manifest.decoder
    if wanted == HEAD:  # whether the model has one, its predictor says
        return HEAD, []
    if wanted == CT2 and (why := ctranslate2_model.why_not(model, manifest.generation)):
        raise InputError(f"--decoder ct2: {why}", hint="use --decoder generate")
    obstacle = why_not_copy(model, manifest, tokenizer)
    if wanted in (GENERATE, CT2) and manifest.decoder == COPY and manifest.answer_format.sentence is not None:
        return wanted, ["local: this model was trained to choose names from the text, not to spell them"]
    if wanted in (GENERATE, CT2) or (wanted is None and obstacle is None):
        return wanted or COPY, []
    if obstacle is None:
        return COPY, []
    if options.local.decoder == COPY:
        raise InputError(f"--decoder copy: {obstacle}", hint="use --decoder generate")
    return GENERATE, [f"local: decoded by generate: {obstacle}"]


def _draft(decoder: str, manifest: Manifest, options: Options) -> str | None:
    """Returns `--draft`, which is for answers that are tagged copies."""
    from fewshot.models.seq2seq import COPY

    if options.local.draft is not None and not (decoder == COPY and manifest.answer_format.copies):
        what = f"decoder {decoder}" if decoder != COPY else f"format {manifest.format}"
        raise InputError(f"--draft is for copy decoding of copy_tag, not for {what}", hint="leave --draft out")
    return options.local.draft


def _check_length(folder: Path, manifest: Manifest, places: int | None) -> None:
    """A text longer than the model has places for would be an IndexError in the middle of a run."""
    if places is not None and manifest.max_input_length > places:
        raise InputError(
            f"{folder}/fewshot.json: max_input_length is {manifest.max_input_length:,}, and the model has places for "
            f"{places:,} tokens",
            hint="is it the fewshot.json of this model?",
        )


def _check_classes(folder: Path, tagger: Tagger, manifest: Manifest) -> None:
    """A manifest that names other labels than the model has classes for belongs to another model."""
    from fewshot.models import model_folder, tagging

    wanted = tagging.of_task(tagger.task).classes(manifest.labels)
    if (folder / model_folder.MANIFEST).exists() and set(tagger.names) != set(wanted):
        other = sorted(set(tagger.names) ^ set(wanted))[0]
        raise InputError(
            f"{folder}: the labels of fewshot.json and the classes of config.json disagree about {other[:60]!r}",
            hint="is it the fewshot.json of this model?",
        )


def _manifest_of_plain_model(folder: Path, options: Options) -> Manifest:
    """Returns a manifest for a model without one, from its architecture, --task and --format."""
    from fewshot.models import model_folder
    from fewshot.models.model_folder import Manifest

    config = model_folder.load_config(folder)
    # Without a manifest nothing says how long the training texts were: what the model has positions for, but at most
    # 1,024 tokens (BART's positions); 512 (BERT's, T5's training length) if it has no fixed number of them.
    longest = min(model_folder.places(config) or 512, 1024)
    architectures = list(getattr(config, "architectures", None) or ())
    if any(name.endswith("ForTokenClassification") for name in architectures):
        names = [str(name) for name in config.id2label.values()]
        labels = dict.fromkeys(name.partition("-")[2] or name for name in names if name != "O")
        return Manifest(
            task=options.task, format="labels", kind="tagger", labels=tuple(labels), max_input_length=min(longest, 512)
        )
    if not getattr(config, "is_encoder_decoder", False):
        raise InputError(
            f"{folder} is neither a seq2seq model nor a tagger ({', '.join(architectures) or config.model_type})",
            hint="serve it, and use --backend gpt3 --base-url URL",
        )
    if options.format is None:
        raise InputError(f"{folder} has no fewshot.json that names the format of its answers", hint="add --format")
    return Manifest(
        task=options.task,
        format=options.format,
        kind="seq2seq",
        labels=options.labels,
        max_input_length=longest,
        decoder="generate",
    )


def _without_slash(name: str) -> str:
    return name.rstrip("/")
