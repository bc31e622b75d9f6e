"""A model is what its folder says, or it does not run: weights, vocabulary, configuration, manifest."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from fewshot import data
from fewshot.backends import LocalOptions, Options, local
from fewshot.errors import InputError
from fewshot.files import CORPUS
from fewshot.models import encoder as encoders
from fewshot.models import model_folder
from fewshot.models.loaded import LoadedModel
from fewshot.models.manifest import Manifest
from fewshot.models.silence import nothing_printed
from fewshot.records import Example
from tests.models import tiny

pytestmark = pytest.mark.local
LABELS = ("GENEPROD", "EXP_ASSAY")
SHORT = Example("a", "a", "(A) Western blot of p53 in HeLa cells.")
Weights = Mapping[str, Any]


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bart")
    tokenizer, model = tiny.seeded("bart", LABELS)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    Manifest(task="ner", format="copy_tag", kind="seq2seq", labels=LABELS, max_input_length=128).write(folder)
    return folder


@pytest.fixture(scope="module")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pretrained encoder, with the head of its pretraining."""
    folder = tmp_path_factory.mktemp("roberta")
    tokenizer = tiny.bpe()
    tiny.roberta(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def folder(bart: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bart, tmp_path / "model"))


def opened(folder: Path) -> LoadedModel:
    return local.open_backend(Options(task="ner", model=str(folder), labels=LABELS, local=LocalOptions()))


def reweighted(folder: Path, change: Callable[[dict[str, Any]], Weights]) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file(dict(change(load_file(path))), path, metadata={"format": "pt"})


def reconfigured(folder: Path, file: str = "config.json", **changes: Any) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def first_nan(weights: dict[str, Any]) -> Weights:
    weights["model.decoder.layers.1.fc2.weight"][0, 0] = float("nan")
    return weights


def infinite(weights: dict[str, Any]) -> Weights:
    weights["model.encoder.layers.0.fc1.bias"] += float("inf")
    return weights


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: {f"net.{name}": tensor for name, tensor in w.items()}, "lacks weights .*: .* and .* more"),
        (lambda w: {}, "lacks weights"),
        (lambda w: {n: t for n, t in w.items() if "encoder.layers.1.fc1" not in n}, "layers.1.fc1.bias, "),
        (lambda w: w | {"model.encoder.layers.2.fc1.bias": w["model.encoder.layers.1.fc1.bias"].clone()}, "no place"),
        (lambda w: w | {"model.encoder.layers.1.fc1.bias": w["final_logits_bias"].clone()}, "of another shape: .*fc1"),
        (first_nan, r"NaN or infinite\): model.decoder.layers.1.fc2.weight"),
        (infinite, r"NaN or infinite\): model.encoder.layers.0.fc1.bias"),
    ],
)
def test_weights_that_are_not_those_of_the_model(change: Any, said: str, folder: Path) -> None:
    reweighted(folder, change)
    with pytest.raises(InputError, match=said):
        opened(folder)


def test_pickled_weights_with_other_names(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save({f"student.{name}": tensor for name, tensor in weights.items()}, folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="lacks weights"):
        opened(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoder_layers": 1}, "no place for: model.encoder.layers.1"),
        ({"decoder_layers": 0}, "no place for: model.decoder.layers.0"),
        ({"encoder_layers": 3}, "lacks weights .*: model.encoder.layers.2"),
        ({"decoder_layers": 3_000_000}, "config.json: decoder_layers is 3000000; at most 1,000 are believed"),
        ({"encoder_layers": -1}, "no place for: model.encoder.layers.0"),
        ({"encoder_layers": "two"}, "cannot be loaded"),
        ({"encoder_ffn_dim": 10**400}, "config.json"),
        ({"d_model": 10**11}, "d_model is 100000000000"),
        ({"vocab_size": 5}, "shape|cannot be loaded"),
        ({"max_position_embeddings": 512}, "another shape"),
        ({"pad_token_id": 10**6}, "cannot be loaded|pad_token_id"),
        ({"pad_token_id": "x"}, "cannot be loaded|pad_token_id"),
        ({"decoder_start_token_id": 10**6}, "decoder_start_token_id is 1000000"),
        ({"decoder_start_token_id": None}, "no decoder_start_token_id"),
        ({"eos_token_id": [2, -7]}, "eos_token_id|cannot be loaded"),
        ({"model_type": 5}, "cannot be loaded"),
    ],
)
def test_configurations_that_are_not_those_of_the_weights(changes: dict[str, Any], said: str, folder: Path) -> None:
    reconfigured(folder, **changes)
    with pytest.raises(InputError, match=said):
        opened(folder)


