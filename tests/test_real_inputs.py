"""Issue 3's "done when": real inputs, by the rules and by a server, in one table per task. They lie in `../shared`,
are never committed, and where they are not here these tests skip.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fewshot import replay, run
from fewshot.backends.rules import MODEL
from fewshot.report.compare import compare
from tests.servers.openai_server import OpenAiServer

REAL = Path(__file__).parents[2] / "shared/data"
LEGENDS, ARTICLE = REAL / "panelization/legends.jsonl", REAL / "sourcedata_xml/article.xml"
TRAIN, TEST = REAL / "ner_bc5cdr/train.tsv", REAL / "ner_bc5cdr/test.tsv"

pytestmark = pytest.mark.skipif(not REAL.exists(), reason=f"the real inputs are not here ({REAL})")

CASES: dict[str, tuple[dict[str, Any], int, str, float]] = {
    # task: settings, examples, a score and what the rules reach at least
    "panelization": ({"data": LEGENDS}, 38, "starts.f1", 0.93),
    "ner": ({"data": TEST, "demos": TRAIN, "limit": 200}, 200, "strict.micro.f1", 0.4),
    "causal": ({"data": ARTICLE}, 8, "members.micro.f1", 0.2),
    "roles": ({"data": ARTICLE}, 18, "strict.micro.f1", 0.4),
}


def answer(body: dict[str, Any]) -> str:
    """What a server with half an idea would say: the text without a tag, or the first entity of a list."""
    asked = str(body["messages"][-1]["content"])
    named = re.search(r"Entities: ([^;\n]+)", asked)
    return f"MEASURED_VAR: {named[1]}" if named else asked.removeprefix("Legend: ") + " [END]"


@pytest.mark.parametrize("task", CASES)
def test_rules_and_a_server_land_in_one_table(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    paths, count, score, least = CASES[task]
    settings: dict[str, Any] = {k: str(v) if isinstance(v, Path) else v for k, v in paths.items()}
    rules = run(task, out=tmp_path / "rules", **settings)
    with OpenAiServer(answers=answer) as server:
        asked = run(
            task, backend="gpt3", model="half-an-idea", base_url=server.base_url, out=tmp_path / "gpt3", **settings
        )
    assert rules.complete
    assert asked.complete
    assert rules.result.scores[score] >= least
    rows = compare([rules.folder.path, asked.folder.path]).rows
    assert [row.label for row in rows] == ["all-empty", MODEL, "half-an-idea"]
    assert {row.n for row in rows} == {count}
    assert rows[2].cost.prompt_tokens
    for folder, done in (("rules", rules), ("gpt3", asked)):
        assert replay(tmp_path / folder).result == done.result


def test_roles_end_to_end(tmp_path: Path) -> None:
    run("ner", data=str(ARTICLE), out=tmp_path / "ner")
    oracle = run("roles", data=str(ARTICLE), out=tmp_path / "oracle")
    end = run("roles", data=str(ARTICLE), entities=str(tmp_path / "ner"), out=tmp_path / "end")
    assert 0 < end.result.scores["strict.micro.f1"] < oracle.result.scores["strict.micro.f1"]
    first, second = compare([oracle.folder.path, end.folder.path]).systems
    assert first.runs[0].signature.id != second.runs[0].signature.id
    assert first.label != second.label
