"""CoNLL: four ways of tagging, read as spans and written as the very same tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.errors import DataError
from fewshot.records import Example, Span
from fewshot.text import iob

WORDS = ["Torsade", "de", "pointes", "after", "low", "dose", "dobutamine", "sotalol"]
TAGS = {
    "IOB2": ["B-D", "I-D", "I-D", "O", "O", "O", "B-C", "B-C"],
    "IOB1": ["I-D", "I-D", "I-D", "O", "O", "O", "I-C", "B-C"],
    "IOBES": ["B-D", "I-D", "E-D", "O", "O", "O", "S-C", "S-C"],
    "BILOU": ["B-D", "I-D", "L-D", "O", "O", "O", "U-C", "U-C"],
}
SPANS = (Span(0, 18, "D"), Span(34, 44, "C"), Span(45, 52, "C"))


def lines(words: list[str], tags: list[str], between: str = "\t") -> str:
    return "".join(f"{word}{between}{tag}\n" for word, tag in zip(words, tags, strict=True)) + "\n"


def read(path: Path, text: str) -> list[Example]:
    path.write_text(text, encoding="utf-8", newline="")
    return data.read(str(path))


@pytest.mark.parametrize("tagging", TAGS)
def test_every_tagging_gives_the_same_spans_and_its_own_tags_back(tagging: str, tmp_path: Path) -> None:
    text = lines(WORDS, TAGS[tagging])
    (example,) = read(tmp_path / "a.tsv", text)
    assert example.text == "Torsade de pointes after low dose dobutamine sotalol"
    assert example.entities == SPANS
    assert example.extra["tagging"] == tagging
    data.write([example], tmp_path / "b.tsv", "conll")
    assert (tmp_path / "b.tsv").read_bytes() == (tmp_path / "a.tsv").read_bytes()


@pytest.mark.parametrize("tagging", TAGS)
def test_the_way_over_jsonl_keeps_the_tags(tagging: str, tmp_path: Path) -> None:
    data.write(read(tmp_path / "a.tsv", lines(WORDS, TAGS[tagging])), tmp_path / "a.jsonl", "jsonl")
    data.write(data.read(str(tmp_path / "a.jsonl")), tmp_path / "b.tsv", "conll")
    assert (tmp_path / "b.tsv").read_bytes() == (tmp_path / "a.tsv").read_bytes()


def test_sentences_are_examples_and_documents_their_groups(tmp_path: Path) -> None:
    one, two = lines(["p53"], ["B-G"]), lines(["blot", "."], ["O", "O"])
    text = f"-DOCSTART-\tO\n\n{one}{two}-DOCSTART- -X- O\n\n{one}"
    examples = read(tmp_path / "a.tsv", text)
    assert [(e.id, e.group) for e in examples] == [
        ("a.tsv:3", "a.tsv:1"),
        ("a.tsv:5", "a.tsv:1"),
        ("a.tsv:10", "a.tsv:8"),
    ]
    data.write(examples, tmp_path / "b.tsv", "conll")
    assert data.read(str(tmp_path / "b.tsv"))[2].group != data.read(str(tmp_path / "b.tsv"))[1].group


def test_without_documents_a_sentence_is_its_own_group(tmp_path: Path) -> None:
    (example, _) = read(tmp_path / "a.tsv", lines(["p53"], ["B-G"]) + "\n\n" + lines(["x"], ["O"]))
    assert example.group == example.id == "a.tsv:1"


def test_the_first_column_is_the_word_and_the_last_the_tag(tmp_path: Path) -> None:
    (example,) = read(tmp_path / "a.conll", "p53 NN I-NP B-G\r\nblot NN I-NP O\r\n")
    assert (example.text, example.entities) == ("p53 blot", (Span(0, 3, "G"),))


def test_a_word_may_hold_a_space_where_tabs_part_columns(tmp_path: Path) -> None:
    text = "10 µM\tB-A\np53\tO\n\n"
    (example,) = read(tmp_path / "a.tsv", text)
    assert example.entities == (Span(0, 5, "A"),)
    data.write([example], tmp_path / "b.tsv", "conll")
    assert (tmp_path / "b.tsv").read_text("utf-8") == text


def test_tags_that_are_in_no_scheme_mean_something_and_come_back(tmp_path: Path) -> None:
    """An I- behind O begins an entity, as conlleval reads it."""
    text = lines(["a", "b", "c", "d"], ["O", "I-G", "I-D", "I-D"])
    text += lines(["a", "b"], ["B-G", "I-G"]) + lines(["a", "b"], ["B-G", "O"])
    first, *_ = examples = read(tmp_path / "a.tsv", text)
    assert first.entities == (Span(2, 3, "G"), Span(4, 7, "D"))
    data.write(examples, tmp_path / "b.tsv", "conll")
    assert (tmp_path / "b.tsv").read_text() == text


def test_edited_entities_are_written_and_not_the_tags_that_were_read(tmp_path: Path) -> None:
    text = lines(["a", "b"], ["O", "I-G"]) + 2 * lines(["c", "d"], ["B-G", "I-G"])
    example = read(tmp_path / "a.tsv", text)[0]
    assert example.extra["tags"] == ["O", "I-G"]
    edited = Example(example.id, example.group, example.text, entities=(Span(0, 1, "D"),), extra=example.extra)
    data.write([edited], tmp_path / "b.tsv", "conll")
    assert (tmp_path / "b.tsv").read_text() == lines(["a", "b"], ["B-D", "O"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("p53", r":3: no tag in 'p53'; a line is a word and its tag"),
        ("p53\t", r":3: '' is not a tag"),
        ("\tB-G", r":3: no word in '\\tB-G'"),
        ("p53\tGENE", r":3: 'GENE' is not a tag; tags are O, B-LABEL"),
        ("p53\tB-", r":3: 'B-' is not a tag"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.tsv" + said):
        read(tmp_path / "a.tsv", f"ok\tO\nok\tO\n{line}\n")


def test_an_entity_of_spaces_only(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.tsv:1 \(id a\.tsv:1\): an entity of white space only \(G, word 2\)"):
        read(tmp_path / "a.tsv", "p53\tO\n\u2009\tB-G\n")


def test_a_text_that_never_was_conll_is_parted_at_entity_edges(tmp_path: Path) -> None:
    text = "GFP-p53KO (5 µM)."
    example = Example("f", "f", text, entities=(Span(4, 7, "G"), Span(11, 15, "C")))
    data.write([example], tmp_path / "a.tsv", "conll")
    words = ["GFP", "-", "p53", "KO", "(", "5", "µM", ")", "."]
    tags = ["O", "O", "B-G", "O", "O", "B-C", "I-C", "O", "O"]
    assert (tmp_path / "a.tsv").read_text("utf-8") == lines(words, tags)


def test_what_conll_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="id f: has no entities to write; --task ner leaves such records out"):
        data.write([Example("f", "f", "p53")], tmp_path / "a.tsv", "conll")
    broken = Example("f", "f", "a\tb c", entities=(), extra={"tagging": "IOB2"})
    with pytest.raises(DataError, match="id f: a word holds a tab or a line break"):
        data.write([broken], tmp_path / "a.tsv", "conll")
    moved = Example("f", "f", "p53 blot", entities=(Span(0, 2, "G"),), extra={"tagging": "IOB2"})
    with pytest.raises(DataError, match=r"ends inside a word, at 2 of 'p53 blot'.*jsonl can"):
        data.write([moved], tmp_path / "a.tsv", "conll")


words_ = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=6).filter(
    lambda word: word not in ("-DOCSTART-",) and not word.startswith("\ufeff") and bool(word.strip())
)
tags_ = st.sampled_from(["O", "B-G", "I-G", "E-G", "S-G", "U-G", "L-G", "B-D", "I-D"])
sentences_ = st.lists(st.lists(st.tuples(words_, tags_), min_size=1, max_size=6), min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(sentences_)
def test_any_words_and_tags_come_back_byte_for_byte(tmp_path: Path, sentences: list[list[tuple[str, str]]]) -> None:
    text = "".join(lines([w for w, _ in s], [t for _, t in s]) for s in sentences)
    examples = read(tmp_path / "a.tsv", text)
    assert [len(e.entities or ()) for e in examples] == [len(list(iob.chunks([t for _, t in s]))) for s in sentences]
    data.write(examples, tmp_path / "b.tsv", "conll")
    assert (tmp_path / "b.tsv").read_bytes() == (tmp_path / "a.tsv").read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("ab1-–(). \u2009µ\u0301🧬"), max_size=30), st.sets(st.integers(0, 30), max_size=6))
def test_any_entities_can_be_written(tmp_path: Path, text: str, cuts: set[int]) -> None:
    edges = sorted(cut for cut in cuts if cut <= len(text))
    spans = []
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        surface = text[start:end]
        if surface.strip():
            left = start + len(surface) - len(surface.lstrip())
            spans.append(Span(left, left + len(surface.strip()), "G"))
    if not text.strip():
        return
    data.write([Example("f", "f", text, entities=tuple(spans))], tmp_path / "a.tsv", "conll")
    (back,) = data.read(str(tmp_path / "a.tsv"))
    said = ["".join(span.cut(back.text).split()) for span in back.entities or ()]
    assert said == ["".join(span.cut(text).split()) for span in spans]