@pytest.mark.parametrize("text", ["", "[1]", "null", "[" * 100_000, "\udcff"])
def test_a_configuration_that_is_none(text: str, folder: Path) -> None:
    (folder / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"config\.json"):
        opened(folder)


def emptied(folder: Path) -> None:
    """No vocabulary file at all: transformers then makes an empty one."""
    for name in ("tokenizer.json", "vocab.json", "merges.txt"):
        (folder / name).unlink(missing_ok=True)


def few_words(folder: Path) -> None:
    from tokenizers import Tokenizer, models

    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4}
    words = special | {f"w{i}": 5 + i for i in range(10)}
    Tokenizer(models.WordLevel(words, unk_token="<unk>")).save(str(folder / "tokenizer.json"))


def far_ids(folder: Path) -> None:
    table = json.loads((folder / "tokenizer.json").read_text())
    table["model"]["vocab"] = {word: i * (1000 if i > 5 else 1) for word, i in table["model"]["vocab"].items()}
    (folder / "tokenizer.json").write_text(json.dumps(table))


@pytest.mark.parametrize("change", [emptied, few_words, far_ids])
def test_a_vocabulary_that_is_not_the_models(change: Callable[[Path], None], folder: Path) -> None:
    change(folder)
    with pytest.raises(InputError, match=r"tokenizer|cannot be loaded") as caught:
        opened(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_input_length": 0}, "max_input_length must be a whole number from 1 to 1,000,000, not 0"),
        ({"max_input_length": -1}, "max_input_length must be"),
        ({"max_input_length": 1.5}, "max_input_length must be .* not 1.5"),
        ({"max_input_length": True}, "max_input_length must be"),
        ({"max_input_length": 10**9}, "max_input_length must be"),
        ({"max_input_length": 1}, "leaves 0 tokens for a text"),
        ({"max_input_length": 9}, "leaves 7 tokens for a text"),
        ({"max_input_length": 5000}, "max_input_length is 5,000, and the model has places for 1,024"),
        ({"source_template": "Tag the genes. " * 50}, "leaves 0 tokens"),
        ({"max_target_length": "long"}, "max_target_length must be"),
        ({"labels": "GENEPROD"}, "labels must be a list of names"),
        ({"labels": [1]}, "labels must be"),
        ({"labels": []}, "labels must be a list of names, at least one"),
        ({"labels": [""]}, "none of them empty"),
        ({"task": ["ner"]}, "task must be a string, not a list"),
        ({"task": None}, "task must be a string, not nothing"),
        ({"kind": ["seq2seq"]}, "kind must be seq2seq or tagger"),
        ({"format": 3}, "format must be"),
        ({"format": "poem"}, "poem"),
        ({"decoder": "magic"}, "decoder must be copy or generate"),
        ({"decoder": "ct2"}, "--decoder takes more"),
        ({"truncate": "no"}, "truncate must be true or false"),
        ({"generation": [4]}, "generation must be"),
        ({"generation": {"num_beams": [4]}}, "generation must be"),
        ({"generation": {"custom_generate": 1}}, "no option 'custom_generate'"),
        ({"generation": {"num_beams": "many"}}, "generation must be"),
        ({"generation": {"num_beams": 2, "num_return_sequences": 5}}, "generation cannot be used"),
        ({"generation": {"num_beams": 0}}, r"generation cannot be used \(num_beams=0\)"),
        ({"generation": {"num_beams": 2.0}}, r"generation cannot be used \(num_beams=2.0\)"),
        ({"generation": {"no_repeat_ngram_size": -1}}, "no_repeat_ngram_size=-1"),
        ({"generation": {"repetition_penalty": 0}}, "repetition_penalty=0"),
        ({"settings": 1}, "settings must be"),
        ({"labelled": -3}, "labelled must be"),
    ],
)
def test_manifests_beyond_reason(changes: dict[str, Any], said: str, folder: Path) -> None:
    reconfigured(folder, "fewshot.json", **changes)
    with pytest.raises(InputError, match=said):
        opened(folder)


