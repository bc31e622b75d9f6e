"""JSONL: the project's own records (`tests/test_schema.py` has what a valid record is)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example, Hypothesis, Member, Span

FULL = Example(
    id="f1",
    group="10.1000/x",
    text="(A) p53 blot “quoted” at 37\u2009°C.",
    panels=(Span(0, 31, "panel", labels=("A",)),),
    inline_labels=("C",),
    entities=(Span(4, 7, "GENEPROD", role="MEASURED_VAR"),),
    hypothesis=Hypothesis((Member("SMALL_MOLECULE", "nutlin"),), (Member("GENEPROD", "p53"),), ()),
    split="test",
    extra={"suspect": "merged", "n": [1, {"x": None}]},
)


def write(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def good(number: int) -> str:
    return json.dumps({"id": f"f{number}", "text": "(A) Blot."})


def test_all_that_is_known_comes_back(tmp_path: Path) -> None:
    assert data.write([FULL], tmp_path / "a.jsonl", "jsonl") == 1
    (read,) = data.read(str(tmp_path / "a.jsonl"))
    assert read == FULL
    assert read.extra == FULL.extra
    assert "“quoted”" in (tmp_path / "a.jsonl").read_text("utf-8")  # letters as they are


def test_wrong_json_on_line_7(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *map(good, range(1, 7)), '{"id": "f7", "text": ', good(8))
    with pytest.raises(DataError, match=r"a\.jsonl:7: not JSON: expecting value at character 2") as caught:
        data.read(path)
    assert caught.value.line == 7


def test_blank_lines_count_as_lines(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl:4 \(id f2\): text is missing"):
        data.read(write(tmp_path / "a.jsonl", good(1), "", "   ", '{"id": "f2"}'))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1]", ":2: a record must be a JSON object, not a list"),
        ('{"id": 0.5, "text": "x"}', ":2: id must be a string, not 0.5"),
        (
            '{"id": "b", "text": "p53 blot", "entities": [{"start": 0, "end": 9, "label": "G"}]}',
            r":2 \(id b\): .*range",
        ),
        (
            '{"id": "b", "text": "p53 blot", "panels": [{"start": 0, "end": 5}, {"start": 4, "end": 8}]}',
            r":2 \(id b\): panels overlap: 0–5 'p53 b' and 4–8 'blot'",
        ),
        (good(1), r":2 \(id f1\): duplicate id \(first on line 1\)"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_id(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl" + said):
        data.read(write(tmp_path / "a.jsonl", good(1), line))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=4))
def test_any_text_comes_back(tmp_path: Path, texts: list[str]) -> None:
    examples = [Example(f"{n}", f"{n}", text) for n, text in enumerate(texts)]
    data.write(examples, tmp_path / "a.jsonl", "jsonl")
    assert data.read(str(tmp_path / "a.jsonl")) == examples
