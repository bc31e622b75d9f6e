"""JSON as models write it: fences, chatter, cut ends, other quotes."""

from __future__ import annotations

import json

import pytest

from fewshot.formats.json import FORMAT
from fewshot.records import PANEL, Hypothesis, Member, Scheme, Span

TEXT = "(A) Western blot of p53 and MDM2 in nutlin-treated cells. (B) Levels of p53."
NER = Scheme("entities", ("GENEPROD", "SMALL_MOLECULE"))
P53, MDM2, AGAIN = Span(20, 23, "GENEPROD"), Span(28, 32, "GENEPROD"), Span(72, 75, "GENEPROD")


def test_an_occurrence_is_told() -> None:
    assert json.loads(FORMAT.render(TEXT, (AGAIN, P53), NER)) == {
        "entities": [
            {"text": "p53", "occurrence": 1, "label": "GENEPROD"},
            {"text": "p53", "occurrence": 2, "label": "GENEPROD"},
        ]
    }


@pytest.mark.parametrize(
    ("answer", "spans", "problems"),
    [
        ('{"entities": [{"text": "p53", "occurrence": 2, "label": "GENEPROD"}]}', (AGAIN,), {}),
        ('{"entities": [{"text": "p53", "label": "geneprod"}]}', (P53,), {}),
        ('[{"text": "p53", "label": "GENEPROD"}]', (P53,), {}),
        ('Sure:\n```json\n{"entities": [{"text": "p53", "label": "GENEPROD"}]}\n```\nDone.', (P53,), {}),
        ('{"entities": [{"text": "p53", "label": "GENEPROD"},]}', (P53,), {"repaired_json": 1}),
        ("{'entities': [{'text': 'p53', 'label': 'GENEPROD'}]}", (P53,), {"repaired_json": 1}),
        ('{"GENEPROD": ["p53", "MDM2"]}', (P53, MDM2), {"not_json": 1}),
        ('{"entities": [{"text": "p53", "label": "GENEPROD"}, {"text": "MD', (P53,), {"truncated": 1}),
        ('{"entities": [{"text": "p53", "label": "TISSUE"}]}', (), {"unknown_label": 1}),
        ('{"entities": [{"text": "p53"}]}', (), {"unknown_label": 1}),
        ('{"entities": [{"text": "p21", "label": "GENEPROD"}]}', (), {"not_in_text": 1}),
        ('{"entities": [{"text": "p53", "label": "GENEPROD"}, "MDM2", {"text": 3}]}', (P53,), {"not_json": 1}),
        ('{"entities": [{"text": "p53", "label": "GENEPROD", "occurrence": "two"}]}', (P53,), {}),
        ('{"entities": []}', (), {}),
        ('{"entities": "none"}', (), {"not_json": 1}),
        ("I found nothing.", (), {"not_json": 1}),
        ("", (), {"empty": 1}),
        ("{" * 5000, (), {"not_json": 1}),
    ],
)
def test_entities(answer: str, spans: tuple[Span, ...], problems: dict[str, int]) -> None:
    parsed = FORMAT.parse(answer, TEXT, NER)
    assert (parsed.value, parsed.problems) == (spans, problems)


def test_panels_and_their_letters() -> None:
    answer = json.dumps({"panels": [{"labels": ["A"], "text": TEXT[:57]}, {"text": "(B)"}]})
    assert FORMAT.parse(answer, TEXT, Scheme("panels", (PANEL,))).value == (
        Span(0, 57, PANEL, ("A",)),
        Span(58, 61, PANEL, ()),
    )


def test_a_hypothesis() -> None:
    scheme = Scheme("hypothesis", ("GENEPROD", "SMALL_MOLECULE", "EXP_ASSAY"))
    answer = (
        '{"interventions": [{"text": "nutlin", "label": "SMALL_MOLECULE"}],'
        ' "observations": [{"text": "p21", "label": "GENEPROD"}]}'
    )
    parsed = FORMAT.parse(answer, TEXT, scheme)
    assert parsed.value == Hypothesis((Member("SMALL_MOLECULE", "nutlin"),), (Member("GENEPROD", "p21"),), ())
    assert parsed.problems == {"not_in_text": 1}
