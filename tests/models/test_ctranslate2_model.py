"""CTranslate2 writes what transformers writes, token for token with the same weights, and it is read alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from fewshot import data
from fewshot.errors import InputError, MissingExtraError
from fewshot.models import batches, ctranslate2_model, draft_head
from fewshot.models.ctranslate2_model import CTranslate2Model, why_not
from fewshot.models.model_folder import Manifest
from fewshot.models.seq2seq import CT2, Seq2Seq
from tests.models import tiny

pytestmark = pytest.mark.local
TEXTS = [example.text[:length] for example, length in zip(data.read("demo"), (40, 200, 7, 120), strict=False)]
ENDS = {"bart": 3.0, "t5": -2.0}
"""Factors of the row of the token that ends, with which these random models end at all."""
PLAIN = {"do_sample": False, "num_beams": 1, "max_new_tokens": 24, "forced_eos_token_id": None}


def seeded(family: str) -> tuple[Any, Any]:
    """A model whose answers end: a random one hardly ever writes the token that ends."""
    tokenizer, model = tiny.seeded(family)
    if family == "bart":  # or it would repeat the token that it starts from, which is the one that ends
        model.config.decoder_start_token_id = model.generation_config.decoder_start_token_id = tokenizer.bos_token_id
    with torch.no_grad():
        model.get_output_embeddings().weight[tokenizer.eos_token_id] *= ENDS[family]
    return tokenizer, model


def transformers_writes(
    model: Any, tokenizer: Any, rows: list[list[int]], options: Mapping[str, Any]
) -> list[list[int]]:
    ids, mask = batches.padded(rows, tokenizer.pad_token_id, "cpu")
    made = model.generate(input_ids=ids, attention_mask=mask, **options)[:, 1:].tolist()
    end = tokenizer.eos_token_id
    return [row[: row.index(end) + 1] if end in row else row for row in made]


@pytest.mark.parametrize("family", ["bart", "t5"])
@pytest.mark.parametrize(
    "asked", [{}, {"num_beams": 3}, {"no_repeat_ngram_size": 2}, {"repetition_penalty": 1.3}], ids=str
)
def test_the_same_tokens_as_transformers(family: str, asked: dict[str, Any]) -> None:
    tokenizer, model = seeded(family)
    rows = [tokenizer(text)["input_ids"] for text in TEXTS]
    options = PLAIN | asked
    written = CTranslate2Model(model, quantization="float32").written(rows, options)
    assert written == transformers_writes(model, tokenizer, rows, options)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_t5_whose_states_are_not_scaled(seed: int) -> None:
    """T5 1.1 and Flan: beams and penalties compare sums of scores, which a scale changes."""
    tokenizer = tiny.unigram()
    torch.manual_seed(seed)
    model = tiny.t5(tokenizer, tie_word_embeddings=False)
    rows = [tokenizer(text)["input_ids"] for text in TEXTS]
    options = PLAIN | {"num_beams": 4, "length_penalty": 1.0}
    written = CTranslate2Model(model, quantization="float32").written(rows, options)
    assert written == transformers_writes(model, tokenizer, rows, options)


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_an_answer_that_ends_is_told_from_one_that_is_cut(family: str) -> None:
    tokenizer, model = seeded(family)
    rows = [tokenizer(text)["input_ids"] for text in TEXTS]
    made = CTranslate2Model(model, quantization="float32")
    ends = [tokenizer.eos_token_id in row for row in made.written(rows, PLAIN | {"no_repeat_ngram_size": 2})]
    assert any(ends)
    assert not any(tokenizer.eos_token_id in row for row in made.written(rows, PLAIN | {"max_new_tokens": 3}))


def test_a_head_stays_on_its_model() -> None:
    _, model = tiny.seeded("bart")
    draft_head.add(model, Manifest(task="ner", format="copy_tag", kind="seq2seq", labels=tiny.LABELS))
    CTranslate2Model(model)
    assert hasattr(model, "draft_head")


@pytest.mark.parametrize("family", ["bart", "t5"])
@pytest.mark.parametrize("form", ["list", "json", "copy_tag"])
def test_int8_answers_are_read_like_any_answer(family: str, form: str) -> None:
    tokenizer, model = tiny.seeded(family)
    manifest = Manifest(task="ner", format=form, kind="seq2seq", labels=tiny.LABELS, max_input_length=64)
    examples = [replace(e, entities=None, panels=None) for e in data.read("demo") if e.panels is not None][:3]
    made = Seq2Seq(model, tokenizer, manifest, CT2)
    assert why_not(model, manifest.generation) is None
    found = {prediction.id: prediction for prediction in made.predict(examples)}
    assert set(found) == {example.id for example in examples}
    assert all(prediction.output for prediction in found.values())


@pytest.mark.parametrize(
    ("generation", "name"),
    [
        ({"do_sample": True}, "do_sample=True"),
        ({"early_stopping": "never"}, "early_stopping"),
        ({"top_k": 5}, "top_k=5"),
        ({"forced_bos_token_id": 0}, "forced_bos_token_id=0"),
        ({"num_beams": 2, "length_penalty": 0.0}, "length_penalty=0.0"),
    ],
)
def test_options_without_a_counterpart_are_named(generation: dict[str, Any], name: str) -> None:
    _, model = tiny.seeded("bart")
    assert name in str(why_not(model, generation))
    assert why_not(model, {"num_beams": 4, "top_k": None, "early_stopping": False, "length_penalty": 1.0}) is None


def test_a_model_of_another_family_is_named() -> None:
    tokenizer = tiny.wordpiece()
    model = tiny.roberta(tokenizer)
    assert "of type roberta" in str(why_not(model, {}))


def test_what_cannot_be_converted_is_one_line() -> None:
    model = tiny.bart(tiny.bpe(), activation_function="laplace")
    with pytest.raises(InputError, match="CTranslate2 cannot take this model"):
        CTranslate2Model(model)


def test_a_disk_that_is_full_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    _, model = tiny.seeded("bart")
    monkeypatch.setattr(model, "save_pretrained", full)
    with pytest.raises(InputError, match=r"No space left on device.*TMPDIR"):
        CTranslate2Model(model)


def test_a_gpu_that_ctranslate2_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model = tiny.seeded("bart")
    monkeypatch.setattr(type(model), "device", torch.device("cuda"))
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 0)
    assert why_not(model, {}) == "CTranslate2 does not run on cuda here"
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 1)
    assert why_not(model, {}) is None


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2_model, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="ctranslate2") as caught:
        CTranslate2Model(tiny.seeded("bart")[1])
    assert "fewshot[ct2]" in str(caught.value)
