"""The backend `gliner`: what it refuses without the library, and its runs, replayed where the library is not."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli, compare, replay, run
from fewshot.backends import Options, RecordedModel, gliner
from fewshot.errors import InputError, MissingExtraError, ReplayError, RunFolderError
from fewshot.models.loaded import LoadedModel
from fewshot.records import Example, Prediction, Span

MEANT = {"ANTIBODY": "antibodies: with their clone", "DOSE": "amounts with a unit"}
TEXT = "(A) Blot with anti-p53 (DO-1) after 5 µM nutlin."


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"id": "a", "text": TEXT, "entities": [{"start": 36, "end": 40, "label": "DOSE"}]},
            {"id": "b", "text": f"{TEXT} " * 12}]  # fmt: skip
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


class Finds:
    """In place of the library: finds the dose with the score that the threshold is compared with."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        for example in examples:
            span = Span(36, 40, "DOSE", confidence=0.6)
            yield Prediction(example.id, (span,) if self.threshold <= 0.6 else ())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """What backends were opened with."""
    seen: list[Options] = []

    def load(name: str, options: Options) -> LoadedModel:
        seen.append(options)
        threshold = 0.5 if options.local.threshold is None else options.local.threshold
        words = {label: options.definitions.get(label, label) for label in options.labels}
        digest = f"weights:{gliner.asked(words, threshold)}"
        return LoadedModel("gliner", name, digest, "spans", predictor=Finds(threshold))

    monkeypatch.setattr(gliner, "_load", load)
    monkeypatch.setattr(gliner, "find_spec", lambda name: True)
    return seen


def test_what_it_is_opened_with(opened: list[Options]) -> None:
    run("ner", data="data.jsonl", backend="gliner", model="m/", labels=MEANT, threshold=0.3, out="one")
    (options,) = opened
    assert (options.labels, options.local.threshold) == (("DOSE", "ANTIBODY"), 0.3)
    assert options.definitions == MEANT
    run("ner", data="demo", limit=1, backend="gliner", model="m", out="two")
    assert opened[1].definitions["GENEPROD"].startswith("genes and gene products: "), "ours, where nobody says other"


def test_a_run_with_scores_of_spans_and_its_replay_without_anything(
    opened: list[Options], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("ner", data="data.jsonl", backend="gliner", model="m", labels=MEANT, unlabelled=True, out="one")
    assert done.result.scores["strict.micro.f1"] == 1
    signature = done.result.signature
    assert (signature["format"], signature["labelled"], signature["shots"]) == ("spans", None, None)
    monkeypatch.setattr(gliner, "find_spec", lambda name: None)
    Path("data.jsonl").unlink()
    assert replay("one").complete
    for changed in ({"threshold": 0.7}, {"labels": {"DOSE": "amounts"}}, {"labels": ("DOSE",)}):
        with pytest.raises(ReplayError, match="has no prediction of gliner"):
            replay("one", **changed)
    rows = [json.loads(line) for line in Path("one/responses.jsonl").read_text().splitlines()]
    assert rows[0]["prediction"]["entities"] == [{"start": 36, "end": 40, "label": "DOSE", "confidence": 0.6}]
    assert tomllib.loads(Path("one/run.toml").read_text())["settings"]["definitions"] == MEANT


def test_another_threshold_is_another_run_in_the_same_table(opened: list[Options]) -> None:
    common: dict[str, Any] = {"data": "data.jsonl", "backend": "gliner", "model": "m", "labels": MEANT}
    run("ner", **common, out="one")
    with pytest.raises(RunFolderError, match=r"threshold: not set → 0\.7"):
        run("ner", **common, threshold=0.7, out="one")
    run("ner", **common, threshold=0.7, out="two")
    run("ner", data="data.jsonl", shots=0, labels=MEANT, out="three")
    table = compare(["one", "two", "three"]).frame
    assert list(table["strict.micro.f1"])[:3] != []
    assert len(table) == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"task": "panelization", "model": "m"}, "finds entities, which --task panelization does not ask for"),
        ({"task": "roles", "model": "m"}, "finds entities"),
        ({"task": "ner"}, "needs --model; name a model of the hub, urchade/gliner_medium-v2.1, or a folder"),
    ],
)
def test_what_it_cannot_do(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        gliner.open_backend(Options(**options))


@pytest.mark.skipif(find_spec("gliner") is not None, reason="the library is installed here")
def test_without_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["run", "--task", "ner", "--data", "data.jsonl", "--backend", "gliner", "--model", "m"]
    assert cli.main(argv) == 2
    line = capsys.readouterr().err.strip()
    assert line.endswith("is not installed; pip install 'fewshot[gliner]'")
    assert "\n" not in line
    with pytest.raises(MissingExtraError):
        gliner.open_backend(Options(task="ner", model="m"))


def test_offline_nothing_is_loaded() -> None:
    recorded = RecordedModel(digest="w:0.5:x")
    backend = gliner.open_backend(Options(task="ner", model="m", offline=True, recorded=recorded))
    assert backend.digest == "w:0.5:x"
    with pytest.raises(TypeError, match="offline"):
        next(backend.predict([Example("a", "a", TEXT)]))


def test_a_model_that_breaks_is_one_line(opened: list[Options], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Finds, examples: Sequence[Example]) -> Iterator[Prediction]:
        raise IndexError("index out of range\nin self")

    monkeypatch.setattr(Finds, "predict", broken)
    with pytest.raises(InputError, match=r"^m cannot predict \(IndexError: index out of range in self\)"):
        run("ner", data="data.jsonl", backend="gliner", model="m", labels=MEANT, out="one")


@pytest.mark.parametrize("backend", ["rules", "local", "gpt3"])
def test_the_threshold_is_for_backends_with_scores(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["run", "--task", "ner", "--data", "data.jsonl", "--backend", backend, "--threshold", "0.3"]
    assert cli.main(argv) == 2
    assert f"--backend {backend} does not heed --threshold" in capsys.readouterr().err


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_none(value: float) -> None:
    with pytest.raises(InputError, match="--threshold must lie between 0 and 1"):
        run("ner", backend="gliner", model="m", threshold=value)


@pytest.mark.local
def test_the_real_library_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gliner", reason="the gliner library has an environment of its own: make gliner")
    from fewshot.models import gliner_folder
    from tests.models import tiny_gliner

    with gliner_folder.quiet():
        folder = tiny_gliner.save(tmp_path / "model")
    argv = [
        "run",
        "--task",
        "ner",
        "--data",
        "data.jsonl",
        "--unlabelled",
        "--backend",
        "gliner",
        "--model",
        f"{folder}/",
    ]
    argv += ["--labels", *(f"{label}={text}" for label, text in MEANT.items()), "--threshold", "0.3", "--out", "one"]
    assert cli.main(argv) == 0
    assert "gliner: asked for DOSE as 'amounts with a unit', ANTIBODY as 'antibodies'" in capsys.readouterr().err
    rows = [json.loads(line) for line in Path("one/predictions.jsonl").read_text().splitlines()]
    assert rows[1]["entities"][-1]["end"] > 11 * len(TEXT), "500 words and more, to the end"
    assert all(0.3 <= span["confidence"] <= 1 for row in rows for span in row["entities"])
    assert replay("one").complete
    assert cli.main([*argv, "--threshold", "1.0", "--out", "none"]) == 0
    assert cli.main(["compare", "one", "none"]) == 0
