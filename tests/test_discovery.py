"""Plugins by file name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fewshot import discovery, formats, tasks
from fewshot.errors import InputError


def test_names_are_the_files_and_nothing_is_imported() -> None:
    code = (
        "import sys; from fewshot import discovery; print(*discovery.names('fewshot.tasks'));"
        "print([m for m in sys.modules if m.startswith('fewshot.tasks.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, imported = done.stdout.splitlines()
    assert {"ner", "panelization", "causal", "roles"} <= set(names.split())
    assert imported == "[]"


def test_an_unknown_name_is_answered_with_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        tasks.get("panelisation")
    assert "known: " in str(caught.value)
    assert "did you mean 'panelization'?" in str(caught.value)


def test_labels_are_compared_without_regard_to_case() -> None:
    assert "did you mean 'GENEPROD'?" in str(discovery.unknown("label", "geneprods", ["GENEPROD", "TISSUE"]))


def test_a_format_that_cannot_carry_a_kind_is_refused_with_those_that_can() -> None:
    with pytest.raises(InputError, match=r"cannot carry hypothesis; use json or sentence"):
        formats.get("list", "hypothesis")


def install(folder: Path, name: str, module: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a module and the metadata of its package into a folder on the path, as pip does."""
    (folder / f"{module}.py").write_text(source, "utf-8")
    info = folder / f"{module}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[fewshot.tasks]\n{name} = {module}\n", "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    forget()


def forget() -> None:
    """What was read of installed packages is read again."""
    discovery._entry_points.cache_clear()
    discovery.plugins.cache_clear()


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    forget()


def test_a_plugin_is_a_module_that_an_entry_point_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "elsewhere", "one_elsewhere", '"""ELSEWHERE: what?"""\nTASK = "it"\n', monkeypatch)
    assert discovery.names("fewshot.tasks")[-1] == "elsewhere"
    assert discovery.own_names("fewshot.tasks") == discovery.names("fewshot.tasks")[:-1]
    assert discovery.summary("fewshot.tasks", "elsewhere") == "ELSEWHERE: what?"
    assert "one_elsewhere" not in sys.modules, "listing imports nothing"
    assert discovery.load("fewshot.tasks", "elsewhere", "TASK") == "it"
    assert discovery.optional("fewshot.tasks", "elsewhere", "FORMAT") is None
    assert discovery.folder("fewshot.tasks", "elsewhere") == tmp_path
    assert discovery.folder("fewshot.tasks", "ner") is None
    assert "elsewhere" not in discovery.names("fewshot.formats")
    with pytest.raises(InputError, match=r"task 'elsewhere': one_elsewhere has no FORMAT"):
        discovery.load("fewshot.tasks", "elsewhere", "FORMAT")


def test_a_plugin_never_replaces_one_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "ner", "two_elsewhere", 'TASK = "another"\n', monkeypatch)
    assert tasks.get("ner").name == "ner"
    assert discovery.names("fewshot.tasks") == discovery.own_names("fewshot.tasks")


def test_a_plugin_that_is_broken_is_one_clear_line_and_spoils_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "broken", "three_elsewhere", "1 / 0\n", monkeypatch)
    assert "broken" in discovery.names("fewshot.tasks")
    assert "broken" not in list(discovery.usable("fewshot.tasks"))
    with pytest.raises(
        InputError, match=r"task 'broken' of three_elsewhere 1.2 cannot be imported \(ZeroDivisionError"
    ):
        tasks.get("broken")


def test_a_name_that_two_packages_provide_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "elsewhere", "four_elsewhere", "TASK = 4\n", monkeypatch)
    install(tmp_path, "elsewhere", "five_elsewhere", "TASK = 5\n", monkeypatch)
    with pytest.raises(
        InputError, match=r"task 'elsewhere' is provided twice, by f\w+ 1.2 and f\w+ 1.2; uninstall one"
    ):
        tasks.get("elsewhere")
    assert tasks.get("ner").name == "ner", "ours need no look at plugins"


def test_help_reads_no_entry_points() -> None:
    code = "import sys, fewshot.cli\ntry: fewshot.cli.main(['--help'])\nexcept SystemExit: pass\n"
    code += "sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0
