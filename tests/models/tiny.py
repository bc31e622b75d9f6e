"""Tiny models with random weights and real vocabularies, one of each family. Made in a second, never downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from fewshot import data
from fewshot.formats import tag_pairs

LABELS = ("GENEPROD", "EXP_ASSAY")
_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def tag_names(labels: Iterable[str]) -> list[str]:
    """The opening and closing tags of some labels, as `copy_tag` writes them."""
    return [tag for pair in tag_pairs(labels).values() for tag in pair]


@cache
def texts() -> tuple[str, ...]:
    return tuple(e.text for e in data.read("demo") if e.panels is not None)


def bpe(size: int = 600) -> Any:
    """The tokenizer of BART and RoBERTa: byte-level BPE."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BartTokenizer

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(
        texts()[:60],
        trainers.BpeTrainer(vocab_size=size, special_tokens=_SPECIAL, initial_alphabet=letters, show_progress=False),
    )
    table = json.loads(made.to_str())["model"]
    return BartTokenizer(vocab=table["vocab"], merges=[tuple(pair) for pair in table["merges"]], model_max_length=1024)


def unigram(size: int = 600) -> Any:
    """The tokenizer of T5: SentencePiece's Unigram, without `<`, `>`, `{`, `}`, Greek letters and line breaks."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import T5Tokenizer

    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    plain = ["".join(c for c in text if c.isascii() and c not in "<>{}\n") for text in texts()[:60]]
    made.train_from_iterator(
        plain,
        trainers.UnigramTrainer(
            vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
        ),
    )
    vocabulary = [(piece, score) for piece, score in json.loads(made.to_str())["model"]["vocab"]]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0, model_max_length=512)


def wordpiece(size: int = 600) -> Any:
    """The tokenizer of BERT: lower-cased WordPiece."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertTokenizer

    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(
        texts()[:60], trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    )
    return BertTokenizer(vocab=made.get_vocab(), model_max_length=512)


def bart(tokenizer: Any, **changes: Any) -> Any:
    """A BART of two layers."""
    from transformers import BartConfig, BartForConditionalGeneration

    size: dict[str, Any] = {
        "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 1024,
    }  # fmt: skip
    config = BartConfig(vocab_size=len(tokenizer), **(size | changes))
    return BartForConditionalGeneration(config).eval()


def t5(tokenizer: Any, **changes: Any) -> Any:
    """A T5 of two layers."""
    from transformers import T5Config, T5ForConditionalGeneration

    size: dict[str, Any] = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    config = T5Config(vocab_size=len(tokenizer) + 20, decoder_start_token_id=0, **(size | changes))
    return T5ForConditionalGeneration(config).eval()


def roberta(tokenizer: Any) -> Any:
    """A RoBERTa of two layers, with the head it was pretrained with."""
    from transformers import RobertaConfig, RobertaForMaskedLM

    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return RobertaForMaskedLM(config).eval()


def seeded(family: str, labels: Sequence[str] = LABELS, *, seed: int = 0) -> tuple[Any, Any]:
    """`(tokenizer, model)` of a family with random weights, its tags added."""
    import torch

    from fewshot.models.vocabulary import extend

    torch.manual_seed(seed)
    tokenizer = unigram() if family == "t5" else bpe()
    model = (t5 if family == "t5" else bart)(tokenizer)
    extend(tokenizer, model, written=tag_names(labels), texts=texts()[:20])
    with torch.no_grad():  # tags with rows of their own, or all of them would score the same
        for table in {
            id(t): t for t in (model.get_input_embeddings().weight, model.get_output_embeddings().weight)
        }.values():
            table[-60:] += torch.randn_like(table[-60:]) * table.std()
    return tokenizer, model
