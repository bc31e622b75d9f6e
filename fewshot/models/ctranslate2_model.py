"""Free generation by CTranslate2: a loaded encoder-decoder once more, in int8, without torch.

    CTranslate2Model(model).written(inputs, options)      # ids in, ids out, as `seq2seq.generated` does it

CTranslate2 addresses tokens by name and keeps vocabularies of its own. Here a token's name is its id, so that nothing
depends on two libraries reading a tokenizer alike.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from fewshot.errors import InputError, MissingExtraError
from fewshot.models import draft_head
from fewshot.models.ragged_families import family_of

_NAMES = {"num_beams": "beam_size", "repetition_penalty": "repetition_penalty",
          "no_repeat_ngram_size": "no_repeat_ngram_size", "min_new_tokens": "min_decoding_length",
          "max_new_tokens": "max_decoding_length"}  # fmt: skip
"""Options of transformers' `generate` by their name in CTranslate2."""

_NEUTRAL = {"do_sample": False, "early_stopping": False, "length_penalty": 1.0, "min_length": 0, "temperature": 1.0,
            "top_p": 1.0, "typical_p": 1.0, "num_beam_groups": 1, "num_return_sequences": 1,
            "use_cache": True}  # fmt: skip
"""Values of other options with which they do nothing."""

_BART = {"normalize_before": False, "normalize_embedding": True}
"""What every BART of transformers does. CTranslate2 asks its configuration, where only older ones say so."""


def why_not(model: Any, generation: Mapping[str, Any]) -> str | None:
    """Why CTranslate2 cannot write what `generate` would; `None`: it can. `generation`: options of a manifest."""
    if family_of(model) is None:
        return f"models of type {model.config.model_type} are of another family than BART and T5"
    if not _runs_on(model.device.type):
        return f"CTranslate2 does not run on {model.device.type} here"
    for name, value in generation.items():
        if name not in _NAMES and value is not None and value != _NEUTRAL.get(name, ...):
            return f"{name}={value} of its fewshot.json has no counterpart in CTranslate2"
    return None


class CTranslate2Model:
    """The same weights in CTranslate2. `quantization`: of the weights, `int8` or `float32`.

    The weights are converted when it is made, through a temporary folder.

    Raises:
        MissingExtraError: ctranslate2 is not installed.
        InputError: it cannot convert this model.
    """

    def __init__(self, model: Any, *, quantization: str = "int8") -> None:
        if find_spec("ctranslate2") is None:
            raise MissingExtraError("ctranslate2, which --decoder ct2 needs,", extra="ct2")
        try:
            self._translator = _converted(model, quantization)
        except Exception as error:  # of transformers, CTranslate2, its libraries, the disk: each has its own
            raise InputError(
                f"--decoder ct2: CTranslate2 cannot take this model ({' '.join(str(error).split())[:120]})",
                hint=f"use --decoder generate; the weights pass through {tempfile.gettempdir()} (TMPDIR)",
            ) from error

    def written(self, inputs: Sequence[Sequence[int]], options: Mapping[str, Any]) -> list[list[int]]:
        """What is written for each input, with the token that ends an answer if one does.

        Args:
            inputs: Ids that the model reads, with its special tokens.
            options: Those of `generate`; those that `why_not` lets pass by asking for nothing are left out.
        """
        given = {"min_decoding_length": 0}  # an answer may be empty
        given |= {_NAMES[name]: value for name, value in options.items() if name in _NAMES and value is not None}
        found = self._translator.translate_batch(
            [[str(id_) for id_ in row] for row in inputs],
            return_end_token=True,
            max_input_length=0,  # nothing is cut
            **given,
        )
        return [[int(name) for name in one.hypotheses[0]] for one in found]


def _runs_on(device: str) -> bool:
    if device != "cuda":
        return device == "cpu"
    if find_spec("ctranslate2") is None:  # said when it is made
        return True
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count())


def _converted(model: Any, quantization: str) -> Any:
    """The translator of a model. Nothing is left on the disk."""
    import ctranslate2

    class Converter(ctranslate2.converters.TransformersConverter):  # type: ignore[misc]
        """Converts T5 as transformers 5 means it, which always says `tie_word_embeddings`, and elsewhere whether the
        decoder's states are scaled (T5 1.1 and Flan: no)."""

        def load_model(self, *args: Any, **options: Any) -> Any:
            loaded = super().load_model(*args, **options)
            if hasattr(loaded.config, "scale_decoder_outputs"):
                loaded.config.tie_word_embeddings = loaded.config.scale_decoder_outputs
            return loaded

    with tempfile.TemporaryDirectory(prefix="fewshot-ct2-") as temporary:
        plain, converted = Path(temporary) / "transformers", Path(temporary) / "ctranslate2"
        with draft_head.apart(model):
            model.save_pretrained(plain)
        _names_are_ids(model).save_pretrained(plain)
        if model.config.model_type == "bart":
            path = plain / "config.json"
            path.write_text(json.dumps(_BART | json.loads(path.read_bytes())), "utf-8")
        Converter(str(plain)).convert(str(converted), quantization=quantization)
        return ctranslate2.Translator(
            str(converted),
            device=model.device.type,
            device_index=model.device.index or 0,
            intra_threads=torch.get_num_threads(),
            inter_threads=1,
        )


def _names_are_ids(model: Any) -> Any:
    """A tokenizer that calls each token by its id, in digits."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    rows, config = int(model.get_input_embeddings().weight.shape[0]), model.config
    unused = next(id_ for id_ in range(rows) if id_ not in (config.pad_token_id, config.eos_token_id))
    plain = Tokenizer(models.WordLevel({str(id_): id_ for id_ in range(rows)}, unk_token=str(unused)))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {}
    for name in ("bos_token", "eos_token", "pad_token"):
        id_ = getattr(config, f"{name}_id", None)  # a T5 begins with nothing
        names[name] = str(unused if id_ is None else id_)
    return PreTrainedTokenizerFast(tokenizer_object=plain, unk_token=str(unused), **names)
