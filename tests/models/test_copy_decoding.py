"""Copy decoding against a search that is slow and obviously right: one token at a time, no cache, no draft."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot.formats import tag_pairs
from fewshot.models import ragged
from fewshot.models.copy_decoding import CopyDecoder, Cost, Rule, spans, tag
from fewshot.models.copy_row import Mark
from fewshot.models.drafts import Copying, Draft, Drafter, Stepping
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.models.vocabulary import tag_ids
from tests.models import tiny

pytestmark = pytest.mark.local
Tags = Mapping[str, tuple[int, int]]


@torch.inference_mode()
def plain_search(
    model: Any, encoded: Sequence[int], source: SourceTokens, start: Sequence[int], tags: Tags, rule: Rule
) -> list[tuple[int, int, str]]:
    """The definition: at each place score the whole vocabulary, and take the best of what is allowed."""
    answer, place, opened, label, found = list(start), 0, 0, "", []
    states = model.get_encoder()(input_ids=torch.tensor([encoded]))
    while place < len(source) or label:
        logits = model(encoder_outputs=states, decoder_input_ids=torch.tensor([answer])).logits[0, -1]
        choices: dict[str, int] = {}
        if place < len(source):
            choices["copy"] = source.ids[place]
        if not label and place < len(source) and source.opens(place):
            choices |= {f"open {name}": pair[0] for name, pair in tags.items()}
        if label and place > opened and (source.closes(place - 1) or place == len(source)):
            choices["close"] = tags[label][1]
        scores = {name: float(logits[token]) for name, token in choices.items()}
        if "close" in scores:  # any closing tag says that the span ends
            scores["close"] = max(float(logits[pair[1]]) for pair in tags.values())
        if rule == "everything" and "copy" in scores:
            possible = [pair[0] for pair in tags.values()] if not label else [pair[1] for pair in tags.values()]
            rest = logits.clone()
            rest[possible] = float("-inf")
            scores["copy"] = float(torch.logsumexp(rest, -1))
        best = max(scores, key=lambda name: scores[name])  # of equals the first
        answer.append(choices[best])
        if best == "copy":
            place += 1
        elif best == "close":
            found.append((opened, place, label))
            label = ""
        else:
            opened, label = place, best.removeprefix("open ")
    return found


_FOUND: dict[tuple[str, str, tuple[int, ...]], list[tuple[int, int, str]]] = {}


def _plain(
    model: Any, encoded: Sequence[int], source: SourceTokens, start: Sequence[int], tags: Tags, rule: Rule
) -> list[tuple[int, int, str]]:
    """`plain_search`, which takes seconds, once for each of the models of `family`."""
    key = model.config.model_type, rule, tuple(encoded)
    if key not in _FOUND:
        _FOUND[key] = plain_search(model, encoded, source, start, tags, rule)
    return _FOUND[key]


def biased(model: Any, tags: Tags, by: float) -> None:
    """Makes tags about as likely as copying, so that random weights open and close some."""
    with torch.no_grad():
        head = model.get_output_embeddings().weight
        for pair in tags.values():
            for token in pair:
                head[token] *= by


def marks_of(found: Sequence[Mark]) -> list[tuple[int, int, str]]:
    return [(mark.first, mark.after, mark.label) for mark in found]


@pytest.fixture(scope="module", params=["bart", "t5"])
def family(request: pytest.FixtureRequest) -> tuple[Any, Any, Tags]:
    tokenizer, model = tiny.seeded(request.param)
    model = model.double()
    tags = tag_ids(tokenizer, tag_pairs(tiny.LABELS))
    biased(model, tags, 2.0)
    return tokenizer, model, tags


TEXTS = [
    "(A) Western blot of p53.",
    "Gα-null  mice\u2009and\n MDM2 at 5 µM.",
    "p53",
    "x " * 30 + "end",
    *(t[:160] for t in tiny.texts()[:6]),
]


class Wild(Drafter):
    """Expects spans at random, mostly wrong ones; `seed` says which."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def drafts(self, states: torch.Tensor, sources: Sequence[SourceTokens]) -> list[Draft]:
        made = []
        for source in sources:
            draft, last = Draft(source), 0
            while last + 2 < len(source) and self._random.random() < 0.9:
                first = self._random.randrange(last, min(last + 12, len(source) - 1))
                after = self._random.randrange(first + 1, min(first + 6, len(source)) + 1)
                draft.expect(first, after, self._random.randrange(len(tiny.LABELS)))
                last = after
            made.append(draft)
        return made


class Known(Drafter):
    """Expects some marks, in the order of the batch."""

    def __init__(self, marks: Sequence[Sequence[tuple[int, int, str]]]) -> None:
        self._marks = marks

    def drafts(self, states: torch.Tensor, sources: Sequence[SourceTokens]) -> list[Draft]:
        made = []
        for source, marks in zip(sources, self._marks, strict=True):
            draft = Draft(source)
            for first, after, label in marks:
                draft.expect(first, after, tiny.LABELS.index(label))
            made.append(draft)
        return made


DRAFTERS: Mapping[str, Callable[[], Drafter]] = {"copying": Copying, "stepping": Stepping, "wild": lambda: Wild(3)}


