"""JSON as it comes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewshot.errors import DataError
from fewshot.origin import Origin
from fewshot.origin.records import values

ROWS = [{"a": 1}, {"a": "x\ny"}, {"b": [{"c": None}]}]


def found(path: Path, text: str) -> list[tuple[int, object]]:
    path.write_text(text, "utf-8")
    return list(values(Origin(str(path))))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\n".join(map(json.dumps, ROWS)), [1, 2, 3]),
        (json.dumps(ROWS), [1, 1, 1]),
        ("[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n", [2, 3, 4]),
        (json.dumps(ROWS, indent=1), [2, 5, 8]),
        ("\n\n".join(json.dumps(row, indent=2) for row in ROWS), [1, 5, 9]),
    ],
)
def test_lines_arrays_and_objects_over_several_lines(text: str, lines: list[int], tmp_path: Path) -> None:
    assert found(tmp_path / "a", text) == list(zip(lines, ROWS, strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[\n{"a": 1},\n{"a": }\n]', r"a:3: not JSON: expecting value at character 7"),
        ('[{"a": 1}', r"a:1: not JSON: the array does not end"),
        ('[{"a": 1}]\n[]', r"a:1: not JSON: something follows the array"),
        ("{\n'a': 1}", r"a:2: not JSON: expecting property name enclosed in double quotes at character 1"),
        ("[" * 100_000, r"a:1: not JSON: nested too deeply"),
        ('{"a": 1}\n{"a":', r"a:2: not JSON: expecting value at character 6"),
    ],
)
def test_what_is_no_json_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        found(tmp_path / "a", text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.none())), min_size=1))
def test_an_array_is_its_rows(rows: list[object], tmp_path: Path) -> None:
    for indent in (None, 1):
        assert [row for _, row in found(tmp_path / "a", json.dumps(rows, indent=indent))] == rows
