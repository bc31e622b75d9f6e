"""What a run promises: data that changed is refused, 3 shots, the recorded endpoint, and gold that stays at home."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from fewshot import replay, run
from fewshot.backends import Options
from fewshot.errors import ReplayError, RunFolderError
from fewshot.records import Example, Prediction
from tests.recorded import answers
from tests.servers.openai_server import OpenAiServer

GENES = ("p53", "MDM2", "CHK2", "ATM", "BRCA1")


def record(number: int, split: str, gene: str) -> dict[str, Any]:
    """A legend that is labelled for every task."""
    text = f"(A) Blot {number} of {gene} with nutlin in {split} cells. (B) Mice."
    return {
        "id": f"{split}-{number}",
        "group": f"article-{split}",
        "text": text,
        "panels": [{"labels": ["A"], "start": 0, "end": text.index(" (B)")},
                   {"labels": ["B"], "start": text.index("(B)"), "end": len(text)}],
        "inline_labels": ["C"],
        "entities": [
            {"start": text.index(gene), "end": text.index(gene) + len(gene), "label": "GENEPROD",
             "role": "MEASURED_VAR"},
            {"start": text.index("nutlin"), "end": text.index("nutlin") + 6, "label": "SMALL_MOLECULE",
             "role": "CONTROLLED_VAR"},
        ],
        "hypothesis": {"interventions": [{"label": "SMALL_MOLECULE", "text": "nutlin"}],
                       "observations": [{"label": "GENEPROD", "text": gene}],
                       "assays": [{"label": "EXP_ASSAY", "text": "Blot"}]},
        "split": split,
    }  # fmt: skip


TRAIN = [record(number, "train", gene) for number, gene in enumerate(GENES)]
TEST = [record(number, "test", gene) for number, gene in enumerate(GENES[:3])]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    write([*TRAIN, *TEST])


def write(rows: list[dict[str, Any]], name: str = "data.jsonl") -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def lines(path: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


# Data that changed


def relabelled(rows: list[dict[str, Any]]) -> None:
    rows[-1]["entities"][0]["label"] = "TISSUE"


def reworded(rows: list[dict[str, Any]]) -> None:
    rows[-1]["text"] = rows[-1]["text"].replace("Mice", "Rats")


def in_train(rows: list[dict[str, Any]]) -> None:
    rows[0]["text"] = rows[0]["text"].replace("Mice", "Rats")


@pytest.mark.parametrize("edit", [relabelled, reworded, in_train, list.pop, list.reverse])
def test_a_folder_of_data_that_changed_is_refused(edit: Any) -> None:
    run("ner", data="data.jsonl", out="one")
    before = {path.name: path.read_bytes() for path in Path("one").iterdir()}
    rows = json.loads(json.dumps([*TRAIN, *TEST]))
    edit(rows)
    write(rows)
    with pytest.raises(RunFolderError, match=r"one holds a run of other settings .*data\.jsonl has changed since"):
        run("ner", data="data.jsonl", out="one")
    assert {path.name: path.read_bytes() for path in Path("one").iterdir()} == before
    with pytest.raises(ReplayError, match=r"differs"):
        replay("one")


def test_an_unfinished_folder_of_data_that_changed_is_refused() -> None:
    run("ner", data="data.jsonl", out="one")
    Path("one/scores.json").unlink()
    write([*TRAIN, *TEST[:2]])
    with pytest.raises(RunFolderError, match=r"data\.jsonl has changed since"):
        run("ner", data="data.jsonl", out="one")


def test_data_that_changed_has_another_default_folder() -> None:
    first = run("ner", data="data.jsonl").folder.path
    write([*TRAIN, *TEST[:2]])
    assert run("ner", data="data.jsonl").folder.path != first


def test_the_same_records_in_another_file_are_no_other_data() -> None:
    run("ner", data="data.jsonl", out="one")
    write([dict(reversed(row.items())) for row in (*TRAIN, *TEST)])  # keys the other way round
    assert run("ner", data="data.jsonl", out="one").complete
    assert replay("one").complete


# How many are shown


@pytest.mark.parametrize("selector", ["nearest", "random", "fixed", "diverse", "balanced"])
def test_three_are_shown_unless_told_otherwise(selector: str) -> None:
    done = run("ner", data="data.jsonl", selector=selector)
    assert "-3shot-" in done.folder.path.name
    scores = json.loads((done.folder.path / "scores.json").read_text())
    assert scores["signature"]["shots"] == {"asked": 3, "mean": 3.0, "least": 3}
    assert [len(line["demonstrations"]) for line in answers(done.folder.path / "responses.jsonl")] == [3, 3, 3]
    assert scores["signature"]["labelled"] == len(TRAIN)


def test_none_are_shown_where_nothing_is_labelled_for_it() -> None:
    write(TEST)
    done = run("ner", data="data.jsonl")
    assert any("0 shots" in notice for notice in done.notices)
    assert "-0shot-" in done.folder.path.name


# The folder's name


@pytest.mark.parametrize(
    ("model", "begins"),
    [
        ("m", "gpt3-m-ner-3shot-"),
        ("gpt3-mini", "gpt3-mini-ner-3shot-"),
        ("org/Model_x.1/", "gpt3-Model-x.1-ner-3shot-"),
    ],
)
def test_a_folder_is_named_after_backend_model_task_and_shots(model: str, begins: str) -> None:
    with OpenAiServer(answers="[END]") as server:
        done = run("ner", data="data.jsonl", backend="gpt3", model=model, base_url=server.base_url)
    assert re.fullmatch(re.escape(begins) + "[0-9a-f]{8}", done.folder.path.name)
    assert done.folder.path.parent == Path("runs")


def test_a_local_model_is_shown_none_and_its_folder_says_so(local: type[LocalDouble]) -> None:
    done = run("ner", data="data.jsonl", backend="local", model="models/mine/")
    assert re.fullmatch("local-mine-ner-[0-9a-f]{8}", done.folder.path.name)
    assert json.loads((done.folder.path / "scores.json").read_text())["signature"]["shots"] is None


def test_rules_are_named_once() -> None:
    assert run("ner", data="data.jsonl").folder.path.name.startswith("rules-2-ner-3shot-")


# The endpoint


def test_a_replay_keeps_the_recorded_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAiServer(answers="[END]") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        done = run("ner", data="data.jsonl", backend="gpt3", model="m", out="one")
        endpoint = f"{server.base_url}/chat/completions"
    assert {line["request"]["endpoint"] for line in answers("one/responses.jsonl")} == {endpoint}
    for elsewhere in ("", "http://127.0.0.1:9/v1"):
        monkeypatch.setenv("OPENAI_BASE_URL", elsewhere)
        assert replay("one").result == done.result
    replay("one", out="two")
    assert Path("two/scores.json").read_bytes() == Path("one/scores.json").read_bytes()
    assert json.loads(Path("two/scores.json").read_text())["signature"]["endpoint"] == endpoint
    assert f'endpoint = "{endpoint}"' in Path("two/run.toml").read_text()


def test_a_replay_that_names_another_server_is_a_miss() -> None:
    with OpenAiServer(answers="[END]") as server:
        run("ner", data="data.jsonl", backend="gpt3", model="m", base_url=server.base_url, out="one")
    with pytest.raises(ReplayError, match="endpoint"):
        replay("one", base_url="http://127.0.0.1:9/v1")


# Gold


class LocalDouble:
    """A local model that predicts nothing, and keeps what it was shown."""

    kind: Literal["local"] = "local"
    name = "local"
    digest = "weights:copy"
    format = "copy_tag"
    labelled = None
    notices = ()
    shown: tuple[Example, ...] = ()

    def __init__(self, options: Options) -> None:
        self.model = str(options.model)

    def predict(self, examples: list[Example]) -> Iterator[Prediction]:
        LocalDouble.shown = tuple(examples)
        return (Prediction(example.id, ()) for example in examples)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> type[LocalDouble]:
    monkeypatch.setattr("fewshot.backends.local.open_backend", LocalDouble)
    LocalDouble.shown = ()
    return LocalDouble


@pytest.mark.parametrize("task", ["ner", "panelization"])
def test_a_local_model_is_shown_texts_alone(task: str, local: type[LocalDouble]) -> None:
    run(task, data="data.jsonl", backend="local", model="m", out="one")
    assert [example.text for example in local.shown] == [row["text"] for row in TEST]
    for example in local.shown:
        assert (example.panels, example.hypothesis, example.inline_labels, example.entities) == (None, None, None, None)
    assert json.loads(Path("one/scores.json").read_text())["n"] == len(TEST), "they are scored all the same"


def test_a_local_model_is_shown_the_entities_whose_roles_are_asked_for_and_no_role(local: type[LocalDouble]) -> None:
    run("roles", data="data.jsonl", backend="local", model="m", out="one")
    for example, row in zip(local.shown, TEST, strict=True):
        assert (example.panels, example.hypothesis, example.inline_labels) == (None, None, None)
        spans = example.entities or ()
        assert [(s.start, s.end, s.label) for s in spans] == [
            (e["start"], e["end"], e["label"]) for e in row["entities"]
        ]
        assert {span.role for span in spans} == {None}


def other_gold(task: str) -> list[dict[str, Any]]:
    """The test split with everything that is right changed to something else, but for what a question names."""
    rows: list[dict[str, Any]] = json.loads(json.dumps(TEST))
    for row in rows:
        row["panels"] = [{"labels": ["B"], "start": 0, "end": 8}]
        row["inline_labels"] = ["A"]
        row["hypothesis"] = {"observations": [{"label": "SMALL_MOLECULE", "text": "nutlin"}]}
        if task == "roles":
            for entity in row["entities"]:
                entity["role"] = "CONTROLLED_VAR"
        else:
            row["entities"] = [{"start": 4, "end": 8, "label": "GENEPROD", "role": "CONTROLLED_VAR"}]
    return rows


@pytest.mark.parametrize("task", ["ner", "panelization", "causal", "roles"])
def test_gold_decides_scores_and_nothing_that_is_asked_or_answered(task: str) -> None:
    labels = {"ner": ("GENEPROD", "SMALL_MOLECULE"), "roles": ("CONTROLLED_VAR", "MEASURED_VAR")}.get(task, ())
    first = run(task, data="data.jsonl", labels=labels, out="one")
    write([*TRAIN, *other_gold(task)])
    other = run(task, data="data.jsonl", labels=labels, out="two")
    assert [line["key"] for line in answers("one/responses.jsonl")] == [
        line["key"] for line in answers("two/responses.jsonl")
    ]
    assert Path("one/predictions.jsonl").read_bytes() == Path("two/predictions.jsonl").read_bytes()
    assert first.result.scores != other.result.scores


@pytest.mark.parametrize("task", ["ner", "panelization", "causal"])
def test_what_goes_to_a_server_holds_the_answers_of_demonstrations_alone(task: str) -> None:
    with OpenAiServer(answers="(none)") as server:
        run(task, data="data.jsonl", backend="gpt3", model="m", base_url=server.base_url, format="json", out="one")
    for post in server.posts:
        turns = post.body["messages"]
        assert [turn["role"] for turn in turns] == ["system", *["user", "assistant"] * 3, "user"]
        said = " ".join(turn["content"] for turn in turns if turn["role"] == "assistant")
        assert not re.search("test cells", said)
        (asked,) = (row for row in TEST if row["text"] in turns[-1]["content"])
        assert turns[-1]["content"].count(asked["text"]) == 1
        assert len(turns[-1]["content"]) < len(asked["text"]) + 40, "and nothing beside it"
