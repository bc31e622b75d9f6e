"""Source tokens: offsets that hold, edges that a tag can stand at, for the vocabularies of all families."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.models.source_tokens import SourceTokenizer, tagged
from fewshot.records import Span
from tests.models import tiny

pytestmark = pytest.mark.local
VOCABULARIES = {"bpe": tiny.bpe(), "unigram": tiny.unigram(), "wordpiece": tiny.wordpiece()}
CUT = {name: SourceTokenizer(tokenizer) for name, tokenizer in VOCABULARIES.items()}


@pytest.fixture(params=sorted(VOCABULARIES))
def cut(request: pytest.FixtureRequest) -> SourceTokenizer:
    return CUT[request.param]


def check(cut: SourceTokenizer, text: str) -> None:
    source = cut(text)
    last = 0
    for i, (start, end) in enumerate(zip(source.starts, source.ends, strict=True)):
        assert 0 <= start <= end <= len(text)
        assert last <= start, "starts never fall"
        last = start
        if start < end:
            assert not text[start].isspace()
            assert not text[end - 1].isspace()
        if source.words[i]:
            assert start < end
    seen = {at for start, end in zip(source.starts, source.ends, strict=True) for at in range(start, end)}
    missing = [char for at, char in enumerate(text) if at not in seen and not char.isspace()]
    # What a vocabulary drops altogether (a normalizer may: control characters) is in no token and in every copy.
    assert all(not char.isalnum() for char in missing), missing


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_offsets_of_any_text(text: str) -> None:
    for cut in CUT.values():
        check(cut, text)


def test_every_gold_edge_of_the_corpus_lies_between_two_tokens(cut: SourceTokenizer) -> None:
    for example in data.read("demo")[:40]:
        source = cut(example.text)
        for span in (*(example.entities or ()), *(example.panels or ())):
            place = source.find(span)
            assert place is not None
            assert source.extent(*place) == (span.start, span.end)


def test_an_edge_inside_a_token_is_counted_and_not_lost_in_silence() -> None:
    source = CUT["bpe"]("in cells")
    assert len(source) == 2, "words of the vocabulary"
    assert source.find(Span(3, 7, "X")) is None
    assert tagged(source, [Span(3, 7, "X")], {"X": (1, 2)}).unreachable == 1
    assert tagged(source, [Span(3, 8, "X")], {"X": (1, 2)}).ids == (source.ids[0], 1, source.ids[1], 2)


def test_no_tag_stands_inside_a_letter() -> None:
    source = CUT["bpe"]("5∮m")  # three bytes, three tokens
    first = next(i for i, start in enumerate(source.starts) if start == 1)
    assert sum(start == 1 and end == 2 for start, end in zip(source.starts, source.ends, strict=True)) > 1
    assert source.opens(first)
    assert not source.closes(first)
    assert not source.opens(first + 1)
    assert source.find(Span(1, 2, "X")) is not None


def test_a_tag_of_the_source_is_no_tag() -> None:
    tokenizer, _ = tiny.seeded("bart")
    known = set(tokenizer.get_added_vocab().values())
    source = SourceTokenizer(tokenizer)("a <GENEPROD> b </s> c <mask>")
    assert not known & set(source.ids)
    assert not {tokenizer.eos_token_id, tokenizer.mask_token_id} & set(source.ids)


def test_words_are_whole_words(cut: SourceTokenizer) -> None:
    text = "Gα-null HEK293T (p53)"
    source = cut(text)
    words = [source.starts[i] for i, word in enumerate(source.words) if word]
    assert words == [0, 2, 3, 8, 16, 17, 20]


def test_frames() -> None:
    for name, before, after in (
        ("bpe", ["<s>"], ["</s>"]),
        ("unigram", [], ["</s>"]),
        ("wordpiece", ["[CLS]"], ["[SEP]"]),
    ):
        made = VOCABULARIES[name].convert_ids_to_tokens(CUT[name].framed([]))
        assert made == [*before, *after]


def test_rendering_a_tagged_text_would_give_other_ids() -> None:
    """Why targets are made of ids: what the docstring says is true of the demo corpus."""
    tokenizer: Any = tiny.seeded("bart", ("GENEPROD",))[0]
    cut = SourceTokenizer(tokenizer)
    tags = {"GENEPROD": (tokenizer.convert_tokens_to_ids("<GENEPROD>"), tokenizer.convert_tokens_to_ids("</GENEPROD>"))}
    different = 0
    for example in data.read("demo")[:10]:
        spans = [span for span in example.entities or () if span.label == "GENEPROD"]
        text, last = "", 0
        for span in spans:
            text += example.text[last : span.start] + f"<GENEPROD> {span.cut(example.text)} </GENEPROD>"
            last = span.end
        rendered = cut.text_ids(text + example.text[last:])
        different += bool(spans) and list(tagged(cut(example.text), spans, tags).ids) != rendered
    assert different > 0