def test_a_manifest_nested_without_end(folder: Path) -> None:
    (folder / "fewshot.json").write_text('{"settings":' + "[" * 50_000)
    with pytest.raises(InputError, match="nested too deeply"):
        opened(folder)


def test_the_smallest_windows_come_to_an_end(folder: Path) -> None:
    reconfigured(folder, "fewshot.json", max_input_length=10)
    example = next(e for e in data.read("demo") if e.panels is not None)
    (prediction,) = opened(folder).predict([example])
    assert prediction.id == example.id


def test_a_model_that_breaks_while_it_predicts_is_one_line(bart: Path) -> None:
    class Broken:
        def predict(self, examples: Any) -> Any:
            raise IndexError("index 5 is out of range\nof something")

    backend = opened(bart)
    backend.predictor = Broken()
    with pytest.raises(InputError, match=r"cannot predict \(IndexError: index 5 is out of range of something\)"):
        list(backend.predict([SHORT]))


def test_the_digest_covers_every_file_that_is_loaded(folder: Path) -> None:
    seen = {model_folder.digest(folder)}
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "fewshot.json"):
        (folder / name).write_text((folder / name).read_text() + " ")
        seen.add(model_folder.digest(folder))
    assert len(seen) == 6


def test_an_adapter_is_no_model(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/else"}')
    with pytest.raises(InputError, match="holds an adapter"):
        opened(folder)


class TestBaseModels:
    """What stands on top may be new; what was pretrained may not."""

    def test_a_new_head_is_fine(self, roberta: Path) -> None:
        config = model_folder.load_config(roberta)
        model, tokenizer = model_folder.load(roberta, "AutoModelForTokenClassification", config=config, new_head=True)
        assert len(tokenizer) == model.get_input_embeddings().weight.shape[0]

    def test_it_is_not_fine_where_nothing_is_trained(self, roberta: Path) -> None:
        with pytest.raises(InputError, match=r"lacks weights .*: classifier\.bias, classifier\.weight"):
            model_folder.load(roberta, "AutoModelForTokenClassification")

    @pytest.mark.parametrize("auto_class", ["AutoModelForTokenClassification", "AutoModel"])
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda w: {n: t for n, t in w.items() if "layer.1.output" not in n}, "lacks weights .*layer.1.output"),
            (lambda w: {f"module.{n}": t for n, t in w.items()}, "lacks weights"),
            (lambda w: w | {"roberta.encoder.layer.2.output.dense.bias": w["lm_head.bias"].clone()}, "no place for"),
        ],
    )
    def test_the_pretrained_part_must_be_whole(
        self, change: Any, said: str, auto_class: str, roberta: Path, tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(roberta, tmp_path / "base"))
        reweighted(folder, change)
        with pytest.raises(InputError, match=said):
            model_folder.load(folder, auto_class, new_head=auto_class != "AutoModel")


def test_an_embedder_is_checked_alike(roberta: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(roberta, tmp_path / "base"))
    assert encoders.open_encoder(str(folder)).vectors(["p53"]).shape == (1, 32)
    encoders.open_encoder.cache_clear()
    reweighted(folder, lambda w: {f"bert.{n}": t for n, t in w.items()})
    with pytest.raises(InputError, match="lacks weights"):
        encoders.open_encoder(str(folder)).vectors(["p53"])
    encoders.open_encoder.cache_clear()


