"""The head that drafts: its file, what it expects, what it answers alone; and that it changes no answer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from fewshot import data
from fewshot.backends import LocalOptions, Options, local
from fewshot.errors import InputError
from fewshot.models import draft_head, model_folder
from fewshot.models.drafts import CLOSE
from fewshot.models.manifest import DRAFT_HEAD, Manifest
from fewshot.models.seq2seq import Seq2Seq
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.records import Example, Prediction
from fewshot.tasks import spans_of
from tests.models import tiny

pytestmark = pytest.mark.local
LABELS = ("GENEPROD", "EXP_ASSAY")
MANIFEST = Manifest(
    task="ner", format="copy_tag", kind="seq2seq", labels=LABELS, max_input_length=96, draft_head=DRAFT_HEAD
)
FIGURES = [e for e in data.read("demo") if e.panels is not None][:4]


@pytest.fixture(scope="module", params=["bart", "t5"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a head of random weights, some of whose tags go together."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer, model = tiny.seeded(request.param, LABELS)
    draft_head.add(model, MANIFEST)
    torch.nn.init.normal_(model.draft_head.weight)
    with draft_head.apart(model, folder):
        model.save_pretrained(folder)
    assert hasattr(model, "draft_head"), "it is put back"
    tokenizer.save_pretrained(folder)
    MANIFEST.write(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "model"))


def predicted(folder: Path, **how: Any) -> list[Prediction]:
    backend = local.open_backend(Options(task="ner", model=str(folder), labels=LABELS, local=LocalOptions(**how)))
    return sorted(backend.predict(FIGURES), key=lambda one: one.id)


def bare(found: list[Prediction]) -> list[list[tuple[int, int, str]]]:
    return [[(span.start, span.end, span.label) for span in spans_of(one.value)] for one in found]


def test_the_weights_of_the_model_are_those_of_a_model_without_a_head(made: Path) -> None:
    from safetensors.torch import load_file

    assert not [name for name in load_file(made / "model.safetensors") if "draft" in name]
    assert set(load_file(made / DRAFT_HEAD)) == {"weight", "bias"}
    model_folder.load(made, "AutoModelForSeq2SeqLM")


def test_no_draft_changes_an_answer(made: Path) -> None:
    every = {draft: predicted(made, draft=draft) for draft in ("encoder", "copy", "none", None)}
    assert any(bare(every["copy"]))
    for draft, found in every.items():
        assert bare(found) == bare(every["copy"]), draft
        assert [one.output for one in found] == [one.output for one in every["copy"]]


def test_the_head_alone_is_a_tagger_inside_the_same_network(made: Path) -> None:
    alone = predicted(made, decoder="head")
    assert any(bare(alone))
    assert bare(alone) != bare(predicted(made))
    for example, one in zip(sorted(FIGURES, key=lambda e: e.id), alone, strict=True):
        for span in spans_of(one.value):
            assert span.cut(example.text) == span.cut(example.text).strip()
            assert span.confidence is not None
    backend = local.open_backend(
        Options(task="ner", model=str(made), labels=LABELS, local=LocalOptions(decoder="head"))
    )
    assert backend.digest.endswith(":head")


def test_what_the_head_says_is_drafted_behind_the_words_before_a_source() -> None:
    """A prompt before each source shifts the encoder's states, not the source."""
    tokenizer, model = tiny.seeded("bart", LABELS)
    draft_head.add(model, MANIFEST)
    cut = SourceTokenizer(tokenizer)
    source = cut("Blot of p53 in mice.")
    first = next(i for i in range(len(source)) if source.starts[i] == 8)
    for before in (1, 4):
        head = draft_head.of(model, MANIFEST, before)
        assert head is not None
        states = torch.zeros(1, before + len(source) + 1, 32)
        states[0, before + first, 0] = 1.0
        with torch.no_grad():
            model.draft_head.weight[head.names.index("B-EXP_ASSAY"), 0] = 9.0
            model.draft_head.bias[head.names.index("O")] = 3.0
        (draft,) = draft_head.Guessing(head, LABELS).drafts(states, [source])
        course = draft.course(0, -1, 0, overhead=0.0)
        assert [(step, course.places[i]) for i, step in enumerate(course.steps) if step >= 0] == [(1, first)]
        assert course.steps.count(CLOSE) == 1
        assert [span.cut(source.text) for span in head.spans(states, [source])[0]] == ["p53"]


