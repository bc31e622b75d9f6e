"""What the README shows is what comes out: the demo's table, the picture of a legend; and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fewshot import cli
from tests.docs.recipes import PAGES, ROOT

README = (ROOT / "README.md").read_text("utf-8")
DEMO = README.partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0]
UNTRAINED = re.compile(
    r"^((?:all-empty|rules-\d|SmolLM2-\S+ \(\d shots\)) +(?:\.\d+ \(no hit\)|\.\d{3} \[[^\]]+\]))", re.MULTILINE
)


def test_it_fits_on_a_screen() -> None:
    assert DEMO
    assert max(map(len, DEMO.splitlines())) <= 100


def test_the_table_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows that need no training, as they come out now; those of trained models are as `make demo` printed them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["demo", "--no-training"]) == 0
    said = capsys.readouterr().out
    assert UNTRAINED.findall(DEMO) == UNTRAINED.findall(said)
    assert len(UNTRAINED.findall(DEMO)) == 14
    assert DEMO.split("```")[1].strip().startswith("synthetic: shows the mechanics, is no evidence")


@pytest.mark.slow
def test_the_picture_of_a_legend_is_what_a_terminal_shows(tmp_path: Path) -> None:
    from benchmarks.legend_picture import drawn, shown

    kept = ROOT / "docs" / "images" / "legend.svg"
    assert drawn(shown(tmp_path)) == kept.read_text("utf-8"), (
        "python -m benchmarks.legend_picture docs/images/legend.svg"
    )
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg|<!--.*?-->", "", kept.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    """mkdocs checks the pages of the site; README, AGENTS and CONTRIBUTING are none."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text("utf-8")):
        path = (page.parent / target) if target else page
        assert path.exists(), f"{page.name}: {target}"
        if anchor and path.suffix == ".md":
            assert anchor in _anchors(path), f"{page.name}: {target}#{anchor}"


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub and mkdocs make of the headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_ci_runs_the_commands_that_the_readme_names() -> None:
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    for command in ("make demo", "make test"):
        assert re.search(rf"^{command}\b", README, re.MULTILINE)
        assert re.search(rf"^{command}$", ci, re.MULTILINE)
