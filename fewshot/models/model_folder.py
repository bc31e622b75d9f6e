"""A model folder: the usual Hugging Face files, and `fewshot.json`, which says what the model was made for.

    {"task": "ner", "format": "copy_tag", "kind": "seq2seq", "labels": ["GENEPROD"], "source_template": "",
     "base_model": "facebook/bart-base", "data": "3f…", "labelled": 60, "max_input_length": 512, …}

`fewshot finetune` writes it, `--backend local` reads it. Weights are read as data and never run: safetensors, or a
`pytorch_model.bin` with `weights_only` (the hub's biobart and SciFive have nothing else); code from a hub is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from fewshot.errors import InputError
from fewshot.files import CORPUS
from fewshot.models.manifest import AUTO_CLASSES, MANIFEST, Manifest, ModelKind, read_manifest
from fewshot.models.silence import nothing_printed
from fewshot.models.soundness import check_config, check_tokenizer_config, check_vocabulary, check_weights
from fewshot.servers import hub

__all__ = [
    "AUTO_CLASSES", "BUNDLED", "FINE_TUNED", "MANIFEST", "Manifest", "ModelKind", "bundled", "device", "digest",
    "fetch", "fine_tuned", "load", "load_config", "load_model", "load_tokenizer", "places", "read_manifest", "resolve",
    "unusable",
]  # fmt: skip

CONFIG = "config.json"
WEIGHTS = ("*.safetensors", "*.bin")
VOCABULARY = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt",
    "*.model",
)  # fmt: skip
"""The files of a tokenizer."""
LOADED = (*WEIGHTS, "*.index.json", CONFIG, "generation_config.json", *VOCABULARY, MANIFEST)
"""The files of a folder that loading it reads."""
BUNDLED, FINE_TUNED = CORPUS / "models", CORPUS / "fine-tuned"
_DIGITS = 16


def bundled() -> tuple[str, ...]:
    """The names of the tiny models that come with the package.

    >>> bundled()
    ('tiny-bart', 'tiny-t5', 'tiny-tagger')
    """
    return tuple(sorted(path.parent.name for path in BUNDLED.glob("*/config.json")))


def fine_tuned() -> tuple[str, ...]:
    """The names of the models that come with the package fine-tuned, for the demo."""
    return tuple(sorted(path.parent.name for path in FINE_TUNED.glob(f"*/{MANIFEST}")))


def resolve(name: str, *, config: str = CONFIG, weights: bool = True) -> Path:
    """The local folder of a model: the path itself, one that comes with the package, or huggingface_hub's copy of a
    hub model of that name.

    `config`, `weights`: what is fetched from the hub, as in `fetch`.

    Raises:
        InputError: no such folder, and no such model on the hub.
    """
    path = Path(name)
    try:
        if path.is_dir():
            return path
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{name[:120]}: cannot be looked at ({why})") from None
    for home, names in ((BUNDLED, bundled()), (FINE_TUNED, fine_tuned())):
        if name in names:
            return home / name
    is_file = path.suffix and not path.suffix[1:].isdecimal()  # "gliner_base-v2.1" is a name
    if is_file or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise InputError(f"{name}: no such model folder")
    return fetch(name, config=config, weights=weights)


def fetch(name: str, *, config: str = CONFIG, weights: bool = True) -> Path:
    """A hub model's files in huggingface_hub's cache: configuration, vocabulary and weights, no code.

    `config`: the file that makes it a model of its kind; `weights`: whether they are fetched too.

    Raises:
        InputError: no such model, one without files, or neither the hub nor the cache has it.
    """
    listing = hub.listing("model", name)
    wanted = _wanted(listing.files, config, weights=weights)
    if config not in wanted:
        raise InputError(f"{name} holds no {config}", hint="name a model of the hub, or a folder")
    paths = [hub.fetch("model", name, file, listing.commit) for file in wanted]
    return paths[0].parent


def _wanted(files: Iterable[str], config: str, *, weights: bool) -> list[str]:
    """The files that loading needs, the configuration first; of weights those that are data alone, if there are any."""
    files = [file for file in files if "/" not in file]
    data = ".safetensors" if any(file.endswith(".safetensors") for file in files) else ".bin"
    ends = (".json", ".txt", ".model", *([data] if weights else []))
    return sorted((file for file in files if file.endswith(ends)), key=lambda file: file != config)


def digest(folder: Path, loaded: Iterable[str] = LOADED) -> str:
    """SHA-256 (16 hex digits) of a model: every file that loading it reads (`loaded`: patterns of their names).

    Raises:
        InputError: a file cannot be read.
    """
    whole = hashlib.sha256()
    try:
        for file in sorted({file for pattern in loaded for file in folder.glob(pattern)}):
            with file.open("rb") as opened:
                whole.update(f"{file.name} ".encode() + hashlib.file_digest(opened, "sha256").digest())
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be read ({error.strerror or error})") from None
    return whole.hexdigest()[:_DIGITS]


def load(
    folder: Path, auto_class: str, *, config: Any | None = None, new_head: bool = False, **options: Any
) -> tuple[Any, Any]:
    """`(model, tokenizer)` of a folder, checked against each other.

    `auto_class`: of transformers. `new_head`: what stands on top of the pretrained part may be new (a base model).

    Raises:
        InputError: as `load_model` and `load_tokenizer`; or they do not fit together.
    """
    check_config(folder)
    tokenizer = load_tokenizer(folder)
    model = load_model(folder, auto_class, config=config, new_head=new_head, **options)
    check_vocabulary(folder, tokenizer, model)
    return model, tokenizer


def load_config(folder: Path) -> Any:
    """The configuration.

    Raises:
        InputError: none there, one that wants code of its own, or with numbers beyond reason.
    """
    from transformers import AutoConfig

    check_config(folder)
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # whatever is in the file, the user's next step is the same
        raise unusable(folder, error) from None


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer, a fast one.

    Raises:
        InputError: none there, or one that cannot be read.
    """
    from transformers import AutoTokenizer

    check_tokenizer_config(folder)
    try:
        with nothing_printed:
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        raise unusable(folder, error) from None
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(f"{folder}: its tokenizer is a slow one, without offsets", hint="take a model with a fast one")
    return tokenizer


