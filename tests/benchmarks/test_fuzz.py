"""The fuzzer finds what is planted, says it once, minimised, and gives the same input for the same seed."""

from __future__ import annotations

from time import monotonic

import pytest

from benchmarks import fuzz
from benchmarks.doors import Door, faults_of
from benchmarks.fuzz import Fault, Fuzzer, case_of, minimised, sent
from benchmarks.hostile import HOLE
from fewshot.errors import InputError
from fewshot.records import Hypothesis, Member, Span


def refuses(_text: str) -> list[str]:
    raise InputError("no")


def breaks(text: str) -> list[str]:
    return [{"a": "b"}[letter] for letter in text if letter == "<"]


def hangs(text: str) -> list[str]:
    while "<" in text:
        pass
    return []


def door(send: object) -> Door:
    return Door("answer planted", send, {"alone": f"p53 < {HOLE}"})  # type: ignore[arg-type]


def test_a_refusal_is_no_fault() -> None:
    assert sent(door(refuses), "p53") == "refused"
    assert sent(door(lambda _text: []), "p53") == ""


def test_what_breaks_is_found_and_minimised() -> None:
    found = sent(door(breaks), "p53 <a> MDM2")
    assert isinstance(found, Fault)
    assert (found.sort, found.where.partition(" at ")[0]) == ("traceback", "KeyError")
    assert minimised(door(breaks), "p53 <a> MDM2", found) == "<"


def test_what_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_LIMIT", 0.05)
    found = sent(door(hangs), "p53 <a>")
    assert isinstance(found, Fault)
    assert found.sort == "hang"


def test_a_fault_is_said_once_and_its_case_gives_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    planted = door(breaks)
    fuzzer = Fuzzer([planted], seed=7)
    for case in range(40):
        fuzzer.one(planted, case)
    ((_, finding),) = fuzzer.findings.items()
    assert finding.text == "<"
    assert isinstance(sent(planted, case_of(planted, 7, finding.case)), Fault)
    assert finding.times == fuzzer.total().traceback > 1
    assert capsys.readouterr().out.count("TRACEBACK") == 1
    assert fuzzer.total().inputs == 40


def test_each_sort_gets_its_share() -> None:
    doors = [door(lambda _text: []), Door("reply planted", lambda _text: [], {"alone": HOLE})]
    fuzzer = Fuzzer(doors, seed=1)
    fuzzer.run(monotonic() + 0.2)
    assert all(count.inputs > 10 for count in fuzzer.counts.values())


@pytest.mark.parametrize(
    ("spans", "fault"),
    [
        ((Span(0, 3, "G"),), ""), ((Span(0, 4, "G"),), "white space"), ((Span(2, 2, "G"),), "out of the text"),
        ((Span(5, 99, "G"),), "out of the text"), ((Span(0, 3, "X"),), "a label"),
        ((Span(0, 3, "G"), Span(2, 3, "G")), "overlaps"), ((Span(4, 8, "G"), Span(0, 3, "G")), "overlaps"),
    ],
)  # fmt: skip
def test_what_no_value_may_be(spans: tuple[Span, ...], fault: str) -> None:
    found = faults_of(spans, "p53 MDM2", ("G",))
    assert (found[0] if found else "").startswith(fault)
    assert bool(found) == bool(fault)


def test_a_member_has_a_text_and_a_label_of_the_task() -> None:
    assert faults_of(Hypothesis((Member("G", "p53"),)), "p53", ("G",)) == []
    assert len(faults_of(Hypothesis((Member("G", " "),), (Member("X", "p53"),)), "p53", ("G",))) == 2
