"""Disguised legends: nothing but letters and digits changes, and annotations still name what the text says."""

from __future__ import annotations

from random import Random

from fewshot.demo import synthesis
from fewshot.demo.synthesis.disguise import disguised
from fewshot.records import Hypothesis

EXAMPLES = synthesis.generate(20, seed=11)


def test_no_offset_changes_and_only_letters_and_digits_do() -> None:
    random = Random(0)
    changed = 0
    for example in EXAMPLES:
        made = disguised(example, random)
        assert len(made.text) == len(example.text)
        assert (made.panels, made.entities) == (example.panels, example.entities)
        for was, now in zip(example.text, made.text, strict=True):
            assert was == now or (was.isalnum() and (was.isdigit(), was.isupper()) == (now.isdigit(), now.isupper()))
            changed += was != now
    assert changed > 1000


def test_what_was_named_in_the_text_still_is() -> None:
    random = Random(1)
    for example in EXAMPLES:
        if not isinstance(example.hypothesis, Hypothesis):
            continue
        made = disguised(example, random)
        assert made.hypothesis is not None
        for (_, before), (_, after) in zip(example.hypothesis.roles(), made.hypothesis.roles(), strict=True):
            for was, now in zip(before, after, strict=True):
                assert was.label == now.label
                assert (was.text in example.text) == (now.text in made.text)


def test_a_name_has_one_disguise_in_a_legend() -> None:
    for example in EXAMPLES:
        made = disguised(example, Random(2))
        names: dict[str, set[str]] = {}
        for span in example.entities or ():
            names.setdefault(span.cut(example.text), set()).add(span.cut(made.text))
        assert all(len(found) == 1 for found in names.values())
