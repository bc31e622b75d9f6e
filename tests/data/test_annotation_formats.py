"""What holds for every format that holds entities: what is written reads back, by its content alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.records import Example, Span
from fewshot.text.spans import trimmed

KEEP_ALL = ("bioc", "doccano", "labelstudio", "langextract", "prodigy", "spacy", "table")
"""Formats that keep id, group, split, text and entities."""
FORMATS = (*KEEP_ALL, "brat", "pubtator", "tokens")
ENDINGS = {"bioc": ".xml", "brat": "", "pubtator": ".txt", "table": ".xlsx"}
ONE = Example("10.1/x fig 1", "10.1/x", "(A) IL‑1β 😀\tand p53 – µ.\nB", entities=(Span(4, 9, "GENE"),), split="test")
NONE = Example("b", "10.1/x", "nothing here", entities=(), split="test")


def path(folder: Path, name: str) -> Path:
    return folder / f"a{ENDINGS.get(name, '.json')}"


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_recognised_by_its_content(name: str, tmp_path: Path) -> None:
    plain = Example("f1", "f1", "Blot of p53 .", entities=(Span(8, 11, "GENE"),))
    assert data.write([plain], path(tmp_path, name), name) == 1
    assert data.guess(str(path(tmp_path, name))) == name
    (read,) = data.read(str(path(tmp_path, name)))
    assert (read.id, read.text, read.entities) == (plain.id, plain.text, plain.entities)


@pytest.mark.parametrize("name", KEEP_ALL)
def test_id_article_split_text_and_entities_come_back(name: str, tmp_path: Path) -> None:
    data.write([ONE, NONE], path(tmp_path, name), name)
    found = data.read(str(path(tmp_path, name)))
    assert found == [ONE, NONE]


@pytest.mark.parametrize("name", ["doccano", "labelstudio", "langextract", "prodigy", "spacy", "brat", "table"])
def test_an_unlabelled_text_stays_one(name: str, tmp_path: Path) -> None:
    data.write([Example("a", "a", "p53"), Example("b", "b", "p21", entities=())], path(tmp_path, name), name)
    found = data.read(str(path(tmp_path, name)), format=name)
    assert [example.entities for example in found] == [None, ()]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip)


@pytest.mark.parametrize(
    "name", ["bioc", "brat", "doccano", "labelstudio", "langextract", "prodigy", "pubtator", "spacy"]
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, draw=st.data())
def test_every_text_and_its_entities_come_back(name: str, text: str, draw: st.DataObject, tmp_path: Path) -> None:
    edges = sorted(draw.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    extents = [trimmed(text, *pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    entities = tuple(Span(*extent, "GENE") for extent in extents if extent is not None)
    one = Example("f1", "f1", text, entities=entities)
    other = Example("f2", "f2", "p53", entities=(Span(0, 3, "GENE"),))  # so that the first is known to be labelled
    target = Path(tempfile.mkdtemp(dir=tmp_path)) / f"a{ENDINGS.get(name, '.json')}"
    data.write([one, other], target, name)
    assert data.read(str(target), format=name) == [one, other]


@pytest.mark.parametrize("name", ["bioc", "brat", "doccano", "labelstudio", "prodigy", "pubtator", "spacy"])
def test_a_text_may_begin_with_a_byte_order_mark(name: str, tmp_path: Path) -> None:
    one = Example("f1", "f1", "\ufeffp53 binds", entities=(Span(1, 4, "GENE"),))
    data.write([one], path(tmp_path, name), name)
    assert data.read(str(path(tmp_path, name)), format=name) == [one]


@pytest.mark.parametrize("name", FORMATS)
def test_a_task_chooses_what_is_written(name: str, tmp_path: Path) -> None:
    one = Example(
        "f1", "f1", "(A) p53", entities=(Span(4, 7, "GENE", role="MEASURED_VAR"),), panels=(Span(0, 7, "panel"),)
    )
    data.write([one], path(tmp_path, name), name, "ner")
    (read,) = data.read(str(path(tmp_path, name)))
    assert [span.label for span in read.entities or ()] == ["GENE"]
