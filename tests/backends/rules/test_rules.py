"""The rules: what they read in legends that they have never seen."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot import data
from fewshot.backends import Options, open_backend
from fewshot.backends.rules import causal, entities, panels, roles
from fewshot.metrics import panels as metric
from fewshot.records import Example, Hypothesis, Member, Request, Scheme, Span

REAL = Path(__file__).parents[4] / "shared/data/panelization/legends.jsonl"


def found(text: str) -> list[str]:
    """Letters and first word of each panel."""
    return [f"{''.join(span.labels or ())}:{span.cut(text)[:12]}" for span in panels.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(A) Blot of p53. (B) Same.", ["A:(A) Blot of ", "B:(B) Same."]),
        ("A, Blot, quantified in B. C, Cells.", ["A:A, Blot, qua", "C:C, Cells."]),
        ("A. Blot, as in (B) and (C). B. Cells. C. Mice.", ["A:A. Blot, as ", "B:B. Cells.", "C:C. Mice."]),
        ("Loss of p53. (A–C) Blots. (D) Cells.", ["ABC:(A–C) Blots.", "D:(D) Cells."]),
        ("C, D. Assays of X. C, Blot. D, Gel.", ["CD:C, D. Assays"]),
        ("A Western blot. B Cells. C Mice.", ["A:A Western bl", "B:B Cells.", "C:C Mice."]),
        ("(A) Mean ± S.E.M. of three. (B) E. coli grew.", ["A:(A) Mean ± S", "B:(B) E. coli "]),
        ("(a) Blot. (b) Cells (c, arrow).", ["a:(a) Blot.", "b:(b) Cells (c"]),
        ("First line.\nSecond line.", [":First line.", ":Second line."]),
        ("A schematic of the cell.", [":A schematic "]),
        ("A) Blot of p53.\nB)Western of it.", ["A:A) Blot of p", "B:B)Western of"]),
    ],
)  # fmt: skip
def test_panels(text: str, expected: list[str]) -> None:
    if text.startswith("C, D."):
        text = "A, Cells. B, Mice. " + text
        expected = ["A:A, Cells.", "B:B, Mice.", *expected]
    assert found(text) == expected


@pytest.mark.skipif(not REAL.exists(), reason="the real legends are not in this checkout")
def test_starts_of_real_legends() -> None:
    examples = data.read(str(REAL), "panelization")
    tallies = [metric.tally(example, example.panels or (), panels.find(example.text)) for example in examples]
    assert metric.scores(tallies)["starts.f1"] >= 0.93


def test_demonstrations_teach_surfaces() -> None:
    shown = Example("d", "d", "Loss of zorbin.", entities=(Span(8, 14, "GENEPROD"),))
    text = "Blot of zorbin and MDM2 in HeLa cells by Western blot."
    labels = ("GENEPROD", "CELL_LINE", "EXP_ASSAY")
    assert "zorbin" not in {span.cut(text) for span in entities.find(text, (), labels)}
    assert [(s.cut(text), s.label) for s in entities.find(text, (shown,), labels)] == [
        ("zorbin", "GENEPROD"),
        ("MDM2", "GENEPROD"),
        ("HeLa", "CELL_LINE"),
        ("Western blot", "EXP_ASSAY"),
    ]
    assert entities.find(text, (shown,), ("TISSUE",)) == ()


def test_roles_by_the_words_around() -> None:
    text = "Levels of p53 in MDM2-deficient cells treated with nutlin."
    given_ = tuple(
        Span(text.index(name), text.index(name) + len(name), "GENEPROD") for name in ("p53", "MDM2", "nutlin")
    )
    value = roles.find(text, given_, (), ("CONTROLLED_VAR", "MEASURED_VAR"))
    assert [(span.cut(text), span.role) for span in value] == [
        ("p53", "MEASURED_VAR"),
        ("MDM2", "CONTROLLED_VAR"),
        ("nutlin", "CONTROLLED_VAR"),
    ]


def test_a_hypothesis() -> None:
    text = "Western blot of p53 in MDM2-deficient cells."
    assert causal.find(text, (), ("GENEPROD", "EXP_ASSAY")) == Hypothesis(
        (Member("GENEPROD", "MDM2"),), (Member("GENEPROD", "p53"),), (Member("EXP_ASSAY", "Western blot"),)
    )


def test_the_query_s_own_labels_are_never_read() -> None:
    text = "Loss of zorbin."
    query = Example("q", "q", text, entities=(Span(8, 14, "GENEPROD"),))
    request = Request(
        "rules", None, "rules-2", "chat", (), None, 10, 0.0,
        task="ner", format="copy_tag", scheme=Scheme("entities", ("GENEPROD",)), query=query,
    )  # fmt: skip
    backend = open_backend("rules", Options(task="ner"))
    assert backend.kind == "prompted"
    assert asyncio.run(backend.answer(request)).text == f"{text} [END]"


@given(st.text(alphabet="ABCab().,:;–- \n“x1éµ", max_size=120))
def test_any_text_is_answered(text: str) -> None:
    spans = panels.find(text)
    assert all(span.cut(text) and span.cut(text) == span.cut(text).strip() for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    entities.find(text, (), ("GENEPROD", "EXP_ASSAY", "Chemical", "Disease"))
