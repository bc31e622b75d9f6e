"""Which runs are one row, what a row is called, and what of it becomes a column."""

from __future__ import annotations

import shutil
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pytest

from fewshot.errors import InputError
from fewshot.experiment.running import run
from fewshot.records import Training
from fewshot.report.compare import compare
from tests.report.conftest import SYSTEMS
from tests.report.systems import LOCAL, PROMPTED, System, corpus, write

F1 = "strict.micro.f1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(corpus(5), "gold.jsonl")
    Path("runs").mkdir()
    return tmp_path


def prompted(name: str, *, right: float = 0.7, draw: int = 0, **signature: object) -> Path:
    return System(right=right, draw=draw, signature={**PROMPTED, **signature}).run(f"runs/{name}")


@pytest.mark.usefixtures("folder")
def test_runs_that_differ_in_the_seed_alone_are_one_row_with_mean_and_deviation() -> None:
    paths = [prompted(f"seed{seed}", draw=seed, seed=seed) for seed in range(3)]
    compared = compare([*paths, prompted("other", seed=0, shots={"asked": 0, "mean": 0.0})])
    assert [(row.name, row.seeds) for row in compared.systems] == [("gpt-6", 3), ("gpt-6", 1)]
    folded = compared.systems[0]
    scores = [result.scores[F1] for result in folded.results]
    found = folded.estimate(F1)
    assert found is not None
    assert len(set(scores)) == 3
    assert found.mean == pytest.approx(mean(scores))
    assert found.deviation == pytest.approx(stdev(scores))
    assert found.interval.low is not None
    assert found.interval.high is not None
    assert found.interval.low < found.mean < found.interval.high
    assert folded.settings["seed"] == (0, 1, 2)
    cell = next(row for row in compared.table([F1]).rows if row[1].text.count("±"))[1]
    assert " ± " in cell.text
    assert cell.text.endswith("]")
    assert any("standard deviation over seeds" in note for note in compared.table().notes)


@pytest.mark.usefixtures("folder")
def test_a_seed_that_was_run_twice_is_a_system_of_its_own() -> None:
    compared = compare([prompted("one", seed=0), prompted("two", draw=1, seed=0)])
    assert [row.seeds for row in compared.systems] == [1, 1]
    assert [row.label for row in compared.systems] == ["gpt-6 [runs/one]", "gpt-6 [runs/two]"]


@pytest.mark.usefixtures("folder")
def test_weights_of_several_training_seeds_are_one_row() -> None:
    paths = [
        System(
            right=0.8,
            draw=seed,
            signature={**LOCAL, "model": f"models/tagger-{seed}", "decoder": f"{seed}:labels"},
            training=Training(seed=seed, settings="abc", seconds=10.0 + seed),
        ).run(f"runs/tagger-{seed}")
        for seed in range(2)
    ]
    (row,) = compare(paths).systems
    assert (row.seeds, row.settings["training_seed"], row.cost.training_seconds) == (2, (0, 1), 10.5)


def test_rules_that_answer_the_same_at_0_2_and_3_shots_are_one_row(folder: Path) -> None:
    paths = [run("ner", data="demo", limit=4, shots=shots, out=folder / f"r{shots}").folder.path for shots in (0, 2, 3)]
    compared = compare(paths)
    (row,) = compared.systems
    assert [run.folder.path for run in row.runs] == paths
    assert (row.seeds, row.settings["shots"]) == (1, (0, 2, 3))
    assert list(compared.frame["system"]) == ["all-empty", "rules-2"]
    assert len(compared.signatures) == 3


@pytest.mark.usefixtures("folder")
def test_rules_that_answer_differently_are_two_rows() -> None:
    other = replace(SYSTEMS["rules"], draw=9)
    assert len(compare([SYSTEMS["rules"].run("runs/a"), other.run("runs/b")]).systems) == 2


@pytest.mark.usefixtures("folder")
def test_a_prompted_model_that_answers_the_same_at_other_shots_is_still_another_system() -> None:
    compared = compare([prompted("three"), prompted("two", shots={"asked": 2, "mean": 2.0})])
    assert [row.label for row in compared.systems] == ["gpt-6 (3 shots)", "gpt-6 (2 shots)"]


@pytest.mark.usefixtures("folder")
def test_a_model_is_called_by_its_own_name_unless_two_have_it() -> None:
    one = System(right=0.8, signature={**LOCAL, "model": "models/a/SmolLM2-135M-Instruct"}).run("runs/one")
    other = System(right=0.8, signature={**LOCAL, "model": "models/b/SmolLM2-135M-Instruct"}).run("runs/other")
    (alone,) = compare([one]).systems
    assert alone.label == "SmolLM2-135M-Instruct"
    labels = [row.label for row in compare([one, other]).systems]
    assert labels == ["models/a/SmolLM2-135M-Instruct", "models/b/SmolLM2-135M-Instruct"]


