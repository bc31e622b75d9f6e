"""All of the study's command lines, as they stand, run to their end on a small local hub.

The hub serves tiny random weights under the real names, with the real configuration classes and kinds of vocabulary:
T5 with `spiece.model` alone (SciFive) and with tokenizer.json, BART as `vocab.json` and `merges.txt` with pickled
weights (biobart has nothing else), RoBERTa; and the data set's raw zip.
"""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fewshot import data
from fewshot.records import Example
from fewshot.text import iob
from finetune.__main__ import main
from tests.docs.recipes import ROOT, blocks
from tests.finetune.test_study import CAUSAL, LIST, NER, PANELS
from tests.models import tiny
from tests.servers.hub_server import HubServer, Repo

pytestmark = [pytest.mark.local, pytest.mark.slow]
PANEL_TEXTS = [e for e in data.read("demo") if e.panels is not None]


def tagged_lines(examples: list[Example]) -> bytes:
    """Words and tags as EMBO/sd-nlp-non-tokenized has them."""
    lines = []
    for example in examples:
        first = (example.panels or ())[0]
        text = first.cut(example.text)
        edges = iob.tokenize(text)
        spans = [s for s in example.entities or () if first.start <= s.start and s.end <= first.end]
        moved = [type(s)(s.start - first.start, s.end - first.start, s.label) for s in spans]
        words = [text[start:end] for start, end in edges]
        tags = iob.tags_of(moved, edges, "IOB2")
        none = ["O"] * len(words)
        rows = {
            "entity_types": tags,
            "geneprod_roles": none,
            "small_mol_roles": none,
            "boring": none,
            "panel_start": none,
        }
        lines.append(json.dumps({"words": words, "label_ids": rows}))
    return ("\n".join(lines) + "\n").encode()


def panels_zip() -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number, name in enumerate(("train", "eval", "test")):
            rows = [e for e in PANEL_TEXTS if e.split == "train"][3 * number : 3 * number + 3]
            archive.writestr(f"sd_panels_general_tokenization/{name}.jsonl", tagged_lines(rows))
    return whole.getvalue()


def repo(folder: Path, model: Any, tokenizer: Any, *, pickled: bool = False, keep: tuple[str, ...] = ()) -> Repo:
    """A model repository; `pickled`: weights as pytorch_model.bin alone; `keep`: these vocabulary files alone."""
    import torch

    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if pickled:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    if keep:
        for file in folder.iterdir():
            if file.name.startswith(("tokenizer", "vocab", "merges", "special", "spiece", "added")):
                file.unlink()
        tokens = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
        if "vocab.json" in keep:
            (folder / "vocab.json").write_text(json.dumps(tokens["vocab"]))
            merges = [" ".join(pair) for pair in tokens["merges"]]
            (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    return Repo.of_folder(folder)


def scifive(folder: Path) -> Repo:
    """SciFive publishes `spiece.model` and pickled weights, and nothing else."""
    import sentencepiece
    import torch

    folder.mkdir()
    texts = folder / "texts.txt"
    texts.write_text("\n".join(tiny.texts()[:60]))
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts), model_prefix=str(folder / "spiece"), vocab_size=400, model_type="unigram",
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    texts.unlink()
    (folder / "spiece.vocab").unlink()
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(vocab_size=512, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, decoder_start_token_id=0)
    model = T5ForConditionalGeneration(config)
    config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return Repo.of_folder(folder)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    import torch

    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("hub")
    bpe, unigram = tiny.bpe(), tiny.unigram()
    biobart = {"pickled": True, "keep": ("vocab.json", "merges.txt")}
    repos = {
        "models/t5-base": repo(made / "t5", tiny.t5(unigram), unigram),
        "models/facebook/bart-base": repo(made / "bart", tiny.bart(bpe), bpe, keep=("vocab.json",)),
        "models/GanjinZero/biobart-base": repo(made / "bio", tiny.bart(bpe), bpe, **biobart),  # type: ignore[arg-type]
        "models/GanjinZero/biobart-large": repo(made / "large", tiny.bart(bpe), bpe, **biobart),  # type: ignore[arg-type]
        "models/razent/SciFive-base-Pubmed": scifive(made / "scifive"),
        "models/roberta-base": repo(made / "roberta", tiny.roberta(bpe), bpe),
        "datasets/EMBO/sd-nlp-non-tokenized": Repo({"sd_panels_general_tokenization.zip": panels_zip()}),
    }
    with HubServer(repos) as server:
        yield server


