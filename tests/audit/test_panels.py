"""Merged, missing and shifted panels, labels, tails; and what is no fault."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.audit.changes import changed
from fewshot.audit.finding import Finding
from fewshot.records import PANEL, Example, Span
from tests.audit.legends import SIX, findings, kinds, marked

RIGHT = marked(SIX)
DIRTY = marked(SIX.replace("|(B)", "(B)").replace("|(C)", "(C)").replace("|(E)", "(E)"))


def fixed(example: Example, finding: Finding) -> Example:
    assert finding.change is not None
    return changed(example, finding.change)


def only(example: Example) -> Finding:
    (finding,) = [finding for finding in findings(example) if finding.severity != "note"]
    return finding


def test_the_legend_of_the_study() -> None:
    found = findings(DIRTY)
    errors = [finding for finding in found if finding.severity == "error"]
    assert [finding.kind for finding in errors] == ["merged_panels", "merged_panels"]
    assert all(finding.is_certain for finding in errors)
    assert {finding.kind for finding in found} - {"merged_panels"} == {"tail_in_panel", "html_entity"}
    mended = DIRTY
    for finding in errors:
        mended = fixed(mended, finding)
    assert mended == RIGHT
    assert kinds(RIGHT) == []


def test_a_finding_quotes_its_place() -> None:
    first = findings(DIRTY)[0]
    assert first.start is not None
    assert DIRTY.text[first.start : first.end].startswith("(B) Graph represents")
    assert first.quote.startswith("(B) Graph")


@pytest.mark.parametrize(
    "text",
    [
        "|(A) Blot of p53. |(B) Same as in (A). |(C) Quantification, as shown in (B).",
        "|(A) Blot (B and C, lower panel) of p53. |(B) Gel. |(C) Gel.",
        "|(A) Blot of p53, quantified in B. |(C) Gel of E. coli. E. coli was lysed.",
        "|(A) Cells (n = 3; *p < 0.05). |(B) The supernatant (S) and the pellet (P) were run.",
        "|(A) Insets (E - end on; L - lateral; M - merotelic). |(B) S.E., short exposure; L.E., long exposure.",
        "|(A) Blots at 4 °C. B. subtilis was lysed. |(B) Gel.",
        "|A, Blot. |B, Gel of control (C) and treated (T) cells.",
        "|(A) Blot. |(B) Gel. (c) denotes the baseline. See Fig. 3C. Panel D of Fig. 2 shows more.",
        "|A, B. Localization of p53. A. In the nucleus. B. In the cytosol. |C. Gel.",
        "|(C-D) The share of cells that express GFAP (C) The share of cells with cilia is shown (D) Data are medians.",
        "All cells were treated. |(A) Blot. |(B) Gel. All data are means.",
        "|(a) cells were lysed. |(b) cells were stained.",
        "|a Blot of GBA. |b Loss of p53.",
        "|(Ai) Blot. |(Aii) Gel. |(B) Gel.",
        "|A) Blot.|B) Gel.|C)Western blot.",
    ],
)
def test_what_is_no_fault(text: str) -> None:
    assert kinds(marked(text)) == []


@pytest.mark.parametrize(
    ("text", "letters", "pieces"),
    [
        ("|(A) Blot. (B) Gel. |(C) Gel.", "A C", ["(A) Blot.", "(B) Gel."]),
        ("|(A) Blot. (B) Gel. |(C) Gel.", "AB C", ["(A) Blot.", "(B) Gel."]),
        ("|A, Blot. B, Gel. D, Gel, quantified in C.", "A", ["A, Blot.", "B, Gel.", "D, Gel, quantified in C."]),
        ("|A. Blot. B, C. Gels. B, Gel. C, Gel. |D. Gel.", "A D", ["A. Blot.", "B, C. Gels. B, Gel. C, Gel."]),
        ("|A) Blot. B)Gel. |C) Gel.", "A C", ["A) Blot.", "B)Gel."]),
        ("|(a) cells. (b) cells. |(c) cells.", "a c", ["(a) cells.", "(b) cells."]),
        ("|(A) Bar, 10 μm (B) Western blot. |(C) Gel.", "A C", ["(A) Bar, 10 μm", "(B) Western blot."]),
        ("|(A) Blot. (B) qPCR of p53. |(C) Gel.", "A C", ["(A) Blot.", "(B) qPCR of p53."]),
        ("|a Blot of GBA. b Loss of p53. |c Gel of p53.", "a c", ["a Blot of GBA.", "b Loss of p53."]),
        ("|A Western blot. B Northern blot. |C Gel.", "A C", ["A Western blot.", "B Northern blot."]),
        ("|Blots of p53.\nGels of p53.\n|Cells.\n|Mice.", "- - -", ["Blots of p53.", "Gels of p53."]),
    ],
)
def test_a_merged_panel_is_split_at_its_labels(text: str, letters: str, pieces: list[str]) -> None:
    example = marked(text, letters)
    finding = only(example)
    assert (finding.kind, finding.severity) == ("merged_panels", "error")
    mended = fixed(example, finding)
    assert [panel.cut(mended.text) for panel in mended.panels or ()][: len(pieces)] == pieces
    assert kinds(mended) == []


@pytest.mark.parametrize(
    ("text", "letters", "listed"),
    [
        ("|(A) Cells transfected with X (B) or Y (C) were tested. |(D) Gel.", "A D", "A B C"),
        ("|(A), treated cells (B), and controls (C), were lysed. |(D) Gel.", "A D", "A B C"),
        ("|(A) Blot. |Flow cytometry of RCC1 (B) and HeLa cells (C) is shown.", "A -", "B C"),
        ("|(A) Blot. |(B) Cells were transfected with X (C), Y (D), or nothing.", "A B", "B C D"),
        ("|GFP was expressed in COS7 cells (A) and HEK293 cells (B).", "A", "A B"),
        ("|(A) Images of cells and their quantification (B).", "A", "A B"),
    ],
)
def test_letters_that_a_sentence_lists_are_for_review(text: str, letters: str, listed: str) -> None:
    example = marked(text, letters)
    finding = only(example)
    assert (finding.kind, finding.severity, finding.is_certain) == ("enumerated_in_sentence", "warning", False)
    mended = fixed(example, finding)
    assert any(panel.labels == tuple(listed.split()) for panel in mended.panels or ())
    assert [(panel.start, panel.end) for panel in mended.panels or ()] == [
        (p.start, p.end) for p in example.panels or ()
    ]


def test_a_panel_that_gold_lacks() -> None:
    example = marked("|(A) Blot. |(B) Gel. |(C) Cells. Data information: n = 3.")
    panels = example.panels or ()
    for lost in range(3):
        lacking = Example("f", "f", example.text, panels=panels[:lost] + panels[lost + 1 :])
        finding = only(lacking)
        assert (finding.kind, finding.is_certain) == ("missing_panel", True)
        starts = [panel.start for panel in fixed(lacking, finding).panels or ()]
        assert starts == [panel.start for panel in panels]


@pytest.mark.parametrize("by", [-20, -8, -3, 3, 8, 14])
def test_a_boundary_that_was_shifted_comes_back(by: int) -> None:
    example = marked("|(A) Western blot of p53 in HeLa cells. |(B) Northern blot of MDM2 in HeLa cells.")
    first, second = example.panels or ()
    moved = second.start + by
    text = example.text
    start = moved + len(text[moved:]) - len(text[moved:].lstrip())
    shifted = (Span(0, len(text[:moved].rstrip()), PANEL, ("A",)), Span(start, second.end, PANEL, ("B",)))
    finding = only(Example("f", "f", text, panels=shifted))
    assert (finding.kind, finding.is_certain) == ("shifted_boundary", True)
    assert fixed(Example("f", "f", text, panels=shifted), finding).panels == (first, second)


@pytest.mark.parametrize(
    ("text", "letters", "kind"),
    [
        ("|(A–C) Blots. |(D) Gel.", "AC D", "missing_label"),
        ("|(A) Blot. |(B) Gel.", "- B", "missing_label"),
        ("|(A) Blot. |(B) Gel. |(C) Gel.", "A E C", "wrong_label"),
        ("|(A) Blot. |(A) Gel.", "A A", "label_repeat"),
        ("|(B) Blot. |(A) Gel.", "B A", "label_order"),
        ("Title of the figure. |Blots in cells. (A) Western blot. |(B) Gel.", "A B", "title_in_panel"),
        ("|(A) Blot of p53 in |all the cells of the mice. |(B) Gel.", "A - B", "mid_sentence_start"),
    ],
)
def test_labels_and_starts(text: str, letters: str, kind: str) -> None:
    assert kind in kinds(marked(text, letters))


def test_a_letter_of_a_group_is_given_back() -> None:
    example = marked("|(A–C) Blots. |(D) Gel.", "AC D")
    mended = fixed(example, only(example))
    assert (mended.panels or ())[0].labels == ("A", "B", "C")


def test_text_that_a_panel_leaves_out() -> None:
    text = "(A) Western blot of p53 in HeLa cells. (B) Gel."
    short = Example("f", "f", text, panels=(Span(0, 16, PANEL, ("A",)), Span(39, 47, PANEL, ("B",))))
    finding = only(short)
    assert (finding.kind, finding.is_certain) == ("uncovered_text", True)
    assert (fixed(short, finding).panels or ())[0].cut(text) == "(A) Western blot of p53 in HeLa cells."


@pytest.mark.parametrize(
    ("text", "letters", "note"),
    [
        ("|(A) Blot. Source data: online.", "A", "tail_in_panel"),
        ("|GFP binds to the plasma membrane.", "A", "single_panel"),
        ("|(A) Blot. |GFP binds to the plasma membrane.", "A B", "label_not_printed"),
        ("|(A) Blot. |(C) Gel.", "A C", "label_gap"),
        ("|A, B. Blots. A. In mice. B. In rats.", "AB", "grouped_labels"),
    ],
)
def test_notes(text: str, letters: str, note: str) -> None:
    assert kinds(marked(text, letters), notes=True) == [note]


def test_what_a_merge_explains_is_no_gap() -> None:
    assert kinds(marked("|(A) Blot. (B) Gel. |(C) Gel.", "A C"), notes=True) == ["merged_panels"]


def test_letters_that_are_only_mentioned_are_no_gap() -> None:
    text = "|(A) Blot, see below. |(C) Gel."
    assert kinds(marked(text, "A C", inline="B"), notes=True) == []
    assert kinds(marked(text, "A C"), notes=True) == ["label_gap"]


PIECES = st.sampled_from(
    ["(A)", "(B)", "(C–E)", "A.", "B,", "c", "D2", "(a)", "cells", "Blot", ". ", ", ", " ", "\n", "Data information: ",
     "in", "and", "(", ")", "µm", "4 °C", "E. coli", "&lt;", "n = 3"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30), st.lists(st.integers(0, 150), max_size=8), st.data())
def test_any_panels_of_any_text(pieces: list[str], places: list[int], data: st.DataObject) -> None:
    """Nothing raises, every place lies in the text, and every change makes a valid record."""
    text = " ".join(pieces)
    edges = sorted({min(place, len(text)) for place in places})
    spans = []
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        solid = text[start:end].strip()
        if solid:
            at = text.index(solid, start)
            letters = data.draw(st.sampled_from([None, (), ("A",), ("B", "C"), ("d",), ("Ai",)]))
            spans.append(Span(at, at + len(solid), PANEL, letters))
    example = Example("f", "f", text, panels=tuple(spans))
    for finding in findings(example):
        assert finding.start is None or 0 <= finding.start <= (finding.end or 0) <= len(text)
        if finding.change is not None and finding.change.field != "record":
            changed(example, finding.change)


def test_many_panels_take_time_in_proportion() -> None:
    """Quadratic work takes a minute here; the whole takes about a second."""
    number = 10_000
    text = "(B) x. " * number
    spans = tuple(Span(7 * at, 7 * at + 6, PANEL, ("A",)) for at in range(number))
    start = time.process_time()
    assert findings(Example("f", "f", text, panels=spans))
    assert time.process_time() - start < 20
