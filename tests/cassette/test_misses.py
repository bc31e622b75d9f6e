"""Why a request has no recording: the one of the same legend first, then the most alike; and what differs, in short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fewshot.cassette import Cassette
from fewshot.records import Completion, Request, Turn

TURNS = (Turn("system", "Tag the genes."), Turn("user", "Blot of p53 in cells of mice at noon."))
ASKED = Request("gpt3", "https://x/v1", "m", "chat", TURNS, None, 9, 0.0, seed=0, id="a")


def explain(path: Path, recorded: list[Request], asked: Request) -> str:
    with Cassette.open(path / "responses.jsonl") as cassette:
        for request in recorded:
            cassette.append(request, Completion("x"), [])
        return cassette.explain_miss(asked)


def said(content: str, role: str = "user") -> tuple[Turn, ...]:
    return (TURNS[0], Turn(role, content))  # type: ignore[arg-type]


def test_the_same_legend_comes_first_however_much_differs(tmp_path: Path) -> None:
    other = replace(ASKED, model="n", max_tokens=7, temperature=1.0)
    alike = replace(ASKED, seed=1, id="b")
    line = explain(tmp_path, [alike, other], ASKED)
    assert "(line 5, id a) differs in model: recorded 'n', asked 'm'; max_tokens: recorded 7, asked 9" in line


def test_then_the_one_with_the_most_equal_fields(tmp_path: Path) -> None:
    asked = replace(ASKED, id="new")
    far, near = replace(ASKED, model="n", seed=1, id="b"), replace(ASKED, seed=1, id="c")
    assert "(line 5, id c) differs in seed: recorded 1, asked 0" in explain(tmp_path, [far, near, far], asked)


def test_then_the_one_whose_prompt_begins_alike(tmp_path: Path) -> None:
    asked = replace(ASKED, id="new")
    far, near = replace(ASKED, turns=said("Gels"), id="b"), replace(ASKED, turns=said("Blot of p21"), id="c")
    assert "(line 4, id c) differs in turns[1] (user) at character 9" in explain(tmp_path, [far, near], asked)


def test_of_equals_the_first(tmp_path: Path) -> None:
    asked = replace(ASKED, id="new")
    one = replace(ASKED, seed=1, id="b")
    assert "(line 3, id b)" in explain(tmp_path, [one, replace(one, seed=2, id="c")], asked)


@pytest.mark.parametrize(
    ("recorded", "differs"),
    [
        (replace(ASKED, turns=TURNS[:1]), "turns: recorded 1, asked 2"),
        (replace(ASKED, turns=said(TURNS[1].content, "assistant")), "turns[1]: recorded {'role': 'assistant'"),
        (replace(ASKED, turns=(Turn("system", "Tag"), TURNS[1])), "turns[0] (system): recorded 'Tag', asked 'Tag the"),
        (replace(ASKED, turns=said("Blot of p21 in cells of mice at noon.")),
         "turns[1] (user) at character 9: recorded '…Blot of p21 in cells of mice at noon.', asked '…Blot of p53"),
        (replace(ASKED, extra={"n": 1}), "extra: recorded {'n': 1}, asked {}"),
        (replace(ASKED, endpoint="https://x/v2"), "endpoint at character 11: recorded '…https://x/v2'"),
        (replace(ASKED, model="x" * 70), f"model at character 0: recorded '…{'x' * 30}…', asked '…m'"),
        (replace(ASKED, turns=None, prompt="Tag"), "prompt: recorded 'Tag', asked None"),
    ],
)  # fmt: skip
def test_what_differs(tmp_path: Path, recorded: Request, differs: str) -> None:
    assert differs in explain(tmp_path, [recorded], ASKED)


def test_from_where_two_texts_part(tmp_path: Path) -> None:
    left, right = "a" * 50 + "L" + "b" * 50, "a" * 50 + "R" + "b" * 50
    line = explain(tmp_path, [replace(ASKED, turns=said(left))], replace(ASKED, turns=said(right)))
    around = f"…{'a' * 20}{{}}{'b' * 29}…"
    assert f"at character 50: recorded '{around.format('L')}', asked '{around.format('R')}'" in line


def test_an_empty_cassette_has_nothing_alike(tmp_path: Path) -> None:
    assert explain(tmp_path, [], ASKED).endswith("has no answer to the request of a, nor to any other request")