def load_model(
    folder: Path, auto_class: str, *, config: Any | None = None, new_head: bool = False, **options: Any
) -> Any:
    """A model by one of transformers' auto classes, its weights read as data, in float32 whatever they are stored in.

    Raises:
        InputError: no weights, broken weights, weights that want code, or of another architecture; weights that are
            missing, left over, of another shape or not finite (`soundness.check_weights`).
    """
    import torch
    import transformers
    from transformers.utils import logging

    check_config(folder)
    if not any(next(folder.glob(pattern), None) for pattern in WEIGHTS):
        raise InputError(f"{folder} holds no weights", hint="*.safetensors, or pytorch_model.bin")
    if (folder / "adapter_config.json").exists():
        raise InputError(f"{folder} holds an adapter, not a whole model", hint="merge it into its base model first")
    loader = partial(
        getattr(transformers, auto_class).from_pretrained,
        folder,
        config=config,
        trust_remote_code=False,
        weights_only=True,
        dtype=torch.float32,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # else transformers raises without their names; they are checked below
        **options,
    )
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        # Always named: a configuration could name an implementation of its own, which is code.
        try:
            model, info = loader(attn_implementation="sdpa")
        except ValueError as error:
            if "scaled_dot_product_attention" not in str(error):
                raise
            model, info = loader(attn_implementation="eager")  # DeBERTa and MPNet have no other
    except Exception as error:  # pickle, safetensors, torch and transformers each have their own
        raise unusable(folder, error) from None
    finally:
        logging.set_verbosity(verbosity)
    check_weights(folder, model, info, new_head=new_head)
    return model


def places(config: Any) -> int | None:
    """How many tokens a model has places for; `None`: any number (T5 counts distances)."""
    if config.model_type in ("t5", "mt5"):
        return None
    most = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if most and config.model_type in ("roberta", "xlm-roberta", "camembert"):
        most -= (config.pad_token_id or 0) + 1  # these count places from behind the padding token's
    return most or None


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


def unusable(folder: Path, error: Exception) -> InputError:
    """The line for a folder that cannot be loaded, whatever was raised."""
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
