"""`local`: a model on this machine, fine-tuned by `fewshot finetune` or from the hub; needs no prompt and no server.

    fewshot run --backend local --model runs/models/seq2seq-bart-ner --task ner

The model folder's `fewshot.json` says what the model was trained for; a plain hub model needs --task and --format. A
replay does not load torch: recorded predictions are looked up by the recorded digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, Protocol

from fewshot.backends import Options
from fewshot.errors import InputError, MissingExtraError
from fewshot.records import Example, Prediction

if TYPE_CHECKING:
    from pathlib import Path

    from fewshot.models.model_folder import Manifest


PROMPTED = False


class Predictor(Protocol):
    """A loaded model."""

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]: ...


@dataclass(slots=True)
class Local:
    """The backend. `digest` covers the model's files and the decoder."""

    model: str
    digest: str
    format: str | None
    labelled: int | None = None
    notices: Sequence[str] = ()
    kind: Literal["local"] = "local"
    name: str = "local"
    _predictor: Predictor | None = field(default=None, repr=False)

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Yields predictions as they are ready, in any order."""
        if self._predictor is None:
            raise TypeError("a backend that is opened offline cannot predict")
        yield from self._predictor.predict(examples)


def open_backend(options: Options) -> Local:
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
        return Local(_without_slash(options.model), recorded.digest or "", options.format, recorded.labelled)
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
    return _load(folder, manifest, options)


def _load(folder: Path, manifest: Manifest, options: Options) -> Local:
    from fewshot.models import model_folder

    device = model_folder.device(options.local.device)
    tokenizer = model_folder.load_tokenizer(folder)
    notices: list[str] = []
    predictor: Predictor
    decoder = "labels"
    model = model_folder.load_model(folder, model_folder.AUTO_CLASSES[manifest.kind]).to(device)
    if manifest.tags_words:
        from fewshot.models.tagger import Tagger

        if options.local.decoder is not None:
            raise InputError("--decoder needs a seq2seq model; this one is a tagger", hint="leave --decoder out")
        predictor = Tagger(model, tokenizer, manifest, **_batch_options(options))
    else:
        from fewshot.models.seq2seq import Seq2Seq

        _check_vocabulary(folder, tokenizer, model)
        decoder, notices = _decoder(model, tokenizer, manifest, options)
        predictor = Seq2Seq(model, tokenizer, manifest, decoder, **_batch_options(options))
    return Local(
        model=_without_slash(options.model or ""),
        digest=f"{model_folder.digest(folder)}:{decoder}",  # part of every key: another decoder, another answer
        format=manifest.format,
        labelled=manifest.labelled or None,
        notices=notices,
        _predictor=predictor,
    )


def _batch_options(options: Options) -> dict[str, Any]:
    return {} if options.local.batch_tokens is None else {"batch_tokens": options.local.batch_tokens}


def _decoder(model: Any, tokenizer: Any, manifest: Manifest, options: Options) -> tuple[str, list[str]]:
    """Returns the decoder, and notices about it: `--decoder`, else the manifest's, else `copy` if the model can."""
    from fewshot.models.seq2seq import COPY, GENERATE, why_not_copy

    wanted = options.local.decoder or manifest.decoder
    obstacle = why_not_copy(model, manifest, tokenizer)
    if wanted == GENERATE and manifest.decoder == COPY and manifest.answer_format.sentence is not None:
        return GENERATE, ["local: this model was trained to choose names from the text, not to spell them"]
    if wanted == GENERATE or (wanted is None and obstacle is None):
        return wanted or COPY, []
    if obstacle is None:
        return COPY, []
    if options.local.decoder == COPY:
        raise InputError(f"--decoder copy: {obstacle}", hint="use --decoder generate")
    return GENERATE, [f"local: decoded by generate: {obstacle}"]


def _check_vocabulary(folder: Path, tokenizer: Any, model: Any) -> None:
    """A token id beyond the embeddings would be an IndexError somewhere in the middle of a run."""
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise InputError(
            f"{folder}: the tokenizer knows {len(tokenizer)} tokens, but the model only {rows}",
            hint="copy the tokenizer that the model was trained with into the folder",
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
