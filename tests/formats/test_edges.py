"""Answers at the edges of each format: what is just still read, what is counted, what is tried first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fewshot import formats
from fewshot.records import PANEL, Hypothesis, Kind, Member, Scheme, Span

TEXT = "Blot of p53 and MDM2 in p53-null cells."
P53, MDM2, AGAIN = Span(8, 11, "G"), Span(16, 20, "G"), Span(24, 27, "G")
NER = Scheme("entities", ("G", "GENE"))
PANELS = Scheme("panels", (PANEL,))


def parse(format: str, answer: str, text: str = TEXT, scheme: Scheme = NER) -> tuple[Any, dict[str, int]]:
    parsed = formats.get(format, scheme.kind).parse(answer, text, scheme)
    return parsed.value, dict(parsed.problems)  # type: ignore[arg-type]


def render(format: str, value: Any, text: str = TEXT, scheme: Scheme = NER) -> str:
    return formats.get(format, scheme.kind).render(text, value, scheme)


# copy_tag


def test_a_label_that_begins_as_another_does_is_read_whole() -> None:
    value = (Span(8, 11, "GENE"), Span(16, 20, "G"))
    answer = render("copy_tag", value)
    assert answer == "Blot of <GENE> p53 </GENE> and <G> MDM2 </G> in p53-null cells. [END]"
    assert parse("copy_tag", answer) == (value, {})


def test_tags_of_the_source_are_escaped_and_come_back() -> None:
    text = "Where <G> p53 </G> [END] is \\<G> and <B>."
    value = (Span(10, 13, "G"),)
    answer = render("copy_tag", value, text)
    assert answer == "Where \\<G> <G> p53 </G> \\</G> \\[END] is \\\\<G> and <B>. [END]"
    assert parse("copy_tag", answer, text) == (value, {})


def test_spaces_are_written_around_tags_once() -> None:
    assert render("copy_tag", (Span(0, 4, "G"),), "Blot of", NER) == "<G> Blot </G> of [END]"
    assert render("copy_tag", (Span(1, 4, "G"),), "(p53)", NER) == "( <G> p53 </G> ) [END]"
    assert render("copy_tag", (), "Blot ", NER) == "Blot [END]"
    assert render("copy_tag", (), "", NER) == "[END]"


@pytest.mark.parametrize(
    ("answer", "spans", "problems"),
    [
        ("Blot of <G>p53</G> and MDM2 in p53-null cells. [END] <G>MDM2</G>", (P53,), {}),  # behind the end is nothing
        ("Blot of <G>p53 and <G>MDM2</G> in p53-null cells.", (Span(8, 15, "G"), MDM2), {"unclosed_tag": 1}),
        ("Blot of p53</G> and MDM2 in p53-null cells.", (), {"unclosed_tag": 1}),
        ("Blot of p53 and <G>MDM2 in p53-null cells.", (MDM2,), {"unclosed_tag": 1}),
        ("Blot of <G></G>p53 and MDM2 in p53-null cells.", (), {}),
        ("<G></G>Blot of <G>p53</G> and MDM2 in p53-null cells.<G></G>", (P53,), {}),
        ("Blot of < G > p53 < / G > and MDM2 in p53-null cells.", (P53,), {}),
        ("Blot of <g>p53</g> and MDM2 in p53-null cells.", (P53,), {}),
        ("Blot of <G>p53</G> and MDM2 in p53-null cells. [end]", (P53,), {}),
        ("Blot of <G>p53</G> and MDM2 in p53-null cells.\n[END]", (P53,), {}),
        ("Blot of <G>p53</G> and MDM2 in", (P53,), {"truncated": 1}),
        ("Blot of <G>p53</G> and MDM2 in [END]", (P53,), {"text_dropped": 1}),
        ("", (), {"empty": 1}), ("  \n", (), {"empty": 1}), ("[END]", (), {"empty": 1}), ("<G> </G>", (), {"empty": 1}),
    ],
)  # fmt: skip
def test_copy_tag(answer: str, spans: tuple[Span, ...], problems: dict[str, int]) -> None:
    assert parse("copy_tag", answer) == (spans, problems)


@pytest.mark.parametrize(
    ("torn", "closed"),
    [("</SMALL_MOLEC", True), ("</s", True), ("</", True), ("< / small_m", True), ("<SMALL_MOLECULE", False),
     ("", False)],
)  # fmt: skip
def test_an_answer_that_was_cut_inside_a_tag(torn: str, closed: bool) -> None:
    scheme = Scheme("entities", ("SMALL_MOLECULE",))
    text = "Cells were treated with nutlin for a day. Then they were lysed."
    answer = f"Cells were treated with <SMALL_MOLECULE> nutlin {torn}"
    value, problems = parse("copy_tag", answer, text, scheme)
    assert value == (Span(24, 30, "SMALL_MOLECULE"),)
    assert problems.get("unclosed_tag", 0) == (0 if closed else 1)
    assert problems["truncated"] == 1


def test_an_empty_source_has_an_empty_copy() -> None:
    parsed = formats.get("copy_tag", "entities").parse("[END]", " ", NER)
    assert (parsed.value, parsed.problems, parsed.fidelity) == ((), {}, 1.0)
    assert formats.get("copy_tag", "entities").parse("", TEXT, NER).fidelity == 0.0


def test_an_unclosed_panel_goes_to_the_end() -> None:
    text = "(A) Blot of p53. (B) Cells of mice."
    answer = "<panel>(A) Blot of p53.<panel>(B) Cells of mice."
    assert parse("copy_tag", answer, text, PANELS) == (
        (Span(0, 16, PANEL, ("A",)), Span(17, 35, PANEL, ("B",))), {"unclosed_tag": 2},
    )  # fmt: skip


@pytest.mark.parametrize(("opens", "closes"), ["()", "[]"])
def test_a_bracket_that_was_left_out_belongs_to_the_panel(opens: str, closes: str) -> None:
    text = (
        f"{opens}Left{closes} Western blot of p53 in cells. See {opens}Right{closes} for all. Gels of MDM2 from mice."
    )
    start = text.index(f"{opens}Right")
    answer = f"<panel> {text[1 : start - 5]} </panel> See <panel> {text[start + 1 :]} </panel> [END]"
    value, _ = parse("copy_tag", answer, text, PANELS)
    assert [span.start for span in value] == [0, start]


def test_unknown_tags_are_taken_out_and_counted_once_each() -> None:
    answer = "<X>Blot</X> of <G>p53</G> and <Y>MDM2</Y> in p53-null cells. [END]"
    assert parse("copy_tag", answer) == ((P53,), {"unknown_label": 2})
    inside = "Blot of <G>p<X>5</X>3</G> and MDM2 in p53-null cells. [END]"
    assert parse("copy_tag", inside) == ((P53,), {"unknown_label": 1})


# list


@pytest.mark.parametrize(
    ("answer", "spans", "problems"),
    [
        ("G: p53#2", (AGAIN,), {}), ("G: p53; p53", (P53, AGAIN), {}), ("G: p53#1; p53#2", (P53, AGAIN), {}),
        ("G: p53; p53; p53", (P53, AGAIN), {"duplicate": 1}),
        ("G: p53#3", (AGAIN,), {}), ("G: p53, MDM2", (P53, MDM2), {}),
        ("G: p53 and MDM2", (Span(8, 20, "G"),), {}), ("G: none", (), {}), ("G: (none)", (), {}),
        ("G:", (), {}), ("G: p21; p63", (), {"not_in_text": 2}), ("X: p53", (), {"unknown_label": 1}),
        ("X: p53\n- MDM2", (), {"unknown_label": 1, "text_added": 1}), ("- p53", (), {"text_added": 1}),
        ("G:\n1) p53\n2) MDM2", (P53, MDM2), {}), ("G: p53\n(none)", (P53,), {}), ("(NONE)", (), {}),
        ("GENE: p53\nG: p53 and MDM2", (Span(8, 20, "G"), Span(24, 27, "GENE")), {}), ("G: `p53`", (P53,), {}),
        ("G: p53 (TP53)", (P53,), {}), ("G: p53 (TP53) (gene)", (P53,), {}),
    ],
)  # fmt: skip
def test_list(answer: str, spans: tuple[Span, ...], problems: dict[str, int]) -> None:
    assert parse("list", answer) == (spans, problems)


LONG = "one two three four five six seven eight nine ten. one two three four other words are here to see now."


def test_a_panel_is_named_by_eight_words() -> None:
    value = (Span(0, len(LONG), PANEL, ()),)
    assert render("list", value, LONG, PANELS) == "-: one two three four five six seven eight"
    short = "one two three."
    assert render("list", (Span(0, 14, PANEL, ("A",)),), short, PANELS) == "A: one two three."


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("one two three four other words are here to stay", 50),  # 8 of its words stand in the text
        ("one two three four other x y z", 50),  # 5
        ("ten. one two x y z", 45),  # 3
        ("nine ten. x y z", None),  # 2
        ("seven", 28), ("missing", None), ("one two", 0), ("one two#2", 50),
    ],
)  # fmt: skip
def test_a_panel_is_found_by_fewer_words_where_a_model_went_on_wrongly(said: str, start: int | None) -> None:
    value, problems = parse("list", f"A: {said}", LONG, PANELS)
    assert [span.start for span in value] == ([] if start is None else [start])
    assert problems == ({"not_in_text": 1} if start is None else {})


def test_a_panel_ends_where_the_next_one_starts() -> None:
    value, _ = parse("list", "B: one two three four other\nA: one two three four five", LONG, PANELS)
    assert value == (Span(0, 49, PANEL, ("A",)), Span(50, len(LONG), PANEL, ("B",)))


@pytest.mark.parametrize(
    ("said", "letters"),
    [("A", ("A",)), ("A, B", ("A", "B")), ("A–C", ("A", "B", "C")), ("A and B", ("A", "B")), ("A & C", ("A", "C")),
     ("(A)", ("A",)), ("-", ()), ("–", ()), ("panels A, C", ("A", "C")), ("A,,B", ("A", "B")), ("", ())],
)  # fmt: skip
def test_letters_of_a_line(said: str, letters: tuple[str, ...]) -> None:
    ((span,), _) = parse("list", f"{said}: one two three four five", LONG, PANELS)
    assert span.labels == letters


# json


@pytest.mark.parametrize(
    ("answer", "spans", "problems"),
    [
        # a quote, a backslash and brackets inside a string close nothing
        ('{"entities": [{"text": "p53", "label": "G", "why": "a } ] in \\"text\\" and \\\\"}, {"te', (P53,),
         {"truncated": 1}),
        ('{"entities": [{"text": "p53", "label": "G"}, {"text": "x\\\\", "label": "G"}, {"text": "MD', (P53,),
         {"truncated": 1, "not_in_text": 1}),
        ('{"entities": [{"text": "p53", "label": "G"}], "x": {"y": [1, 2', (P53,), {"truncated": 1}),
        ('{"entities": [{"text": "p53", "label": "G"}, {"text": "p53", "label": "G", "occurrence": 2}]}', (P53, AGAIN),
         {}),
        ('{"entities": [{"text": "p53", "label": "G", "occurrence": 0}]}', (P53,), {}),
        ('{"entities": [{"text": "p53", "label": "G", "occurrence": -1}]}', (P53,), {}),
        ('{"entities": [{"text": "p53 and", "label": "G"}, {"text": "and MDM2", "label": "G"}]}', (Span(12, 20, "G"),),
         {"overlap": 1}),
        ('{"entities": [{"text": "MDM2", "label": "G"}, {"text": "p53", "label": "G"}]}', (MDM2, AGAIN), {}),
        ('{"entities": null}', (), {"not_json": 1}), ("{}", (), {}), ("[]", (), {}),
        ('text {"entities": []} and {"entities": [{"text": "p53", "label": "G"}]}', (P53,), {}),
        ('[1] {"entities": []}', (), {}),
        ("{'entities': [{'text': 'p53', 'label': 'G'}]} Hope this helps", (P53,), {"repaired_json": 1}),
        ('"p53"', (), {"not_json": 1}),
    ],
)  # fmt: skip
def test_json(answer: str, spans: tuple[Span, ...], problems: dict[str, int]) -> None:
    assert parse("json", answer) == (spans, problems)


def test_roles_in_json_are_of_given_entities() -> None:
    given = (Span(8, 11, "GENEPROD"), Span(16, 20, "GENEPROD"))
    scheme = Scheme("roles", ("C", "M"), given)
    items = [{"text": "p53", "role": "m"}, {"text": "cells", "role": "C"}, {"text": "MDM2", "role": "X"}]
    value, problems = parse("json", json.dumps({"entities": items}), TEXT, scheme)
    assert value == (Span(8, 11, "GENEPROD", role="M"),)
    assert problems == {"not_in_text": 1, "unknown_label": 1}
    assert json.loads(render("json", value, TEXT, scheme)) == {
        "entities": [{"text": "p53", "occurrence": 1, "role": "M"}]
    }


def test_a_hypothesis_in_json() -> None:
    scheme = Scheme("hypothesis", ("G", "E"))
    one = {"text": "p53", "label": "g"}
    row = {"interventions": [one, one, {"text": " ", "label": "G"}, {"text": "p53", "label": "X"}], "assays": []}
    value, problems = parse("json", json.dumps(row), TEXT, scheme)
    assert value == Hypothesis((Member("G", "p53"),))
    assert problems == {"unknown_label": 1}
    assert parse("json", "", TEXT, scheme) == (Hypothesis(), {"empty": 1})
    whole = Hypothesis((Member("G", "p53"),), (Member("G", "MDM2"),), (Member("E", "Blot"),))
    assert parse("json", render("json", whole, TEXT, scheme), TEXT, scheme) == (whole, {})


@pytest.mark.parametrize("kind", ["entities", "roles", "panels", "hypothesis"])
def test_a_schema_allows_nothing_else(kind: Kind) -> None:
    schema = formats.get("json", kind).schema(Scheme(kind, ("X", "Y")))
    assert schema is not None
    objects = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object":
                objects.append(part)
            for value in part.values():
                walk(value)

    walk(schema)
    assert len(objects) >= 2
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert ('"enum": ["X", "Y"]' in json.dumps(schema)) == (kind != "panels")


# sentence


CAUSAL = Scheme("hypothesis", ("G", "GENE", "EXP_ASSAY"))


@pytest.mark.parametrize(
    ("answer", "value", "problems"),
    [
        ("<gene> p53 </gene> was tested for its influence on <g> MDM2 </g> by <EXPERIMENT> Blot </EXPERIMENT> [END]",
         ((Member("GENE", "p53"),), (Member("G", "MDM2"),), (Member("EXP_ASSAY", "Blot"),)), {}),
        ("<g> p53 </g> was tested for its influence on <g> MDM2 </g> with <g> cells </g> [END]",
         ((Member("G", "p53"),), (Member("G", "MDM2"),), (Member("G", "cells"),)), {}),
        ("<g> p53 </g> or <g> p53 </g> was tested for its influence on nothing by nothing [END]",
         ((Member("G", "p53"),), (), ()), {}),
        ("<g> p53 was tested for its influence on <g> MDM2 </g> by nothing [END]",
         ((), (Member("G", "MDM2"),), ()), {"unclosed_tag": 1}),
        ("<g> p53 </g> </g> was tested for its influence on nothing by nothing [END]",
         ((Member("G", "p53"),), (), ()), {"unclosed_tag": 1}),
        ("<g>  </g> was tested for its influence on nothing by nothing [END]", ((), (), ()), {}),
        ("<g> p53 </g> was tested for its", ((Member("G", "p53"),), (), ()), {"truncated": 1}),
        ("<g> p53 </g> was tested for its influence on <g> MD", ((Member("G", "p53"),), (Member("G", "MD"),), ()),
         {"unclosed_tag": 1, "truncated": 1}),
        ("<g> p53 </g> [END] <g> MDM2 </g>", ((Member("G", "p53"),), (), ()), {}),
    ],
)  # fmt: skip
def test_sentence(answer: str, value: tuple[tuple[Member, ...], ...], problems: dict[str, int]) -> None:
    found, counted = parse("sentence", answer, TEXT, CAUSAL)
    assert found == Hypothesis(*value)
    assert {kind: n for kind, n in counted.items() if kind != "text_added"} == problems


def test_a_surface_that_looks_like_a_tag_of_a_sentence() -> None:
    value = Hypothesis((Member("G", "<g> or </GENE>"),), (Member("G", "a [END] b"),), (Member("EXP_ASSAY", "\\<g>"),))
    answer = render("sentence", value, "<g> or </GENE> a [END] b \\<g>", CAUSAL)
    assert parse("sentence", answer, "<g> or </GENE> a [END] b \\<g>", CAUSAL) == (value, {})


@pytest.mark.parametrize("word", ["by", "using", "via", "with", "By"])
@pytest.mark.parametrize(
    "effect", ["was tested for its influence on", "and its effect on", "had an impact in", "acted on"]
)
def test_words_that_lead_over_to_another_role(effect: str, word: str) -> None:
    answer = f"<g> p53 </g> {effect} <g> MDM2 </g> {word} <EXPERIMENT> Blot </EXPERIMENT> [END]"
    value, problems = parse("sentence", answer, TEXT, CAUSAL)
    assert value == Hypothesis((Member("G", "p53"),), (Member("G", "MDM2"),), (Member("EXP_ASSAY", "Blot"),))
    assert problems == {}
