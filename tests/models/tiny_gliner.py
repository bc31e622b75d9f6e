"""Tiny GLiNER folders with random weights and a real vocabulary, made by the gliner library; never downloaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from fewshot import data
from fewshot.models import gliner_folder
from fewshot.models.gliner import Gliner
from fewshot.records import Example, Prediction, Span

MEANT = {"ANTIBODY": "antibodies, with their clone", "DOSE": "amounts with a unit"}
LONG = sorted(data.read("demo"), key=lambda example: -len(example.text))[:4]
SHORT = "(A) Blot with anti-p53 (DO-1), then 5 µM nutlin-3; β-actin 🧬 below."

SIZE = 32
WORDS = 60
"""The most words of a text that these models are made for (`max_len`; published ones have 384)."""
DEBERTA = {"model_type": "deberta-v2", "relative_attention": True, "position_biased_input": False, "type_vocab_size": 0,
           "pos_att_type": ["p2c", "c2p"], "max_position_embeddings": 512}  # fmt: skip
BERT = {"model_type": "bert", "max_position_embeddings": 128}


def vocabulary() -> Any:
    """A WordPiece vocabulary of the bundled corpus."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    texts = [example.text for example in data.read("demo")[:60]]
    made.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=500, special_tokens=special,
                                                              show_progress=False))  # fmt: skip
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]",
    )  # fmt: skip


def save_encoder(folder: Path, backbone: dict[str, Any]) -> dict[str, Any]:
    """The folder of an encoder as the hub has them: configuration and vocabulary. Returns the configuration."""
    tokenizer = vocabulary()
    tokenizer.save_pretrained(folder)
    config = {
        "vocab_size": len(tokenizer), "hidden_size": SIZE, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 64,
    } | backbone  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return config


def save_as_deberta_v3(folder: Path) -> dict[str, Any]:
    """The folder of an encoder as `microsoft/deberta-v3-*` are: a SentencePiece model, and no `tokenizer.json`."""
    import io

    import sentencepiece

    folder.mkdir()
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([example.text for example in data.read("demo")[:60]]), model_writer=model,
        vocab_size=500, pad_id=0, pad_piece="[PAD]", bos_id=1, bos_piece="[CLS]", eos_id=2, eos_piece="[SEP]",
        unk_id=3, unk_piece="[UNK]", minloglevel=2,
    )  # fmt: skip
    (folder / "spm.model").write_bytes(model.getvalue())
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false, "vocab_type": "spm"}')
    config = {"vocab_size": 600, "hidden_size": SIZE, "num_hidden_layers": 1, "num_attention_heads": 2,
              "intermediate_size": 64} | DEBERTA  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return config


def save(folder: Path, *, backbone: dict[str, Any] = DEBERTA, safe: bool = True, **config: Any) -> Path:
    """A whole GLiNER folder, its encoder beside it in `<folder>-encoder`."""
    import torch
    from gliner import GLiNER, GLiNERConfig

    encoder = Path(f"{folder}-encoder")
    rows = save_encoder(encoder, backbone)
    torch.manual_seed(0)
    made = GLiNERConfig(
        model_name=str(encoder),
        encoder_config=rows,
        hidden_size=SIZE,
        max_width=4,
        max_len=WORDS,
        dropout=0.0,
        **config,
    )
    model = GLiNER.from_config(made, backbone_from_pretrained=False)
    with torch.no_grad():
        for name, weight in model.named_parameters():  # so that spans and labels are told apart
            if weight.dim() > 1 and "prompt_rep_layer" in name:
                weight.mul_(2)
            elif weight.dim() > 1 and "encoder.layer" in name:
                weight.mul_(12)
    model.save_pretrained(folder, safe_serialization=safe)
    return folder


def as_published(folder: Path, to: Path, encoder: str) -> Path:
    """A copy as the first models of the hub are: without a vocabulary and without the encoder's configuration."""
    to.mkdir()
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).exists():
            shutil.copy(folder / name, to)
    change(to, folder, encoder_config=None, model_name=encoder, class_token_index=None, vocab_size=None)
    return to


def change(to: Path, source: Path, **values: Any) -> None:
    """Writes the configuration of a folder with some values changed; `None` takes them out."""
    row = json.loads((source / "gliner_config.json").read_text("utf-8")) | values
    kept = {key: value for key, value in row.items() if value is not None}
    part = to / "new"
    part.write_text(json.dumps(kept), "utf-8")
    part.replace(to / "gliner_config.json")


def loaded(folder: Path | str, **changes: Any) -> Gliner:
    with gliner_folder.whole(str(folder)) as place:
        model = gliner_folder.load(str(folder), place, "cpu")
    return Gliner(model, changes.pop("words", MEANT), **changes)


def predicted(found: Gliner, *examples: Example) -> dict[str, tuple[Span, ...]]:
    return {p.id: spans(p) for p in found.predict(examples)}


def spans(prediction: Prediction) -> tuple[Span, ...]:
    assert isinstance(prediction.value, tuple)
    return prediction.value
