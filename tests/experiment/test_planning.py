"""What a run decides before it asks: which examples, which labels, which pool, and what it will not do."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from fewshot import replay, run
from fewshot.errors import FewshotError
from tests.recorded import answers


def record(id: str, split: str | None = None, label: str | None = "GENEPROD", **more: Any) -> dict[str, Any]:
    """A legend with one entity; unlabelled where there is no label."""
    row: dict[str, Any] = {"id": id, "text": f"Blot {id} of p53 in lysates of cells {id}."}
    start = row["text"].index("p53")
    if label is not None:
        row["entities"] = [{"start": start, "end": start + 3, "label": label}]
    return row | ({} if split is None else {"split": split}) | more


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(rows: list[dict[str, Any]], name: str = "data.jsonl") -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def scores(out: str = "one") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(out, "scores.json").read_text())
    return found


TRAIN = [record(f"d{n}", "train") for n in range(4)]


def test_the_pool_is_the_train_split_and_what_is_asked_the_test_split() -> None:
    write([*TRAIN, record("v", "validation"), record("t", "test"), record("u", "train", None)])
    run("ner", data="data.jsonl", out="one")
    assert [row["id"] for row in lines("one/gold.jsonl")] == ["t"]
    assert {row["id"] for row in lines("one/demonstrations.jsonl")} <= {"d0", "d1", "d2", "d3"}
    assert (scores()["n"], scores()["signature"]["labelled"]) == (1, 4), "what is not labelled shows nothing"


def test_demos_of_a_file_with_splits_are_its_train_split() -> None:
    write([record("t")])
    write([record("a", "train"), record("b", "train"), record("c", "test")], "demos.jsonl")
    run("ner", data="data.jsonl", demos="demos.jsonl", shots=2, out="one")
    assert {row["id"] for row in lines("one/demonstrations.jsonl")} == {"a", "b"}
    assert scores()["signature"]["labelled"] == 2
    write([record("a"), record("b"), record("c")], "demos.jsonl")
    run("ner", data="data.jsonl", demos="demos.jsonl", shots=2, out="two")
    assert scores("two")["signature"]["labelled"] == 3


def test_labels_are_those_of_the_split_and_its_demonstrations() -> None:
    write([record("d", "train", "TISSUE"), record("v", "validation", "DISEASE"), record("t", "test", "GENEPROD")])
    run("ner", data="data.jsonl", shots=1, out="one")
    assert sorted(scores()["signature"]["labels"]) == ["GENEPROD", "TISSUE"]
    run("ner", data="data.jsonl", shots=1, limit=1, out="two")
    assert scores("two")["signature"]["labels"] == scores()["signature"]["labels"]
    run("ner", data="data.jsonl", shots=1, labels=("TISSUE",), out="three")
    assert scores("three")["signature"]["labels"] == ["TISSUE"]


def test_a_label_in_the_names_of_the_study() -> None:
    write([record("t", label="SMALL_MOLECULE")])
    done = run("ner", data="data.jsonl", labels=("SMALL_MOL",), out="one")
    assert any("SMALL_MOL is taken as SMALL_MOLECULE" in notice for notice in done.notices)


@pytest.mark.parametrize(("unlabelled", "asked"), [(False, ["a", "b"]), (True, ["a", "u", "b"])])
def test_where_some_are_labelled_the_rest_is_asked_if_told(unlabelled: bool, asked: list[str]) -> None:
    write([record("a"), record("u", label=None), record("b")])
    run("ner", data="data.jsonl", unlabelled=unlabelled, out="one")
    assert [row["id"] for row in lines("one/predictions.jsonl")] == asked
    assert scores()["n"] == 2


def test_where_none_is_labelled_all_are_asked_and_none_is_scored() -> None:
    write([record("a", label=None), record("b", label=None)])
    run("ner", data="data.jsonl", out="one")
    assert [row["id"] for row in lines("one/predictions.jsonl")] == ["a", "b"]
    assert (scores()["n"], scores()["scores"]) == (0, {})


@pytest.mark.parametrize(("limit", "asked"), [(1, 1), (3, 3), (9, 3)])
def test_a_limit_is_of_what_is_asked(limit: int, asked: int) -> None:
    write([record("u", label=None), *(record(f"t{n}") for n in range(3))])
    run("ner", data="data.jsonl", limit=limit, out="one")
    assert len(lines("one/predictions.jsonl")) == asked


def test_an_article_or_none() -> None:
    write([record("a"), record("b")])
    run("ner", data="data.jsonl", out="one")
    assert scores()["signature"]["groups"] == "none"
    write([record("a"), record("b", group="article")])
    run("ner", data="data.jsonl", out="two")
    assert scores("two")["signature"]["groups"] == "given"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"split": "dev"}, r"data\.jsonl has no split 'dev' \(it has test, train\)"),
        ({"demos": "none.jsonl"}, r"none\.jsonl: no such file"),
        ({"shots": 5}, "--shots 5: only 4 of 4"),
        ({"entities": "runs/x"}, "--entities goes with --task roles, not ner"),
        ({"backend": "local", "model": "m", "shots": 1}, "--shots 1: backend local is not shown demonstrations"),
        ({"format": "sentence"}, "format 'sentence' cannot carry entities"),
        ({"labels": ("GENE",)}, "unknown label 'GENE'"),
        ({"task": "nerd"}, "unknown task 'nerd'"),
        ({"selector": "rando"}, "unknown .*'rando'.* did you mean 'random'"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(settings: dict[str, Any], said: str) -> None:
    write([*TRAIN, record("t", "test")])
    with pytest.raises(FewshotError, match=said):
        run(**({"task": "ner", "data": "data.jsonl", "out": "one"} | settings))
    assert not Path("one").exists()


def test_shots_of_data_without_a_train_split() -> None:
    write([record("t")])
    with pytest.raises(FewshotError, match=r"--shots 2 needs labelled examples: data\.jsonl has no train split; name"):
        run("ner", data="data.jsonl", shots=2, out="one")
    assert run("ner", data="data.jsonl", shots=0, out="two").notices == ()
    (notice,) = run("ner", data="data.jsonl", out="three").notices
    assert notice == "data.jsonl has no train split and no --demos are given: 0 shots"


# What fits


@pytest.mark.parametrize(("less", "shown"), [(0, 2), (1, 1)])
def test_what_just_fits_is_shown(less: int, shown: int) -> None:
    """Prompts are bounded by 2.5 bytes a token and 8 tokens a turn; an answer of 77 tokens is asked for outright."""
    write([*TRAIN, record("t", "test")])
    run("ner", data="data.jsonl", shots=2, max_tokens=77, out="whole")
    (turns,) = (line["request"]["turns"] for line in answers("whole/responses.jsonl"))
    bound = sum(len(turn["content"].encode()) for turn in turns) / 2.5 + 8 * len(turns)
    context = math.ceil(bound) + 77 - less
    done = run("ner", data="data.jsonl", shots=2, max_tokens=77, context=context, out="one")
    (line,) = answers("one/responses.jsonl")
    assert (len(line["demonstrations"]), line["request"]["max_tokens"]) == (shown, 77)
    dropped = [notice for notice in done.notices if "left out" in notice]
    assert [notice.partition(" ")[0] for notice in dropped] == (["1"] if less else [])


# Roles


def role(id: str, role: str | None, **more: Any) -> dict[str, Any]:
    row = record(id, **more)
    if role is not None:
        row["entities"][0]["role"] = role
    return row


def test_roles_of_no_entity_are_known_without_a_question() -> None:
    write([role("a", "MEASURED_VAR"), role("b", "", label="TISSUE")])
    run("roles", data="data.jsonl", out="one")
    assert [row["id"] for row in answers("one/responses.jsonl")] == ["a"]
    (_, empty) = lines("one/predictions.jsonl")
    assert (empty["id"], empty["entities"], empty["output"]) == ("b", [], None)
    assert scores()["n"] == 2


def test_entities_of_another_run_are_named_and_must_be_of_all() -> None:
    write([role("a", "MEASURED_VAR"), role("b", "MEASURED_VAR")])
    run("ner", data="data.jsonl", limit=1, out="ner")
    with pytest.raises(FewshotError, match=r"--entities ner has no prediction for 'b' \(1 of 2 are missing\); run"):
        run("roles", data="data.jsonl", entities="ner", out="one")
    done = run("roles", data="data.jsonl", entities="ner", limit=1, out="two")
    assert [row["id"] for row in lines("two/entities.jsonl")] == ["a"]
    assert replay("two").result == done.result
    assert not Path("ner/entities.jsonl").exists()


# A replay of data that is gone


def test_a_replay_of_data_and_demos_that_are_gone() -> None:
    write([record("t")])
    write([record(f"d{n}") for n in range(3)], "demos.jsonl")
    done = run("ner", data="data.jsonl", demos="demos.jsonl", shots=2, out="one")
    Path("demos.jsonl").unlink()
    assert replay("one").result == done.result
    Path("data.jsonl").unlink()
    assert replay("one").result == done.result
    replay("one", out="two")
    for name in ("scores.json", "predictions.jsonl", "gold.jsonl", "demonstrations.jsonl"):
        assert Path("two", name).read_bytes() == Path("one", name).read_bytes()
