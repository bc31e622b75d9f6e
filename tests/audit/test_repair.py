"""Repaired data, patches, decisions; the source is never touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewshot.audit import folder, patch
from fewshot.audit.changes import changed
from fewshot.audit.finding import Change
from fewshot.audit.repair import Decisions, applied, repair
from fewshot.errors import DataError, InputError
from fewshot.records import PANEL, Example, Hypothesis, Member, Span
from tests.audit.legends import SIX, findings, marked

RIGHT = marked(SIX)
DIRTY = marked(SIX.replace("|(B)", "(B)").replace("|(C)", "(C)").replace("|(E)", "(E)"))
LISTED = marked("|(A) Cells transfected with X (B) or Y (C) were tested. |(D) Gel.", "A D", id="listed")


def test_certain_changes_give_the_right_panels() -> None:
    after, steps = repair([DIRTY, LISTED], "panelization")
    assert after == [RIGHT, LISTED]
    assert [step.kind for step in steps] == ["merged_panels", "merged_panels"]


def test_aggressive_changes_all_but_what_is_for_review() -> None:
    after, steps = repair([DIRTY, LISTED], "panelization", aggressive=True)
    assert {step.kind for step in steps} == {"merged_panels", "tail_in_panel", "html_entity"}
    assert after[1] == LISTED
    assert "&lt;" not in after[0].text
    assert [panel.cut(after[0].text)[:3] for panel in after[0].panels or ()] == [f"({letter})" for letter in "ABCDEF"]


def test_decisions_of_a_person() -> None:
    found = {finding.kind: finding.name for finding in findings([DIRTY, LISTED])}
    decisions = Decisions(frozenset({found["enumerated_in_sentence"]}), frozenset({found["merged_panels"]}))
    after, steps = repair([DIRTY, LISTED], "panelization", decisions=decisions)
    assert sorted(step.kind for step in steps) == ["enumerated_in_sentence", "merged_panels"]
    assert (after[1].panels or ())[0].labels == ("A", "B", "C")


def test_a_patch_does_the_same_elsewhere(tmp_path: Path) -> None:
    after, steps = repair([DIRTY, LISTED], "panelization", aggressive=True)
    folder.write_repair(tmp_path / "out" / "data.jsonl", [DIRTY, LISTED], after, steps, "panelization")
    read = list(patch.read(tmp_path / "out" / "patch.jsonl"))
    assert [step for step, _ in read] == steps
    assert applied([DIRTY, LISTED], read)[0] == after
    assert applied([LISTED], read) == ([LISTED], {"fig": None})
    diff = (tmp_path / "out" / "changes.diff").read_text("utf-8")
    assert "+++ fig (repaired)" in diff
    assert "listed" not in diff


def test_a_patch_of_other_data_is_refused(tmp_path: Path) -> None:
    after, steps = repair([DIRTY], "panelization")
    folder.write_repair(tmp_path / "data.jsonl", [DIRTY], after, steps, None)
    with pytest.raises(DataError, match=r"patch.jsonl:1 \(id fig\): panels has no"):
        applied([RIGHT], patch.read(tmp_path / "patch.jsonl"))


LINE = {"id": "f", "finding": "x", "kind": "k", "certainty": "certain", "reason": "r", "field": "panels",
        "remove": [], "add": []}  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"field": "title"}, "field must be one of"),
        ({"add": [1]}, "add must be a list of objects"),
        ({"add": [{"start": 1}]}, "start and end must be whole numbers"),
        ({"add": [{"start": 1, "end": True}]}, "start and end must be whole numbers"),
        ({"field": "text", "remove": [{"start": 0, "end": 1, "text": "x"}]}, "as many items"),
        ({"field": "record", "remove": [{}]}, "needs id"),
        ({"field": "hypothesis", "remove": [{"part": "x"}]}, "part must be one of"),
        ({"id": 5}, "id must be a string"),
        ({"reason": None}, "reason is missing"),
    ],
)
def test_broken_patches_are_one_clear_line(tmp_path: Path, broken: dict[str, object], message: str) -> None:
    path = tmp_path / "patch.jsonl"
    path.write_text(json.dumps(LINE | broken))
    with pytest.raises(DataError, match=f"patch.jsonl:1: .*{message}"):
        list(patch.read(path))


@pytest.mark.parametrize("content", ["{", "[]", '{"accepted": "x"}', '{"rejected": [1]}'])
def test_broken_decisions_are_one_clear_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "decisions.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"decisions.json: "):
        patch.read_decisions(path)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for read in (patch.read_decisions, lambda path: list(patch.read(path))):
        with pytest.raises(InputError, match="cannot be read"):
            read(tmp_path / "nothing.json")


def test_the_source_is_never_the_target(tmp_path: Path) -> None:
    source = tmp_path / "data.jsonl"
    source.write_text("{}")
    for out in (source, tmp_path, tmp_path / "." / "data.jsonl"):
        with pytest.raises(InputError, match="never changed"):
            folder.target(out, str(source))
    with pytest.raises(InputError, match="never changed"):
        folder.target(tmp_path / "inside", str(tmp_path))
    assert folder.target(tmp_path / "other", str(source)) == tmp_path / "other" / "data.jsonl"
    assert folder.target(tmp_path / "o.jsonl", str(source)) == tmp_path / "o.jsonl"


def test_changes_of_every_field() -> None:
    example = Example("a", "a", "x &lt; p53", entities=(Span(7, 10, "GENE"),), split="train",
                      hypothesis=Hypothesis((Member("DRUG", "y"),), (), ()))  # fmt: skip
    text = Change("text", ({"start": 2, "end": 6, "text": "&lt;"},), ({"start": 2, "text": "<"},))
    assert changed(example, text).entities == (Span(4, 7, "GENE"),)
    assert changed(example, Change("split", ({"text": "train"},), ({"text": "test"},))).split == "test"
    members = Change("hypothesis", ({"part": "interventions", "label": "DRUG", "text": "y"},),
                     ({"part": "assays", "label": "ASSAY", "text": "z"},))  # fmt: skip
    assert changed(example, members).hypothesis == Hypothesis((), (), (Member("ASSAY", "z"),))
    with pytest.raises(DataError, match="the text has no"):
        changed(example, Change("text", ({"start": 0, "end": 1, "text": "q"},), ({"start": 0, "text": ""},)))
    with pytest.raises(DataError, match="the hypothesis has no"):
        changed(example, Change("hypothesis", ({"part": "assays", "label": "A", "text": "y"},)))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4), st.text("ab ", max_size=3)), max_size=4))
def test_spans_follow_any_edit_of_a_text(edits: list[tuple[int, int, str]]) -> None:
    text = "".join(chr(0x4E00 + at) for at in range(50))  # no character twice
    example = Example("a", "a", text, panels=(Span(10, 20, PANEL, ("A",)), Span(25, 45, PANEL, ("B",))))
    places, last = [], -1
    for start, size, sign in sorted(edits):
        if start > last:
            places.append((start, start + size, sign))
            last = start + size
    change = Change(
        "text",
        tuple({"start": start, "end": end, "text": text[start:end]} for start, end, _ in places),
        tuple({"start": start, "text": sign} for start, _, sign in places),
    )
    mended = changed(example, change)
    removed = {text[at] for start, end, _ in places for at in range(start, min(end, len(text)))}
    kept = [[sign for sign in panel.cut(text) if sign not in removed] for panel in example.panels or ()]
    now = [[sign for sign in panel.cut(mended.text) if sign in text] for panel in mended.panels or ()]
    assert [signs for signs in now if signs] == [signs for signs in kept if signs]
