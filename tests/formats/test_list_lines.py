"""Lists as today's models write them: bold, headings, bullets, tables, labels in other writing."""

from __future__ import annotations

import pytest

from fewshot.formats.list import FORMAT
from fewshot.records import PANEL, Member, Scheme, Span

TEXT = "(A) PERK and ULK1 in Vero cells, and the ER; “rest” of ULK1. (B) TNF-&alpha; in Vero."
SCHEME = Scheme("entities", ("GENEPROD", "CELL_LINE", "GO:CC"))
PERK, ULK1, AGAIN = Span(4, 8, "GENEPROD"), Span(13, 17, "GENEPROD"), Span(55, 59, "GENEPROD")
VERO, ER, TNF = Span(21, 25, "CELL_LINE"), Span(41, 43, "GO:CC"), Span(65, 76, "GENEPROD")


@pytest.mark.parametrize(
    "answer",
    [
        "GENEPROD: ULK1\nCELL_LINE: Vero",
        "**GENEPROD:** ULK1\n**CELL_LINE:** Vero",
        "**GENEPROD**: ULK1\n__Cell line__: Vero",
        "- **Gene prod**: ULK1\n- **Cell-line**: `Vero`",
        "### GENEPROD\n- ULK1\n\n### CELL_LINE\n- Vero",
        "**GENEPROD**\n\n* ULK1\n\n**CELL_LINE**\n\n1. Vero",
        "GENEPROD:\nULK1\nCell lines:\nVero",
        "| Label | Mention |\n|---|---|\n| GENEPROD | ULK1 |\n| CELL_LINE | Vero |",
        "| Mention | Label | Why |\n|:--|:-:|--|\n| ULK1 | **GENEPROD** | a kinase |\n| Vero | Cell line | cells |",
        "| GENEPROD | CELL_LINE |\n|---|---|\n| ULK1 | Vero |",
        "- ULK1 (GENEPROD)\n- Vero (Cell line)",
        "- ULK1: GENEPROD\n- Vero – CELL_LINE",
        "> GENEPROD：ULK1\n> CELL_LINE：Vero",
        "1. GENEPROD: ULK1 (a kinase)\n2. CELL_LINE: “Vero”.",
    ],
)
def test_one_answer_in_many_shapes(answer: str) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert (parsed.value, parsed.problems) == ((ULK1, VERO), {})


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("GO:CC: ER", (ER,)),  # a colon in a label, and not the inside of PERK
        ("GENEPROD: PERK\nGO:CC: ER", (PERK, ER)),
        ("GENEPROD: TNF-α", (TNF,)),
        ("GENEPROD: TNF-&alpha;; PERK", (PERK, TNF)),
        ("GENEPROD: PERK，ULK1；TNF-alpha", (PERK, ULK1, TNF)),
        ("GENEPROD: PERK, ULK1 and TNF-α", (PERK, ULK1, TNF)),
        ("GENEPROD: PERK/ULK1", (PERK, ULK1)),
        ("GENEPROD: ULK1; ULK1", (ULK1, AGAIN)),
        ("GENEPROD: ULK1\nGENEPROD: ULK1", (ULK1, AGAIN)),
        ("GENEPROD: ULK1#2", (AGAIN,)),
        ("GENEPROD: none\nCELL_LINE: –\nGO:CC: ER", (ER,)),
    ],
)
def test_names(answer: str, value: tuple[Span, ...]) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert (parsed.value, parsed.problems) == (value, {})


def test_a_longer_label_with_a_colon_wins() -> None:
    scheme = Scheme("entities", ("GO", "GO:CC"))
    assert FORMAT.parse("GO:CC: ER\nGO: PERK", TEXT, scheme).value == (Span(4, 8, "GO"), Span(41, 43, "GO:CC"))


def test_drops_are_counted_and_kept() -> None:
    parsed = FORMAT.parse("GENEPROD: ULK1; ULK1; ULK1; ATG13\nTISSUE: liver", TEXT, SCHEME)
    assert parsed.value == (ULK1, AGAIN)
    assert parsed.problems == {"duplicate": 1, "not_in_text": 1, "unknown_label": 1}
    assert parsed.unplaced == (Member("GENEPROD", "ULK1"), Member("GENEPROD", "ATG13"))


def test_numbers_only_where_reading_without_them_gives_another_place() -> None:
    assert FORMAT.render(TEXT, (ULK1, VERO, AGAIN), SCHEME) == "GENEPROD: ULK1; ULK1#2\nCELL_LINE: Vero"
    text = "ER, er in PERK"
    value = (Span(11, 13, "GO:CC"),)  # the second that is written so; the first cuts no word
    assert FORMAT.render(text, value, SCHEME) == "GO:CC: ER#2"
    assert FORMAT.parse("GO:CC: ER#2", text, SCHEME).value == value
    text = "Vero, vero"
    both = (Span(0, 4, "CELL_LINE"), Span(6, 10, "GENEPROD"))
    answer = FORMAT.render(text, both, SCHEME)
    assert FORMAT.parse(answer, text, SCHEME).value == both


@pytest.mark.parametrize(
    "answer",
    [
        "A: (A) PERK and ULK1 in\nB: (B) TNF-α in Vero",
        "**A:** (A) PERK and ULK1 in\n**B:** (B) TNF-&alpha; in Vero.",
        "### Panel A\n(A) PERK and ULK1 in Vero cells\n### Panel B\n(B) TNF-α in Vero",
        "| Panel | First words |\n|---|---|\n| A | (A) PERK and ULK1 |\n| B | (B) TNF-α in |",
        "1. (A) PERK and ULK1 in Vero\n2. (B) TNF-α in Vero",
        "A: (A) PERK and ULK2 in Vero cells, and the\nB: (B) TNF-alpha in Veero",
        "Panel A: (A) PERK and ULK1 in Vero cells, and the ER; “rest” of ULK1.\nPanel B: (B) TNF-α in Vero.",
    ],
)
def test_panels(answer: str) -> None:
    parsed = FORMAT.parse(answer, TEXT, Scheme("panels", (PANEL,)))
    assert (parsed.value, parsed.problems) == ((Span(0, 60, PANEL, ("A",)), Span(61, len(TEXT), PANEL, ("B",))), {})
