"""What fits beside a query: demonstrations are given up, the least similar first; what never fits is `too_long`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import replay, run
from fewshot.backends import Options, open_backend
from fewshot.errors import DataError, InputError, RunFolderError
from fewshot.experiment.dry_run import dry_run
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.plan import plan_of
from fewshot.experiment.requests import Requests
from fewshot.experiment.settings import Settings
from fewshot.experiment.systems import system_of
from fewshot.prompt import tokens
from tests.servers.openai_server import OpenAiServer

TRAIN = [
    "Western blot of p53 in HeLa cells with nutlin and many more words to fill the line.",
    "Western blot of p53 in yeast and in some other cells of no importance at all here.",
    "Survival of mice after injection of tumour cells into the left flank of each animal.",
    "Growth curves of bacteria at thirty degrees in rich medium over two whole long days.",
]
QUERY = "Western blot of p53 in HeLa cells with nutlin."
LONG = "Western blot of p53. " * 200


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows: list[dict[str, Any]] = [
        {"id": f"d{i}", "text": text, "split": "train", "entities": [{"start": 0, "end": 4, "label": "GENEPROD"}]}
        for i, text in enumerate(TRAIN)
    ]
    rows += [{"id": "q", "text": QUERY, "split": "test", "entities": []}]
    rows += [{"id": "long", "text": LONG, "split": "test", "entities": []}]
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def requests(shots: int = 3, **more: Any) -> Requests:
    plan = plan_of(Settings(task="ner", data="data.jsonl", shots=shots, **more))
    return system_of(plan, open_backend("rules", Options(task="ner"))).requests


def ids(found: Requests, query: str = "q") -> list[str]:
    return [demo.id for demo in found.by_id[query][0].demonstrations]


def bound(found: Requests) -> int:
    """The context in which the query just fits."""
    request = found.by_id["q"][0]
    return int(tokens.most_tokens(request)) + 1 + request.max_tokens


def test_without_a_context_nothing_is_left_out() -> None:
    found = requests()
    assert len(ids(found)) == 3
    assert (found.dropped, found.too_long, found.notices) == (0, frozenset(), ())


def test_the_least_similar_is_given_up_first() -> None:
    whole = requests()
    order = ids(whole)
    assert order[-2:] == ["d1", "d0"], "the most similar last"
    most = bound(whole)
    assert ids(requests(context=most)) == order
    assert ids(requests(context=most - 2)) == order[1:]
    found = requests(context=bound(requests(shots=1)))
    assert ids(found) == ["d0"]
    assert found.dropped == 2
    assert found.shots == [1]


def test_of_other_selectors_the_last_chosen() -> None:
    whole = requests(selector="fixed")
    assert ids(requests(selector="fixed", context=bound(whole) - 2)) == ids(whole)[:-1]


def test_what_does_not_fit_alone_is_too_long() -> None:
    found = requests(context=600)
    assert found.too_long == {"long"}
    assert "long" not in found.by_id
    assert any("too long" in line for line in found.notices)


def test_room_for_a_tagged_copy_is_reserved_and_for_a_list_less() -> None:
    tagged = requests(limit=1).by_id["q"][0]
    assert tokens.needed_tokens(tagged) == tagged.max_tokens
    listed = requests(limit=1, format="list")
    assert tokens.needed_tokens(listed.by_id["q"][0]) < listed.by_id["q"][0].max_tokens
    short = requests(limit=1, format="list", context=bound(listed) - 2)
    assert ids(short) == ids(listed)
    assert short.by_id["q"][0].max_tokens == listed.by_id["q"][0].max_tokens - 2
    fixed = requests(limit=1, format="list", context=bound(listed) - 2, max_tokens=tagged.max_tokens)
    assert len(ids(fixed)) == 2, "what was asked for outright is kept"


def test_the_bound_is_above_what_a_tokenizer_counts() -> None:
    request = requests().by_id["q"][0]
    words = " ".join(turn.content for turn in request.turns or ()).split()
    assert tokens.most_tokens(request) > tokens.estimate_tokens(request) > len(words) / 2


def test_a_run_counts_too_long_scores_it_and_replays() -> None:
    done = run("ner", data="data.jsonl", shots=3, context=600, out="runs/one")
    assert done.complete
    by_id = {p.id: p for p in done.folder.predictions("entities", done.folder.examples())}
    assert by_id["long"].problems == {"too_long": 1}
    assert by_id["long"].output is None
    assert done.result.n == 2
    assert done.result.signature["context"] == 600
    shots = done.result.signature["shots"]
    assert shots["asked"] == 3
    assert shots["least"] == shots["mean"] == len(done.folder.shown()["q"]) < 3
    assert any("too long" in line for line in done.notices)
    assert replay("runs/one").result == done.result


def test_a_dry_run_tells_what_is_left_out() -> None:
    said = dry_run(Settings(task="ner", data="data.jsonl", shots=3, context=600))
    assert "1 requests" in said
    assert "1 legends are too long for --context" in said
    assert "demonstrations were left out" in said
    assert "estimated" in said


# Samples


def test_samples_are_requests_of_their_own() -> None:
    found = requests(samples=3, temperature=0.7)
    assert [request.sample for request in found.by_id["q"]] == [0, 1, 2]
    assert len(found.all) == 6


def test_what_most_answers_say_counts_with_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["GENEPROD: p53; HeLa", "GENEPROD: p53", "GENEPROD: p53; made up", "(none)"]

    def answer(body: dict[str, Any]) -> str:
        return str(said[body["seed"] % 4])

    with OpenAiServer(answers=answer) as server:
        more: dict[str, Any] = {"format": "list", "limit": 1, "shots": 1, "samples": 4, "temperature": 0.7}
        done = run("ner", data="data.jsonl", backend="gpt3", model="m", base_url=server.base_url, out="runs/v", **more)
        assert len(server.posts) == 4
    (prediction,) = done.folder.predictions("entities", done.folder.examples())
    assert isinstance(prediction.value, tuple)
    assert [(span.cut(QUERY), span.confidence) for span in prediction.value] == [("p53", 0.75)]
    assert prediction.output == tuple(said)
    assert prediction.problems == {"not_in_text": 1}
    assert done.result.signature["samples"] == 4
    assert replay("runs/v").result == done.result
    assert '"confidence": 0.75' in (RunFolder(Path("runs/v")).path / "predictions.jsonl").read_text()


def test_samples_without_a_temperature_are_refused() -> None:
    with pytest.raises(InputError, match="--samples 3 at temperature 0"):
        Settings(task="ner", samples=3)


# A prompt of one's own


def test_a_template_of_one_s_own_is_asked_recorded_and_replayed() -> None:
    Path("mine.txt").write_text("Find genes!\n--- query\nText: $text\n--- answer\nGenes: $answer\n")
    ours = run("ner", data="data.jsonl", shots=1, out="runs/ours")
    done = run("ner", data="data.jsonl", shots=1, prompt="mine.txt", out="runs/mine")
    asked = done.folder.recorded_request("q")
    assert asked is not None
    assert asked["turns"][0]["content"] == "Find genes!"
    assert asked["turns"][-1]["content"] == f"Text: {QUERY}"
    assert done.result.signature["prompt"] != ours.result.signature["prompt"]
    Path("mine.txt").write_text("Find all genes!\n--- query\nText: $text\n--- answer\nGenes: $answer\n")
    with pytest.raises(RunFolderError, match=r"prompt: mine\.txt has changed since"):
        run("ner", data="data.jsonl", shots=1, prompt="mine.txt", out="runs/mine")
    assert replay("runs/mine").result == done.result
    Path("mine.txt").unlink()
    assert replay("runs/mine").result == done.result


def test_a_template_that_is_missing_or_broken() -> None:
    with pytest.raises(InputError, match=r"none\.txt: no such file"):
        run("ner", data="data.jsonl", prompt="none.txt", out="runs/x")
    Path("mine.txt").write_text("Find genes!")
    with pytest.raises(DataError, match=r"mine\.txt"):
        run("ner", data="data.jsonl", prompt="mine.txt", out="runs/x")
    assert not Path("runs/x").exists()
