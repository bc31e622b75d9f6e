"""What has no bound of its own is bounded: lines, quotations, nesting, paths that may not be looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fewshot
from fewshot import data
from fewshot.errors import DataError, FewshotError, InputError

LONG = "w" * 10_000


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.tsv", "a.txt"])
def test_a_line_without_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEWSHOT_MOST_BYTES", "5000")
    path = tmp_path / name
    path.write_text("p53\tO\n" * (name == "a.tsv") + LONG)
    with pytest.raises(DataError, match=r"a\.\w+:\d: a line of more than 5,000 bytes; FEWSHOT_MOST_BYTES=N allows"):
        data.read(str(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"{LONG},b\n"),
        ("a.csv", f"subset,input_text,output_text\n{LONG},a,b\n"),
        ("a.tsv", LONG),
        ("a.tsv", f"p53\t{LONG}"),
        ("a.jsonl", f'{{"id": "a", "text": 5, "x": "{LONG}"}}'),
        ("a.jsonl", f'{{"id": "a", "text": "x", "panels": "{LONG}"}}'),
        ("a.jsonl", '{"id": "a", "text": "x", "entities": [{"start": 1' + "0" * 4000 + ', "end": 2, "label": "A"}]}'),
        ("a.jsonl", f'{{"id": "a", "text": "x", "hypothesis": {{"{LONG}": 1}}}}'),
        ("a.jsonl", "[" * 100_000),
        ("a.jsonl", '{"id":' * 100_000),
        ("a.jsonl", '{"id": "a", "text": "x", "weight": NaN}'),
        ("a.jsonl", '{"id": "a", "text": "x", "meta": {"weight": [-Infinity]}}'),
        ("a.jsonl", '{"id": "a", "text": "x", "weight": 1e999}'),
    ],
)
def test_what_is_wrong_is_said_in_a_line(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        data.read(str(path))
    said = str(caught.value).replace(str(path), "")
    assert "\n" not in said
    assert len(said) < 400


@pytest.mark.parametrize("source", ["x" * 5000, "x" * 300 + ".jsonl", "a\0b.jsonl", "a\0b"])
def test_a_path_that_is_none(source: str) -> None:
    with pytest.raises(InputError):
        data.read(source)


@pytest.mark.parametrize("path", ["x" * 5000, "x" * 300 + ".jsonl", "a\0b"])
@pytest.mark.parametrize("place", ["data", "demos", "prompt", "entities", "out", "reuse", "embedder"])
def test_a_path_that_is_none_is_refused_in_python_too(place: str, path: str) -> None:
    asked: dict[str, Any] = {place: path, "limit": 1}
    with pytest.raises(FewshotError) as caught:
        fewshot.run("roles" if place == "entities" else "ner", **asked)
    assert len(str(caught.value).replace(path, "")) < 400


def test_a_replay_looks_for_no_path_that_is_none(tmp_path: Path) -> None:
    fewshot.run("ner", limit=1, out=tmp_path / "run")
    recorded = tmp_path / "run" / "run.toml"
    recorded.write_text(recorded.read_text().replace('data = "demo"', f'data = "{"x" * 5000}"'))
    assert fewshot.replay(tmp_path / "run").complete
    with pytest.raises(FewshotError, match="too long"):
        fewshot.replay(tmp_path / "run", out="x" * 5000)


def test_a_replay_of_a_folder_that_no_name_can_be() -> None:
    with pytest.raises(FewshotError, match="cannot read a\0b"):
        fewshot.replay("a\0b")


def test_unknown_keys_are_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "x", "weight": 1e300, "none": null, "many": [1.5, ""]}\n')
    data.write(data.read(str(path)), tmp_path / "b.jsonl", "jsonl")
    again = json.loads((tmp_path / "b.jsonl").read_text(), parse_constant=pytest.fail)
    assert again == {"id": "a", "group": "a", "text": "x", "weight": 1e300, "none": None, "many": [1.5, ""]}
