"""`predict`: texts in a list, answers in their order; what was paid is kept, what was not leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import fewshot
from fewshot import tasks
from fewshot.errors import BlockedError, IncompleteError, InputError
from tests.servers.openai_server import OpenAiServer, status

TEXTS = ["(A) Blot of p53. (B) The same.", "p53 in HeLa cells"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "k")


def test_one_prediction_for_each_text_in_their_order() -> None:
    found = fewshot.predict(TEXTS, task="ner")
    assert len(found) == 2
    second = tasks.spans_of(found[1].value)
    assert [span.cut(TEXTS[1]) for span in second] == ["p53", "HeLa"]
    assert [span.label for span in second] == ["GENEPROD", "CELL_LINE"]
    assert list(found[:1]) == [found[0]]
    assert set(found.frame["id"]) == {"1", "2"}
    assert str(found.show(1)).startswith("2\n⟪p53⟫⟨GENEPROD⟩ in ")
    assert "found in 2 texts" in repr(found)
    assert found._repr_html_().count('class="legend"') == 2


def test_rules_leave_nothing_behind() -> None:
    found = fewshot.predict(TEXTS, task="panelization")
    assert not list(Path().iterdir())
    assert not found.run.folder.path.exists()
    assert len(found.run.examples) == 2  # all of it was read
    assert found.run.cost["tokens"] is None


def test_a_folder_that_is_named_is_kept() -> None:
    found = fewshot.predict(TEXTS, task="ner", out="kept")
    assert len(fewshot.replay("kept").examples) == len(found) == 2


def test_one_text_a_column_and_examples() -> None:
    assert len(fewshot.predict("p53 in HeLa", task="ner")) == 1
    assert len(fewshot.predict(pd.Series(TEXTS), task="ner")) == 2
    gold = fewshot.Example("fig-9", "10.1/x", "p53 in HeLa", entities=())
    found = fewshot.predict([gold], task="ner")
    assert found.frame["id"].unique().tolist() == ["fig-9"]
    assert set(found.frame["status"]) == {"predicted"}  # its gold is not looked at


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "was given no text"),
        (["a", " \n"], "text 2 is empty"),
        (["a", None], "text 2 is no text, but None"),
        ([fewshot.Example("1", "1", "a"), fewshot.Example("1", "1", "b")], "text 2 has the id '1'"),
    ],
)
def test_what_is_no_text_is_named(texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fewshot.predict(texts, task="ner")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputError, match=r"predict\(\) needs a task; task='causal' or"):
        fewshot.predict(TEXTS)
    with pytest.raises(InputError, match="shots=2 needs labelled examples"):
        fewshot.predict(TEXTS, task="ner", shots=2)
    with pytest.raises(InputError, match=r"predict\(\) has no setting 'shotz'; did you mean 'shots'"):
        fewshot.predict(TEXTS, task="ner", shotz=2)  # type: ignore[call-arg]


def test_a_server_is_asked_once_and_shown_demonstrations() -> None:
    def ask(server: OpenAiServer) -> fewshot.Predictions:
        return fewshot.predict(
            TEXTS, task="ner", backend="gpt3", model="m", base_url=server.base_url, demos="demo", shots=2
        )

    with OpenAiServer("p53") as server:
        found = ask(server)
        asked = [one.body["messages"] for one in server.requests if one.method == "POST" and one.body]
        assert len(asked) == 2
        sent = len(server.requests)
        assert ask(server)[0] == found[0]
        assert len(server.requests) == sent
    (folder,) = Path("runs").iterdir()
    assert "-2shot-" in folder.name
    again = fewshot.replay(folder)  # the folder is a run as any other
    assert len(again.examples) == 2


def test_what_failed_is_said_and_the_same_call_sends_the_rest() -> None:
    def ask(server: OpenAiServer) -> fewshot.Predictions:
        return fewshot.predict(
            TEXTS, task="ner", backend="gpt3", model="m", base_url=server.base_url, out="kept", concurrency=1
        )

    with OpenAiServer("p53", faults=[None, status(400)]) as server:
        with pytest.raises(IncompleteError, match=r"1 of 2 texts were not answered: .*kept in kept; the same call"):
            ask(server)
        assert len(ask(server)) == 2
    with OpenAiServer("p53", faults=[status(401)] * 2) as server, pytest.raises(BlockedError, match="of 2 texts"):
        fewshot.predict(TEXTS, task="ner", backend="gpt3", model="m", base_url=server.base_url)


@pytest.mark.local
def test_a_model_folder_knows_its_task() -> None:
    found = fewshot.predict(["(A) Western blot of p53. (B) Cells."], model="panelization-tiny-tagger")
    assert {span.label for span in tasks.spans_of(found[0].value)} == {"panel"}
    assert not list(Path().iterdir())