def test_classes_that_are_not_those_of_the_manifest(roberta: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForTokenClassification

    names = ["O", "B-GENEPROD", "I-GENEPROD"]
    config = model_folder.load_config(roberta)
    config.id2label, config.label2id = dict(enumerate(names)), {name: i for i, name in enumerate(names)}
    folder = Path(shutil.copytree(roberta, tmp_path / "tagger"))
    AutoModelForTokenClassification.from_pretrained(roberta, config=config).save_pretrained(folder)
    made = Manifest(task="ner", format="labels", kind="tagger", labels=("GENEPROD",), max_input_length=64)
    made.write(folder)
    assert opened(folder).labelled is None
    reconfigured(folder, "fewshot.json", labels=["DISEASE"])
    with pytest.raises(InputError, match="disagree about 'B-DISEASE'"):
        opened(folder)
    made.write(folder)
    reconfigured(folder, id2label={"0": "O", "1": "B-GENEPROD", "7": "I-GENEPROD"})
    with pytest.raises(InputError, match="does not number its classes"):
        opened(folder)


@pytest.mark.parametrize("family", ["Bert", "DebertaV2", "MPNet", "Electra"])
@pytest.mark.parametrize("auto_class", ["AutoModelForTokenClassification", "AutoModel"])
def test_pretrained_encoders_of_other_families_are_whole(family: str, auto_class: str, tmp_path: Path) -> None:
    """Their heads, poolers, buffers and attention differ; some write -1 for "none" in their configuration."""
    import transformers

    tokenizer = tiny.wordpiece()
    config = getattr(transformers, f"{family}Config")(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    getattr(transformers, f"{family}ForMaskedLM")(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model, _ = model_folder.load(tmp_path, auto_class, new_head=auto_class != "AutoModel")
    assert model.config.num_hidden_layers == 2


def test_a_tokenizer_that_breaks_when_it_is_first_used_is_one_line(folder: Path) -> None:
    reconfigured(folder, "tokenizer_config.json", model_max_length="x")
    with pytest.raises(InputError, match=r"cannot predict \(TypeError"):
        opened(folder)


@pytest.mark.parametrize("closed", [False, True])
def test_a_folder_prints_nothing(closed: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """tokenizers prints the names of unknown options itself, escape sequences and all."""
    folder = tmp_path / "model"
    shutil.copytree(CORPUS / "models" / "tiny-bart", folder)
    path = folder / "tokenizer_config.json"
    token = {"__type": "AddedToken", "content": "<mask>", "x\x1b]0;owned\x07": True}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"mask_token": token}))
    print("before")
    kept = os.dup(1)
    try:
        if closed:
            sys.stdout.flush()
            os.close(1)
        assert model_folder.load_tokenizer(folder).mask_token == "<mask>"
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    print("behind")
    assert capfd.readouterr().out.split() == ["before", "behind"]


def test_threads_that_load_together_give_standard_output_back(capfd: pytest.CaptureFixture[str]) -> None:
    inside, done = Event(), Event()

    def first() -> None:
        with nothing_printed:
            inside.set()
            done.wait(5)

    def second() -> None:
        inside.wait(5)
        with nothing_printed:
            done.set()
            threads[0].join(5)  # the first one leaves before the second
            os.write(1, b"lost")

    threads = [Thread(target=first), Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    os.write(1, b"kept")
    assert capfd.readouterr().out == "kept"


@pytest.mark.parametrize("name", ["extra_ids", "offset", "num_madeup_words", "of_a_later_version"])
def test_a_tokenizer_that_makes_tokens_up_without_end(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(CORPUS / "models" / "tiny-t5", folder)
    path = folder / "tokenizer_config.json"
    recorded = json.loads(path.read_text()) | {"model_max_length": 10**30}
    path.write_text(json.dumps(recorded | {name: 10**20}))
    with pytest.raises(InputError, match=rf"tokenizer_config.json: {name} is 1.*; at most 100,000 are believed"):
        model_folder.load_tokenizer(folder)
    path.write_text(json.dumps(recorded))  # a length without end is how transformers writes "none"
    assert model_folder.load_tokenizer(folder).is_fast
