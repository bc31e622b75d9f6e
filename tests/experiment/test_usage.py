"""What a run took, as `run.toml` keeps it: the server's own counts, dollars, and what is not known."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fewshot import replay, run
from tests.recorded import answers
from tests.servers.openai_server import Fault, OpenAiServer, status

TEXTS = ("Blot of p53.", "Gels of MDM2 in mice.", "Cells with CHK2.")
ANSWERS = {"Blot": (10, 3), "Gels": (20, 4), "Cell": (30, 5)}  # tokens in and out, by the first word


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    prices = "[any.m]\ninput = 1.1\noutput = 7.7\ndate = 2026-11-01\nsource = 'a test'\n"
    Path("prices.toml").write_text(prices)
    monkeypatch.setenv("FEWSHOT_PRICES", str(tmp_path / "prices.toml"))
    rows = [{"id": f"f{n}", "text": text, "entities": []} for n, text in enumerate(TEXTS)]
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def told(prompt: int | None, completion: int | None) -> Fault:
    """An answer whose server counted so many tokens."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    counted = {name: count for name, count in usage.items() if count is not None}
    return Fault(edit=lambda answer: answer.update(usage=counted))


def go(faults: Sequence[Fault | None], out: str = "one", **more: Any) -> dict[str, Any]:
    """`run.toml` of a run against a server that behaves so, one request after the other."""
    with OpenAiServer(answers="[END]", faults=faults) as server:
        settings: dict[str, Any] = {"model": "m", "base_url": server.base_url, "concurrency": 1} | more
        run("ner", data="data.jsonl", backend="gpt3", out=out, **settings)
    return tomllib.loads(Path(out, "run.toml").read_text())


