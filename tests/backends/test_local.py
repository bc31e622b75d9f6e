"""Local models: what is taken, what is refused with one clear line, and long texts."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot import data, tasks
from fewshot.backends import LocalOptions, Options, RecordedModel, local
from fewshot.errors import DataError, InputError, MissingExtraError
from fewshot.models import model_folder
from fewshot.models.loaded import LoadedModel
from fewshot.models.model_folder import Manifest
from fewshot.models.vocabulary import extend
from fewshot.records import Example
from tests.models import tiny

pytestmark = pytest.mark.local
LABELS = ("GENEPROD", "EXP_ASSAY")
MANIFEST = Manifest(task="ner", format="copy_tag", kind="seq2seq", labels=LABELS, labelled=7, max_input_length=128)
FIGURES = [replace(e, entities=None, panels=None) for e in data.read("demo") if e.panels is not None][:4]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BART folder with its manifest."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer, model = tiny.seeded("bart", LABELS)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    MANIFEST.write(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "model"))


def opened(folder: Path, **changes: Any) -> LoadedModel:
    options: dict[str, Any] = {"task": "ner", "model": str(folder), "labels": LABELS} | changes
    how = {name: options.pop(name) for name in ("decoder", "device", "batch_tokens") if name in options}
    was = {name: options.pop(name) for name in ("digest", "labelled") if name in options}
    return local.open_backend(Options(**options, local=LocalOptions(**how), recorded=RecordedModel(**was)))


def test_every_example_is_predicted_with_offsets_however_long(made: Path) -> None:
    backend = opened(made)
    assert (backend.format, backend.labelled) == ("copy_tag", 7)
    found = {p.id: p for p in backend.predict(FIGURES)}
    assert set(found) == {e.id for e in FIGURES}
    assert max(len(e.text) for e in FIGURES) > 600, "longer than the 128 tokens that the model is given"
    for example in FIGURES:
        value = found[example.id].value
        assert isinstance(value, tuple)
        assert found[example.id].fidelity == 1.0
        for span in value:
            assert span.cut(example.text).strip()
            assert span.label in LABELS


def test_batches_change_nothing(made: Path) -> None:
    one = {p.id: p for p in opened(made, batch_tokens=1).predict(FIGURES)}
    all_ = {p.id: p for p in opened(made, batch_tokens=100_000).predict(FIGURES)}
    for id_, prediction in one.items():
        assert prediction.value == all_[id_].value


def test_generate_is_aligned_like_any_answer(made: Path) -> None:
    backend = opened(made, decoder="generate")
    assert backend.digest.endswith(":generate")
    (prediction,) = backend.predict([Example("a", "a", "(A) Western blot of p53.")])
    assert prediction.output is not None
    assert prediction.fidelity is not None
    assert prediction.fidelity < 1, "random weights do not copy"


def test_a_model_never_sees_the_answer(made: Path) -> None:
    with_gold = [e for e in data.read("demo") if e.id in {f.id for f in FIGURES}]
    assert all(tasks.get("ner").gold(e) for e in with_gold)
    backend = opened(made)
    plain = {p.id: p.value for p in backend.predict(FIGURES)}
    assert {p.id: p.value for p in backend.predict(with_gold)} == plain


def test_a_replay_needs_no_model(tmp_path: Path) -> None:
    backend = opened(tmp_path / "gone", offline=True, digest="abc:copy", format="copy_tag", labelled=7)
    assert (backend.digest, backend.format, backend.labelled) == ("abc:copy", "copy_tag", 7)
    with pytest.raises(TypeError):
        list(backend.predict(FIGURES))


def test_no_model_named_and_none_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs --model"):
        local.open_backend(Options(task="ner"))
    with pytest.raises(InputError, match="no such model folder"):
        opened(tmp_path / "nowhere")


def test_made_for_another_task(made: Path) -> None:
    with pytest.raises(InputError, match="trained for task ner, not panelization; use --task ner"):
        opened(made, task="panelization")


def test_the_extra_is_named(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"fewshot\[local\]"):
        opened(made)


def test_a_broken_manifest(folder: Path) -> None:
    for text in ("{", "[]", '{"kind": "seq2seq"}', '{"kind": "poem", "labels": []}'):
        (folder / "fewshot.json").write_text(text)
        with pytest.raises(DataError, match=r"fewshot.json: is not a manifest"):
            opened(folder)


def test_broken_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1000])
    with pytest.raises(InputError, match="cannot be loaded"):
        opened(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="holds no weights"):
        opened(folder)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("code of a pickle ran",))


def test_a_pickle_that_wants_to_run_code_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    (folder / "model.safetensors").unlink()
    torch.save({"weights": Evil()}, folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="a pickle that wants to run code"):
        opened(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError):
        opened(folder)
    assert "code of a pickle ran" not in capsys.readouterr().out


def test_plain_pickled_weights_are_read_as_data(folder: Path) -> None:
    """The hub's biobart and SciFive have nothing else."""
    import torch

    _, model = tiny.seeded("bart", LABELS)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    assert len(list(opened(folder).predict(FIGURES[:1]))) == 1


