"""`Run` as a person holds it: frames, one legend drawn, HTML that is text whatever the legends say."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import fewshot
from fewshot.errors import FewshotWarning, InputError
from tests.servers.openai_server import OpenAiServer, status

HOSTILE = "<script>alert(1)</script> p53 \u202e & \"HeLa\" 'x' </div></details>"


class Tags(HTMLParser):
    """The tags of a fragment; fails where they do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def gold(path: Path, *texts: str, entities: bool = True) -> Path:
    rows = [
        {"id": f"fig-{n}", "group": "10.1/x", "text": text}
        | ({"entities": [{"start": 0, "end": 3, "label": "GENEPROD"}]} if entities else {})
        for n, text in enumerate(texts, 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def done(tmp_path: Path) -> fewshot.Run:
    """p53 is found, MDM is cut wrongly, HeLa is made up; the third legend has nothing to find."""
    data = gold(tmp_path / "gold.jsonl", "p53 in HeLa", "MDM2 blot")
    rows = data.read_text() + json.dumps({"id": "fig-3", "group": "10.1/y", "text": "Nothing.", "entities": []}) + "\n"
    data.write_text(rows)
    said = [
        {"id": "fig-1", "entities": [{"text": "p53", "label": "GENEPROD"}, {"text": "HeLa", "label": "CELL_LINE"}]},
        {"id": "fig-2", "entities": [{"start": 0, "end": 4, "label": "GENEPROD"}]},
        {"id": "fig-3", "entities": []},
    ]
    file = tmp_path / "said.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in said))
    return fewshot.evaluate("ner", data=data, predictions=file, out=tmp_path / "run")


def test_predictions_are_a_row_a_span_with_its_words(done: fewshot.Run) -> None:
    frame = done.predictions
    shown = frame[["id", "label", "text", "start", "end", "status"]].to_dict("list")
    assert shown == {
        "id": ["fig-1", "fig-1", "fig-2"],
        "label": ["GENEPROD", "CELL_LINE", "GENEPROD"],
        "text": ["p53", "HeLa", "MDM2"],
        "start": [0, 7, 0],
        "end": [3, 11, 4],
        "status": ["right", "made_up", "wrong_boundary"],
    }
    assert str(frame["start"].dtype) == "Int64"


def test_examples_are_a_row_a_legend(done: fewshot.Run) -> None:
    frame = done.examples.set_index("id")
    assert list(frame["f1"]) == [pytest.approx(2 / 3), 0.0, 1.0]
    assert list(frame.loc["fig-1", ["gold", "predicted", "right"]]) == [1, 2, 1]
    assert frame.loc["fig-1", "faults"] == "made up 1"
    assert frame.loc["fig-2", "faults"] == "cut wrongly 1"
    assert frame.loc["fig-3", "faults"] == ""


def test_errors_are_a_row_a_fault_with_both_sides(done: fewshot.Run) -> None:
    made_up, cut = done.errors.to_dict("records")
    assert (made_up["kind"], made_up["predicted"], made_up["start"]) == ("made_up", "HeLa", 7)
    assert pd.isna(made_up["gold"])
    assert (cut["kind"], cut["gold"], cut["predicted"]) == ("wrong_boundary", "MDM", "MDM2")
    assert (cut["gold_label"], cut["predicted_label"], cut["end"]) == ("GENEPROD", "GENEPROD", 3)


def test_a_legend_is_drawn(done: fewshot.Run) -> None:
    assert str(done.show("fig-1")) == "fig-1\n⟦⟪p53⟫⟧⟨GENEPROD⟩ in ⟪HeLa⟫⟨+CELL_LINE⟩"
    assert done.show().id == "fig-1"  # of equally faulty ones the first
    html = done.show("fig-1")._repr_html_()
    assert '<span class="gold predicted right">p53</span><sub>GENEPROD</sub>' in html
    with pytest.raises(InputError, match="did you mean 'fig-2'"):
        done.show("fig-22")


def test_a_run_says_what_it_is(done: fewshot.Run, tmp_path: Path) -> None:
    assert repr(done).startswith("<Run ner · said.jsonl · n = 3 · strict.micro.f1 ")
    html = done._repr_html_()
    assert {"table", "details"} <= Tags(html).seen
    assert "made up 1 · cut wrongly 1" in html
    assert os.fspath(done) == str(tmp_path / "run")


def test_a_run_is_its_folder_where_a_path_is_expected(done: fewshot.Run) -> None:
    compared = fewshot.compare([done])
    assert compared.frame["system"].to_list() == ["all-empty", "said.jsonl"]
    assert "<td><strong>" in compared._repr_html_()
    assert Tags(compared._repr_html_()).seen >= {"table", "td"}
    assert fewshot.load(done).result == done.result


def test_nothing_that_a_legend_says_is_html(tmp_path: Path) -> None:
    data = gold(tmp_path / "gold.jsonl", HOSTILE, entities=False)
    rows = [json.loads(line) | {"id": "<img src=x>\u202e", "group": "<b>"} for line in data.read_text().splitlines()]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = fewshot.run("ner", backend="rules", data=str(data), out=tmp_path / "run")
    for html in (done._repr_html_(), done.show()._repr_html_()):
        assert not Tags(html).seen & {"script", "img"}
        assert "\u202e" not in html
        assert r"\u202e" in html
    assert "\u202e" not in str(done.show())


def test_what_is_not_labelled_is_predicted_and_has_no_f1(tmp_path: Path) -> None:
    data = gold(tmp_path / "texts.jsonl", "p53 in HeLa cells", entities=False)
    done = fewshot.run("ner", backend="rules", data=str(data), out=tmp_path / "run")
    assert set(done.predictions["status"]) == {"predicted"}
    (row,) = done.examples.to_dict("records")
    assert pd.isna(row["f1"])
    assert row["predicted"] == len(done.predictions) > 0
    assert done.errors.empty
    assert list(done.errors.columns)[:3] == ["id", "group", "kind"]
    assert "1 legends, not labelled" in repr(done)
    assert "The first legends" in done._repr_html_()


@pytest.mark.parametrize("task", ["panelization", "causal", "roles"])
def test_every_task_can_be_looked_at(task: str, tmp_path: Path) -> None:
    done = fewshot.run(task, backend="rules", limit=3, out=tmp_path / task)
    assert len(done.examples) == 3
    assert set(done.predictions["id"]) <= set(done.examples["id"])
    assert Tags(done._repr_html_()).seen
    assert str(done.show()).startswith(str(done.show().id))


def test_what_a_run_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    data = gold(tmp_path / "gold.jsonl", "p53 a", "p53 b")
    with OpenAiServer("<GENEPROD>p53</GENEPROD> a") as server:
        done = fewshot.run(
            "ner", backend="gpt3", model="m", base_url=server.base_url, data=str(data), price_in=1000, price_out=1000,
            out=tmp_path / "run",
        )  # fmt: skip
    assert done.cost["tokens"] == done.cost["prompt_tokens"] + done.cost["completion_tokens"] > 0
    assert done.cost["cost_usd"] == pytest.approx(done.cost["tokens"] / 1000)
    assert done.cost["usd_per_thousand"] == pytest.approx(1000 * done.cost["cost_usd"] / 2)
    assert done.examples["answer"].notna().all()


def test_what_a_run_has_to_say_is_a_warning_at_the_line_that_called(tmp_path: Path) -> None:
    data = gold(tmp_path / "gold.jsonl", "p53 a")
    with pytest.warns(FewshotWarning, match="no train split") as told:
        done = fewshot.run("ner", backend="rules", data=str(data), out=tmp_path / "run")
    assert {one.filename for one in told} == {__file__}
    assert len(told) == len(set(done.notices))


def test_an_incomplete_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    data = gold(tmp_path / "gold.jsonl", "p53 a", "p53 b")
    with (
        OpenAiServer("p53", faults=[status(401), status(401)]) as server,
        pytest.warns(FewshotWarning, match="is incomplete: .*; the same call continues it"),
    ):
        done = fewshot.run(
            "ner", backend="gpt3", model="m", base_url=server.base_url, data=str(data), out=tmp_path / "run"
        )
    assert not done.complete
    assert "incomplete (2 failed)" in repr(done)
