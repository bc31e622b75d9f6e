"""The loss of tag decisions: the choice that copy decoding makes, and nothing else.

At each place of a tagged copy the candidates are the next source token and the tags that may come (see
`fewshot.models.copy_decoding`). Cross-entropy over them alone teaches where tags go from the first step on, while the
usual loss over the whole vocabulary first has to teach copying. Both are added.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from finetune.features import NOTHING, OUTSIDE


def loss(logits: Tensor, labels: Tensor, copied: Tensor, states: Tensor, tags: Mapping[str, tuple[int, int]]) -> Tensor:
    """Mean over all decisions of a batch; `logits` (rows, tokens, vocabulary), the rest (rows, tokens)."""
    opening = torch.tensor([pair[0] for pair in tags.values()], device=logits.device)
    closing = torch.tensor([pair[1] for pair in tags.values()], device=logits.device)
    total = logits.sum() * 0.0
    count = 0
    outside = states == OUTSIDE
    if outside.any():
        chosen, right = logits[outside], labels[outside]
        scores = torch.cat([_of(chosen, copied[outside]), chosen[:, opening]], 1)
        wanted = (right[:, None] == opening[None]).float().argmax(1) + 1
        wanted = torch.where((right[:, None] == opening[None]).any(1), wanted, 0)
        total = total + cross_entropy(scores.float(), wanted, reduction="sum")
        count += len(wanted)
    inside = (states != OUTSIDE) & (states != NOTHING)
    if inside.any():
        chosen, right = logits[inside], labels[inside]
        close = closing[states[inside] - 1]
        scores = torch.cat([_of(chosen, copied[inside]), _of(chosen, close)], 1)
        total = total + cross_entropy(scores.float(), (right == close).long(), reduction="sum")
        count += len(close)
    return total / max(count, 1)


def _of(logits: Tensor, tokens: Tensor) -> Tensor:
    return logits.gather(1, tokens[:, None])
