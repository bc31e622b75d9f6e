"""What is wrong with an answer: each kind on an example, and the sums, which are those of the scores."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewshot import tasks
from fewshot.errors import InputError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.tallying import tallies_of
from fewshot.records import PANEL, Example, Hypothesis, Member, Prediction, Span, Value
from fewshot.scoring.agreement import agreement
from fewshot.scoring.articles import by_article, by_label
from fewshot.scoring.errors import NOTHING, Errors, errors
from fewshot.scoring.faults import KINDS, Answered, examine
from fewshot.scoring.faults.pairing import overlapping
from fewshot.tasks import Case

TEXT = "Blot of p53 protein and MDM2 in HeLa cells."
P53, PROTEIN, MDM2, HELA = Span(8, 11, "G"), Span(8, 19, "G"), Span(24, 28, "G"), Span(32, 36, "C")
RECORDED = sorted(Path(tasks.__file__).parent.parent.joinpath("corpus", "recorded").iterdir())
STRICT = {"ner": "strict", "roles": "strict", "panelization": "spans", "causal": "members"}


def answered(task: str, gold: Value, said: Value, text: str = TEXT, **prediction: object) -> Answered:
    example = Example("x", "x", text)
    shown = (Example("d", "d", "(A) TNF‐α in mice."),)
    given = Prediction("x", said, **prediction)  # type: ignore[arg-type]
    return examine(tasks.get(task), Case(example, gold, said), given, shown)


def kinds(found: Answered) -> list[str]:
    return [fault.kind for fault in found.faults]


def test_entities() -> None:
    found = answered("ner", (P53, MDM2, HELA), (PROTEIN, Span(24, 28, "C"), Span(0, 4, "E")))
    assert kinds(found) == ["made_up", "wrong_boundary", "wrong_label", "missed"]
    boundary = found.faults[1]
    assert (boundary.gold[0].text, boundary.predicted[0].text) == ("p53", "p53 protein")
    assert found.faults[1].to_json() == {
        "kind": "wrong_boundary",
        "gold": [{"label": "G", "text": "p53", "start": 8, "end": 11}],
        "predicted": [{"label": "G", "text": "p53 protein", "start": 8, "end": 19}],
    }
    assert not found.right
    assert answered("ner", (P53,), (P53, P53)).right


def test_a_role_is_part_of_the_name_only_where_roles_are_asked_for() -> None:
    gold, said = Span(8, 11, "GENEPROD", role="CONTROLLED_VAR"), Span(8, 11, "GENEPROD", role="MEASURED_VAR")
    assert [hit.name for hit in answered("ner", (gold,), (said,)).hits] == ["GENEPROD"]
    fault = answered("roles", (gold,), (said,)).faults[0]
    assert (fault.gold[0].name, fault.predicted[0].name) == ("CONTROLLED_VAR", "MEASURED_VAR")


def test_an_edge_and_a_label_at_once_is_a_wrong_label() -> None:
    assert kinds(answered("ner", (P53,), (Span(8, 19, "C"),))) == ["wrong_label"]
    both = answered("ner", (P53,), (Span(8, 10, "C"), Span(10, 11, "G")))
    assert kinds(both) == ["made_up", "wrong_boundary"], "the same label goes first"


def test_roles() -> None:
    gold, said = Span(8, 11, "G", role="C"), Span(8, 11, "G", role="M")
    found = answered("roles", (gold,), (said,))
    assert kinds(found) == ["wrong_label"]
    assert (found.faults[0].gold[0].name, found.faults[0].predicted[0].name) == ("C", "M")
    assert answered("ner", (gold,), (said,)).right, "a role counts where roles are asked for"


def test_names_without_a_place() -> None:
    names = (Member("G", "TNF-α"), Member("G", "IL-6"))
    found = answered("ner", (P53,), (P53,), unplaced=names, problems={"not_in_text": 2})
    assert kinds(found) == ["copied", "not_in_text", "malformed"]
    assert found.faults[2].detail == "not_in_text 2"
    assert found.right, "they are scored nowhere"
    alone = examine(tasks.get("ner"), Case(Example("x", "x", TEXT), (), ()), Prediction("x", (), unplaced=names))
    assert kinds(alone) == ["not_in_text", "not_in_text"], "nothing was shown"


LEGEND = "(A) Blot. (B) Mice. (C) Gels. Source data: online."
A, B, C = Span(0, 9, PANEL, ("A",)), Span(10, 19, PANEL, ("B",)), Span(20, 29, PANEL, ("C",))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ((A, B, C), []), ((A, B, Span(20, 50, PANEL, ("C",))), []), ((Span(0, 19, PANEL, ("A",)), C), ["merged"]),
        ((Span(0, 29, PANEL, ("A",)),), ["merged"]),
        ((A, B, Span(20, 24, PANEL, ("C",)), Span(25, 29, PANEL, ())), ["split"]),
        ((A, B, Span(24, 29, PANEL, ("C",))), ["wrong_boundary"]),
        ((A, Span(10, 19, PANEL, ("D",)), C), ["wrong_label"]),
        ((A, C), ["missed"]), ((), ["missed", "missed", "missed"]),
        ((Span(0, 12, PANEL, ("A",)), Span(12, 19, PANEL, ("B",)), C), ["wrong_boundary", "wrong_boundary"]),
    ],
)  # fmt: skip
def test_panels(said: tuple[Span, ...], found: list[str]) -> None:
    assert kinds(answered("panelization", (A, B, C), said, LEGEND)) == found


def test_panels_that_are_made_up_and_what_they_hold() -> None:
    found = answered("panelization", (A,), (A, B), LEGEND)
    assert kinds(found) == ["made_up"]
    merged = answered("panelization", (A, B), (Span(0, 19, PANEL, ("A", "B")),), LEGEND).faults[0]
    assert [part.letters for part in merged.gold] == [("A",), ("B",)]
    assert merged.predicted[0].to_json()["letters"] == ["A", "B"]


def test_letters_that_scoring_passes_over_are_no_fault() -> None:
    example = Example("f", "f", LEGEND, inline_labels=("d",))
    said = (Span(0, 9, PANEL, ("a", "D")),)
    case = Case(example, (Span(0, 9, PANEL, ("A", "Q")),), said)
    assert kinds(examine(tasks.get("panelization"), case, Prediction("f", said))) == []


def test_hypotheses() -> None:
    gold = Hypothesis((Member("G", "p53"), Member("G", "HeLa cells")), (Member("G", "MDM2"),), (Member("E", "blot"),))
    said = Hypothesis((Member("G", "MDM2"), Member("G", "HeLa")), (Member("S", "tnf-α"), Member("S", "IL-6")), ())
    found = answered("causal", gold, said)
    assert sorted(kinds(found)) == ["copied", "made_up", "missed", "missed", "wrong_boundary", "wrong_label"]
    wrong = next(fault for fault in found.faults if fault.kind == "wrong_label")
    assert (wrong.gold[0].name, wrong.predicted[0].name) == ("observations", "interventions")
    assert not answered("causal", Hypothesis(), Hypothesis((Member("G", "TNF‐α"),))).right, "a copied name is scored"


def _apart(rows: list[tuple[int, int, str]]) -> tuple[Span, ...]:
    """Spans that do not overlap, of two or more characters each."""
    spans: list[Span] = []
    for start, length, label in sorted(rows):
        begin = max(3 * start, spans[-1].end if spans else 0)
        if begin + length + 1 <= len(TEXT):
            spans.append(Span(begin, begin + length + 1, label))
    return tuple(spans)


_ROW = st.tuples(st.integers(0, 11), st.integers(1, 3), st.sampled_from("GCE"))
spans_of_text = st.lists(_ROW, max_size=8).map(_apart)


@settings(max_examples=150, deadline=None)
@given(spans_of_text, spans_of_text)
def test_faults_add_up_to_the_counts_of_the_strict_score(gold: tuple[Span, ...], said: tuple[Span, ...]) -> None:
    for name, measure in (("ner", "strict"), ("panelization", "spans")):
        task = tasks.get(name)
        kind = [(Span(s.start, s.end, PANEL, ()) if name == "panelization" else s) for s in (*gold, *said)]
        ours, theirs = tuple(kind[: len(gold)]), tuple(kind[len(gold) :])
        case = Case(Example("x", "x", TEXT), ours, theirs)
        found = examine(task, case, Prediction("x", theirs))
        hits, predicted, right = task.tally(case)[measure]
        assert len(found.hits) == hits
        assert sum(len(fault.gold) for fault in found.faults) == right - hits
        assert sum(len(fault.predicted) for fault in found.faults) == predicted - hits
        assert found.right == (task.tally(case)["exact"][0] == 1)


@settings(max_examples=100, deadline=None)
@given(spans_of_text, spans_of_text)
def test_overlapping_pairs_are_those_of_all_pairs(gold: tuple[Span, ...], said: tuple[Span, ...]) -> None:
    ours, theirs = ([(span.start, span.end) for span in spans] for spans in (gold, said))
    every = [
        (min(a[1], b[1]) - max(a[0], b[0]), i, j)
        for i, a in enumerate(ours) for j, b in enumerate(theirs) if a[0] < b[1] and b[0] < a[1]
    ]  # fmt: skip
    assert list(overlapping(ours, theirs)) == every


def recorded(folder: Path) -> Errors:
    run = RunFolder(folder)
    scores = run.scores()
    task, examples = tasks.get(scores.task), run.examples()
    predictions = run.predictions(task.kind, examples)
    return errors(task, examples, predictions, labels=scores.signature["labels"], shown=run.shown_examples())


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
def test_the_faults_of_recorded_runs_add_up(folder: Path) -> None:
    run = RunFolder(folder)
    found, tallies = recorded(folder), tallies_of(run, run.scores())
    assert tallies is not None
    measure = tallies.measures.index(STRICT[tallies.task])
    hits, predicted, gold = (int(n) for n in tallies.counts.sum(0)[measure])
    faults = [fault for one in found.examples for fault in one.answered.faults if fault.scored]
    letters = sum(fault.kind == "wrong_label" for fault in faults) if tallies.task == "panelization" else 0
    assert sum(len(one.answered.hits) for one in found.examples) == hits - letters
    assert sum(len(fault.gold) for fault in faults) == gold - hits + letters
    assert sum(len(fault.predicted) for fault in faults) == predicted - hits + letters
    assert list(found.kinds) == list(KINDS)
    predictions = run.predictions(tasks.get(tallies.task).kind, run.examples())
    assert found.kinds["malformed"] == sum(bool(prediction.problems) for prediction in predictions)
    if "3shot" in folder.name:
        assert found.kinds["copied"] > 0


GOLD = [
    Example("1", "a", TEXT, entities=(P53, HELA)),
    Example("2", "b", TEXT, entities=(MDM2,)),
    Example("3", "b", TEXT, entities=()),
]


def of(*values: tuple[Span, ...]) -> Errors:
    said = [Prediction(example.id, value) for example, value in zip(GOLD, values, strict=True)]
    return errors(tasks.get("ner"), GOLD, said, labels=("G", "C"))


def test_confusions_and_the_worst_examples() -> None:
    found = of((Span(8, 11, "C"), HELA), (MDM2, P53), (P53,))
    assert found.confusion == {("G", "C"): 1, ("C", "C"): 1, ("G", "G"): 1, (NOTHING, "G"): 2}
    assert found.kinds["wrong_label"] == 1
    assert [one.id for one in found.worst(2)] == ["1", "2"]
    row = found.to_json()
    assert row["confusion"][0] == {"gold": NOTHING, "predicted": "G", "n": 2}
    assert [one["hits"] for one in row["examples"]] == [1, 1, 0]


def test_two_systems_agree_as_far_as_they_do() -> None:
    found = agreement(of((P53, HELA), (), (P53,)), of((P53,), (MDM2,), (P53,)))
    assert (found.both, found.first, found.second, found.neither) == (1, 1, 1, 0)
    assert (found.first_alone, found.second_alone) == (("1",), ("2",))
    assert (found.both_right, found.neither_right, found.same_faults) == (0, 1, 1)
    assert found.agreement == pytest.approx(2 * 2 / (3 + 3))
    assert agreement(of((), (), ()), of((), (), ())).agreement == 1.0
    fewer = errors(tasks.get("ner"), GOLD[:1], [Prediction("1", ())], labels=("G",))
    with pytest.raises(InputError, match="the same examples"):
        agreement(fewer, of((), (), ()))


def test_scores_by_article_and_by_label() -> None:
    from fewshot.scoring import tallies

    values = ((P53,), (MDM2, P53), ())
    said = [Prediction(example.id, value) for example, value in zip(GOLD, values, strict=True)]
    examples = [*GOLD, Example("4", "c", TEXT, entities=())]
    counts = tallies.count(tasks.get("ner"), examples, [*said, Prediction("4", ())], labels=("G", "C"), grouped=True)
    assert counts is not None
    found = by_article(counts, "strict.micro.f1")
    assert [(row.group, row.score, row.without) for row in found.articles] == [
        ("a", pytest.approx(2 / 3), pytest.approx(2 / 3)), ("b", pytest.approx(2 / 3), pytest.approx(2 / 3)),
        ("c", None, None),
    ]  # fmt: skip
    assert (found.score, found.low, found.high) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    genes, cells = by_label(counts)
    assert (genes.name, genes.support) == ("strict.label.G", 2)
    assert genes.f1 == pytest.approx(0.8)
    assert (cells.support, cells.f1, cells.interval.why) == (1, 0.0, "1 article, an interval needs 3")
    assert genes.to_json()["interval"]["why"] == "2 articles, an interval needs 3"