def test_a_new_head_has_no_opinion_and_draws_no_random_number() -> None:
    _, model = tiny.seeded("t5", LABELS)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    draft_head.add(model, MANIFEST)
    assert torch.equal(torch.rand(3), expected)
    assert not model.draft_head.weight.any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b"nothing of the kind"), "cannot be read"),
        (lambda path: _save(path, torch.zeros(3, 32), torch.zeros(3)), "not the head of this model"),
        (lambda path: _save(path, torch.zeros(5, 16), torch.zeros(5)), "not the head of this model"),
        (lambda path: _save(path, torch.full((5, 32), float("nan")), torch.zeros(5)), "not finite"),
    ],
)
def test_a_head_that_is_not_of_the_model_is_one_clear_line(folder: Path, change: Any, said: str) -> None:
    change(folder / DRAFT_HEAD)
    with pytest.raises(InputError, match=said):
        predicted(folder)


def _save(path: Path, weight: torch.Tensor, bias: torch.Tensor) -> None:
    from safetensors.torch import save_file

    save_file({"weight": weight, "bias": bias}, path)


def test_a_manifest_names_no_other_file(folder: Path) -> None:
    row = json.loads((folder / "fewshot.json").read_text())
    (folder / "fewshot.json").write_text(json.dumps(row | {"draft_head": "../elsewhere.safetensors"}))
    with pytest.raises(InputError, match=r"draft_head must be draft_head\.safetensors or null"):
        predicted(folder)


def test_an_older_folder_drafts_by_copying_and_has_no_head_to_ask(folder: Path) -> None:
    row = json.loads((folder / "fewshot.json").read_text())
    del row["draft_head"]
    (folder / "fewshot.json").write_text(json.dumps(row))
    (folder / DRAFT_HEAD).unlink()
    assert bare(predicted(folder)) == bare(predicted(folder, draft="none"))
    for how, flag in (({"draft": "encoder"}, "--draft encoder"), ({"decoder": "head"}, "--decoder head")):
        with pytest.raises(InputError, match=f"{flag}: this model has no head that drafts; train it with --draft-loss"):
            predicted(folder, **how)


def test_a_draft_is_for_tagged_copies(folder: Path) -> None:
    for decoder in ("generate", "head"):
        with pytest.raises(InputError, match=f"--draft is for copy decoding of copy_tag, not for decoder {decoder}"):
            predicted(folder, draft="copy", decoder=decoder)


def test_a_tagger_drafts_nothing() -> None:
    with pytest.raises(InputError, match="--draft needs a seq2seq model; this one is a tagger"):
        local.open_backend(Options(task="ner", model="ner-tiny-tagger", local=LocalOptions(draft="copy")))


def test_the_head_drafts_where_there_is_one(made: Path) -> None:
    manifest = model_folder.read_manifest(made)
    assert manifest is not None
    model, tokenizer = model_folder.load(made, "AutoModelForSeq2SeqLM")
    draft_head.load(made, model, manifest)
    fed = {}
    for draft in (None, "encoder", "copy", "none"):
        predictor = Seq2Seq(model, tokenizer, manifest, "copy", draft=draft)
        list(predictor.predict([Example("a", "a", FIGURES[0].text[:200])]))
        fed[draft] = predictor.cost
    assert fed[None] == fed["encoder"] != fed["copy"]
    assert fed["none"].fed == fed["none"].kept
    assert fed["none"].passes > fed["copy"].passes > 0
