"""Lists as models write them: what can be saved is saved, what is wrong is counted."""

from __future__ import annotations

import pytest

from fewshot.formats.list import FORMAT
from fewshot.records import PANEL, Scheme, Span

TEXT = "(A) Western blot of p53 and MDM2 in nutlin-treated cells. (B, C) Levels of p53."
NER = Scheme("entities", ("GENEPROD", "SMALL_MOLECULE"))
PANELS = Scheme("panels", (PANEL,))
P53, MDM2, AGAIN = Span(20, 23, "GENEPROD"), Span(28, 32, "GENEPROD"), Span(75, 78, "GENEPROD")
NUTLIN = Span(36, 42, "SMALL_MOLECULE")


def test_a_line_a_label_in_the_order_of_the_labels() -> None:
    assert FORMAT.render(TEXT, (NUTLIN, AGAIN, P53), NER) == "GENEPROD: p53; p53#2\nSMALL_MOLECULE: nutlin"
    assert FORMAT.render(TEXT, (), NER) == "(none)"


@pytest.mark.parametrize(
    ("answer", "spans", "problems"),
    [
        ("GENEPROD: p53; MDM2; p53#2\nSMALL_MOLECULE: nutlin", (P53, MDM2, NUTLIN, AGAIN), {}),
        ("geneprod : p53", (P53,), {}),
        ("- **GENEPROD**: p53, MDM2", (P53, MDM2), {}),
        ("* GENEPROD: MDM2 and p53", (MDM2, AGAIN), {}),  # in the order of the text
        ("GENEPROD:\n- p53\n- MDM2\nSMALL_MOLECULE:\n1. nutlin", (P53, MDM2, NUTLIN), {}),
        ("GENEPROD: p53 (a tumour suppressor); “MDM2”", (P53, MDM2), {}),
        ("GENEPROD: p53; p53; p53", (P53, AGAIN), {"duplicate": 1}),
        ("```\nGENEPROD: p53\n```", (P53,), {}),
        ("Here they are:\nGENEPROD: p53", (P53,), {"unknown_label": 1}),
        ("I found these.\nGENEPROD: p53", (P53,), {"text_added": 1}),
        ("GENEPROD: p53; p21", (P53,), {"not_in_text": 1}),
        ("TISSUE: liver\nGENEPROD: p53", (P53,), {"unknown_label": 1}),
        ("GENEPROD: none\nSMALL_MOLECULE: n/a", (), {}),
        ("(none)", (), {}),
        ("GENEPROD: p53; 53", (P53,), {"overlap": 1}),  # the inside of a word of a longer name
        (" \n", (), {"empty": 1}),
    ],
)
def test_entities(answer: str, spans: tuple[Span, ...], problems: dict[str, int]) -> None:
    parsed = FORMAT.parse(answer, TEXT, NER)
    assert (parsed.value, parsed.problems, parsed.fidelity) == (spans, problems, None)


def test_roles_are_of_given_entities_only() -> None:
    scheme = Scheme("roles", ("CONTROLLED_VAR", "MEASURED_VAR"), (P53, MDM2))
    parsed = FORMAT.parse("MEASURED_VAR: p53; nutlin", TEXT, scheme)
    assert parsed.value == (Span(20, 23, "GENEPROD", role="MEASURED_VAR"),)
    assert parsed.problems == {"not_in_text": 1}


@pytest.mark.parametrize(
    ("answer", "panels", "problems"),
    [
        ("A: (A) Western blot of\nB, C: (B, C) Levels of p53.", [(0, ("A",)), (58, ("B", "C"))], {}),
        ("- A: (A) Western\n- B–C: (B, C) Levels", [(0, ("A",)), (58, ("B", "C"))], {}),
        ("Panel A: (A) Western\n**Panels B and C**: (B, C) Levels", [(0, ("A",)), (58, ("B", "C"))], {}),
        ("(A): (A) Western blot of p21", [(0, ("A",))], {}),
        ("-: Levels of p53", [(65, ())], {}),
        ("A: (A) Western\nB: something else entirely", [(0, ("A",))], {"not_in_text": 1}),
        ("A: (A) Western\nA: (A) Western", [(0, ("A",))], {"duplicate": 1}),
        ("Here you are\nA: (A) Western", [(0, ("A",))], {"text_added": 1}),
    ],
)
def test_panels(answer: str, panels: list[tuple[int, tuple[str, ...]]], problems: dict[str, int]) -> None:
    parsed = FORMAT.parse(answer, TEXT, PANELS)
    assert isinstance(parsed.value, tuple)
    assert ([(span.start, span.labels) for span in parsed.value], parsed.problems) == (panels, problems)
    ends = [span.end for span in parsed.value]
    assert ends == [57, len(TEXT)][-len(ends) :]


def test_more_words_where_eight_are_not_enough() -> None:
    text = "Blot of p53 in cells that were fixed at noon. Blot of p53 in cells that were fixed at night."
    panels = (Span(0, 45, PANEL, ("A",)), Span(46, 92, PANEL, ("B",)))
    answer = FORMAT.render(text, panels, PANELS)
    assert (
        answer == "A: Blot of p53 in cells that were fixed at noon.\nB: Blot of p53 in cells that were fixed at night."
    )
    assert FORMAT.parse(answer, text, PANELS).value == panels


@pytest.mark.parametrize("label", ["A-C", "A and B", "a:b", "*x*", "A–C", "i,ii"])
def test_an_odd_label_comes_back_as_it_is(label: str) -> None:
    value = (Span(0, len(TEXT), PANEL, (label, "B")),)
    assert FORMAT.parse(FORMAT.render(TEXT, value, PANELS), TEXT, PANELS).value == value
