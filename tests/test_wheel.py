"""The wheel holds the packages, the prompts and the corpus, and nothing else."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

from fewshot import __version__

ROOT = Path(__file__).parents[1]


def files(folder: str, under: str | None = None) -> set[str]:
    """What lies in a folder of the checkout, as the wheel should name it."""
    found = (path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {f"{under or folder}/{path.as_posix()}" for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    path = next(wheel.WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist"))))
    return set(zipfile.ZipFile(path).namelist())


def test_the_exact_list(names: set[str]) -> None:
    info = f"fewshot-{__version__}.dist-info"
    expected = files("fewshot") | files("prompts", "fewshot/prompts") | files("finetune")
    assert {name for name in names if not name.startswith(info)} == expected
    assert {name.removeprefix(f"{info}/") for name in names if name.startswith(info)} == {
        "METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["py.typed", "corpus/demo.jsonl", "prompts/labels.toml", "prompts/ner.txt", "cli/run.py"]
)
def test_what_a_run_needs_travels(name: str, names: set[str]) -> None:
    assert f"fewshot/{name}" in names


def test_nothing_heavy_is_required() -> None:
    """`pip install fewshot` brings neither torch nor scikit-learn."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = " ".join(table["dependencies"])
    assert not any(heavy in required for heavy in ("torch", "transformers", "seqeval", "scikit", "datasets"))
    local = {need.split(">")[0] for need in table["optional-dependencies"]["local"]}
    assert {"torch", "transformers", "seqeval"} <= local
