"""The usual loss over the tokens of a batch alone, not over the whole vocabulary.

Copy decoding compares source tokens and tags, never the rest of the vocabulary: most rows of the output head (a third
of a training step's time with the 30,522 of MiniLM) teach it nothing that it will be asked. The scores of a batch are
those of the tokens that occur in it, in any of its texts or answers, a few hundred; those of the batch's other texts
are what a token is told apart from.

Jean et al. 2015, "On Using Very Large Target Vocabulary for Neural Machine Translation", who chose such a part of the
vocabulary a partition of the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from finetune.features import IGNORED

PAYS = 8192
"""Vocabularies up to this size are scored whole."""


def tokens(inputs: Mapping[str, Tensor], size: int, *more: int) -> tuple[Tensor, Tensor]:
    """The ids that a batch holds, in order, and of each id of the vocabulary its place among them (-1: it has none).

    >>> ids, place = tokens({"input_ids": torch.tensor([[5, 3]]), "labels": torch.tensor([[3, -100]])}, 8, 6)
    >>> ids.tolist(), place[6].item(), place[0].item()
    ([3, 5, 6], 2, -1)
    """
    held = torch.zeros(size, dtype=torch.bool, device=inputs["labels"].device)
    for name in ("input_ids", "labels", "choices"):
        if name not in inputs:
            continue
        found = inputs[name]
        held[found[found != IGNORED]] = True
    held[list(more)] = True
    return held.nonzero()[:, 0], torch.where(held, held.cumsum(0) - 1, -1)


def placed(ids: Tensor, place: Tensor) -> Tensor:
    """Ids as places; what is ignored stays so."""
    return torch.where(ids == IGNORED, IGNORED, place[ids.clamp(min=0)])


def scores(wrapped: Any, model: Any, inputs: Mapping[str, Tensor], ids: Tensor) -> tuple[Tensor, Any]:
    """(rows, tokens of the answer, `ids`), and the model's other outputs.

    `wrapped` is called, as a trainer wraps a model (for several devices); `model` is what lies within.
    """
    asked = {name: value for name, value in inputs.items() if name != "labels"}
    with _headless(model) as (head, bias):
        shown = model.prepare_decoder_input_ids_from_labels(labels=inputs["labels"])  # the answers, a place later
        outputs = wrapped(**asked, decoder_input_ids=shown, use_cache=False)
    own = None if bias is None else bias[0, ids]
    return linear(outputs.logits, head.weight[ids], own), outputs


@contextmanager
def _headless(model: Any) -> Iterator[tuple[Any, Tensor | None]]:
    """The model without its head, so that its `logits` are the states that the head would be given."""
    head, bias = model.lm_head, getattr(model, "final_logits_bias", None)
    model.lm_head = nn.Identity()
    if bias is not None:
        model.final_logits_bias = bias.new_zeros(1, 1)
    try:
        yield head, bias
    finally:
        model.lm_head = head
        if bias is not None:
            model.final_logits_bias = bias
