"""BioC in both forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example, Span

DOCUMENT: dict[str, Any] = {
    "id": "99",
    "passages": [
        {
            "infons": {"type": "title"}, "offset": 0, "text": "DCTN4 & p53.",
            "annotations": [{"id": "1", "infons": {"type": "Gene", "identifier": "51164"}, "text": "DCTN4",
                             "locations": [{"offset": 0, "length": 5}]}],
        },
        {
            "infons": {"type": "abstract"}, "offset": 13, "text": "Breast and ovarian cancer.",
            "annotations": [{"id": "2", "infons": {"type": "Disease"}, "text": "Breast cancer",
                             "locations": [{"offset": 13, "length": 6}, {"offset": 32, "length": 6}]}],
        },
    ],
}  # fmt: skip
XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>x</source><date/><key/><document><id>99</id>
<passage><infon key="type">title</infon><offset>0</offset><text>DCTN4 &amp; p53.</text>
<annotation id="1"><infon key="identifier">51164</infon><infon key="type">Gene</infon><location offset="0" length="5"/>
<text>DCTN4</text></annotation></passage>
<passage><infon key="type">abstract</infon><offset>13</offset>
<sentence><offset>13</offset><text>Breast and ovarian</text></sentence>
<sentence><offset>32</offset><text>cancer.</text><annotation id="2"><infon key="type">Disease</infon>
<location offset="13" length="6"/><location offset="32" length="6"/><text>Breast cancer</text></annotation></sentence>
</passage></document></collection>
"""
FOUND = [
    Example("99/1", "99", "DCTN4 & p53.", entities=(Span(0, 5, "Gene"),)),
    Example("99/2", "99", "Breast and ovarian cancer.", entities=(Span(0, 6, "Disease"), Span(19, 25, "Disease"))),
]


@pytest.mark.parametrize(
    "content",
    [
        XML,
        json.dumps({"source": "x", "date": "", "key": "", "documents": [DOCUMENT]}),
        json.dumps({"PubTator3": [DOCUMENT]}, indent=1),
        json.dumps([{"source": "PMC", "documents": [DOCUMENT]}]),
        json.dumps(DOCUMENT) + "\n",
    ],
)
def test_passages_are_texts_in_every_form(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_text(content)
    said: list[str] = []
    assert data.guess(str(path)) == "bioc"
    assert data.read(str(path), said=said) == FOUND
    assert said == [f"{path}: entities of several pieces, read as one entity a piece: 1 (the first: 'Breast cancer')"]


@pytest.mark.parametrize("name", ["b.xml", "b.json"])
def test_documents_are_written_again_with_their_infons(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(XML)
    found = data.read(str(tmp_path / "a.xml"))
    data.write(found, tmp_path / name, "bioc")
    again = data.read(str(tmp_path / name))
    assert again == found
    assert [one.extra for one in again] == [one.extra for one in found]
    assert "51164" in (tmp_path / name).read_text()
    assert (tmp_path / name).read_text()[0] == ("<" if name == "b.xml" else "{")


def test_roles_come_back(tmp_path: Path) -> None:
    one = Example(
        "f", "10.1/x", "p53 p21", entities=(Span(0, 3, "GENE", role="MEASURED_VAR"), Span(4, 7, "GENE", role=""))
    )
    data.write([one], tmp_path / "a.xml", "bioc")
    assert data.read(str(tmp_path / "a.xml")) == [one]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</collection>", "", r"a\.xml:\d+: not well-formed XML: "),
        (
            '<infon key="type">Gene</infon>',
            "",
            r"a\.xml:3 \(id 99\): annotation 1 has no infon of key type; it is the label",
        ),
        ('offset="0" length="5"', 'offset="0" length="4"', r"a\.xml:3 \(id 99\): annotation 1: 0–4 is 'DCTN' and its"),
        (
            'offset="0" length="5"',
            'offset="x" length="5"',
            r"a\.xml: not sound BioC \(invalid literal .*; see the BioC",
        ),
        ("<offset>0</offset>", "", r"a\.xml: not sound BioC "),
        ('<location offset="0" length="5"/>', "", r"a\.xml:3 \(id 99\): annotation 1 has no location"),
        ('"BioC.dtd">', '"BioC.dtd" [\n<!ENTITY a "b">]>', r"a\.xml:3: declares an entity; write the characters"),
        ("<offset>32</offset>", "<offset>14</offset>", r"a\.xml:3 \(id 99\): a sentence at 14 begins within the one"),
    ],
)
def test_what_cannot_be_read_is_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(XML.replace(old, new))
    with pytest.raises(DataError, match=said):
        data.read(str(tmp_path / "a.xml"))


_MARK = {"id": "1", "infons": [], "text": "p53", "locations": [{}]}


@pytest.mark.parametrize(
    "broken",
    [
        {"passages": 5},
        {"passages": [5]},
        {"passages": [{"text": "x"}]},
        {"passages": [{"offset": 0, "text": "p53", "annotations": [_MARK]}]},
    ],
)
def test_broken_json_is_one_line(broken: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"id": 5} | broken))
    with pytest.raises(DataError, match=r"a\.json:1 \(id 5\): not sound BioC \(.+\); see the BioC DTD"):
        data.read(str(tmp_path / "a.json"), format="bioc")


def test_what_xml_cannot_hold(tmp_path: Path) -> None:
    one = Example("f", "f", "a\x07b")
    with pytest.raises(DataError, match=r"id f: XML cannot hold this text \(.+\); JSON can: \.json"):
        data.write([one], tmp_path / "a.xml", "bioc")
    assert data.write([one], tmp_path / "a.json", "bioc") == 1
