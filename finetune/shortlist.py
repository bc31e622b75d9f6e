"""The usual loss over the tokens of a batch only, not over the whole vocabulary.

Copy decoding compares source tokens and tags, never the rest of the vocabulary: most rows of the output head (a third
of the time of a training step with MiniLM's 30,522) teach it nothing that it will use. Scores are computed only for the
few hundred tokens that occur in the batch, in any of its texts or answers; a token is told apart from those.

Jean et al. 2015, "On Using Very Large Target Vocabulary for Neural Machine Translation", who choose such a part of the
vocabulary for each partition of the corpus.
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
"""Vocabularies up to this size are scored completely: there the head takes little of a step. A judgement, between the
1,500 of the tiny models and the 30,522 of MiniLM."""


def tokens(inputs: Mapping[str, Tensor], size: int, *more: int) -> tuple[Tensor, Tensor]:
    """Returns the ids that occur in a batch, sorted, and for each id of the vocabulary its index among them (or -1).

    >>> ids, place = tokens({"input_ids": torch.tensor([[5, 3]]), "labels": torch.tensor([[3, -100]])}, 8, 6)
    >>> ids.tolist(), place[6].item(), place[0].item()
    ([3, 5, 6], 2, -1)
    """
    held = torch.zeros(size, dtype=torch.bool, device=inputs["labels"].device)
    for name in ("input_ids", "labels", "choices"):
        if name not in inputs:
            continue
        present = inputs[name]
        held[present[present != IGNORED]] = True
    held[list(more)] = True
    return held.nonzero()[:, 0], torch.where(held, held.cumsum(0) - 1, -1)


def placed(ids: Tensor, place: Tensor) -> Tensor:
    """Maps ids to their indices; ignored positions stay ignored."""
    return torch.where(ids == IGNORED, IGNORED, place[ids.clamp(min=0)])


def scores(wrapped: Any, model: Any, inputs: Mapping[str, Tensor], ids: Tensor) -> tuple[Tensor, Any]:
    """Returns scores of shape (rows, tokens of the answer, len(ids)), and the model's outputs.

    `wrapped` is the model as the trainer wraps it (for several devices) and is the one called; `model` is the model
    inside.
    """
    asked = {name: value for name, value in inputs.items() if name != "labels"}
    with _headless(model) as (head, bias):
        shown = model.prepare_decoder_input_ids_from_labels(labels=inputs["labels"])  # the answers, shifted by one
        outputs = wrapped(**asked, decoder_input_ids=shown, use_cache=False)
    own = None if bias is None else bias[0, ids]
    return linear(outputs.logits, head.weight[ids], own), outputs


@contextmanager
def _headless(model: Any) -> Iterator[tuple[Any, Tensor | None]]:
    """Removes the model's head, so that its `logits` are the states that the head would get; restores it afterwards."""
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