@pytest.mark.parametrize("drafter", DRAFTERS)
@pytest.mark.parametrize("rule", ["candidates", "everything"])
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_the_same_as_a_plain_search(family: tuple[Any, Any, Tags], batch: int, rule: Rule, drafter: str) -> None:
    tokenizer, model, tags = family
    if rule == "everything":  # hundreds of other tokens weigh against a tag
        model = copy.deepcopy(model)
        biased(model, tags, 60.0)
    cut = SourceTokenizer(tokenizer)
    decoder = CopyDecoder(model, tags, rule=rule, drafter=DRAFTERS[drafter]())
    start = [model.config.decoder_start_token_id, *cut.before]
    total = 0
    for first in range(0, len(TEXTS), batch):
        sources = [cut(text) for text in TEXTS[first : first + batch]]
        inputs = [cut.framed(source.ids) for source in sources]
        found = decoder.decode(inputs, sources, start)
        for source, encoded, marks in zip(sources, inputs, found, strict=True):
            assert marks_of(marks) == _plain(model, encoded, source, start, tags, rule)
            total += len(marks)
    assert total > 5, "a test in which nothing is tagged shows nothing"


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_any_text_is_copied_whole(text: str, seed: int) -> None:
    for name in ("bart", "t5"):
        tokenizer, model, tags = _cached(name)
        cut = SourceTokenizer(tokenizer)
        source = cut(text)
        start = [model.config.decoder_start_token_id, *cut.before]
        inputs = [cut.framed(source.ids)]
        (marks,) = CopyDecoder(model, tags).decode(inputs, [source], start)
        assert marks_of(marks) == plain_search(model, inputs[0], source, start, tags, "candidates")
        (again,) = CopyDecoder(model, tags, drafter=Wild(seed)).decode(inputs, [source], start)
        assert marks_of(again) == marks_of(marks)
        last = 0
        for span in spans(source, marks):
            assert last <= span.start < span.end <= len(text)
            assert span.cut(text) == span.cut(text).strip()
            last = span.end


def test_a_draft_that_is_right_takes_one_pass(family: tuple[Any, Any, Tags]) -> None:
    tokenizer, model, tags = family
    cut = SourceTokenizer(tokenizer)
    start = [model.config.decoder_start_token_id, *cut.before]
    sources = [cut(text) for text in TEXTS[:3]]
    inputs = [cut.framed(source.ids) for source in sources]
    copying = CopyDecoder(model, tags)
    marks = [marks_of(row) for row in copying.decode(inputs, sources, start)]
    assert copying.cost.passes > 1
    assert sum(map(len, marks)) > 2, "a test in which nothing is tagged shows nothing"
    knowing = CopyDecoder(model, tags, drafter=Known(marks))
    assert [marks_of(row) for row in knowing.decode(inputs, sources, start)] == marks
    assert (knowing.cost.passes, knowing.cost.answers, knowing.cost.turns) == (1, 3, 3)
    written = sum(len(start) + len(source) + 2 * len(row) for source, row in zip(sources, marks, strict=True))
    assert knowing.cost.kept == knowing.cost.fed == written


def test_a_large_batch_is_fed_in_pieces(family: tuple[Any, Any, Tags], monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, model, _ = family
    whole = tag(model, tokenizer, TEXTS, list(tiny.LABELS))
    monkeypatch.setattr(ragged, "_FED", 7)
    pieces = tag(model, tokenizer, TEXTS, list(tiny.LABELS))
    assert [[span.confidence for span in row] for row in pieces] == [
        [pytest.approx(span.confidence) for span in row] for row in whole
    ]
    assert any(whole)


def test_without_places_for_two_tags_more_none_opens() -> None:
    tokenizer, model, tags = _cached("bart")
    cut = SourceTokenizer(tokenizer)
    start = [model.config.decoder_start_token_id, *cut.before]
    source = cut(TEXTS[1])
    inputs = [cut.framed(source.ids)]
    (free,) = CopyDecoder(model, tags).decode(inputs, [source], start)
    assert len(free) > 1
    config = copy.deepcopy(model.config)
    places, model.config.max_position_embeddings = config.max_position_embeddings, len(start) + len(source) + 3
    try:
        for drafter in (Copying(), Known([marks_of(free)])):
            (few,) = CopyDecoder(model, tags, drafter=drafter).decode(inputs, [source], start)
            assert marks_of(few) == marks_of(free)[:1]
    finally:
        model.config.max_position_embeddings = places


_CACHE: dict[str, tuple[Any, Any, Tags]] = {}


def _cached(name: str) -> tuple[Any, Any, Tags]:
    if name not in _CACHE:
        tokenizer, model = tiny.seeded(name, seed=1)
        tags = tag_ids(tokenizer, tag_pairs(tiny.LABELS))
        model = model.double()
        biased(model, tags, 2.0)
        _CACHE[name] = tokenizer, model, tags
    return _CACHE[name]


def test_from_a_text_to_spans(family: tuple[Any, Any, Tags]) -> None:
    tokenizer, model, _ = family
    costs: list[Cost] = []
    found = tag(model, tokenizer, TEXTS, list(tiny.LABELS), batch=3)
    again = [row for text in TEXTS for row in tag(model, tokenizer, [text], list(tiny.LABELS))]
    assert found == again
    bare = [[(span.start, span.end, span.label) for span in row] for row in found]
    stepped = tag(model, tokenizer, TEXTS, list(tiny.LABELS), drafter=Stepping(), told=costs.append)
    assert [[(span.start, span.end, span.label) for span in row] for row in stepped] == bare
    assert costs[0].fed == costs[0].kept > 0
    assert all(0.25 <= (span.confidence or 0) <= 1 for row in found for span in row)
    assert any(found)


def test_a_model_of_another_family_is_refused() -> None:
    from types import SimpleNamespace

    with pytest.raises(TypeError, match="pegasus"):
        CopyDecoder(SimpleNamespace(config=SimpleNamespace(model_type="pegasus")), {"A": (1, 2)})
