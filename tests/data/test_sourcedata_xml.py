"""SourceData XML: figures for panelization, panels for the rest, hypotheses only where all three roles are."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example, Hypothesis, Member, Span

REAL = Path(__file__).parents[3] / "shared/data/sourcedata_xml/article.xml"


def entity(kind: str, surface: str, role: str = "component", **more: str) -> str:
    rest = "".join(f' {key}="{value}"' for key, value in more.items())
    return f'<sd-tag category="entity" entity_type="{kind}" role="{role}"{rest}>{surface}</sd-tag>'


def assay(text: str) -> str:
    return f'<sd-tag category="assay" entity_type="" role="">{text}</sd-tag>'


def article(*panels: str, beside: str = "", doi: str = "10.1000/x") -> str:
    inside = "".join(f'<sd-panel panel_id="{9 + n}">{panel}</sd-panel>' for n, panel in enumerate(panels))
    return f'<article doi="{doi}"><fig id="7"><label>Figure 1</label>{beside}{inside}</fig></article>'


def read(path: Path, xml: str, task: str | None = None) -> list[Example]:
    path.write_text(xml, encoding="utf-8")
    return data.read(str(path), task)


def test_a_figure_is_the_texts_of_its_panels_in_a_row(tmp_path: Path) -> None:
    xml = article("<p><b>(A)</b> Blot of p53.</p>", "<p>(B, C) Cells.</p>", beside="<title>A title</title>")
    (figure,) = read(tmp_path / "a.xml", xml, "panelization")
    assert figure == Example(
        id="10.1000/x/fig 7",
        group="10.1000/x",
        text="(A) Blot of p53. (B, C) Cells.",
        panels=(Span(0, 16, "panel", labels=("A",)), Span(17, 30, "panel", labels=("B", "C"))),
    )


def test_text_of_the_figure_around_its_panels_is_kept(tmp_path: Path) -> None:
    xml = article("(A) Blot.", beside="<p>All of it. </p>").replace("</fig>", " <p>Data information: n = 3.</p></fig>")
    (figure,) = read(tmp_path / "a.xml", xml, "panelization")
    assert figure.text == "All of it. (A) Blot. Data information: n = 3."
    assert figure.panels == (Span(11, 20, "panel", labels=("A",)),)


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("molecule", "SMALL_MOLECULE"), ("gene", "GENEPROD"), ("protein", "GENEPROD"), ("geneprod", "GENEPROD"),
        ("subcellular", "SUBCELLULAR"), ("cell", "CELL"), ("cell_type", "CELL_TYPE"), ("cell_line", "CELL_LINE"),
        ("tissue", "TISSUE"), ("organism", "ORGANISM"), ("PROTEIN", "GENEPROD"),
    ],
)  # fmt: skip
def test_labels_by_entity_type(kind: str, label: str, tmp_path: Path) -> None:
    (panel,) = read(tmp_path / "a.xml", article(f"(A) {entity(kind, 'x1')}."), "ner")
    assert [(s.cut(panel.text), s.label) for s in panel.entities or ()] == [("x1", label)]


def test_labels_by_category(tmp_path: Path) -> None:
    xml = article(f'(A) {assay("blot")} of <sd-tag category="disease">glioma</sd-tag>.')
    (panel,) = read(tmp_path / "a.xml", xml, "ner")
    assert [(s.cut(panel.text), s.label) for s in panel.entities or ()] == [
        ("blot", "EXP_ASSAY"),
        ("glioma", "DISEASE"),
    ]


def test_roles_are_of_gene_products_and_small_molecules_only(tmp_path: Path) -> None:
    xml = article(
        entity("protein", "p53", "assayed"), f"{entity('molecule', 'nutlin', 'intervention')} in "
        f"{entity('tissue', 'liver', 'assayed')} with {entity('gene', 'GFP', 'reporter')}",
    )  # fmt: skip
    first, second = read(tmp_path / "a.xml", xml, "roles")
    assert [s.role for s in first.entities or ()] == ["MEASURED_VAR"]
    assert [s.role for s in second.entities or ()] == ["CONTROLLED_VAR", "", ""]


def test_the_inner_text_counts_and_not_the_attribute(tmp_path: Path) -> None:
    (panel,) = read(tmp_path / "a.xml", article(entity("cell_type", "20-4/<i>A4</i>", text="20–4/A4")), "ner")
    assert panel.text == "20-4/A4"
    assert panel.entities == (Span(0, 7, "CELL_TYPE", role=""),)


def test_the_outermost_tag_wins_and_one_without_a_label_does_not_count(tmp_path: Path) -> None:
    inner = entity("protein", "p53")
    (panel,) = read(
        tmp_path / "a.xml", article(f"{entity('cell_line', f'{inner} null HeLa')} and <sd-tag>x</sd-tag>"), "ner"
    )
    assert [(s.cut(panel.text), s.label) for s in panel.entities or ()] == [("p53 null HeLa", "CELL_LINE")]
    (panel,) = read(tmp_path / "a.xml", article(f"<sd-tag>the {inner}</sd-tag> blot"), "ner")
    assert [(s.cut(panel.text), s.label) for s in panel.entities or ()] == [("p53", "GENEPROD")]


def test_a_panel_that_nobody_curated_is_unlabelled(tmp_path: Path) -> None:
    curated, not_curated = read(tmp_path / "a.xml", article("(A) <sd-tag>x</sd-tag> y.", "(B) Nothing."), "ner")
    assert curated.entities == ()
    assert not_curated.entities is None


def test_white_space_in_tags_belongs_to_no_entity(tmp_path: Path) -> None:
    (panel,) = read(tmp_path / "a.xml", article(f"\n  of{entity('protein', ' p53 ')}here"), "ner")
    assert (panel.text, panel.entities) == ("of p53 here", (Span(3, 6, "GENEPROD", role=""),))


def test_a_tag_of_white_space_before_the_text_is_no_entity(tmp_path: Path) -> None:
    """Trimming moves such a tag to negative offsets, which Python would count from the end."""
    (panel,) = read(tmp_path / "a.xml", article(f"{entity('protein', '  ')}   (A) Blot of cells."), "ner")
    assert (panel.text, panel.entities) == ("(A) Blot of cells.", ())


def test_a_panel_with_a_picture_alone_is_none(tmp_path: Path) -> None:
    examples = read(tmp_path / "a.xml", article('<graphic href="x">alt</graphic>', "(B) Blot."), None)
    assert [example.id for example in examples] == ["10.1000/x/fig 7", "10.1000/x/panel 10"]
    assert examples[0].text == "(B) Blot."


def test_causal_needs_all_three_roles_whatever_the_entity_types(tmp_path: Path) -> None:
    changed, seen = entity("tissue", "liver", "intervention"), entity("protein", "p53", "assayed")
    xml = article(f"{changed}: {assay('blot')} of {seen}, {seen}", f"{assay('blot')} of {seen}", f"{changed} {seen}")
    (panel,) = read(tmp_path / "a.xml", xml, "causal")
    assert panel.hypothesis == Hypothesis(
        (Member("TISSUE", "liver"),), (Member("GENEPROD", "p53"),), (Member("EXP_ASSAY", "blot"),)
    )
    with pytest.raises(DataError, match="none of the 1 panels has an intervention, an assayed entity and an assay"):
        read(tmp_path / "b.xml", article(f"{assay('blot')} of {seen}"), "causal")


def test_a_folder_of_articles_with_splits(tmp_path: Path) -> None:
    for split, doi in (("train", "10.1000/a"), ("eval", "10.1000/b"), ("test", "10.1000/c")):
        (tmp_path / split).mkdir()
        (tmp_path / split / "a.xml").write_text(article("(A) Blot.", doi=doi), encoding="utf-8")
    examples = data.read(str(tmp_path), "panelization")
    assert [(e.group, e.split) for e in examples] == [
        ("10.1000/b", "validation"), ("10.1000/c", "test"), ("10.1000/a", "train"),
    ]  # fmt: skip


def test_without_doi_the_file_names_the_group(tmp_path: Path) -> None:
    (figure,) = read(tmp_path / "paper-3.xml", article("(A) Blot.").replace(' doi="10.1000/x"', ""), "panelization")
    assert (figure.id, figure.group) == ("paper-3/fig 7", "paper-3")


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        ("<article>\n<fig>\n</article>", r"a\.xml:3: not well-formed XML: Opening and ending tag mismatch"),
        ("", r"a\.xml:1: not well-formed XML"),
        ("<html/>", r"a\.xml:1: the root is <html>; SourceData XML begins with <article>"),
        ("<article/>", r"a\.xml: holds no examples"),
        (
            '<article doi="d"><fig><sd-panel panel_id="1">A</sd-panel>\n'
            '<sd-panel panel_id="1">B</sd-panel></fig></article>',
            r"a\.xml:2 \(id d/panel 1\): duplicate id \(first in .*a\.xml:1\)",
        ),
    ],
)
def test_what_cannot_be_read_is_named(xml: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path / "a.xml", xml, "ner")


def test_entities_of_a_doctype_are_not_expanded_and_files_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    xml = f'<!DOCTYPE article [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>\n' + article("(A) &x; blot.")
    with pytest.raises(DataError, match=r"\(id 10.1000/x/panel 9\): uses the entity &x;; write the character itself"):
        read(tmp_path / "a.xml", xml, "ner")


@pytest.mark.skipif(not REAL.exists(), reason=f"the real article is not here ({REAL})")
def test_the_real_article() -> None:
    figures, panels = data.read(str(REAL), "panelization"), data.read(str(REAL), "ner")
    assert (len(figures), len(panels)) == (6, 18)
    assert sum(len(figure.panels or ()) for figure in figures) == 18
    assert sum(len(panel.entities or ()) for panel in panels) > 150
    assert len(data.read(str(REAL), "causal")) == 8
    assert len(data.read(str(REAL))) == 24
    assert {panel.group for panel in panels} == {"10.1002/eji.200323730"}
    labels = {span.label for panel in panels for span in panel.entities or ()}
    assert {"GENEPROD", "SMALL_MOLECULE", "SUBCELLULAR", "CELL_TYPE", "EXP_ASSAY"} <= labels


def test_a_file_that_gzip_packed_is_unpacked_within_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    path = tmp_path / "packed.xml.gz"
    path.write_bytes(gzip.compress(article("(A) Blot.").encode()))
    (tmp_path / "plain.xml").write_text(article("(A) Blot."))
    assert data.read(str(path)) == data.read(str(tmp_path / "plain.xml"))
    monkeypatch.setenv("FEWSHOT_MOST_BYTES", "10")
    with pytest.raises(DataError, match=r"unpacks to more than 10 bytes; FEWSHOT_MOST_BYTES=N allows more"):
        data.read(str(path))


def test_comments_and_instructions_are_no_entities(tmp_path: Path) -> None:
    xml = article("(A) <!--&gene;-->Blot<?publisher &page;?> of p53.")
    (figure, *_) = read(tmp_path / "a.xml", xml, "panelization")
    assert figure.text == "(A) Blot of p53."


def test_a_name_without_end_is_not_quoted_whole(tmp_path: Path) -> None:
    for xml in ("<" + "a" * 5000 + "/>", article("&" + "b" * 5000 + ";"), "<article " + "c" * 9000):
        with pytest.raises(DataError) as caught:
            read(tmp_path / "a.xml", xml)
        assert len(str(caught.value).replace(str(tmp_path), "")) < 300
