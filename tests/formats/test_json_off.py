"""JSON that is a little off, or under other keys: what it says is read, and what was repaired is counted."""

from __future__ import annotations

import json

import pytest

from fewshot.formats.json import FORMAT
from fewshot.formats.json.repair import Repairs
from fewshot.records import PANEL, Hypothesis, Member, ProblemKind, Scheme, Span

TEXT = "(A) ULK1 in Vero cells. (B) ULK1 after “rest”, and IFN-\\gamma."
SCHEME = Scheme("entities", ("GENEPROD", "CELL_LINE"))
ULK1, VERO, AGAIN = Span(4, 8, "GENEPROD"), Span(12, 16, "CELL_LINE"), Span(28, 32, "GENEPROD")
ONE, OTHER = '{"text": "ULK1", "label": "GENEPROD"}', '{"text": "Vero", "label": "CELL_LINE"}'
BOTH = f'{{"entities": [{ONE}, {OTHER}]}}'


@pytest.mark.parametrize(
    "answer",
    [
        f"{ONE}\n{OTHER}",  # one object a line
        f"{ONE}, {OTHER}",
        f"- {ONE}\n- {OTHER}",
        f"```json\n{ONE}\n```\n```json\n{OTHER}\n```",
        f'{{"entities": [{ONE}]}}\n{{"entities": [{OTHER}]}}',  # two objects in a row
        f"Panels [A] and [B] name these: {BOTH}",
        f'The form is {{}} or {{"entities": []}}. Here:\n{BOTH}',
        f'{{"entities": [{{"text": "mention", "label": "LABEL"}}]}} is asked for, so I say {BOTH}',
        f"{BOTH} The panels [A] and [1, 2] say no more.",
        f"[{ONE}, {OTHER}]",
        f'{{"result": {{"answer": {BOTH}}}}}',
        BOTH.replace('"text"', '"mention"').replace('"label"', '"type"'),
        BOTH.replace("GENEPROD", "gene prod").replace("CELL_LINE", "Cell line"),
    ],
)
def test_what_is_said_somewhere(answer: str) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert (parsed.value, parsed.problems) == ((ULK1, VERO), {})


@pytest.mark.parametrize(
    "answer",
    [
        BOTH.replace("}]}", "},]}"),  # a trailing comma
        BOTH.replace('"', "'"),
        BOTH.replace('"', "“", 1).replace('"', "”", 1),  # curly quotes
        BOTH.replace("}, {", "}, // a kinase\n{"),
        BOTH.replace("}, {", "} /* a kinase */, {"),
        BOTH.replace("}, {", "} {"),  # a comma left out
        BOTH.replace("{", "{\n").replace('"text"', "text"),  # keys without quotes
        BOTH.replace('"label": "CELL_LINE"', '"label": "CELL_LINE", "remark": "a\nb"'),  # a raw line break
    ],
)
def test_what_is_repaired_is_counted(answer: str) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert parsed.value == (ULK1, VERO)
    assert parsed.problems.get("repaired_json") == 1


@pytest.mark.parametrize(
    ("answer", "surface"),
    [
        ('{"entities": [{"text": "IFN-\\gamma", "label": "GENEPROD"}]}', "IFN-\\gamma"),  # no JSON escape
        ('{"entities": [{"text": ""rest"", "label": "GENEPROD"}]}', "“rest”"),  # quotes in quotes
        ('{"entities": [{"text": "Vero\ncells", "label": "GENEPROD"}]}', "Vero cells"),
    ],
)
def test_strings_that_are_off(answer: str, surface: str) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert isinstance(parsed.value, tuple)
    assert [span.cut(TEXT) for span in parsed.value] == [surface]
    assert parsed.problems == {"repaired_json": 1}


