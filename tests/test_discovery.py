"""Plugins by file name."""

from __future__ import annotations

import subprocess
import sys

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


def test_a_third_party_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name = "elsewhere"

        def load(self) -> str:
            return "loaded"

    monkeypatch.setattr(discovery, "_entry_points", lambda group: [Entry()])
    assert discovery.load("fewshot.tasks", "elsewhere", "TASK") == "loaded"
