"""Models of a size with random weights, each with a vocabulary of its family: what the benchmarks of training and of
generation run on. Nothing is downloaded.

    bart-base, t5-base      the published sizes, all of their vocabulary's rows included
    tiny-bart, tiny-t5      the sizes of the models that come with the package

The vocabularies are learnt from the demo corpus. Those of the published sizes are as large as it allows, so that texts
are about as long as they really are: 1.5 tokens a word for BART, 2.3 for T5 (whose vocabulary here is the poorer one).
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from benchmarks.decoding import SIZES
from fewshot import data

NAMES = (*SIZES, "tiny-bart", "tiny-t5")
LONGEST = 512
"""What the study padded to, and read at most."""

_WORDS = 8000


def made(name: str) -> tuple[Any, Any]:
    """`(tokenizer, model)`; the same weights each time."""
    import torch

    from finetune import tiny

    texts = [example.text for example in data.read("demo")]
    with patch.object(tiny, "VOCABULARY", _WORDS if name in SIZES else tiny.VOCABULARY):
        tokenizer = (tiny.unigram if "t5" in name else tiny.bpe)(texts)
    torch.manual_seed(0)
    model = SIZES[name]() if name in SIZES else (tiny.tiny_t5 if "t5" in name else tiny.tiny_bart)(tokenizer)
    if model.config.model_type == "bart":
        model.config.normalize_before, model.config.normalize_embedding = False, True
    return tokenizer, model


def longest(model: Any) -> int:
    """How many tokens of it the study would have read and written: 512, or what there are places for."""
    from fewshot.models.model_folder import places

    return min(LONGEST, places(model.config) or LONGEST)


def supports_bf16() -> bool:
    """Whether bf16 is quick here: a GPU that has it, or a CPU with AMX."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))