@pytest.mark.parametrize(
    ("answer", "value", "problems"),
    [
        (BOTH.replace("]}", "}"), (ULK1, VERO), {"truncated": 1}),  # a bracket left out
        (BOTH[: BOTH.index("Vero") + 2], (ULK1,), {"truncated": 1}),
        ('{"GENEPROD": ["ULK1"], "CELL_LINE": ["Ve', (ULK1,), {"truncated": 1, "not_json": 1}),
        (f"{ONE}\n" + OTHER[:20], (ULK1,), {}),
        (f'{{"entities": [{ONE.replace("GENEPROD", "TISSUE")}, {OTHER}]}}', (VERO,), {"unknown_label": 1}),
        (f"[{ONE}, {ONE}, {ONE}]", (ULK1, AGAIN), {"duplicate": 1}),
        ('{"entities": [{"text": "", "label": "GENEPROD"}]}', (), {"not_in_text": 1}),
        ("[1, 2]", (), {"not_json": 1}),
        ("[A] {B} [C", (), {"not_json": 1}),
        ("{}", (), {}),
    ],
)
def test_nothing_is_dropped_without_a_count(
    answer: str, value: tuple[Span, ...], problems: dict[ProblemKind, int]
) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert (parsed.value, parsed.problems) == (value, problems)


def test_what_has_no_place_is_kept() -> None:
    answer = json.dumps({"entities": [{"text": name, "label": "GENEPROD"} for name in ("ULK1", "ATG13", "ATG13")]})
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert parsed.unplaced == (Member("GENEPROD", "ATG13"), Member("GENEPROD", "ATG13"))
    assert parsed.problems == {"not_in_text": 2}


def test_a_number_may_be_a_string() -> None:
    answer = '{"entities": [{"text": "ULK1", "label": "GENEPROD", "occurrence": "2"}]}'
    assert FORMAT.parse(answer, TEXT, SCHEME).value == (AGAIN,)


def test_how_a_span_was_found() -> None:
    answer = json.dumps({"entities": [{"text": text, "label": "GENEPROD"} for text in ("ULK1", "vero", "IFN-gama")]})
    value = FORMAT.parse(answer, TEXT, SCHEME).value
    assert isinstance(value, tuple)
    assert [span.match for span in value] == ["exact", "folded", "near"]


def test_an_answer_too_long_for_json_repair_is_read_item_by_item() -> None:
    text = " ".join(f"GENE{n}" for n in range(200))
    items = ", ".join(f'{{"text": "GENE{n}", "label": "GENEPROD"}}' for n in range(200))
    broken = f'{{"entities": [{items.replace("}, {", "} {", 1)}]}}'
    parsed = FORMAT.parse(broken, text, SCHEME)
    assert isinstance(parsed.value, tuple)
    assert len(parsed.value) == 200
    assert parsed.problems == {"repaired_json": 1}


@pytest.mark.parametrize(
    ("written", "text"),
    [(r"a\\beta,\q", "a\\beta,\\q"), (r"\u03b2 \u12", "β \\u12"), (r"\beta \nact", "\\beta \nact")],
)
def test_backslashes(written: str, text: str) -> None:
    assert Repairs().repair(f'{{"text": "{written}",}}') == {"text": text}


def test_panels_with_slips() -> None:
    panels = [{"labels": ["A"], "text": "(A) ULK1 in Verro cells."}, {"labels": "B", "text": "(B) ULK1 after ..."}]
    parsed = FORMAT.parse(json.dumps({"panels": panels}), TEXT, Scheme("panels", (PANEL,)))
    assert parsed.value == (Span(0, 23, PANEL, ("A",)), Span(24, len(TEXT), PANEL, ("B",)))


def test_a_hypothesis_in_two_objects() -> None:
    scheme = Scheme("hypothesis", ("GENEPROD", "CELL_LINE"))
    parsed = FORMAT.parse(f'{{"interventions": [{ONE}]}}\n{{"observations": [{OTHER}]}}', TEXT, scheme)
    assert parsed.value == Hypothesis((Member("GENEPROD", "ULK1"),), (Member("CELL_LINE", "Vero"),))
    assert parsed.problems == {}


@pytest.mark.parametrize(
    "broken",
    [
        '{"ULK1""in""Vero""cells" "```json[```"}',  # a fence with a list where a key should stand
        '{"a""b""c""d" "```json[1```"',
    ],
)
def test_what_json_repair_breaks_on_is_no_value(broken: str) -> None:
    parsed = FORMAT.parse(broken, TEXT, SCHEME)
    assert (parsed.value, parsed.problems) == ((), {"not_json": 1})
