"""Answers of 100 kB that repeat one thing, as small models write them, are read in a few seconds by every format."""

from __future__ import annotations

import time

import pytest

from fewshot.formats import get
from fewshot.records import PANEL, Kind, Scheme

SIZE = 100_000
MOST = 8.0
"""Seconds. Each takes one or less; where a loop or a pattern is quadratic, minutes."""

TEXT = "(A) Blot of p53 in e e e cells; TNF-&alpha;. (B) p53 again. " * 40
SIGNS = (
    " ", "\t", "_", "*", "#", "|", ":", ";", "\\", '"', "(", "[", "{", "<", "&", "-", "e", "é", "0", "\u200b",
    "e; ", "p53; ", "p53#2; ", "(a) ", "p53, ", "| a ", "- p53\n", "GENEPROD: p53\n", "A: (A) Blot\n", "[{", '{"a":',
    '["', '{"text": "p53", "label": "GENEPROD"}\n', "&alpha; ", "< ", "<geneprod> ", "x:", " - ",
)  # fmt: skip
READERS: tuple[tuple[str, Kind, str], ...] = (
    ("list", "entities", "GENEPROD: "), ("list", "panels", "A: "), ("json", "entities", '{"entities": ['),
    ("json", "panels", '{"panels": [{"text": "'), ("sentence", "hypothesis", "<geneprod> "),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("format", "kind", "before"), READERS)
def test_any_sign_again_and_again(format: str, kind: Kind, before: str) -> None:
    scheme = Scheme(kind, (PANEL,) if kind == "panels" else ("GENEPROD", "CELL_TYPE"))
    for sign in SIGNS:
        answer = before + (sign * (SIZE // len(sign) + 1))[:SIZE]
        began = time.thread_time()
        get(format, kind).parse(answer, TEXT, scheme)
        assert time.thread_time() - began < MOST, repr(sign)


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["]", "(", '"}', '["', "{'", '"a" ', "//", "/*", '""'])
def test_json_that_is_to_be_repaired(sign: str) -> None:
    scheme = Scheme("entities", ("GENEPROD",))
    for before, after in (('{"entities": [{"text": "', '"}]}'), ("{'entities': [{'text': '", "'}]}"), ("[", "]")):
        began = time.thread_time()
        get("json", "entities").parse(before + sign * (SIZE // len(sign)) + after, TEXT, scheme)
        get("json", "entities").parse(before + sign * (2_900 // len(sign)) + after, TEXT, scheme)
        assert time.thread_time() - began < MOST


@pytest.mark.slow
def test_a_text_of_one_letter() -> None:
    scheme = Scheme("entities", ("GENEPROD",))
    answer = "GENEPROD: " + "; ".join("a" * length for length in range(1, 400))
    began = time.thread_time()
    get("list", "entities").parse(answer, "a" * SIZE, scheme)
    assert time.thread_time() - began < MOST
