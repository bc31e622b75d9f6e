"""The most probable sequence of classes, against a search through all of them; and what a task's tagging decides."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fewshot import tasks
from fewshot.errors import InputError
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.models.tagging import best_path, of, of_task
from fewshot.records import PANEL, Kind, Span
from tests.models import tiny

pytestmark = pytest.mark.local

NAMES = of("entities").classes(["A", "B"])


def goes_together(path: tuple[int, ...]) -> bool:
    tags = ["O", *(NAMES[i] for i in path)]
    return all(tag[0] != "I" or before[1:] == tag[1:] for before, tag in pairwise(tags))


@given(st.lists(st.lists(st.integers(1, 50), min_size=5, max_size=5), min_size=1, max_size=4))
def test_no_sequence_that_goes_together_is_more_probable(rows: list[list[int]]) -> None:
    scores = torch.tensor(rows, dtype=torch.float64)
    scores = scores / scores.sum(-1, keepdim=True)

    def probability(path: tuple[int, ...]) -> float:
        return prod(float(scores[at, i]) for at, i in enumerate(path))

    found = tuple(best_path(scores, NAMES))
    every = [path for path in product(range(5), repeat=len(rows)) if goes_together(path)]
    assert found in every
    assert probability(found) == pytest.approx(max(map(probability, every)))


def test_a_certain_inside_makes_what_stands_before_it_the_beginning() -> None:
    scores = torch.tensor([[0.5, 0.4, 0.1, 0.0, 0.0], [0.1, 0.0, 0.9, 0.0, 0.0]])
    assert [NAMES[i] for i in best_path(scores, NAMES)] == ["B-A", "I-A"]


def test_no_entity_goes_on_at_the_first_word() -> None:
    assert best_path(torch.tensor([[0.2, 0.0, 0.8, 0.0, 0.0]]), NAMES) == [0]


@pytest.mark.parametrize("kind", ["entities", "panels", "roles"])
def test_what_is_learnt_is_read_again(kind: Kind) -> None:
    scheme = of(next(tasks.of_kind(kind)).tagging or "entities")
    source = SourceTokenizer(tiny.bpe())("(A) Western blot of p53, (B) p53.")
    given = (Span(4, 16, "EXP_ASSAY"), Span(20, 23, "GENEPROD"), Span(29, 32, "GENEPROD"))
    spans = {
        "entities": given,
        "panels": (Span(0, 24, PANEL), Span(25, 33, PANEL)),
        "roles": tuple(replace(span, role="MEASURED_VAR") for span in given[1:]),
    }[kind]
    names = scheme.classes({"entities": ["GENEPROD", "EXP_ASSAY"], "panels": [PANEL], "roles": ["MEASURED_VAR"]}[kind])
    classes, lost = scheme.targets(source, spans, names)
    assert lost == 0
    scores = torch.tensor([[float(i == max(at, 0)) for i in range(len(names))] for at in classes])
    assert scheme.read(source, scores, names, given=given, goes_on=False) == spans


def test_a_span_that_no_word_carries_is_counted() -> None:
    source = SourceTokenizer(tiny.bpe())("Western blot")
    names = ["O", "A", "B-A", "I-A"]
    assert of("entities").targets(source, [Span(3, 12, "A")], names)[1] == 1
    assert of("roles").targets(source, [Span(3, 12, "A", role="A")], names)[1] == 1
    assert of("starts").targets(source, [Span(0, 10, PANEL), Span(3, 12, PANEL)], ["O", "B-panel"])[1] == 1


def test_roles_alone_mask_what_is_given() -> None:
    source = SourceTokenizer(tiny.bpe())("Blot of p53")
    given = [Span(8, 11, "GENEPROD")]
    assert of("entities").ids(source, given, 4) == of("starts").ids(source, given, 4) == list(source.ids)
    masked = of("roles").ids(source, given, 4)
    assert masked[: source.starts.index(8)] == list(source.ids[: source.starts.index(8)])
    assert set(masked[source.starts.index(8) :]) == {4}
    with pytest.raises(InputError, match="no mask token"):
        of("roles").ids(source, given, None)


def test_a_hypothesis_is_refused() -> None:
    with pytest.raises(InputError, match="task causal needs --kind seq2seq: a hypothesis cannot be"):
        of_task(tasks.get("causal"))
