"""A model is what its folder says, or it does not run: configuration, weights and vocabulary must fit together.

    check_config(folder)                            more layers or rows than any model has
    check_tokenizer_config(folder)                  more made-up tokens than any tokenizer has
    check_weights(folder, model, info)              weights that are missing, left over, of another shape, NaN
    check_vocabulary(folder, tokenizer, model)      more tokens than rows, or far fewer; no padding token

transformers fills a weight that a file does not hold with random numbers, and makes an empty vocabulary where there is
no file: two identical runs then score differently, under one signature.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fewshot.errors import InputError
from fewshot.fields import shown

_MOST_LAYERS = 1_000
"""No published encoder or encoder-decoder has a hundred layers; a million are built for hours."""
_MOST_SIZE = 1 << 24
"""The largest width, vocabulary or number of positions that is believed: 16 times the largest vocabularies in use."""
_MOST_TOKENS = 100_000
"""Tokens that a tokenizer's configuration has made up (`extra_ids`, `offset`, `num_madeup_words`): T5 has 100."""
_SIZE = re.compile(r"(?:_size|_dim|_heads|_positions|_embeddings|_buckets)$|^(?:d_(?:model|ff|kv)|num_labels|n_\w+)$")

_SPARE_ROWS, _SPARE_SHARE = 512, 0.1
"""Rows of the embeddings without a token, for round numbers: T5 has 28, DeBERTa 99, Qwen 267, each far below 10%."""

_NAMES_SHOWN = 3

# What transformers made and stored in earlier versions and computes or leaves out today.
LEFT_OVER = re.compile(r"(?:^|\.)(?:pooler\.|position_ids$|token_type_ids$|num_batches_tracked$)|inv_freq$")
_POOLER = re.compile(r"(?:^|\.)pooler\.")


def check_config(folder: Path, name: str = "config.json") -> dict[str, Any]:
    """Looks at the numbers of a configuration before a model of that size is built, and returns it.

    Raises:
        InputError: it is not a JSON object, or a number in it is beyond reason.
    """
    path = folder / name
    try:
        row = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise InputError(f"{path} cannot be read ({why})", hint="is it a whole model folder?") from None
    if not isinstance(row, dict):
        raise InputError(f"{path} is not a JSON object", hint="is it a whole model folder?")
    for key, value in _numbers(row):
        most = _MOST_LAYERS if "layer" in key.lower() else _MOST_SIZE if _SIZE.search(key) else None
        if most is not None and not value <= most:  # NaN neither; -1 is how some say "none"
            raise InputError(f"{path}: {key} is {shown(value)}", hint=f"at most {most:,} are believed")
    return row


def check_tokenizer_config(folder: Path) -> None:
    """Looks at the numbers of `tokenizer_config.json` before so many tokens are made up. Whatever else is wrong with
    the file, its reader says.

    Raises:
        InputError: a number in it is beyond reason.
    """
    path = folder / "tokenizer_config.json"
    try:
        row = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    for name, value in row.items() if isinstance(row, dict) else ():
        if isinstance(value, int) and value > _MOST_TOKENS and "length" not in name and name != "vocab_size":
            raise InputError(f"{path}: {name[:60]} is {shown(value)}", hint=f"at most {_MOST_TOKENS:,} are believed")


def check_weights(folder: Path, model: Any, info: Mapping[str, Any], *, new_head: bool = False) -> None:
    """Compares the weights that were read (`output_loading_info`) with those that the model has.

    `new_head`: what stands on top of the pretrained part may be new, as it is for a model that will be trained. The
    pooler of a bare encoder is never used, and may be missing.

    Raises:
        InputError: names the weights that are missing, left over, of another shape, or not finite.
    """
    head = _head_of(model) if new_head else None
    missing = _sorted(info["missing_keys"], lambda name: _POOLER.search(name) or (head and head(name)))
    if missing:
        raise unfit(folder, "lacks weights of the model that its config.json describes", missing)
    shapes = {str(name): _shapes(rest) for name, *rest in info["mismatched_keys"]}
    other = _sorted(shapes, lambda name: head and head(name))
    if other:
        raise unfit(folder, "holds weights of another shape", [f"{name} {shapes[name]}" for name in other])
    over = _sorted(info["unexpected_keys"], lambda name: LEFT_OVER.search(name) or _is_of_a_head(name, model, head))
    if over:
        raise unfit(folder, "holds weights that the model of its config.json has no place for", over)
    if info.get("error_msgs"):
        raise InputError(f"{folder}: {str(info['error_msgs'][0])[:120]}", hint="is it a whole model folder?")
    check_finite(folder, model)


