"""Builds a BART from a BERT-type encoder: `python -m finetune.warm_start ENCODER OUT`.

BERT's layers have BART's form: both normalize behind each block. The encoder's weights are copied one to one; decoder
layers are copies of encoder layers, and their cross-attention starts from the self-attention (Rothe, Narayan & Severyn
2020, "Leveraging Pre-trained Checkpoints for Sequence Generation Tasks"). A tagger on ENCODER and a seq2seq model on
OUT then start from the same pretraining.

BERT adds the embedding of token type 0 to every token; BART has no token types, so it is added to the positions, which
BART counts from 2. BERT's norms use an epsilon of 1e-12, BART's of 1e-5: hidden states agree to about 2e-3.

The reverse, a BART's encoder as a RoBERTa (`as_roberta`), is exact: both count positions from 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fewshot.cli import _terminal
from fewshot.errors import FewshotError, InputError
from fewshot.models import model_folder

OFFSET = 2
"""BART counts positions from 2; the first two rows of its table are never used."""

_ATTENTION = {
    "attention.self.query": "q_proj",
    "attention.self.key": "k_proj",
    "attention.self.value": "v_proj",
    "attention.output.dense": "out_proj",
}
_FEED = {"intermediate.dense": "fc1", "output.dense": "fc2", "output.LayerNorm": "final_layer_norm"}


def warm_started(encoder: Any, tokenizer: Any, *, decoder_layers: int = 3) -> Any:
    """Returns a BART for conditional generation with the weights of a BERT encoder.

    Raises:
        InputError: The encoder is not a BERT, or has fewer layers than the decoder needs.
    """
    import torch
    from transformers import BartConfig, BartForConditionalGeneration

    config = encoder.config
    if config.model_type != "bert":
        raise InputError(f"a BERT-type encoder is needed, not {config.model_type}")
    if not 1 <= decoder_layers <= config.num_hidden_layers:
        raise InputError(f"--decoder-layers must lie between 1 and {config.num_hidden_layers}, not {decoder_layers}")
    model = BartForConditionalGeneration(_config(BartConfig, config, tokenizer, decoder_layers))
    weights = {name.removeprefix("bert."): tensor for name, tensor in encoder.state_dict().items()}
    state = dict(model.state_dict())
    for name, tensor in _weights(weights, config.num_hidden_layers, decoder_layers).items():
        if state[name].shape != tensor.shape:
            raise InputError(f"{name} is {tuple(tensor.shape)}, {tuple(state[name].shape)} is needed")
        state[name] = tensor.clone()
    with torch.no_grad():
        model.load_state_dict(state)
    return model


def as_roberta(bart: Any) -> Any:
    """Returns the encoder of a BART as a RoBERTa without a head; its hidden states are the same.

    Raises:
        InputError: The model is not a BART, or its padding is not token 1, from which RoBERTa counts its positions.
    """
    from transformers import RobertaConfig, RobertaModel

    config = bart.config
    if config.model_type != "bart" or config.pad_token_id != OFFSET - 1 or config.scale_embedding:
        raise InputError("a BART whose padding is token 1 is needed")
    roberta = RobertaModel(
        RobertaConfig(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.max_position_embeddings + OFFSET,
            hidden_size=config.d_model,
            num_hidden_layers=config.encoder_layers,
            num_attention_heads=config.encoder_attention_heads,
            intermediate_size=config.encoder_ffn_dim,
            hidden_act=config.activation_function,
            hidden_dropout_prob=config.dropout,
            attention_probs_dropout_prob=config.attention_dropout,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            pad_token_id=config.pad_token_id,
            bos_token_id=config.bos_token_id,
            eos_token_id=config.eos_token_id,
        ),
        add_pooling_layer=False,
    )
    weights, state = bart.state_dict(), dict(roberta.state_dict())
    state["embeddings.word_embeddings.weight"] = weights["model.shared.weight"]
    state["embeddings.position_embeddings.weight"] = weights["model.encoder.embed_positions.weight"]
    state["embeddings.token_type_embeddings.weight"].zero_()
    names = {f"self_attn.{new}": old for old, new in _ATTENTION.items()} | {new: old for old, new in _FEED.items()}
    names["self_attn_layer_norm"] = "attention.output.LayerNorm"
    for kind in ("weight", "bias"):
        state[f"embeddings.LayerNorm.{kind}"] = weights[f"model.encoder.layernorm_embedding.{kind}"]
        for i in range(config.encoder_layers):
            for theirs, ours in names.items():
                state[f"encoder.layer.{i}.{ours}.{kind}"] = weights[f"model.encoder.layers.{i}.{theirs}.{kind}"]
    roberta.load_state_dict(state)
    return roberta


def _config(kind: Any, bert: Any, tokenizer: Any, decoder_layers: int) -> Any:
    return kind(
        vocab_size=bert.vocab_size,
        max_position_embeddings=bert.max_position_embeddings,
        d_model=bert.hidden_size,
        encoder_layers=bert.num_hidden_layers,
        decoder_layers=decoder_layers,
        encoder_attention_heads=bert.num_attention_heads,
        decoder_attention_heads=bert.num_attention_heads,
        encoder_ffn_dim=bert.intermediate_size,
        decoder_ffn_dim=bert.intermediate_size,
        activation_function=bert.hidden_act,
        dropout=bert.hidden_dropout_prob,
        attention_dropout=bert.attention_probs_dropout_prob,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        decoder_start_token_id=tokenizer.sep_token_id,
        forced_eos_token_id=None,
        scale_embedding=False,
    )


def _weights(bert: Mapping[str, Any], layers: int, decoder_layers: int) -> dict[str, Any]:
    """Returns BART's weights by name."""
    import torch

    words, places = bert["embeddings.word_embeddings.weight"], bert["embeddings.position_embeddings.weight"]
    places = places + bert["embeddings.token_type_embeddings.weight"][0]
    places = torch.cat([torch.zeros(OFFSET, places.shape[1]), places])
    weights: dict[str, Any] = {"model.shared.weight": words, "lm_head.weight": words}
    chosen = [round(i * (layers - 1) / max(1, decoder_layers - 1)) for i in range(decoder_layers)]
    for side, sources in (("encoder", range(layers)), ("decoder", chosen)):
        start = f"model.{side}"
        weights |= {f"{start}.embed_tokens.weight": words, f"{start}.embed_positions.weight": places}
        for kind in ("weight", "bias"):
            weights[f"{start}.layernorm_embedding.{kind}"] = bert[f"embeddings.LayerNorm.{kind}"]
            for number, source in enumerate(sources):
                weights |= _layer(bert, f"encoder.layer.{source}", f"{start}.layers.{number}", kind, side == "decoder")
    return weights


