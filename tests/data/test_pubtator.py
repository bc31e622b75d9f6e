"""PubTator: documents as passages, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example, Span

FILE = """1|t|DCTN4 as a modifier of infection
1|a|Pseudomonas 😀 aeruginosa.
1\t0\t5\tDCTN4\tGene\t51164
1\t23\t32\tinfection\tDisease\tD1
1\t33\t44\tPseudomonas\tSpecies
1\t33\t57\tPseudomonas 😀 aeruginosa\tSpecies\t287
1\tCID\tD1\tD2

2|t|Nothing
2|a|
"""


def read(path: Path, content: str, **options: str) -> tuple[list[Example], list[str]]:
    path.write_text(content, "utf-8")
    said: list[str] = []
    return data.read(str(path), options=options, said=said), said


def test_titles_and_abstracts_are_texts_with_offsets_of_their_own(tmp_path: Path) -> None:
    found, said = read(tmp_path / "a.txt", FILE)
    assert found == [
        Example(
            "1/title", "1", "DCTN4 as a modifier of infection", entities=(Span(0, 5, "Gene"), Span(23, 32, "Disease"))
        ),
        Example("1/abstract", "1", "Pseudomonas 😀 aeruginosa.", entities=(Span(0, 24, "Species"),)),
        Example("2", "2", "Nothing", entities=()),
    ]
    assert said == [
        f"{tmp_path}/a.txt: annotations that are no entities and are not read: 1 (the first: '1\\tCID\\tD1\\tD2')",
        f"{tmp_path}/a.txt: entities left out because they overlap longer ones: 1 (the first: 'Pseudomonas')",
    ]


def test_a_document_is_written_as_it_was_read(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "a.txt", FILE)
    data.write(found, tmp_path / "b.pubtator", "pubtator")
    kept = [line for line in FILE.splitlines() if "CID" not in line and "\t44\t" not in line and line != "2|a|"]
    assert (tmp_path / "b.pubtator").read_text("utf-8").split("\n") == [*kept, "", ""]


def test_without_any_annotation_nothing_is_labelled(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "a.txt", "1|t|DCTN4\n1|a|Blot.\n")
    assert [one.entities for one in found] == [None, None]


def test_line_breaks_become_spaces(tmp_path: Path) -> None:
    one = Example("f1", "f1", "(A) p53\nblot.\r\nB", entities=(Span(4, 12, "X"),))
    data.write([one], tmp_path / "a.pubtator", "pubtator")
    (found,) = data.read(str(tmp_path / "a.pubtator"))
    assert (found.text, found.entities) == ("(A) p53 blot.  B", one.entities)


def test_offsets_of_java(tmp_path: Path) -> None:
    shifted = FILE.replace("\t57\t", "\t58\t")
    with pytest.raises(
        DataError, match=r"a\.txt:6 \(id 1\): entity 'Species': 33–58 is .* --offsets utf16 reads them so"
    ):
        read(tmp_path / "a.txt", shifted)
    assert read(tmp_path / "a.txt", shifted, offsets="utf16")[0] == read(tmp_path / "a.txt", FILE)[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1|t|p53\n1\t0\t9\tp53\tGene\n", r":2 \(id 1\): entity 'Gene' is out of range: 0–9 of a text of 3 characters"),
        ("1|t|p53\n1\t0\t2\tp53\tGene\n", r":2 \(id 1\): entity 'Gene': 0–2 is 'p5' .* --offsets inclusive reads"),
        ("1|t|p53\n1\t0\t3\tp21\tGene\n", r":2 \(id 1\): entity 'Gene': 0–3 is 'p53' and its text says 'p21'; correct"),
        ("1|t|p53\n2\t0\t3\tp53\tGene\n", r":2: '2\\t0\\t3\\tp53\\tGene' is no line of PubTator; ID\|t\|title"),
        ("1|t|p53\n1\t0\t3\tp53\n", r":2 \(id 1\): 4 columns; an annotation has ID, start, end, mention, type"),
        ("1|t|p53\n1\t0\t3\tp53\t \n", r":2 \(id 1\): entity ' ' has no label"),
        ("1|t|p53\n1|t|p21\n", r":2 \(id 1\): a second title; part documents by a blank line"),
        ("1|t|p53\n1|a|p21\n1\t0\t7\tp53 p21\tGene\n", r":3 \(id 1\): 'p53 p21' reaches from the title into the abstr"),
        ("1|t|p53\n1\t" + "9" * 5000 + "\t3\tp53\tGene\n", r":2 \(id 1\): an offset of more than 12 digits"),
    ],
)
def test_what_cannot_be_read_is_named(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.txt" + said):
        read(tmp_path / "a.txt", content)


@pytest.mark.parametrize("id_", ["a|b", "a\tb", " "])
def test_an_id_that_no_line_can_hold(id_: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="PubTator cannot hold this id"):
        data.write([Example(id_, id_, "p53")], tmp_path / "a", "pubtator")