def test_a_vocabulary_of_another_model(folder: Path) -> None:
    tokenizer = tiny.bpe(900)
    for name in ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    tokenizer.save_pretrained(folder)
    with pytest.raises(InputError, match="the tokenizer knows"):
        opened(folder)


def test_no_such_device(made: Path) -> None:
    with pytest.raises(InputError, match="--device no-such"):
        opened(made, device="no-such")


def test_flags_that_cannot_copy(folder: Path) -> None:
    replaced(folder, generation={"num_beams": 4})
    backend = opened(folder)
    assert backend.digest.endswith(":generate")
    assert any("num_beams=4 cannot copy" in line for line in backend.notices)
    with pytest.raises(InputError, match="--decoder copy: num_beams=4 cannot copy"):
        opened(folder, decoder="copy")


@pytest.mark.parametrize("generation", [{"num_beams": 2}, {"num_beams": 3, "length_penalty": 0.6}])
def test_beams_are_searched(folder: Path, generation: dict[str, float]) -> None:
    replaced(folder, generation=generation, max_target_length=16)
    assert {p.id for p in opened(folder).predict(FIGURES)} == {e.id for e in FIGURES}


@pytest.mark.parametrize("decoder", ["generate", "ct2"])
def test_an_answer_that_is_cut_is_counted_whatever_ends_a_bart(folder: Path, decoder: str) -> None:
    replaced(folder, max_target_length=4)
    written = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(written | {"forced_eos_token_id": 2}))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"forced_eos_token_id": 2}))
    (prediction,) = opened(folder, decoder=decoder).predict([Example("a", "a", "(A) Western blot of p53.")])
    assert prediction.problems["truncated"] == 1


def test_free_formats_are_generated(folder: Path) -> None:
    replaced(folder, format="list")
    backend = opened(folder)
    assert backend.format == "list"
    assert any("format list is written freely" in line for line in backend.notices)


@pytest.mark.parametrize(
    ("task", "format_name", "tag"), [("ner", "copy_tag", "<DISEASE>"), ("causal", "sentence", "<disease>")]
)
def test_a_vocabulary_without_tags_cannot_copy(task: str, format_name: str, tag: str, made: Path) -> None:
    plain = made.parent / f"plain-{task}"
    shutil.copytree(made, plain, ignore=shutil.ignore_patterns("fewshot.json"), dirs_exist_ok=True)
    asked = {"task": task, "format": format_name, "labels": ("DISEASE",)}
    assert opened(plain, **asked).digest.endswith(":generate")
    with pytest.raises(InputError, match=f"--decoder copy: its vocabulary has no {tag}"):
        opened(plain, decoder="copy", **asked)


def test_who_learned_to_choose_names_is_not_asked_to_spell_them(folder: Path) -> None:
    tokenizer, model = model_folder.load_tokenizer(folder), model_folder.load_model(folder, "AutoModelForSeq2SeqLM")
    extend(tokenizer, model, written=tiny.tag_names(["geneprod"]), texts=[])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    replaced(folder, task="causal", format="sentence", labels=("GENEPROD",), decoder="copy")
    assert opened(folder, task="causal").digest.endswith(":copy")
    backend = opened(folder, task="causal", decoder="generate")
    assert any("not to spell them" in line for line in backend.notices)


def test_a_plain_model_needs_a_format(tmp_path: Path) -> None:
    tokenizer, model = tiny.seeded("t5", LABELS)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="add --format"):
        opened(tmp_path)
    backend = opened(tmp_path, format="list")
    assert (backend.format, backend.labelled) == ("list", None)
    assert len(list(backend.predict(FIGURES[:1]))) == 1


def test_a_plain_tagger_of_the_hub_has_labels_of_its_own(tmp_path: Path) -> None:
    from transformers import RobertaConfig, RobertaForTokenClassification

    tokenizer = tiny.bpe()
    names = ["O", "B-GENEPROD", "I-GENEPROD"]
    config = RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=130, pad_token_id=1, id2label=dict(enumerate(names)), num_labels=3,
    )  # fmt: skip
    RobertaForTokenClassification(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = list(opened(tmp_path).predict(FIGURES))
    assert {span.label for p in found for span in p.value} <= {"GENEPROD"}  # type: ignore[union-attr]
    with pytest.raises(InputError, match="is a tagger"):
        opened(tmp_path, decoder="copy")


def test_a_model_that_continues_texts_is_served_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}))
    with pytest.raises(InputError, match="neither a seq2seq model nor a tagger"):
        opened(tmp_path)


def test_the_digest_is_that_of_weights_and_manifest(folder: Path) -> None:
    first = model_folder.digest(folder)
    (folder / "README.md").write_text("words")
    assert model_folder.digest(folder) == first
    replaced(folder, source_template="Tag: ")
    assert model_folder.digest(folder) != first


def test_extend_is_what_made_it() -> None:
    tokenizer = tiny.bpe()
    model = tiny.bart(tokenizer)
    count = extend(tokenizer, model, written=tiny.tag_names(LABELS), texts=[])
    assert count == len(tokenizer) == 604


def replaced(folder: Path, **changes: Any) -> None:
    replace(MANIFEST, **changes).write(folder)