def _layer(bert: Mapping[str, Any], source: str, target: str, kind: str, crossed: bool) -> dict[str, Any]:
    """Returns the weights (or biases) of one layer; `crossed`: for a decoder, with its cross-attention."""
    weights = {f"{target}.{new}.{kind}": bert[f"{source}.{old}.{kind}"] for old, new in _FEED.items()}
    for block in ("self_attn", "encoder_attn") if crossed else ("self_attn",):
        for old, new in _ATTENTION.items():
            weights[f"{target}.{block}.{new}.{kind}"] = bert[f"{source}.{old}.{kind}"]
        weights[f"{target}.{block}_layer_norm.{kind}"] = bert[f"{source}.attention.output.LayerNorm.{kind}"]
    return weights


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m finetune.warm_start", description=about)
    parser.add_argument("encoder", help="a folder (`make encoder`), or a hub name")
    parser.add_argument("out", type=Path)
    parser.add_argument("--decoder-layers", type=int, default=3)
    args = parser.parse_args(argv)
    try:
        folder = model_folder.resolve(args.encoder)
        encoder, tokenizer = model_folder.load(folder, "AutoModel")
        model = warm_started(encoder, tokenizer, decoder_layers=args.decoder_layers)
        model.save_pretrained(args.out)
        tokenizer.save_pretrained(args.out)
    except FewshotError as error:
        _terminal.fail(error)
        return error.exit_code
    _terminal.line(f"{args.out}: {sum(p.numel() for p in model.parameters()):,} parameters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
