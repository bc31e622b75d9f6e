"""The loss of tag decisions beside the same written out, decision by decision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from finetune import decisions
from finetune.features import IGNORED, NOTHING, OUTSIDE

pytestmark = pytest.mark.local

TAGS = {"GENEPROD": (7, 8), "ORGANISM": (9, 10)}


def plain(logits: Tensor, labels: Tensor, copied: Tensor, states: Tensor) -> Tensor:
    found = []
    for row in range(states.shape[0]):
        for at in range(states.shape[1]):
            state = int(states[row, at])
            if state == NOTHING:
                continue
            tags = [pair[0] for pair in TAGS.values()] if state == OUTSIDE else [list(TAGS.values())[state - 1][1]]
            candidates = [int(copied[row, at]), *tags]
            label = int(labels[row, at])
            right = candidates.index(label) if label in tags else 0
            found.append(-logits[row, at][candidates].log_softmax(-1)[right])
    return torch.stack(found).mean()


def test_the_same_loss_and_gradient_as_written_out() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 5, 12, requires_grad=True)
    #                       <G>  copies  </G>
    labels = torch.tensor([[7, 3, 4, 8, 2], [3, 9, 5, 10, IGNORED]])
    copied = torch.tensor([[3, 3, 4, 5, 5], [3, 5, 5, 6, IGNORED]])
    states = torch.tensor([[OUTSIDE, NOTHING, 1, 1, OUTSIDE], [OUTSIDE, OUTSIDE, 2, 2, NOTHING]])
    ours = decisions.loss(logits, labels, copied, states, TAGS)
    (gradient,) = torch.autograd.grad(ours, logits)
    theirs = plain(logits, labels, copied, states)
    (expected,) = torch.autograd.grad(theirs, logits)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(gradient, expected)


def test_a_batch_without_decisions_has_a_loss_of_nothing() -> None:
    logits = torch.randn(1, 3, 12, requires_grad=True)
    nothing = torch.full((1, 3), NOTHING)
    made = decisions.loss(logits, nothing, torch.full((1, 3), IGNORED), nothing, TAGS)
    assert made.item() == 0.0
    assert not torch.autograd.grad(made, logits)[0].any()


def test_among_what_a_grammar_allows_it_is_the_same_as_written_out() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 4, 12, requires_grad=True)
    labels = torch.tensor([[7, 3, 4, 8], [3, 9, 5, IGNORED]])
    allowed = {(0, 0): [7, 9], (0, 1): [3], (0, 3): [2, 8, 5], (1, 0): [3, 4, 5, 6], (1, 3): [1, 2]}
    pairs = [[(at, token) for (row, at), tokens in allowed.items() if row == number for token in tokens]
             for number in range(2)]  # fmt: skip
    widest = max(map(len, pairs))
    padded = [found + [(IGNORED, IGNORED)] * (widest - len(found)) for found in pairs]
    places, choices = (torch.tensor([[pair[i] for pair in row] for row in padded]) for i in (0, 1))
    ours = decisions.among(logits, labels, places, choices)
    asked = [((0, 0), 0), ((0, 3), 1), ((1, 0), 0)]
    theirs = torch.stack([-logits[row, at][allowed[row, at]].log_softmax(-1)[right] for (row, at), right in asked])
    torch.testing.assert_close(ours, theirs.mean())
    (gradient,), (expected,) = (torch.autograd.grad(loss, logits) for loss in (ours, theirs.mean()))
    torch.testing.assert_close(gradient, expected)


def test_where_a_grammar_leaves_no_choice_nothing_is_lost() -> None:
    logits = torch.randn(1, 2, 5, requires_grad=True)
    made = decisions.among(logits, torch.tensor([[1, 2]]), torch.tensor([[0, 1]]), torch.tensor([[1, 2]]))
    assert made.item() == 0.0