def test_what_is_equal_in_all_rows_stands_in_the_caption(runs: list[Path]) -> None:
    table = compare(runs[1:3]).table()
    heads = {heading.text for heading in table.headings}
    (shared,) = (part for part in table.caption if part.startswith("all systems: "))
    assert "shots" in heads, "it differs"
    for said in ("malformed 0", "failed 0", "labelled 60", "tok out 100"):
        assert said in shared
        assert said.rpartition(" ")[0] not in heads
    assert not {"training", "pays from"} & heads, "nothing is known of them"
    assert "–" not in shared


def test_a_setting_that_differs_is_a_column(runs: list[Path]) -> None:
    assert {"shots", "format"} <= {heading.text for heading in compare(runs).table().headings}


@pytest.mark.usefixtures("folder")
def test_each_setting_that_tells_two_runs_of_a_model_apart_is_a_column_and_in_the_label() -> None:
    paths = [prompted("a", temperature=0.0), prompted("b", temperature=0.7), prompted("c", extra={"effort": "low"})]
    compared = compare(paths)
    assert {"temperature", "extra"} <= {heading.text for heading in compared.table().headings}
    assert compared.systems[1].label == "gpt-6 (temperature 0.7, extra –)"
    assert compared.systems[2].label == "gpt-6 (temperature 0, extra effort=low)"


def test_names_that_the_user_gives(runs: list[Path]) -> None:
    compared = compare(runs, names={runs[2]: "luna"}, baseline="luna")
    assert [row.label for row in compared.systems] == ["rules-2", "gpt-6", "luna", "tiny-tagger"]
    assert compared.baseline == "luna"
    with pytest.raises(InputError, match="--name: runs/nowhere is not among the runs"):
        compare(runs, names={"runs/nowhere": "luna"})


@pytest.mark.usefixtures("folder")
def test_two_names_for_the_seeds_of_one_system_are_refused() -> None:
    paths = [prompted(f"seed{seed}", draw=seed, seed=seed) for seed in range(2)]
    with pytest.raises(InputError, match="are seeds of one system, and get the names a and b"):
        compare(paths, names=dict(zip(paths, "ab", strict=True)))


def test_the_baseline_is_the_best_of_another_kind_or_the_chosen_one(runs: list[Path]) -> None:
    assert compare(runs).baseline == "gpt-6 (3 shots)"
    assert compare(runs, baseline=runs[0]).baseline == "rules-2"
    chosen = compare(runs, baseline="tiny-tagger")
    assert set(chosen.differences()) == {"rules-2", "gpt-6 (0 shots)", "gpt-6 (3 shots)"}
    with pytest.raises(InputError, match=r"--baseline: gpt-7 is not among the runs .*; one of rules-2, gpt-6"):
        compare(runs, baseline="gpt-7")


def test_sorted_by_any_column_the_best_first(runs: list[Path]) -> None:
    compared = compare(runs)

    def order(column: str) -> list[str]:
        return [row[0].text for row in compared.table(sort=column).rows]

    assert order(F1) == ["all-empty", "tiny-tagger", "gpt-6", "gpt-6", "rules-2"]
    assert order("usd_1k") == ["all-empty", "gpt-6", "gpt-6", "rules-2", "tiny-tagger"], "unknown prices last"
    assert order("strict.label.TISSUE.f1")[1] == "tiny-tagger"
    with pytest.raises(InputError, match=r"unknown column 'strict\.micro\.f2'.*strict\.micro\.f1"):
        order("strict.micro.f2")


def test_chosen_columns_are_those_and_in_that_order(runs: list[Path]) -> None:
    table = compare(runs).table(["n", "strict.label.TISSUE.f1", "usd_1k", "seed"])
    assert [heading.text for heading in table.headings] == ["system", "n", "strict.label.TISSUE.f1", "$/1k", "seed"]
    with pytest.raises(InputError, match="unknown column 'price'"):
        compare(runs).table(["price"])


def test_the_best_is_bold_and_ties_are_marked(runs: list[Path]) -> None:
    cells = [row[1] for row in compare(runs[:3]).table([F1]).rows]
    assert [(cell.bold, cell.mark) for cell in cells] == [(False, ""), (False, "≈"), (False, "≈"), (True, "*")]


def test_a_run_folder_of_an_older_version_is_counted_anew(systems: Path, tmp_path: Path) -> None:
    shutil.copytree(systems / "runs", tmp_path / "runs")
    with chdir(systems):
        new = compare([Path("runs") / name for name in SYSTEMS]).to_json()
    with chdir(tmp_path):
        for path in Path("runs").glob("*/tallies.json"):
            path.unlink()
        old = compare([Path("runs") / name for name in SYSTEMS]).to_json()
    assert old == new
    assert any(one["detected"] for one in old["differences"][F1].values())


OLD = sorted(path.parent for path in (Path(__file__).parents[1] / "folders").glob("*/run.toml"))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.name)
def test_the_first_run_folders_are_compared(path: Path, tmp_path: Path) -> None:
    assert not (path / "tallies.json").exists()
    compared = compare([path])
    (row,) = compared.systems
    assert row.counts, "counted anew"
    assert row.score(compared.headline) == row.results[0].scores[compared.headline]
    compared.write(tmp_path)
    assert row.name in (tmp_path / "report.md").read_text("utf-8")
    assert compared.verdict.sentences
