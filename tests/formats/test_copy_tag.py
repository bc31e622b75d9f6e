"""Copies that are not quite copies: what can be saved is saved, what is wrong is counted."""

from __future__ import annotations

import pytest

from fewshot.formats.copy_tag import FORMAT
from fewshot.records import PANEL, Scheme, Span

NER = Scheme("entities", ("GENEPROD", "SMALL_MOLECULE"))
PANELS = Scheme("panels", (PANEL,))
TEXT = "(A) Western blot of p53 – a ‘tumour’ suppressor. (B) Cells treated with nutlin for 24 h; p < 0.05."
TAGGED = (
    "(A) Western blot of <GENEPROD> p53 </GENEPROD> – a ‘tumour’ suppressor. (B) Cells treated with "
    "<SMALL_MOLECULE> nutlin </SMALL_MOLECULE> for 24 h; p < 0.05. [END]"
)
P53, NUTLIN = Span(20, 23, "GENEPROD"), Span(72, 78, "SMALL_MOLECULE")


def test_the_example_is_written_as_the_study_writes_it() -> None:
    assert FORMAT.render(TEXT, (P53, NUTLIN), NER) == TAGGED
    panels = (Span(0, 48, PANEL, ("A",)), Span(49, 98, PANEL, ("B",)))
    assert FORMAT.render(TEXT, panels, PANELS) == (f"<panel> {TEXT[:48]} </panel> <panel> {TEXT[49:]} </panel> [END]")


@pytest.mark.parametrize(
    ("answer", "problems"),
    [
        (TAGGED, {}),
        (TAGGED.replace(" [END]", ""), {}),
        (TAGGED.replace("> p53 <", ">p53<").replace("> nutlin <", ">nutlin<"), {}),
        (TAGGED.replace("GENEPROD", "geneprod"), {}),
        (TAGGED.replace("–", "-").replace("‘", "'").replace("’", "'"), {}),
        (TAGGED.replace(" ", "  "), {}),
        ("```\n" + TAGGED + "\n```", {}),
        ("Sure, here is the legend:\n\n" + TAGGED, {"text_added": 1}),
        (TAGGED + "\n\nI hope this helps!", {}),
        (TAGGED.replace("Western", "Wextern"), {}),
        (TAGGED.replace("a ‘tumour’ suppressor", "a suppressor"), {"text_dropped": 1}),
        (TAGGED.replace("Cells", "Many cells"), {"text_added": 1}),
        (TAGGED.replace("(A)", "A."), {}),
        (TAGGED.replace(" for 24 h; p < 0.05. [END]", ""), {"truncated": 1}),
        (TAGGED.replace("Western blot", "<ASSAY> Western blot </ASSAY>"), {"unknown_label": 1}),
        (TAGGED.replace("nutlin </SMALL_MOLECULE>", "nutlin"), {"unclosed_tag": 1}),
    ],
)
def test_offsets_are_those_of_the_source(answer: str, problems: dict[str, int]) -> None:
    parsed = FORMAT.parse(answer, TEXT, NER)
    assert parsed.value == (P53, NUTLIN)
    assert {kind: n for kind, n in parsed.problems.items() if kind in problems or kind not in _SMALL} == problems


_SMALL = {"text_added", "text_dropped"}  # a changed label or word may be counted as both


def test_an_answer_about_something_else_makes_nothing_up() -> None:
    answer = (
        "<GENEPROD> The weather </GENEPROD> of <SMALL_MOLECULE> today </SMALL_MOLECULE> is fine in all of Spain. [END]"
    )
    parsed = FORMAT.parse(answer, TEXT, NER)
    assert parsed.value == ()
    assert parsed.fidelity == 0.0


def test_a_cut_answer_keeps_its_panels() -> None:
    whole = FORMAT.render(TEXT, (Span(0, 48, PANEL, ("A",)), Span(49, 98, PANEL, ("B",))), PANELS)
    parsed = FORMAT.parse(whole[:70], TEXT, PANELS)
    assert isinstance(parsed.value, tuple)
    assert parsed.value[0] == Span(0, 48, PANEL, ("A",))
    assert parsed.problems["truncated"] == 1
    assert 0 < (parsed.fidelity or 0) < 1


def test_a_dropped_sentence_does_not_move_the_panel_before_it() -> None:
    text = "(A) Blot of p53. Bars, 5 µm. (B) Same as before."
    panels = (Span(0, 28, PANEL, ("A",)), Span(29, 48, PANEL, ("B",)))
    answer = FORMAT.render(text, panels, PANELS).replace(" Bars, 5 µm.", "")
    value = FORMAT.parse(answer, text, PANELS).value
    assert isinstance(value, tuple)
    assert [span.start for span in value] == [0, 29]


def test_a_fence_of_the_source_is_no_fence_of_the_answer() -> None:
    text = "```\nBlot of p53.\n```"
    value = (Span(12, 15, "GENEPROD"),)
    parsed = FORMAT.parse(FORMAT.render(text, value, NER), text, NER)
    assert (parsed.value, parsed.problems, parsed.fidelity) == (value, {}, 1.0)