def test_tokens_are_summed_and_priced() -> None:
    table = go([told(10, 3), told(20, 4), told(32, 5)])
    usage = table["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["tokens"]) == (62, 12, 74)
    assert usage["cost_usd"] == 0.000161  # 62 of 1.1 and 12 of 7.7 millionths
    assert usage["price"] == "$1.1 in, $7.7 out per million tokens (2026-11-01, a test)"
    assert 0 < usage["seconds_per_example"] < 5
    seconds = [line["completion"]["seconds"] for line in answers("one/responses.jsonl")]
    assert usage["seconds_per_example"] == round(sum(seconds) / 3, 6)


@pytest.mark.parametrize(
    ("faults", "prompt", "completion"),
    [
        ([told(10, 3), told(None, None), told(30, 5)], 40, 8),
        ([told(10, None), told(20, None), told(30, None)], 60, 0),
        ([told(None, 3), told(None, 4), told(None, 5)], 0, 12),
    ],
)
def test_what_a_server_does_not_tell_is_no_token(faults: list[Fault], prompt: int, completion: int) -> None:
    usage = go(faults)["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (prompt, completion)


def test_a_cost_is_unknown_where_one_answer_is_not_counted() -> None:
    usage = go([told(10, 3), told(None, None), told(30, 5)])["usage"]
    assert (usage["cost_usd"], "price" in usage) == ("unknown", False)


def test_a_cost_is_unknown_where_no_price_is_known() -> None:
    usage = go([told(10, 3)] * 3, model="nobody-s")["usage"]
    assert (usage["cost_usd"], usage["tokens"]) == ("unknown", 39)


def test_nothing_is_told_where_nothing_was_counted() -> None:
    usage = go([told(None, None)] * 3)["usage"]
    assert not {"tokens", "prompt_tokens", "completion_tokens"} & set(usage)
    assert usage["cost_usd"] == "unknown"


def test_rules_cost_nothing_and_take_time() -> None:
    run("ner", data="data.jsonl", out="one")
    usage = tomllib.loads(Path("one/run.toml").read_text())["usage"]
    assert list(usage) == ["seconds_per_example", "seconds_p50", "seconds_p95"]


def test_what_was_asked_recorded_and_sent_again() -> None:
    table = go([told(1, 1), status(500, "once"), told(1, 1), told(1, 1)])["run"]
    assert (table["complete"], table["asked"], table["recorded"], table["retries"]) == (True, 3, 0, 1)
    assert (table["pushbacks"], table["maybe_paid_twice"]) == (0, 0)
    with OpenAiServer(answers="[END]") as server:
        run("ner", data="data.jsonl", backend="gpt3", model="m", base_url=server.base_url, reuse="one", out="two")
        table = tomllib.loads(Path("two/run.toml").read_text())["run"]
        assert (table["asked"], table["recorded"]) == (3, 0), "another server is another endpoint"
    replay("one", out="three")
    table = tomllib.loads(Path("three/run.toml").read_text())["run"]
    assert (table["asked"], table["recorded"], table["retries"]) == (0, 3, 0)


def test_a_run_that_is_continued_keeps_its_start() -> None:
    first = go([status(400, "no")])
    assert (first["run"]["complete"], first["failed"]) == (False, {"f0": first["failed"]["f0"]})
    path = Path("one/run.toml")
    path.write_text(path.read_text().replace(first["run"]["started"], "2026-01-01T00:00:00+00:00"))
    url = first["settings"]["base_url"]
    with OpenAiServer(answers="[END]", port=int(url.rpartition(":")[2].partition("/")[0])) as server:
        assert server.base_url == url
        run("ner", data="data.jsonl", backend="gpt3", model="m", base_url=url, concurrency=1, out="one")
    table = tomllib.loads(path.read_text())
    assert table["run"]["started"] == "2026-01-01T00:00:00+00:00"
    assert (table["run"]["complete"], table["run"]["asked"], table["run"]["recorded"]) == (True, 1, 2)
    assert table["run"]["seconds"] > 86400
    assert table["failed"] == {}


def test_near_duplicates_are_told_where_there_are_some() -> None:
    labelled = {"entities": [{"start": 0, "end": 4, "label": "GENEPROD"}]}
    rows: list[dict[str, Any]] = [
        {"id": f"d{n}", "text": text, "split": "train"} | labelled
        for n, text in enumerate(("Blot of p53 in mice.", "Gels of MDM2 in yeast.", "Cells without a gene at all."))
    ]
    rows.append({"id": "q", "text": "Loss of BRCA1 in rats.", "split": "test"} | labelled)
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert not any("near-duplicate" in line for line in run("ner", data="data.jsonl", out="one").notices)
    rows += [dict(rows[-1], id=f"twin-{n}", split="train") for n in range(2)]
    Path("data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (notice,) = [line for line in run("ner", data="data.jsonl", out="two").notices if "near-duplicate" in line]
    assert notice.startswith("2 near-duplicates ")


def test_a_run_that_is_complete_is_left_as_it_is() -> None:
    path = run("ner", data="data.jsonl").folder.path
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()}
    assert run("ner", data="data.jsonl").folder.path == path
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.iterdir()} == before


def test_a_clock_that_jumps_back_makes_no_run_shorter_than_nothing() -> None:
    run("ner", data="data.jsonl", out="one")
    path = Path("one/run.toml")
    started = tomllib.loads(path.read_text())["run"]["started"]
    path.write_text(path.read_text().replace(started, "2126-01-01T00:00:00+00:00"))
    Path("one/scores.json").unlink()
    run("ner", data="data.jsonl", out="one")
    assert tomllib.loads(path.read_text())["run"]["seconds"] == 0.0


def test_the_request_that_was_recorded_last_is_shown() -> None:
    done = run("ner", data="data.jsonl", out="one")
    line = answers(done.folder.responses)[0]
    later = line | {"key": "ab" * 32, "request": line["request"] | {"seed": 77}}
    done.folder.responses.write_text(done.folder.responses.read_text() + json.dumps(later) + "\n")
    asked = done.folder.recorded_request(line["id"])
    assert asked is not None
    assert asked["seed"] == 77
