"""What a run says beside its scores: no zero without a word, demonstrations that cannot be read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import run
from fewshot.errors import InputError
from fewshot.experiment.dry_run import dry_run
from fewshot.experiment.settings import Settings
from tests.servers.openai_server import OpenAiServer

TEXTS = {
    "train": ("(A) Blot of p53.", "(A) Levels of MDM2."),
    "test": ("(B) Gels of ATM in mice.", "Loss of the p53 gene."),
}


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        {"id": f"{split}{n}", "text": text, "split": split, "entities": [{"start": 12, "end": 15, "label": "GENEPROD"}]}
        for split in ("train", "test")
        for n, text in enumerate(TEXTS[split])
    ]
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def ask(answer: str, **more: Any) -> Any:
    with OpenAiServer(answers=answer) as server:
        return run("ner", data="data.jsonl", backend="gpt3", model="m", base_url=server.base_url, shots=1, **more)


def test_a_score_of_zero_is_explained() -> None:
    done = ask("I would rather not say.", format="json", out="runs/none")
    assert done.result.scores["strict.micro.f1"] == 0.0
    line = next(line for line in done.notices if line.startswith("strict.micro.f1 is 0"))
    assert line.startswith("strict.micro.f1 is 0: 2 of 2 answers name nothing, the others nothing that is right (")
    assert line.endswith("look at one with `fewshot show RUN ID`")


def test_a_score_above_zero_needs_no_word() -> None:
    done = ask('{"entities": [{"text": "p53", "occurrence": 1, "label": "GENEPROD"}]}', format="json", out="runs/some")
    assert done.result.scores["strict.micro.f1"] > 0
    assert not any(" is 0: " in line for line in done.notices)


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format that loses the first demonstration's answer."""
    from fewshot.formats.copy_tag import FORMAT

    real = type(FORMAT).parse

    def losing(self: Any, answer: str, text: str, scheme: Any) -> Any:
        return real(self, answer.replace("<GENEPROD> p53", "p53"), text, scheme)

    monkeypatch.setattr(type(FORMAT), "parse", losing)


LINE = "1 of 2 demonstrations cannot be read back from their right answer in format copy_tag, the first is train0: "


@pytest.mark.usefixtures("unreadable")
def test_demonstrations_that_cannot_be_read_back_are_named() -> None:
    settings: dict[str, Any] = {"data": "data.jsonl", "shots": 2}
    done = run("ner", **settings, out="runs/warned")
    assert any(line.startswith(LINE) for line in done.notices)
    assert LINE in dry_run(Settings(task="ner", **settings))
    with pytest.raises(InputError, match="add --examples-check off"):
        run("ner", **settings, examples_check="error", out="runs/refused")
    assert not Path("runs/refused").exists()
    done = run("ner", **settings, examples_check="off", out="runs/silent")
    assert not any("read back" in line for line in done.notices)


def test_demonstrations_are_fine_without_a_word() -> None:
    done = run("ner", data="data.jsonl", shots=2, examples_check="error", out="runs/fine")
    assert not any("read back" in line for line in done.notices)


def test_an_unknown_way_to_check_is_refused() -> None:
    with pytest.raises(InputError, match="--examples-check must be warn, error or off, not maybe"):
        run("ner", examples_check="maybe")  # type: ignore[arg-type]
