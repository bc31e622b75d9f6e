"""The loss over a batch's own tokens beside the model's own, over the whole vocabulary."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from finetune import shortlist
from finetune.features import IGNORED
from tests.models import tiny

pytestmark = pytest.mark.local

FAMILIES = {"bart": (tiny.bpe, tiny.bart), "t5": (tiny.unigram, tiny.t5)}


@pytest.fixture(params=sorted(FAMILIES))
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    tokenizer, build = FAMILIES[request.param]
    return build(tokenizer())


def batch() -> dict[str, torch.Tensor]:
    ids = torch.tensor([[5, 9, 17, 9, 2], [40, 41, 2, 1, 1]])
    return {
        "input_ids": ids,
        "attention_mask": (ids != 1).long(),
        "labels": torch.tensor([[5, 30, 9, 31, 2], [40, 41, 2, IGNORED, IGNORED]]),
    }


def test_over_the_whole_vocabulary_it_is_the_models_own_loss_with_its_gradients(model: Any) -> None:
    every = torch.arange(model.config.vocab_size)
    logits, _ = shortlist.scores(model, model, batch(), every)
    ours = cross_entropy(logits.flatten(0, 1), batch()["labels"].flatten())
    theirs = model(**batch()).loss
    torch.testing.assert_close(ours, theirs)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    for found, expected in zip(torch.autograd.grad(ours, weights), torch.autograd.grad(theirs, weights), strict=True):
        torch.testing.assert_close(found, expected)


def test_scores_are_those_of_the_batchs_tokens_and_tags(model: Any) -> None:
    if model.config.model_type == "bart":
        model.final_logits_bias.normal_()
    ids, place = shortlist.tokens(batch(), model.config.vocab_size, 33)
    assert ids.tolist() == [1, 2, 5, 9, 17, 30, 31, 33, 40, 41]
    assert ids[place[41]] == 41
    logits, _ = shortlist.scores(model, model, batch(), ids)
    torch.testing.assert_close(logits, model(**batch()).logits[..., ids])
    assert shortlist.placed(batch()["labels"], place)[1].tolist() == [8, 9, 1, IGNORED, IGNORED]


def test_the_head_is_there_again_after_an_error(model: Any) -> None:
    head = model.lm_head
    with pytest.raises(KeyError):
        shortlist.scores(model, model, {"input_ids": torch.ones(1, 2, dtype=torch.long)}, torch.arange(3))
    assert model.lm_head is head
    assert not isinstance(model.lm_head, nn.Identity)
    model(**batch())
