"""A model folder: the usual Hugging Face files, and `fewshot.json`, which says what the model was made for.

    {"task": "ner", "format": "copy_tag", "kind": "seq2seq", "labels": ["GENEPROD"], "source_template": "",
     "base_model": "facebook/bart-base", "data": "3f…", "labelled": 60, "max_input_length": 512, …}

`fewshot finetune` writes it, `--backend local` reads it. Weights are read as data and never run: safetensors, or a
`pytorch_model.bin` with `weights_only` (the hub's biobart and SciFive have nothing else); code from a hub is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fewshot import formats, tasks
from fewshot.errors import DataError, InputError
from fewshot.files import CORPUS, whole
from fewshot.records import Scheme

MANIFEST = "fewshot.json"
WEIGHTS = ("*.safetensors", "*.bin")
BUNDLED = CORPUS / "models"
ModelKind: TypeAlias = Literal["seq2seq", "tagger"]
AUTO_CLASSES: Mapping[ModelKind, str] = {
    "seq2seq": "AutoModelForSeq2SeqLM",
    "tagger": "AutoModelForTokenClassification",
}
"""The class of transformers that loads a model of each kind."""
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model was made for. `source_template`: what stands before each source; `end`: what closes each answer
    (the study's `[END]`); lengths in tokens, what a vocabulary puts around a text included."""

    task: str
    format: str
    kind: ModelKind
    labels: tuple[str, ...]
    source_template: str = ""
    end: str = ""
    base_model: str = ""
    data: str = ""
    labelled: int = 0
    max_input_length: int = 512
    max_target_length: int | None = None
    truncate: bool = False
    decoder: str | None = None
    generation: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tags_words(self) -> bool:
        """Whether the model gives each word a class; else it writes answers."""
        return self.kind == "tagger"

    @property
    def scheme(self) -> Scheme:
        """What a format must know to write and read the model's answers."""
        return Scheme(tasks.get(self.task).kind, self.labels)

    @property
    def answer_format(self) -> formats.Format:
        """The format of the answers that the model writes.

        Raises:
            InputError: no such format, or it cannot carry the task's values.
        """
        return formats.get(self.format, self.scheme.kind)

    def write(self, folder: Path) -> None:
        """Writes `fewshot.json`, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        row = asdict(self) | {"labels": list(self.labels)}
        with whole(folder / MANIFEST) as part:
            part.write_text(json.dumps(row, ensure_ascii=False, indent=2) + "\n", "utf-8")


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; `None` where there is none (a plain model of the hub).

    Raises:
        DataError: it is broken, or of a later version.
    """
    path = folder / MANIFEST
    try:
        row = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"is no manifest ({error})", path=path, hint="train the model again") from None
    if not isinstance(row, dict) or row.get("kind") not in AUTO_CLASSES or not isinstance(row.get("labels"), list):
        raise DataError("is no manifest of a model", path=path, hint="train the model again")
    known = {f.name for f in fields(Manifest)}
    said: dict[str, Any] = {k: tuple(v) if k == "labels" else v for k, v in row.items() if k in known}
    try:
        return Manifest(**said)
    except TypeError as error:
        raise DataError(f"is no manifest of a model ({error})", path=path, hint="train the model again") from None


def bundled() -> tuple[str, ...]:
    """The names of the tiny models that come with the package.

    >>> bundled()
    ('tiny-bart', 'tiny-t5', 'tiny-tagger')
    """
    return tuple(sorted(path.parent.name for path in BUNDLED.glob("*/config.json")))


def resolve(name: str) -> Path:
    """The local folder of a model: the path itself, one that comes with the package, or huggingface_hub's copy of a
    hub model of that name.

    Raises:
        InputError: no such folder, and no such model on the hub.
    """
    path = Path(name)
    if path.is_dir():
        return path
    if name in bundled():
        return BUNDLED / name
    if path.suffix or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise InputError(f"{name}: no such model folder")
    return fetch(name)


