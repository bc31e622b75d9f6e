"""The grammar of a hypothesis: gold goes in and comes out, and nothing can be said that the legend does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fewshot import data
from fewshot.models import seq2seq
from fewshot.models.hypothesis_decoding import MOST_MEMBERS, Constraint, Grammar
from fewshot.models.model_folder import Manifest
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.records import Example, Hypothesis, Member
from finetune.features import needed
from tests.models import tiny

pytestmark = pytest.mark.local

LABELS = ("GENEPROD", "EXP_ASSAY")
VOCABULARIES = {"bart": tiny.bpe, "t5": tiny.unigram, "bert": tiny.wordpiece}


@cache
def grammar(family: str, end: str = "") -> Grammar:
    tokenizer = VOCABULARIES[family]()
    every = sorted({member.label for example in examples() for member in members(example)})
    manifest = Manifest(task="causal", format="sentence", kind="seq2seq", labels=tuple(every), end=end)
    tokenizer.add_tokens(needed(manifest.answer_format, manifest.scheme, end))
    return Grammar.of(SourceTokenizer(tokenizer), manifest)


@cache
def examples() -> tuple[Example, ...]:
    return tuple(e for e in data.read("demo") if e.hypothesis is not None)[:80]


def members(example: Example) -> list[Member]:
    return [member for _, found in (example.hypothesis or Hypothesis()).roles() for member in found]


@pytest.mark.parametrize("family", VOCABULARIES)
@pytest.mark.parametrize("end", ["", "[END]"])
def test_gold_goes_in_and_comes_out(family: str, end: str) -> None:
    made = grammar(family, end)
    whole = 0
    for example in examples():
        assert example.hypothesis is not None
        source = made.cut(example.text)
        ids, missing = made.written(source, example.hypothesis)
        answer = made.cut.framed([*ids, *made.end])
        if missing:
            continue
        whole += 1
        assert made.read(source, answer) == (example.hypothesis, True)
        allowed = made.allowed(source, answer)
        assert all(token in tokens for token, tokens in zip(answer, allowed, strict=True))
    assert whole > 70


@pytest.mark.parametrize("family", VOCABULARIES)
def test_nobody_is_said_to_be_nobody(family: str) -> None:
    made = grammar(family)
    for value in (Hypothesis(), Hypothesis(observations=(Member("GENEPROD", "p53"),))):
        source = made.cut("A blot of p53.")
        ids, missing = made.written(source, value)
        assert missing == 0
        assert made.read(source, made.cut.framed(ids)) == (value, True)


def test_a_name_that_is_not_there_is_counted_and_leaves_the_grammar() -> None:
    made = grammar("bart")
    source = made.cut("A blot of p53.")
    value = Hypothesis((Member("GENEPROD", "MDM2"),), (Member("GENEPROD", "p53"),))
    ids, missing = made.written(source, value)
    assert missing == 1
    assert made.read(source, made.cut.framed(ids)) == (Hypothesis(), False)
    allowed = made.allowed(source, made.cut.framed(ids))
    assert allowed[0]
    assert allowed[-1] == []


TEXTS = st.text(st.sampled_from("ab B1-é(). \n∆"), max_size=25)


@given(text=TEXTS, seed=st.integers(0, 2**32 - 1), family=st.sampled_from(sorted(VOCABULARIES)))
def test_every_way_through_the_grammar_ends_and_names_words_of_the_legend(text: str, seed: int, family: str) -> None:
    made, random = grammar(family), Random(seed)
    source = made.cut(text)
    state, written = made.start(), list[int]()
    while not state.ended:
        choices = made.choices(source, state)
        assert choices, "a dead end"
        token = random.choice(list(choices))
        written.append(token)
        state = choices[token]
        assert len(written) < 200 + 40 * MOST_MEMBERS * 3
    value, ended = made.read(source, written)
    assert ended
    assert all(len(found) <= MOST_MEMBERS for _, found in value.roles())
    for _, found in value.roles():
        for member in found:
            assert member.text == member.text.strip() != ""
            assert member.text in text


def models() -> Iterator[tuple[str, Any]]:
    for family, build in (("bart", tiny.bart), ("t5", tiny.t5)):
        tokenizer = grammar(family).cut.tokenizer
        torch.manual_seed(1)
        yield family, build(tokenizer)


@pytest.mark.parametrize("beams", [1, 3])
def test_an_untrained_model_writes_hypotheses_about_its_legends(beams: int) -> None:
    asked = [replace(example, hypothesis=None) for example in examples()[:5]]
    for family, model in models():
        made = grammar(family)
        manifest = Manifest(task="causal", format="sentence", kind="seq2seq", labels=tuple(made.tags))
        predictor = seq2seq.Seq2Seq(model, made.cut.tokenizer, manifest, seq2seq.COPY)
        assert seq2seq.why_not_copy(model, manifest) is None
        for prediction in predictor.predict(asked):
            text = next(example.text for example in asked if example.id == prediction.id)
            assert isinstance(prediction.value, Hypothesis)
            assert set(prediction.problems) <= {"truncated"}
            assert all(member.text in text for _, found in prediction.value.roles() for member in found)
        sources = [made.cut(example.text) for example in asked]
        options = {"num_beams": beams, "do_sample": False, "max_new_tokens": 30, "forced_eos_token_id": None,
                   "logits_processor": [Constraint(made, sources)]}  # fmt: skip
        inputs = [made.cut.framed(source.ids) for source in sources]
        for source, row in zip(sources, seq2seq.generated(model, made.cut.tokenizer, inputs, options), strict=True):
            kept = row[: row.index(made.cut.after[-1])] if made.cut.after[-1] in row else row
            allowed = made.allowed(source, kept)
            assert all(token in tokens for token, tokens in zip(kept, allowed, strict=True))
