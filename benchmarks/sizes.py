"""Models of given sizes with random weights, for the benchmarks of training and generation. Nothing is downloaded.

    bart-base, t5-base      the published sizes, with all rows of their vocabularies
    tiny-bart, tiny-t5      the sizes of the models that come with the package

Each has a vocabulary of its family, trained on the demo corpus. For the published sizes it is as large as the corpus
allows, so that texts have about their real length: 1.5 tokens per word for BART, 2.3 for T5 (whose vocabulary is the
poorer one here). Tokens that no text has fill the rest: a model folder with rows that have no token is refused.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from benchmarks.decoding import SIZES
from fewshot import data

NAMES = (*SIZES, "tiny-bart", "tiny-t5")
LONGEST = 512
"""Tokens that the study padded to, and read at most."""

_WORDS = 8000  # tokens of the vocabulary for the published sizes: about as many as the demo corpus supports


def made(name: str) -> tuple[Any, Any]:
    """Returns `(tokenizer, model)`, with the same weights each time."""
    import torch

    from finetune import tiny

    texts = [example.text for example in data.read("demo")]
    with patch.object(tiny, "VOCABULARY", _WORDS if name in SIZES else tiny.VOCABULARY):
        tokenizer = (tiny.unigram if "t5" in name else tiny.bpe)(texts)
    torch.manual_seed(0)
    model = SIZES[name]() if name in SIZES else (tiny.tiny_t5 if "t5" in name else tiny.tiny_bart)(tokenizer)
    if model.config.model_type == "bart":
        model.config.normalize_before, model.config.normalize_embedding = False, True
    tokenizer.add_tokens([f"<spare {number}>" for number in range(model.config.vocab_size - len(tokenizer))])
    return tokenizer, model


def longest(model: Any) -> int:
    """Returns the tokens that the study would read and write: 512, or what the model has positions for."""
    from fewshot.models.model_folder import places

    return min(LONGEST, places(model.config) or LONGEST)


def supports_bf16() -> bool:
    """Returns whether bf16 is fast here: on a GPU that supports it, or a CPU with AMX."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))
