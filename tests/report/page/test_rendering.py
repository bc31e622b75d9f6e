"""The HTML of a page, before any browser: nothing of others is markup, nothing is loaded, and it stays small."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from fewshot.report.page.document import Cell, Column, Document, Label, Part, Row, System, Table, letter, short_names
from fewshot.report.page.embedding import embedded, policy, unpacked
from fewshot.report.page.rendering import html as rendered
from tests.report.page.conftest import ATTACK, BIDI, HOSTILE_LABELS

HOSTILE = f"{ATTACK}{BIDI}</textarea><a href='javascript:attacked=1'>\x1b\ud800"


def hostile_part() -> Part:
    """A part all of whose texts attack."""
    table = Table(
        [Column(HOSTILE, number=False), Column(HOSTILE)], [Row("A", [Cell(HOSTILE, HOSTILE), Cell("1", 1.0)])]
    )
    return Part(
        task=HOSTILE,
        title=HOSTILE,
        kind="entities",
        systems=[System("A", HOSTILE, HOSTILE)],
        labels=[Label(name, name[:2]) for name in HOSTILE_LABELS],
        table=table,
        verdict=[HOSTILE],
        facts=[(HOSTILE, HOSTILE)],
        captions=[HOSTILE],
        notes=[HOSTILE],
        copies={HOSTILE: HOSTILE},
    )


def test_everything_that_others_wrote_is_text() -> None:
    page = rendered(Document(HOSTILE, [hostile_part()], [HOSTILE], HOSTILE))
    root: Any = html.fromstring(page)
    assert len(root.findall(".//style")) == 1
    assert len([one for one in root.findall(".//script") if one.get("type") is None]) == 1
    assert not root.findall(".//textarea")
    assert all(link.get("href").startswith("#") for link in root.iter("a"))
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    assert ATTACK in root.text_content()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\ud800-\udfff]", page.partition("<script>")[0])


def test_the_policy_allows_the_page_and_nothing_else() -> None:
    page = rendered(Document("t", [hostile_part()]))
    root: Any = html.fromstring(page)
    said = root.find(".//meta[@http-equiv]").get("content")
    assert said.startswith("default-src 'none'; ")
    for element in (root.find(".//style"), next(one for one in root.findall(".//script") if one.get("type") is None)):
        digest = base64.b64encode(hashlib.sha256((element.text or "").encode()).digest()).decode()
        assert f"'sha256-{digest}'" in said
    assert "unsafe" not in said
    assert said == policy(root.find(".//style").text, root.findall(".//script")[-1].text)
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)


def test_scripts_make_no_html() -> None:
    folder = Path(__file__).parents[3] / "fewshot" / "report" / "page" / "assets"
    scripts = "".join(path.read_text() for path in folder.glob("*.js"))
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "</script"):
        assert sink not in scripts


@given(st.text(st.characters(codec=None)) | st.sampled_from(["</script>", "\u2028", "<!--", "\ud800"]))
def test_data_come_back_as_they_were(text: str) -> None:
    assert unpacked(embedded({"id": text})) == {"id": text}
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", embedded(text))


@pytest.mark.parametrize(
    "labels", [["A", "B"], ["", "–", "x y z w"], ["T", "TISSUE", "TUMOUR", "TU", "TUM"], [HOSTILE]]
)
def test_short_names_differ(labels: list[str]) -> None:
    short = [label.short for label in short_names(labels)]
    assert len(set(short)) == len(labels)
    assert [label.name for label in short_names(labels)] == labels


def test_letters_differ() -> None:
    assert len({letter(number) for number in range(1000)}) == 1000


def test_the_same_document_is_the_same_page() -> None:
    one, other = (rendered(Document("t", [hostile_part()])) for _ in range(2))
    assert one == other
    assert asdict(hostile_part()) == asdict(hostile_part())