@pytest.fixture(autouse=True)
def _on_that_hub(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's address, and a cache of its own: huggingface_hub has read the cache's place already."""
    from huggingface_hub import constants

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))


def result(name: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(Path(f"runs/{name}/scores.json").read_text())
    return row


def test_ner_with_t5(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(NER)) == 0
    row = result("seq2seq-biobart-base-ner-all")
    assert (row["task"], row["n"], row["complete"]) == ("ner", 3, True)
    assert row["signature"]["labels"] == ["GENEPROD", "SMALL_MOLECULE", "EXP_ASSAY"]
    assert row["signature"]["decoder"].endswith(":generate"), "no_repeat_ngram_size forbids copying"
    err = capfd.readouterr().err
    assert "label SMALL_MOL is taken as SMALL_MOLECULE" in err
    assert "--evaluation_strategy is called --eval_strategy now" in err


def test_ner_with_t5_that_copies() -> None:
    line = NER.replace("--no_repeat_ngram_size 3", "")
    assert main(shlex.split(line)) == 0
    assert result("seq2seq-biobart-base-ner-all")["signature"]["decoder"].endswith(":copy")


@pytest.mark.parametrize("base", ["facebook/bart-base", "t5-base"])
def test_causal_from_a_csv_of_one_column(base: str) -> None:
    rows = [e for e in data.read("demo") if e.hypothesis is not None][:20]
    data.write(rows, Path("causal.csv"), "study_csv", "causal")
    import csv

    with Path("causal.csv").open(newline="") as file:
        pairs = [(row["input_text"], row["output_text"]) for row in csv.DictReader(file)]
    lines = [f"{source}###tt9HHSlkWoUM###{target}".replace('"', "'") for source, target in pairs]
    Path("GENEPROD_seq2seq_cleaned.csv").write_text("\n".join(lines) + "\n")
    assert main(shlex.split(CAUSAL.replace("facebook/bart-base", base))) == 0
    row = result("seq2seq-bart-causal")
    assert (row["task"], row["complete"]) == ("causal", True)
    assert row["signature"]["format"] == "sentence"


def test_panelization_with_biobart() -> None:
    chosen = [e for split in ("train", "validation", "test") for e in PANEL_TEXTS if e.split == split]
    rows = [e for n, e in enumerate(chosen) if n in (0, 1, 2, 60, 61, 90, 91)]
    data.write(rows, Path("panelization_task.csv"), "study_csv", "panelization")
    assert main(shlex.split(PANELS)) == 0
    row = result("seq2seq-biobart-base-panelization")
    assert (row["task"], row["n"], row["complete"]) == ("panelization", 2, True)


def test_a_checkpoint_without_a_manifest_answers_in_lists(
    tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    bpe = tiny.bpe()
    folder = Path("test_seq2seq_metrics/checkpoint-30000")
    folder.mkdir(parents=True)
    tiny.bart(bpe).save_pretrained(folder)
    bpe.save_pretrained(folder)
    assert main(shlex.split(LIST)) == 0
    assert result("seq2seq-biobart-large-ner-all")["signature"]["format"] == "list"
    assert "no task type is said and the checkpoint has no manifest: list" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("kind", "base"),
    [("seq2seq", "razent/SciFive-base-Pubmed"), ("seq2seq", "GanjinZero/biobart-large"), ("tagger", "roberta-base")],
)
def test_the_other_models_load_by_name(kind: str, base: str) -> None:
    line = f"EMBO/sd-nlp-non-tokenized NER --kind {kind} --base_model {base} --do_train --do_predict --max_steps 1"
    assert main(shlex.split(f"{line} --run_name x")) == 0
    assert result("x")["complete"] is True
    assert not list(Path("runs/models/x").glob("*.bin")), "what we write is safetensors"


def test_the_page_has_all_five_as_they_stand() -> None:
    """docs/study.md and docs/finetuning.md hold the lines that are typed here."""
    lines = [command.text for block in blocks(ROOT / "docs" / "study.md") if block.mark for command in block.commands]
    five = [NER, CAUSAL, CAUSAL.replace("facebook/bart-base", "t5-base"), PANELS, LIST]
    assert [shlex.split(line) for line in lines] == [["fewshot", "finetune", *shlex.split(line)] for line in five]


def test_a_tagger_of_the_hub_on_data_of_ones_own() -> None:
    page = ROOT / "docs" / "finetuning.md"
    line = next(c.text for b in blocks(page) if (b.mark or "").startswith("typed by") for c in b.commands)
    data.write([e for e in data.read("demo") if e.entities is not None][::6], Path("data.jsonl"), "jsonl")
    Path("data").mkdir()
    Path("data.jsonl").rename("data/all.jsonl")
    assert main([*shlex.split(line)[2:], "--max_steps", "1", "--limit", "8"]) == 0
    assert result("roberta")["task"] == "ner"