def check_vocabulary(folder: Path, tokenizer: Any, model: Any) -> None:
    """Compares a vocabulary with the rows of the model's embeddings, so that each token has a row of its own.

    Raises:
        InputError: a token beyond the embeddings, far fewer tokens than rows, no padding token; a special token of the
            configuration without a row.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    ids = set(tokenizer.get_vocab().values())
    hint = "copy the tokenizer that the model was trained with into the folder"
    if max(ids, default=0) >= rows or len(tokenizer) > rows:
        count = max(len(tokenizer), max(ids, default=0) + 1)
        raise InputError(f"{folder}: the tokenizer knows {count:,} tokens, but the model only {rows:,}", hint=hint)
    if rows - len(ids) > min(_SPARE_ROWS, rows * _SPARE_SHARE):
        raise InputError(f"{folder}: the tokenizer knows {len(ids):,} tokens, the model {rows:,}", hint=hint)
    if tokenizer.pad_token_id is None:
        raise InputError(f"{folder}: its tokenizer names no padding token", hint=hint)
    _check_special(folder, model, rows)


def _check_special(folder: Path, model: Any, rows: int) -> None:
    """The tokens that a decoder starts from, ends with and pads with must be rows of the embeddings."""
    if not getattr(model.config, "is_encoder_decoder", False):
        return
    generation = getattr(model, "generation_config", None)  # a model without a head has none
    for holder, file in ((model.config, "config.json"), (generation, "generation_config.json")):
        for name in ("pad_token_id", "eos_token_id", "bos_token_id", "decoder_start_token_id"):
            value = getattr(holder, name, None)
            for id_ in value if isinstance(value, list) else [value]:
                if id_ is not None and (type(id_) is not int or not 0 <= id_ < rows):
                    raise InputError(f"{folder}/{file}: {name} is {shown(value)}, of {rows:,} tokens")
    start = getattr(model.config, "decoder_start_token_id", None)
    if start is None:
        raise InputError(f"{folder}/config.json names no decoder_start_token_id", hint="is it a whole model folder?")


def check_finite(folder: Path, model: Any) -> None:
    """Looks at every weight.

    Raises:
        InputError: one is not a finite number; names it.
    """
    import torch

    seen: set[int] = set()
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point() or tensor.data_ptr() in seen:
            continue
        seen.add(tensor.data_ptr())
        if not bool(torch.isfinite(tensor).all()):
            raise unfit(folder, "holds weights that are no finite numbers (NaN or infinite)", [name])


def _numbers(row: Mapping[str, object]) -> Iterator[tuple[str, int | float]]:
    """The numbers of a configuration, those of the configurations inside it included."""
    waiting = [row]
    while waiting:
        for name, value in waiting.pop().items():
            if isinstance(value, dict) and name.endswith("config"):
                waiting.append(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield name, value


def _head_of(model: Any) -> Any:
    """Tells whether a weight of the model stands on top of its pretrained part."""
    inner = f"{model.base_model_prefix}."
    return lambda name: not str(name).startswith(inner)


def _is_of_a_head(name: str, model: Any, head: Any) -> bool:
    """Whether a weight that the model has no place for belongs to another head: only a base model and a bare encoder
    are read from files with other heads."""
    bare = not hasattr(model, model.base_model_prefix)
    if not (bare or head):
        return False
    base = getattr(model, model.base_model_prefix, model)
    inside = {model.base_model_prefix, *(child for child, _ in base.named_children())}
    return name.partition(".")[0] not in inside


def _sorted(names: Iterable[Any], fine: Any) -> list[str]:
    return sorted(str(name) for name in names if not fine(str(name)))


def _shapes(rest: Iterable[Any]) -> str:
    return " instead of ".join("×".join(map(str, shape)) for shape in rest)


def unfit(folder: Path, what: str, names: list[str]) -> InputError:
    """The refusal of a folder whose weights do not fit; names some of them."""
    first = ", ".join(name[:60] for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return InputError(f"{folder} {what}: {first}{more}", hint="is it a whole model folder, and of this model?")
