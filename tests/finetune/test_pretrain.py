"""The tiny models: what they are shown, how large they are, and that a training leaves a folder that loads."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from random import Random

import pytest
import torch

from fewshot.demo import synthesis
from fewshot.models import model_folder
from finetune import pretrain
from finetune.tiny import PLACES, bpe, tiny_bart, tiny_t5, unigram

pytestmark = pytest.mark.local

TEXTS = [e.text for e in synthesis.generate(60, seed=5) if e.panels is not None]


def test_strange_words_keep_their_length() -> None:
    text = " ".join(["quantification"] * 200)
    made = pretrain.strange(text, Random(1))
    assert [len(word) for word in made.split(" ")] == [14] * 200
    changed = sum(word != "quantification" for word in made.split(" "))
    assert 15 <= changed <= 50


def test_a_place_that_says_nothing_points_where_the_next_token_comes_from() -> None:
    for seed in range(20):
        labels, places = pretrain.interrupted([10, 11, 12, 13], Random(seed))
        assert [token for token in labels if token != pretrain.IGNORED] == [10, 11, 12, 13]
        for i, token in enumerate(labels):
            assert places[i] == (places[i + 1] if token == pretrain.IGNORED else token - 10)


def test_rows_are_seeded_and_of_one_length_in_a_batch() -> None:
    tokenizer = bpe(TEXTS)
    first, again = (list(islice(pretrain.rows(tokenizer, TEXTS, 3, 4), 12)) for _ in range(2))
    assert first == again
    for row in first:
        assert len(row["input_ids"]) == len(row["masked"]) <= pretrain.LONGEST
        assert len(row["labels"]) == len(row["aligned"]) <= PLACES
        assert max(row["aligned"]) < len(row["input_ids"])


@pytest.mark.parametrize(("tokenizer", "model"), [(bpe, tiny_bart), (unigram, tiny_t5)])
def test_at_most_1_2_million_parameters(tokenizer: type, model: type) -> None:
    assert sum(p.numel() for p in model(tokenizer(TEXTS)).parameters()) <= 1_200_000


@pytest.mark.slow
def test_a_training_leaves_a_folder_and_its_encoder_is_the_tagger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pretrain, "FIGURES", 60)
    bart, tagger = tmp_path / "tiny-bart", tmp_path / "tiny-tagger"
    assert pretrain.main(["tiny-bart", str(bart), "--steps", "2", "--batch", "2"]) == 0
    assert pretrain.main(["tiny-tagger", str(tagger), "--encoder-of", str(bart)]) == 0
    assert "parameters" in capsys.readouterr().out
    assert json.loads((bart / "pretraining.json").read_text("utf-8"))["model"] == "tiny-bart"
    model = model_folder.load_model(bart, "AutoModelForSeq2SeqLM").eval()
    encoder = model_folder.load_model(tagger, "AutoModel").eval()
    ids = model_folder.load_tokenizer(tagger)(TEXTS[0][:200], return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        torch.testing.assert_close(model.get_encoder()(ids).last_hidden_state, encoder(ids).last_hidden_state)


def test_a_tagger_without_its_bart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        pretrain.main(["tiny-tagger", str(tmp_path)])