def fetch(name: str) -> Path:
    """A hub model's files in huggingface_hub's cache: configuration, vocabulary and weights, no code.

    Raises:
        InputError: no such model, or neither the hub nor the cache has it.
    """
    import httpx2
    from huggingface_hub import HfApi, errors, hf_hub_download, snapshot_download

    endpoint = os.environ.get("HF_ENDPOINT") or None  # read when it is needed: huggingface_hub reads it once
    try:
        info = HfApi(endpoint=endpoint).model_info(name, timeout=30)
        found = [hf_hub_download(name, f, revision=info.sha, endpoint=endpoint) for f in _wanted(info.siblings or ())]
        return Path(found[0]).parent
    except (httpx2.TransportError, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        try:
            return Path(snapshot_download(name, local_files_only=True))
        except errors.LocalEntryNotFoundError:
            raise InputError(
                f"the hub cannot be reached for {name}, and its cache has no copy ({type(error).__name__})",
                hint="name a model folder instead",
            ) from None
    except (errors.HfHubHTTPError, errors.HFValidationError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        why = "no such model" if status in (401, 404) else str(error).splitlines()[0]
        raise InputError(f"{name}: {why}", hint="name a model of the hub, or a folder") from None


def _wanted(siblings: Iterable[Any]) -> list[str]:
    """The files that loading needs, the configuration first; of weights those that are data alone, if there are any."""
    files = [str(sibling.rfilename) for sibling in siblings]
    files = [file for file in files if "/" not in file]
    weights = ".safetensors" if any(file.endswith(".safetensors") for file in files) else ".bin"
    ends = (".json", ".txt", ".model", weights)
    return sorted((file for file in files if file.endswith(ends)), key=lambda file: file != "config.json")


def digest(folder: Path) -> str:
    """SHA-256 (16 hex digits) of a model: its weights, vocabulary, configuration and manifest."""
    whole = hashlib.sha256()
    patterns = (*WEIGHTS, "config.json", "tokenizer.json", "vocab*", "merges.txt", "spiece.model", MANIFEST)
    for file in sorted({file for pattern in patterns for file in folder.glob(pattern)}):
        with file.open("rb") as opened:
            whole.update(f"{file.name} ".encode() + hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()[:_DIGITS]


def load_config(folder: Path) -> Any:
    """The configuration.

    Raises:
        InputError: none there, or one that wants code of its own.
    """
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _unusable(folder, error) from None


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer, a fast one.

    Raises:
        InputError: none there, or one that cannot be read.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # whatever is in the file, the user's next step is the same
        raise _unusable(folder, error) from None
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(f"{folder}: its tokenizer is a slow one, without offsets", hint="take a model with a fast one")
    return tokenizer


def load_model(folder: Path, auto_class: str, *, config: Any | None = None, **options: Any) -> Any:
    """A model by one of transformers' auto classes, its weights read as data, in float32 whatever they are stored in.

    Raises:
        InputError: no weights, broken weights, weights that want code, or of another architecture.
    """
    import torch
    import transformers
    from transformers.utils import logging

    if not any(next(folder.glob(pattern), None) for pattern in WEIGHTS):
        raise InputError(f"{folder} holds no weights", hint="*.safetensors, or pytorch_model.bin")
    loader = getattr(transformers, auto_class)
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return loader.from_pretrained(
            folder,
            config=config,
            trust_remote_code=False,
            weights_only=True,
            attn_implementation="sdpa",
            dtype=torch.float32,
            **options,
        )
    except Exception as error:  # pickle, safetensors, torch and transformers each have their own
        raise _unusable(folder, error) from None
    finally:
        logging.set_verbosity(verbosity)


def places(config: Any) -> int | None:
    """How many tokens a model has places for; `None`: any number (T5 counts distances)."""
    if config.model_type in ("t5", "mt5"):
        return None
    found = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if found and config.model_type in ("roberta", "xlm-roberta", "camembert"):
        found -= config.pad_token_id + 1  # these count places from behind the padding token's
    return found or None


def device(name: str | None) -> str:
    """The device to run on: as named, else the first GPU, else the CPU.

    Raises:
        InputError: torch knows no such device, or it is not there.
    """
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"--device {name}: {str(error).splitlines()[0]}", hint="cpu, cuda or cuda:0") from None
    return name


def _unusable(folder: Path, error: Exception) -> InputError:
    said = " ".join(str(error).split())
    lowered = said.lower()
    if "weights_only" in lowered or "unpickl" in lowered or "unsupported global" in lowered:
        return InputError(
            f"{folder}: its weights are a pickle that wants to run code, which is refused",
            hint="convert them to safetensors with the program that wrote them",
        )
    if "trust_remote_code" in lowered:
        return InputError(f"{folder} wants to run code of its own, which is refused", hint="take another model")
    if "sentencepiece" in lowered or "protobuf" in lowered or "tiktoken" in lowered:
        return InputError(
            f"{folder}: its vocabulary (spiece.model) cannot be read",
            hint="pip install 'fewshot[local]' brings sentencepiece and protobuf",
        )
    kind = type(error).__name__
    return InputError(f"{folder} cannot be loaded ({kind}: {said[:160]})", hint="is it a whole model folder?")
