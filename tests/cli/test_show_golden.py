"""The words that `fewshot show` prints at 80 columns, in `tests/golden/show/`; `--rewrite-golden` rewrites them."""

from __future__ import annotations

import pytest

from fewshot import cli
from fewshot.files import CORPUS
from tests.conftest import Golden

RECORDED = CORPUS / "recorded"
FIRST = "10.5555/fewshot.test.0001/fig-1"
CASES = {
    "ner": ("ner-smollm2-3shot", ["--worst", "3"]),
    "ner-legend": ("ner-smollm2-3shot", [FIRST]),
    "panelization": ("panelization-smollm2-0shot", ["--problem", "merged", "--worst", "3"]),
    "panelization-legend": ("panelization-smollm2-0shot", ["10.5555/fewshot.test.0002/fig-2"]),
    "causal": ("causal-smollm2-3shot", ["--worst", "3"]),
    "causal-legend": ("causal-smollm2-3shot", [f"{FIRST}/panel-1"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_printed(
    name: str, golden: Golden, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, argv = CASES[name]
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(RECORDED)  # paths are printed
    assert cli.main(["show", folder, *argv]) == 0
    printed = capsys.readouterr().out
    golden.check(f"show/{name}.txt", printed)
    assert max(map(len, printed.splitlines())) <= 80
