"""What a vocabulary lacks is added, in every family, and is still there after saving and loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from fewshot.formats import tag_pairs
from fewshot.models import model_folder
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.models.vocabulary import extend, lacking, tag_ids
from tests.models import tiny

pytestmark = pytest.mark.local
LABELS = ("GENEPROD", "SMALL_MOLECULE", "panel")


def made(family: str) -> tuple[Any, Any]:
    tokenizer = tiny.unigram() if family == "t5" else tiny.bpe()
    return tokenizer, (tiny.t5 if family == "t5" else tiny.bart)(tokenizer)


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_every_tag_is_one_token_and_can_be_written_after_save_and_load(family: str, tmp_path: Path) -> None:
    tokenizer, model = made(family)
    texts = ["5 µM Gα", "Gα < 1 {µ}", "line\nbreak"]
    count = extend(tokenizer, model, written=tiny.tag_names(LABELS), texts=texts)
    assert model.get_input_embeddings().weight.shape[0] >= count
    tokenizer.save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    tokenizer = model_folder.load_tokenizer(tmp_path)
    model = model_folder.load_model(tmp_path, "AutoModelForSeq2SeqLM")
    cut = SourceTokenizer(tokenizer)
    for tag in tiny.tag_names(LABELS):
        (one,) = cut.text_ids(tag)
        assert tokenizer.decode([one]).strip() == tag
        written = model.generate(
            torch.tensor([cut.framed(cut("p53").ids)]),
            max_new_tokens=2,
            forced_eos_token_id=None,
            prefix_allowed_tokens_fn=lambda *_, one=one: [one],
        )
        assert tag in tokenizer.decode(written[0], skip_special_tokens=True)
    assert set(tag_ids(tokenizer, tag_pairs(LABELS))) == set(LABELS)
    ids = cut.text_ids("line\nbreak")
    assert "\n" in tokenizer.decode(ids)
    assert tokenizer.unk_token_id not in cut("Gα").ids


def test_new_rows_are_the_mean_of_the_old_ones() -> None:
    for family in ("bart", "t5"):
        tokenizer, model = made(family)
        before = len(tokenizer)
        mean = model.get_input_embeddings().weight[:before].mean(0)
        after = extend(tokenizer, model, written=["<X>"], texts=[])
        table = model.get_input_embeddings().weight
        for row in table[before:after]:
            torch.testing.assert_close(row, mean)


def test_t5_has_spare_rows_and_does_not_shrink() -> None:
    tokenizer, model = made("t5")
    rows = model.get_input_embeddings().weight.shape[0]
    assert rows > len(tokenizer)
    extend(tokenizer, model, written=["<X>"], texts=[])
    assert model.get_input_embeddings().weight.shape[0] == rows


def test_letters_that_are_seen_once_are_not_worth_a_row() -> None:
    tokenizer = tiny.unigram()
    assert lacking(tokenizer, ["α α β", "γ"]) == ["α"]
    assert lacking(tiny.bpe(), ["α α β", "γ"]) == [], "bytes write everything"


def test_a_label_without_tags_is_no_label() -> None:
    with pytest.raises(KeyError):
        tag_ids(tiny.bpe(), tag_pairs(["GENEPROD"]))
