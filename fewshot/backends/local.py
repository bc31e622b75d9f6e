"""`local`: a model on this machine, fine-tuned by `fewshot finetune` or taken from the hub. No prompt, no server.

    fewshot run --backend local --model runs/models/seq2seq-bart-ner --task ner

The folder's `fewshot.json` says what the model was made for; a plain hub model needs --task and --format. Torch is
loaded when a prediction is wanted, and not for a replay: what was recorded is read with the digest that stands there.
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
    """The backend. `digest`: of the model's files and of how it is decoded."""

    model: str
    digest: str
    format: str | None
    labelled: int | None = None
    notices: Sequence[str] = ()
    kind: Literal["local"] = "local"
    name: str = "local"
    _predictor: Predictor | None = field(default=None, repr=False)

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Predictions as they are ready, in any order."""
        if self._predictor is None:
            raise TypeError("a replay predicts nothing")
        yield from self._predictor.predict(examples)


def open_backend(options: Options) -> Local:
    """The model of `--model`.

    Raises:
        InputError: no model named, none there, made for another task, or not loadable.
        MissingExtraError: torch or transformers is not installed.
    """
    if options.model is None:
        raise InputError("--backend local needs --model", hint="a folder that `fewshot finetune` wrote, or a hub name")
    if options.offline:
        return Local(_shown(options.model), options.recorded.digest or "", options.format, options.recorded.labelled)
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            raise MissingExtraError(f"{name}, which local models need,", extra="local")
    from fewshot.models import model_folder

    folder = model_folder.resolve(options.model)
    manifest = model_folder.read_manifest(folder) or _plain(folder, options)
    if manifest.task != options.task:
        raise InputError(
            f"{options.model} was made for task {manifest.task}, not {options.task}",
            hint=f"--task {manifest.task}, or another --model",
        )
    return _loaded(folder, manifest, options)


def _loaded(folder: Path, manifest: Manifest, options: Options) -> Local:
    from fewshot.models import model_folder

    device = model_folder.device(options.local.device)
    tokenizer = model_folder.load_tokenizer(folder)
    notices: list[str] = []
    predictor: Predictor
    decoder = "labels"
    if manifest.kind == "tagger":
        from fewshot.models.tagger import Tagger

        if options.local.decoder is not None:
            raise InputError("--decoder goes with seq2seq models; this one is a tagger", hint="leave it out")
        model = model_folder.load_model(folder, "AutoModelForTokenClassification").to(device)
        predictor = Tagger(model, tokenizer, manifest, **_budget(options))
    else:
        from fewshot.models.seq2seq import Seq2Seq

        model = model_folder.load_model(folder, "AutoModelForSeq2SeqLM").to(device)
        _check_vocabulary(folder, tokenizer, model)
        decoder, notices = _decoder(model, tokenizer, manifest, options)
        predictor = Seq2Seq(model, tokenizer, manifest, decoder, **_budget(options))
    return Local(
        model=_shown(options.model or ""),
        digest=f"{model_folder.digest(folder)}:{decoder}",
        format=manifest.format,
        labelled=manifest.labelled or None,
        notices=notices,
        _predictor=predictor,
    )


def _budget(options: Options) -> dict[str, Any]:
    return {} if options.local.batch_tokens is None else {"batch_tokens": options.local.batch_tokens}


def _decoder(model: Any, tokenizer: Any, manifest: Manifest, options: Options) -> tuple[str, list[str]]:
    """The decoder to take: as asked, as the manifest says, else `copy` where it can be; and why not."""
    from fewshot.models.seq2seq import COPY, GENERATE, why_not_copy

    asked = options.local.decoder or manifest.decoder
    why = why_not_copy(model, manifest, tokenizer)
    if asked == GENERATE and manifest.decoder == COPY and manifest.format == "sentence":
        return GENERATE, ["local: this model learned to choose names from the text, and never to spell them"]
    if asked == GENERATE or (asked is None and why is None):
        return asked or COPY, []
    if why is None:
        return COPY, []
    if options.local.decoder == COPY:
        raise InputError(f"--decoder copy: {why}", hint="--decoder generate")
    return GENERATE, [f"local: decoded by generate: {why}"]


def _check_vocabulary(folder: Path, tokenizer: Any, model: Any) -> None:
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise InputError(
            f"{folder}: its tokenizer knows {len(tokenizer)} tokens, its model {rows}",
            hint="the two are not of one model: take the tokenizer that it was trained with",
        )


def _plain(folder: Path, options: Options) -> Manifest:
    """What a model without a manifest is taken for: by its architecture, --task and --format."""
    from fewshot.models import model_folder
    from fewshot.models.model_folder import Manifest

    config = model_folder.load_config(folder)
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
            hint="serve it and use --backend gpt3 --base-url",
        )
    if options.format is None:
        raise InputError(f"{folder} has no fewshot.json: in which format does it answer?", hint="say --format")
    return Manifest(
        task=options.task,
        format=options.format,
        kind="seq2seq",
        labels=options.labels,
        max_input_length=longest,
        decoder="generate",
    )


def _shown(name: str) -> str:
    return name.rstrip("/")
