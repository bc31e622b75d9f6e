"""The loss of decisions: the choices that copy decoding makes, and nothing else.

`loss` is for tagged copies, `among` for hypotheses. At each position of a tagged copy the candidates are the next
source token and the tags that are possible there (see `fewshot.models.copy_decoding`). Cross-entropy over them alone
teaches where tags go from the first step on, while the usual loss over the whole vocabulary has to teach copying first.
The two are added.

At each position of a hypothesis the choices are what its grammar allows (`fewshot.models.hypothesis_decoding`): the
first token of a name is told apart from all other words of the source. Here the usual loss is left out: it compares a
name with everything that the vocabulary could spell, and a small model learns nothing else from it (members F1 of
tiny-bart on the demo corpus after 400 steps: .03 with the usual loss alone, .09 with both, .17 with this one, decoded
in the same way).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from finetune.features import IGNORED, NOTHING, OUTSIDE


def loss(logits: Tensor, labels: Tensor, copied: Tensor, states: Tensor, tags: Mapping[str, tuple[int, int]]) -> Tensor:
    """Returns the mean cross-entropy over all decisions of a batch.

    `logits`: shape (rows, tokens, vocabulary); `labels`, `copied`, `states`: shape (rows, tokens), as `features` makes
    them; `tags`: the ids of the opening and closing tag by label.
    """
    opening = torch.tensor([pair[0] for pair in tags.values()], device=logits.device)
    closing = torch.tensor([pair[1] for pair in tags.values()], device=logits.device)
    flat, first = logits.reshape(-1), torch.arange(states.numel(), device=logits.device).view_as(states)
    first = first * logits.shape[-1]

    def scores(places: Tensor, candidates: Tensor) -> Tensor:
        """Returns shape (decisions, candidates): only these scores are read, and only they get a gradient."""
        return flat[first[places][:, None] + candidates].float()

    total = flat[0] * 0.0
    count = 0
    outside = states == OUTSIDE
    if outside.any():
        right = labels[outside]
        candidates = torch.cat([copied[outside][:, None], opening.expand(len(right), -1)], 1)
        opens = right[:, None] == opening[None]
        wanted = torch.where(opens.any(1), opens.float().argmax(1) + 1, 0)
        total = total + cross_entropy(scores(outside, candidates), wanted, reduction="sum")
        count += len(wanted)
    inside = (states != OUTSIDE) & (states != NOTHING)
    if inside.any():
        close = closing[states[inside] - 1]
        candidates = torch.stack([copied[inside], close], 1)
        total = total + cross_entropy(scores(inside, candidates), (labels[inside] == close).long(), reduction="sum")
        count += len(close)
    return total / max(count, 1)


def among(logits: Tensor, labels: Tensor, places: Tensor, choices: Tensor) -> Tensor:
    """Returns the mean cross-entropy over all positions with more than one choice.

    `logits`: shape (rows, tokens, vocabulary); `labels`: (rows, tokens); `places`, `choices`: (rows, pairs), a position
    in the answer and a token that is allowed there. A log-sum-exp by `scatter_reduce`, because positions have
    different numbers of choices.
    """
    real = choices != IGNORED
    tokens = labels.shape[1]
    at = (torch.arange(len(labels), device=labels.device)[:, None] * tokens + places)[real]
    flat = logits.reshape(-1, logits.shape[-1])
    scores = flat[at, choices[real]].float()
    most = scores.new_full((labels.numel(),), -torch.inf).scatter_reduce(0, at, scores.detach(), "amax")
    total = scores.new_zeros(labels.numel()).index_add(0, at, (scores - most[at]).exp())
    count = torch.bincount(at, minlength=labels.numel())
    asked = (count > 1) & (labels.flatten() != IGNORED)
    right = flat[asked, labels.flatten()[asked]].float()
    wrong: Tensor = (most[asked] + total[asked].log() - right).sum()
    return wrong / asked.sum().clamp(min=1)
