"""A BART that starts from a BERT: the encoder says the same, and the folder trains like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from fewshot.errors import InputError
from finetune.warm_start import as_roberta, main, warm_started
from tests.models import tiny

pytestmark = pytest.mark.local


def bert(tokenizer: Any) -> Any:
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        layer_norm_eps=1e-12,
    )
    model = BertModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


def test_hidden_states_are_those_of_the_encoder() -> None:
    tokenizer = tiny.wordpiece()
    encoder = bert(tokenizer)
    made = warm_started(encoder, tokenizer, decoder_layers=2).eval()
    batch = tokenizer(["Western blot of p53 in mice.", "p53"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        theirs = encoder(**batch).last_hidden_state
        ours = made.get_encoder()(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
        ).last_hidden_state
    real = batch["attention_mask"].bool()
    torch.testing.assert_close(ours[real], theirs[real], atol=2e-3, rtol=0)


def test_decoder_layers_are_those_of_the_encoder_with_cross_attention_from_self_attention() -> None:
    encoder = bert(tiny.wordpiece())
    made = warm_started(encoder, tiny.wordpiece(), decoder_layers=2)
    for number, source in ((0, 0), (1, 3)):
        layer, theirs = made.model.decoder.layers[number], encoder.encoder.layer[source]
        for block in (layer.self_attn, layer.encoder_attn):
            torch.testing.assert_close(block.q_proj.weight, theirs.attention.self.query.weight)
            torch.testing.assert_close(block.out_proj.bias, theirs.attention.output.dense.bias)
        torch.testing.assert_close(layer.fc1.weight, theirs.intermediate.dense.weight)


def test_the_command_and_what_it_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = tiny.wordpiece()
    bert(tokenizer).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    assert main([str(tmp_path / "bert"), str(tmp_path / "bart"), "--decoder-layers", "1"]) == 0
    assert (tmp_path / "bart" / "model.safetensors").exists()
    assert main([str(tmp_path / "bert"), str(tmp_path / "bart"), "--decoder-layers", "9"]) == 2
    assert main([str(tmp_path / "nowhere"), str(tmp_path / "bart")]) == 2
    assert "no such model folder" in capsys.readouterr().err
    with pytest.raises(InputError, match="BERT-type"):
        warm_started(tiny.bart(tiny.bpe()), tiny.bpe())


def test_a_bart_s_encoder_as_a_roberta_says_exactly_the_same() -> None:
    tokenizer = tiny.bpe()
    bart = tiny.bart(tokenizer).eval()
    with torch.no_grad():
        for parameter in bart.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    made = as_roberta(bart).eval()
    batch = tokenizer(["Western blot of p53 in mice.", "p53"], padding=True, return_tensors="pt")
    given = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
    with torch.inference_mode():
        theirs = bart.get_encoder()(**given).last_hidden_state
        ours = made(**given).last_hidden_state
    real = batch["attention_mask"].bool()
    torch.testing.assert_close(ours[real], theirs[real])


def test_what_is_no_bart_is_not_read_as_a_roberta() -> None:
    with pytest.raises(InputError, match="BART"):
        as_roberta(tiny.t5(tiny.unigram()))
