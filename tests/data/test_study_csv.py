"""The study's CSV, in both shapes: targets become offsets in the input, and become the same targets again."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewshot import data
from fewshot.data import study_csv
from fewshot.data.study_csv import DELIMITER
from fewshot.errors import DataError
from fewshot.records import PANEL, Example, Hypothesis, Member, Span

TEXT = "(A) Blot of p53. (B) Cells, p < 0.05."
PANELS = "<panel> (A) Blot of p53. </panel> <panel> (B) Cells, p < 0.05. </panel> [END]"
NER = "(A) Blot of <GENEPROD> p53 </GENEPROD> . (B) Cells, p < 0.05. [END]"
CAUSAL = (
    "<small_molecule> nutlin </small_molecule> was tested for its influence on <geneprod> p53 </geneprod>"
    " by <EXPERIMENT> Blot </EXPERIMENT> [END]"
)


def write(path: Path, rows: list[list[str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def table(path: Path, *rows: list[str]) -> str:
    return write(path, [["subset", "input_text", "output_text"], *rows])


@pytest.mark.parametrize(
    ("subset", "split"),
    [
        ("train", "train"), ("trainset", "train"), ("validation", "validation"), ("eval", "validation"),
        ("test", "test"), ("testset", "test"), (" Test ", "test"),
    ],
)  # fmt: skip
def test_subsets(subset: str, split: str, tmp_path: Path) -> None:
    (example,) = data.read(table(tmp_path / "a.csv", [subset, TEXT, PANELS]))
    assert example.split == split


def test_panels(tmp_path: Path) -> None:
    (example,) = data.read(table(tmp_path / "a.csv", ["test", TEXT, PANELS]), "panelization")
    assert example == Example(
        "a.csv:2", "a.csv:2", TEXT, panels=(Span(0, 16, PANEL, ("A",)), Span(17, 37, PANEL, ("B",))), split="test"
    )


def test_entities_with_the_labels_of_the_file(tmp_path: Path) -> None:
    (example,) = data.read(table(tmp_path / "a.csv", ["test", TEXT, NER]), "ner")
    assert example.entities == (Span(12, 15, "GENEPROD"),)


def test_a_hypothesis(tmp_path: Path) -> None:
    (example,) = data.read(table(tmp_path / "a.csv", ["test", TEXT, CAUSAL]), "causal")
    assert example.hypothesis == Hypothesis(
        (Member("SMALL_MOLECULE", "nutlin"),), (Member("GENEPROD", "p53"),), (Member("EXP_ASSAY", "Blot"),)
    )


def test_the_export_with_one_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{TEXT} {DELIMITER} {PANELS}\n\n{TEXT}{DELIMITER}{PANELS}\n", encoding="utf-8")
    first, second = data.read(str(path))
    assert (first.id, second.id) == ("a.csv:1", "a.csv:3")
    assert first.panels == second.panels == (Span(0, 16, PANEL, ("A",)), Span(17, 37, PANEL, ("B",)))
    assert first.split is None


def test_the_export_with_a_header_and_quotes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [["text"], [f'{TEXT} "quoted"{DELIMITER}{NER} "quoted"']])
    (example,) = data.read(path)
    assert example.text == f'{TEXT} "quoted"'
    assert example.entities == (Span(12, 15, "GENEPROD"),)


@pytest.mark.parametrize("prefix", ["Panelize: ", "Tag the entities in this figure legend: ", "Causal hypothesis: "])
def test_a_prompt_before_the_input_is_stripped(prefix: str, tmp_path: Path) -> None:
    (example,) = data.read(table(tmp_path / "a.csv", ["test", prefix + TEXT, PANELS]))
    assert example.text == TEXT


def test_a_legend_that_only_looks_like_one_is_not(tmp_path: Path) -> None:
    text = "Data information: (A) Blot of p53."
    (example,) = data.read(table(tmp_path / "a.csv", ["test", text, f"<panel> {text} </panel> [END]"]))
    assert example.text == text


def test_a_target_that_differs_a_little_is_aligned(tmp_path: Path) -> None:
    target = PANELS.replace("(B) Cells, p", "(B)  Cels p").replace(" [END]", "")
    (example,) = data.read(table(tmp_path / "a.csv", ["test", TEXT, target]))
    assert example.panels == (Span(0, 16, PANEL, ("A",)), Span(17, 37, PANEL, ("B",)))


def test_rows_may_run_over_lines_and_ids_say_where_they_start(tmp_path: Path) -> None:
    broken = TEXT.replace(". (B)", ".\n(B)")
    path = table(tmp_path / "a.csv", ["train", broken, PANELS], [], ["test", TEXT, PANELS])
    assert [example.id for example in data.read(path)] == ["a.csv:2", "a.csv:5"]


def test_what_looks_like_a_tag_in_the_input_is_none(tmp_path: Path) -> None:
    text = "Clones <AB> and </AB> of p53."
    target = "Clones <AB> and </AB> of <GENEPROD> p53 </GENEPROD> . [END]"
    (example,) = data.read(table(tmp_path / "a.csv", ["test", text, target]))
    assert example.entities == (Span(25, 28, "GENEPROD"),)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["subset", "input", "output_text"], ["test", TEXT, NER]], r":1: no column 'input_text' \(columns: subset"),
        ([["subset", "input_text", "output_text"], ["test", TEXT]], ":2: 2 columns where the header has 3"),
        ([["subset", "input_text", "output_text"], ["dev", TEXT, NER]], ":2: unknown subset 'dev'; one of train"),
        ([["subset", "input_text", "output_text"], ["test", " ", NER]], ":2: input_text is empty"),
        ([["subset", "input_text", "output_text"], ["test", TEXT, ""]], ":2: output_text is empty"),
        ([["subset", "input_text", "output_text"], ["test", TEXT, NER], ["test", TEXT, "nothing like it"]],
         r":3: output_text is not a copy of input_text \(0% of it is there\)"),
        ([["text"], ["a ###tt9HHSlkWoUM### a"], [f"{TEXT} without a target"]],
         ":3: no ###tt9HHSlkWoUM### between input and target"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_and_nothing_dropped(rows: list[list[str]], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv" + said):
        data.read(write(tmp_path / "a.csv", rows))


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('subset,input_text,output_text\ntest,"(A) Blot,x\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.csv:2: not CSV: unexpected end of data"):
        data.read(str(path))


def test_targets_of_another_task(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the targets are those of panelization, not of ner"):
        data.read(table(tmp_path / "a.csv", ["test", TEXT, PANELS]), "ner")


def test_written_rows_are_the_study_s(tmp_path: Path) -> None:
    example = Example("f", "f", TEXT, panels=(Span(0, 16, PANEL, ("A",)), Span(17, 37, PANEL, ("B",))), split="train")
    data.write([example], tmp_path / "a.csv", "study_csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["subset", "input_text", "output_text"], ["train", TEXT, PANELS]]


@pytest.mark.parametrize("task", ["panelization", "ner", "causal"])
def test_the_bundled_corpus_comes_back(task: str, tmp_path: Path) -> None:
    field = {"panelization": "panels", "ner": "entities", "causal": "hypothesis"}[task]
    examples = [example for example in data.read("demo") if getattr(example, field) is not None]
    assert data.write(examples, tmp_path / "a.csv", "study_csv", task) == len(examples)
    back = data.read(str(tmp_path / "a.csv"), task)
    for was, now in zip(examples, back, strict=True):
        assert (now.text, now.split) == (was.text, was.split)
        if isinstance(was.hypothesis, Hypothesis) and isinstance(now.hypothesis, Hypothesis):
            assert now.hypothesis == was.hypothesis
        else:
            ours, theirs = getattr(was, field), getattr(now, field)
            assert [(s.start, s.end, s.label) for s in theirs] == [(s.start, s.end, s.label) for s in ours]


def test_only_one_sort_of_label_goes_into_a_file(tmp_path: Path) -> None:
    figure = Example("f", "g", TEXT, panels=(), entities=())
    panel = Example("p", "g", TEXT, hypothesis=Hypothesis())
    with pytest.raises(DataError, match="id p: not labelled for panelization; --task T"):
        data.write([figure, panel], tmp_path / "a.csv", "study_csv")
    with pytest.raises(DataError, match="id p: not labelled for ner"):
        data.write([figure, panel], tmp_path / "a.csv", "study_csv", "ner")
    with pytest.raises(DataError, match="not labelled for any task that study_csv holds"):
        data.write([Example("t", "t", TEXT)], tmp_path / "a.csv", "study_csv")


legends = st.text(st.sampled_from("AB()., p53<>/\"'\n–µ[END]panel\\"), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() and bool(text)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(legends, st.integers(0, 40), st.integers(0, 40))
def test_any_legend_with_a_panel_comes_back(tmp_path: Path, text: str, one: int, other: int) -> None:
    """(If it has a panel: without any tag nothing says of which task a target is.)"""
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    if not text[start:end].strip():
        start, end = 0, len(text)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].strip())
    example = Example("a.csv:2", "a.csv:2", text, panels=(Span(start, end, PANEL),), split="test")
    data.write([example], tmp_path / "a.csv", "study_csv", "panelization")
    (back,) = data.read(str(tmp_path / "a.csv"), "panelization")
    assert back.text == text
    assert [(s.start, s.end) for s in back.panels or ()] == [(start, end)]


@pytest.mark.parametrize(
    "target",
    ["<aa>" * 30_000, "<" + " " * 60_000, "<" * 60_000, "<aa" * 30_000, "</aa>" * 20_000, "<aa></aa>" * 12_000],
)
def test_long_targets_take_no_longer_than_their_length(target: str, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f'subset,input_text,output_text\ntrain,p53,"{target[:120_000]}"\n')
    start = time.process_time()
    assert study_csv.StudyCsvReader().task_of(str(path)) in (None, "ner")
    assert time.process_time() - start < 2


def test_a_cell_may_be_as_long_as_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"subset,input_text,output_text\ntrain,{'p53 ' * 50_000},{'p53 ' * 50_000}\n")
    (row,) = study_csv.StudyCsvReader().pairs(str(path))
    assert len(row.target) > 131_072  # what Python's csv allows by itself
    with monkeypatch.context() as patch:
        patch.setenv("FEWSHOT_MOST_BYTES", "5000")
        with pytest.raises(DataError, match=r"5,?000"):
            study_csv.StudyCsvReader().pairs(str(path))
    assert len(study_csv.StudyCsvReader().pairs(str(path))) == 1  # a bound does not outlive its setting


def test_a_tag_counts_where_it_is_closed_behind_its_opening() -> None:
    assert study_csv._tags("</GENE> <GENE>p53 <CELL>HeLa</cell> < TISSUE\n>liver</TISSUE > <X>y</X>") == ["TISSUE"]
