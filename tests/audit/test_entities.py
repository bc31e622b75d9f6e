"""Missed mentions, conflicting labels, strays, edges."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.audit.changes import changed
from fewshot.audit.checks.entities import contexts
from fewshot.audit.checks.entities.surfaces import key, usages
from fewshot.audit.finding import Finding
from fewshot.records import Example, Span
from tests.audit.legends import findings, kinds


def tagged(text: str, *, id: str = "a", group: str | None = None) -> Example:
    """An example whose entities are in brackets, with their labels: "[p53|GENE] in cells"."""
    plain, spans = "", []
    for piece in text.split("["):
        surface, bar, rest = piece.partition("|")
        label, _, behind = rest.partition("]")
        if bar:
            spans.append(Span(len(plain), len(plain) + len(surface), label))
            plain += surface + behind
        else:
            plain += piece
    return Example(id, group or id, plain, entities=tuple(spans))


def many(text: str, number: int) -> list[Example]:
    return [tagged(f"{text} Text {at} says it.", id=f"m{at}") for at in range(number)]


def first(examples: Sequence[Example]) -> Finding:
    return next(finding for finding in findings(examples, "ner") if finding.severity != "note")


def test_a_mention_that_gold_lacks_comes_first() -> None:
    examples = [*many("We gave [aspirin|DRUG] to mice.", 9), tagged("Aspirin was given.")]
    finding = first(examples)
    assert (finding.kind, finding.id, finding.quote) == ("missed_mention", "a", "Aspirin")
    assert finding.confidence is not None
    assert finding.confidence > 0.9
    assert finding.change is not None
    assert changed(examples[-1], finding.change).entities == (Span(0, 7, "DRUG"),)


@pytest.mark.parametrize(
    "examples",
    [
        [*many("We gave [lead|METAL] to mice.", 2), *many("This may lead to harm.", 6)],  # mostly no name
        [*many("We gave [aspirin|DRUG] to mice.", 9), tagged("We gave [low aspirin|DRUG] to mice.")],  # within a name
        [*many("The [CAT|GENE] gene.", 9), tagged("The cat sat.")],
        [*many("We used [12|DOSE] of it.", 9), tagged("There were 12.")],
        [tagged("The [p53|GENE] gene."), tagged("p53 is one.", id="b")],  # one mention says little
        [*many("Of [5-HT|DRUG] we gave some.", 12), *many("The 5-HT receptor was bound.", 4)],  # part of another name
    ],
)
def test_bare_mentions_that_are_right(examples: Sequence[Example]) -> None:
    assert "missed_mention" not in kinds(examples, "ner")


def test_an_example_that_is_not_labelled_says_nothing() -> None:
    assert kinds([*many("We gave [aspirin|DRUG].", 9), Example("x", "x", "Aspirin was given.")], "ner") == []


def test_a_label_unlike_the_others() -> None:
    examples = [*many("We gave [aspirin|DRUG] to mice.", 9), tagged("We gave [aspirin|DISEASE] to mice.")]
    finding = first(examples)
    assert (finding.kind, finding.id) == ("label_conflict", "a")
    assert finding.change is not None
    assert (changed(examples[-1], finding.change).entities or ())[0].label == "DRUG"


def test_a_word_that_is_hardly_ever_one() -> None:
    examples = [*many("The cells grew. [p53|GENE] too.", 30), tagged("The [cells|GENE] grew.")]
    assert [(f.kind, f.id) for f in findings(examples, "ner") if f.severity != "note"] == [("spurious_mention", "a")]


@pytest.mark.parametrize(
    ("text", "kind", "right"),
    [
        ("A W[estern blot|ASSAY] of it.", "cut_word", "Western blot"),
        ("A [Western blo|ASSAY]t of it.", "cut_word", "Western blot"),
        ("A [Western blot,|ASSAY] and more.", "edge_punctuation", "Western blot"),
        ("It was run ([Western blot)|ASSAY].", "edge_punctuation", "Western blot"),
        ("A [Western blot of|ASSAY] it.", "edge_word", "Western blot"),
        ("[A Western blot|ASSAY] of it.", "edge_word", "Western blot"),
        ("A [Western blot.|ASSAY]", "edge_punctuation", "Western blot"),
    ],
)
def test_edges(text: str, kind: str, right: str) -> None:
    examples = [*many("A [Western blot|ASSAY] of it.", 3), tagged(text)]
    finding = next(f for f in findings(examples, "ner") if f.id == "a" and f.severity != "note")
    assert (finding.kind, finding.is_certain) == (kind, True)
    assert finding.change is not None
    mended = changed(examples[-1], finding.change)
    assert (mended.entities or ())[0].cut(mended.text) == right


@pytest.mark.parametrize(
    "text", ["[KCNQ3|GENE]Δ/Δ mice.", "[p53|GENE]-dependent.", "[Ca(2+)|ION] and [IFN-γ|GENE].", "The [5'|SITE] end.",
             "[CD4+|CELL] cells (T cells).", "[S. cerevisiae|ORGANISM] and so on."]
)  # fmt: skip
def test_edges_that_are_right(text: str) -> None:
    extra = many("The [KCNQ3|GENE] gene.", 2)
    assert not [f for f in findings([tagged(text), *extra], "ner") if f.id == "a" and f.severity != "note"]


def test_rare_labels_are_noted_once() -> None:
    assert kinds(tagged("[p53|GENE] and [MDM2|GENE] in [cells|CELL]."), "ner", notes=True) == ["label_balance"] * 2


@given(st.lists(st.text("ab .,()-Δ[|]", max_size=30), min_size=1, max_size=6), st.data())
def test_any_entities_of_any_texts(texts: list[str], data: st.DataObject) -> None:
    examples = []
    for number, text in enumerate(texts):
        edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
        spans = []
        for start, end in zip(edges[::2], edges[1::2], strict=False):
            solid = text[start:end].strip()
            if solid:
                at = text.index(solid, start)
                spans.append(Span(at, at + len(solid), data.draw(st.sampled_from("XY"))))
        examples.append(Example(f"e{number}", "g", text, entities=tuple(spans)))
    by_id = {example.id: example for example in examples}
    for finding in findings(examples, "ner"):
        if finding.change is not None and finding.change.field != "record":
            changed(by_id[finding.id], finding.change)


_WORDS = st.lists(
    st.sampled_from(["p53", "P53", "Nitric", "nitric", "oxide", "GFP", "-", ",", "_", "a", "µM", " ", "  ", "\n"]),
    max_size=25,
)
_PREVIOUS = re.compile(r"([^\W_]+|[^\w\s])\s*$")


@given(_WORDS.map("".join), st.data())
def test_the_word_before_is_the_last_one(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    before = _PREVIOUS.search(text[max(0, start - 40) : start])
    (side, word), _ = contexts._neighbours(text, start, start)
    assert (side, word) == ("before", before[1].lower() if before else "")


@given(_WORDS.map("".join))
def test_bare_surfaces_are_those_that_no_entity_touches(text: str) -> None:
    """The longest first, from left to right, found here by trying every place."""
    shown = tagged("[p53|GENE] [nitric oxide|DRUG] [p53-GFP|GENE] [nitric oxide p53|DRUG]", id="shown")
    example = tagged(f"[GFP|GENE] {text}", id="asked")
    found = usages([shown, example])
    known = [surface for surface in found if sum(map(len, surface)) >= 3]
    extents = [word.span() for word in re.finditer(r"[^\W_]+|[^\w\s]|_", example.text)]
    expected, at = [], 1  # behind the entity
    while at < len(extents):
        start = extents[at][0]
        ends = [end for _, end in reversed(extents[at:]) if key(example.text[start:end]) in known]
        if ends:
            expected.append((start, ends[0]))
        at += len(key(example.text[start : ends[0]])) if ends else 1
    places = [place for usage in found.values() for place in usage.bare]
    assert sorted((place.start, place.end) for place in places if place.example is example) == expected
