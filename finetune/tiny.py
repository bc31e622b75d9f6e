"""The architectures and vocabularies of the tiny models: at most 1.2 M parameters each, to travel in the wheel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

VOCABULARY = 1500
"""Tokens. A judgement: with d_model 128 the embeddings are a sixth of the parameters."""

PLACES = 448
"""Positions of an answer: a source of 256 tokens and up to 192 tags."""

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def bpe(texts: Sequence[str]) -> Any:
    """Trains a byte-level BPE tokenizer, the kind of BART and RoBERTa."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BartTokenizer

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    table = json.loads(tokenizer.to_str())["model"]
    merges: Any = [tuple(pair) for pair in table["merges"]]
    return BartTokenizer(vocab=table["vocab"], merges=merges, model_max_length=PLACES)


def unigram(texts: Sequence[str]) -> Any:
    """Trains a Unigram tokenizer, the kind of T5 and with its gaps: no `<`, no `{`, no line break, no Greek."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import T5Tokenizer

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    plain = ["".join(char for char in text if char.isascii() and char not in "<>{}\n") for text in texts]
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(plain, trainer)
    pieces = [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=PLACES)


def tiny_bart(tokenizer: Any) -> Any:
    """Returns a BART of 1.1 M parameters."""
    from transformers import BartConfig, BartForConditionalGeneration

    config = BartConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=PLACES,
        d_model=128,
        encoder_layers=3,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        forced_eos_token_id=None,
    )
    return BartForConditionalGeneration(config)


def tiny_t5(tokenizer: Any) -> Any:
    """Returns a T5 of 1.0 M parameters."""
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=128,
        d_kv=32,
        d_ff=256,
        num_layers=3,
        num_decoder_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return T5ForConditionalGeneration(config)
