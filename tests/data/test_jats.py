"""JATS: figure legends of articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example

HEAD = """<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving" "archivearticle1.dtd"><article
 xmlns:xlink="x"><front><article-meta><article-id pub-id-type="pmid">1</article-id>{}</article-meta></front>"""
DOI = '<article-id pub-id-type="doi">10.1/x</article-id>'
FIGURE = """<fig id="F1"><label>Figure 1</label><caption><title>p53 <italic>in vivo</italic>.</title>
<p>(<bold>A</bold>) Blot&nbsp;of
 p53 <xref>B</xref><!-- no -->.</p>
<p>(B) <inline-formula><tex-math>\\alpha</tex-math><math>α</math></inline-formula>-tubulin</p>
</caption><graphic xlink:href="a"/></fig>"""


def article(figures: str, ids: str = DOI) -> str:
    return f"{HEAD.format(ids)}<body><sec><fig-group>{figures}</fig-group></sec></body></article>"


def test_a_legend_with_its_label_and_title(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(article(FIGURE + '<fig id="F2"/>'), "utf-8")
    assert data.guess(str(path)) == "jats"
    (found,) = data.read(str(path))
    assert found == Example("10.1/x/F1", "10.1/x", "p53 in vivo.\n(A) Blot of p53 B.\n(B) α-tubulin")
    assert found.extra == {"label": "Figure 1", "title": "p53 in vivo."}


def test_a_folder_of_articles(tmp_path: Path) -> None:
    (tmp_path / "a.nxml").write_text(article(FIGURE))
    (tmp_path / "b.xml").write_text(article("", ids=""))
    (tmp_path / "c.xml").write_text(article("<fig><caption>Plain.</caption></fig>", ids=""))
    said: list[str] = []
    assert data.guess(str(tmp_path)) == "jats"
    assert [(one.id, one.group) for one in data.read(str(tmp_path), said=said)] == [
        ("10.1/x/F1", "10.1/x"), ("1/fig 1", "1"),
    ]  # fmt: skip
    assert said == [f"{tmp_path}: articles without a figure legend: 1 (the first: b.xml)"]


def test_sourcedata_is_not_mistaken_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<article doi="x"><fig id="1"><sd-panel panel_id="2">p53</sd-panel></fig></article>'
    )
    assert data.guess(str(tmp_path / "a.xml")) == "sourcedata_xml"
    assert data.guess(str(tmp_path)) == "sourcedata_xml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (article(FIGURE)[:-9], r"a\.xml:\d: not well-formed XML"),
        ("<html/>", r"a\.xml:1: holds no <article> \(the root is <html>\)"),
        (article("<fig><caption>a&what;b</caption></fig>"), r"a\.xml:2 \(id 10.1/x/fig 1\): uses the entity &what;"),
        (article(""), r"a\.xml: holds no examples"),
    ],
)
def test_what_cannot_be_read_is_named(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(content)
    with pytest.raises(DataError, match=said):
        data.read(str(tmp_path / "a.xml"), format="jats")


def test_deep_nesting_is_no_recursion(tmp_path: Path) -> None:
    deep = "<sec>" * 200 + FIGURE + "</sec>" * 200
    (tmp_path / "a.xml").write_text(article(deep))
    assert len(data.read(str(tmp_path / "a.xml"))) == 1
