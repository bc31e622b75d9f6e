"""`fewshot new`: what it writes works as it stands, in a checkout and as a package, and overwrites nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fewshot import cli
from tests.cli.conftest import Fails

ROOT = Path(__file__).parents[2]
KINDS = ("task", "format", "backend", "selector", "data")


def new(kind: str, *more: str) -> None:
    assert cli.main(["new", kind, f"my_{kind}", *more]) == 0


def test_a_package_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    new("task", "--out", "mine")
    captured = capsys.readouterr()
    files = {path.relative_to("mine").as_posix() for path in Path("mine").rglob("*") if path.is_file()}
    inside = ("__init__.py", "py.typed", "my_task.py", "prompts/my_task.txt")
    assert files == {"pyproject.toml", "tests/test_my_task.py", *(f"fewshot_my_task/{name}" for name in inside)}
    assert set(captured.out.split()) == {f"mine/{name}" for name in files}
    assert "pip install -e mine" in captured.err
    pyproject = Path("mine/pyproject.toml").read_text()
    assert '[project.entry-points."fewshot.tasks"]\nmy_task = "fewshot_my_task.my_task"' in pyproject
    assert "$labels" in Path("mine/fewshot_my_task/prompts/my_task.txt").read_text()


def test_into_a_checkout(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("fewshot/tasks", "fewshot/demonstrations", "tests", "prompts"):
        Path(folder).mkdir(parents=True)
    new("task")
    new("selector")
    files = {path.as_posix() for path in Path().rglob("*") if path.is_file()} - {"gold.jsonl"}
    assert files == {
        "fewshot/tasks/my_task.py", "tests/tasks/test_my_task.py", "prompts/my_task.txt",
        "fewshot/demonstrations/my_selector.py", "tests/demonstrations/test_my_selector.py",
    }  # fmt: skip
    assert "--rewrite-golden" in capsys.readouterr().err


def test_nothing_is_overwritten(fails: Fails) -> None:
    new("format", "--out", "mine")
    path = Path("mine/fewshot_my_format/my_format.py")
    path.write_text("edited")
    (Path("mine") / "pyproject.toml").unlink()
    assert "exists already: nothing was written" in fails("new", "format", "my_format", "--out", "mine")
    assert path.read_text() == "edited"
    assert not Path("mine/pyproject.toml").exists()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["task", "my_task"], "not a checkout of fewshot; --out DIR writes a package"),
        (["task", "ner", "--out", "x"], "task 'ner' exists already"),
        (["data", "hub", "--out", "x"], "data format 'hub' exists already"),
        (["task", "My-Task", "--out", "x"], "'My-Task' cannot be the name of a module"),
        (["task", "class", "--out", "x"], "'class' cannot be the name"),
        (["task", "mine", "--out", "gold.jsonl/x"], "cannot be written (Not a directory)"),
        (["tasks", "mine"], "invalid choice"),
    ],
)
def test_one_clear_line_for_what_cannot_be(argv: list[str], said: str, fails: Fails) -> None:
    assert said in fails("new", *argv)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with one new file of each kind, and beside it one package of each kind."""
    folder = tmp_path_factory.mktemp("new")
    checkout = folder / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "models", "recorded", "package", "folders")
    for name in ("fewshot", "prompts", "tests"):
        shutil.copytree(ROOT / name, checkout / name, ignore=None if name == "fewshot" else ignored)
    shutil.copy(ROOT / "pyproject.toml", checkout)
    env = os.environ | {"PYTHONPATH": str(checkout)}
    for kind in KINDS:
        for out in (["--out", str(folder / kind)], []):
            command = [sys.executable, "-m", "fewshot", "new", kind, f"my_{kind}", *out]
            subprocess.run(command, cwd=checkout, env=env, check=True, capture_output=True)
    return folder


def check(command: list[str], folder: Path, checkout: Path) -> None:
    """Runs a tool and shows what it says where it fails."""
    env = os.environ | {"PYTHONPATH": str(checkout), "MYPYPATH": str(checkout)}
    command = [sys.executable, "-m", *command]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.xdist_group("new")
def test_what_is_written_passes_its_own_test(written: Path) -> None:
    checkout = written / "checkout"
    tests = [str(path) for path in checkout.glob("tests/*/test_my_*.py")]
    assert len(tests) == len(KINDS)
    check(["pytest", "-q", *tests], checkout, checkout)
    for kind in KINDS:
        check(["pytest", "-q", "-W", "ignore::pytest.PytestDeprecationWarning"], written / kind, checkout)


@pytest.mark.slow
@pytest.mark.xdist_group("new")
def test_what_is_written_in_a_checkout_passes_the_conformance_tests(written: Path) -> None:
    checkout = written / "checkout"
    paths = ["tests/tasks", "tests/formats", "tests/demonstrations", "tests/prompt", "tests/scoring"]
    check(["pytest", "-q", *paths, "-k", "my_", "--rewrite-golden"], checkout, checkout)
    check(["pytest", "-q", "tests/data/test_data.py"], checkout, checkout)


@pytest.mark.slow
@pytest.mark.xdist_group("new")
def test_what_is_written_is_clean(written: Path, tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    pytest.importorskip("mypy")
    checkout = written / "checkout"
    modules = [path for path in checkout.rglob("*my_*.py") if "__pycache__" not in path.parts]
    assert len(modules) == 2 * len(KINDS)
    ours = [str(path.relative_to(checkout)) for path in modules]
    for folder, files in [(checkout, ours), *((written / kind, ["."]) for kind in KINDS)]:
        check(["ruff", "check", "--no-cache", *files], folder, checkout)
        check(["ruff", "format", "--check", "--no-cache", *files], folder, checkout)
    strict = ["mypy", "--strict", "--explicit-package-bases", "--cache-dir", str(tmp_path)]
    check([*strict, *ours], checkout, checkout)
    for kind in KINDS:
        check([*strict, f"fewshot_my_{kind}", "tests"], written / kind, checkout)
