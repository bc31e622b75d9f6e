"""run.toml as one typed record: what is written is read again, what is wrong is named, older folders load."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from fewshot import run
from fewshot.errors import RunFolderError
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.record import VERSION, Progress, Recorded, Resolved
from fewshot.experiment.settings import Settings
from fewshot.experiment.usage import Usage
from fewshot.prompt.wording import ResolvedPrompt

WHOLE = Recorded(
    settings=Settings(task="ner", labels=("GENEPROD",), extra={"n": 1}),
    plan=Resolved(task="ner", system="gpt3 m", backend="gpt3", model="m", endpoint="http://h/v1", api="chat",
                  format="list", shots=3, selector="nearest", labels=["GENEPROD"], asked_labels=["GENEPROD"],
                  labelled=9, digest="d" * 64, n=4, caption="c"),
    prompt=ResolvedPrompt("ner.txt", "Tag.", "$text", "$answer"),
    versions={"fewshot": "0"},
    run=Progress(started="2026-11-26T01:00:00+00:00", ended="2026-11-26T01:00:02+00:00", seconds=2.0, complete=True,
                 asked=4, recorded=0, retries=1, pushbacks=0, maybe_paid_twice=0),
    usage=Usage(prompt_tokens=1, completion_tokens=2, tokens=3, cost_usd=0.5, price="p", seconds_per_example=0.1),
    failed={"f1": "why"},
)  # fmt: skip


def test_what_is_written_is_read_again() -> None:
    assert Recorded.from_toml(tomllib.loads(tomli_w.dumps(WHOLE.to_toml()))) == WHOLE
    assert WHOLE.to_toml()["version"] == VERSION


def test_the_older_folders_are_of_version_1() -> None:
    folders = (Path(__file__).parents[1] / "folders").glob("*/run.toml")
    assert {record.read(RunFolder(path.parent)).version for path in folders} == {1}


def test_tables_that_are_missing_have_defaults_and_unknown_keys_are_ignored() -> None:
    recorded = Recorded.from_toml({"settings": {"task": "ner"}, "plan": {"n": 3, "flavour": "x"}, "weather": {"a": 1}})
    assert (recorded.plan.n, recorded.plan.model, recorded.prompt, recorded.usage, recorded.version) == (
        3, "", None, Usage(), 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"version": VERSION + 1}, rf"is of version {VERSION + 1}, this fewshot reads up to {VERSION}; update fewshot"),
        ({"version": "2"}, "is of version 2, this"),
        ({"settings": {}}, "the settings name no task"),
        ({"settings": {"task": "ner", "shots": -1}}, "--shots must be at least 0"),
        ({"plan": {"n": "3"}}, "plan.n must be int, not '3'"),
        ({"plan": {"n": True}}, "plan.n must be int, not 'True'"),
        ({"plan": {"labels": ["A", 1]}}, r"plan.labels must be list\[str\]"),
        ({"plan": 3}, "plan is not a table"),
        ({"run": {"complete": "yes"}}, "run.complete must be bool"),
        ({"usage": {"cost_usd": ["x"]}}, r"usage.cost_usd must be float \| str \| None"),
        ({"prompt": {"name": "x"}}, "the recorded prompt has no 'system'"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(table: dict[str, Any], why: str, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_toml({"settings": {"task": "ner"}} | table)
    with pytest.raises(RunFolderError, match=rf"run\.toml: {why}"):
        record.read(folder)


def test_a_continued_run_keeps_its_start(tmp_path: Path) -> None:
    done = run("ner", limit=2, out=tmp_path / "run")
    table = done.folder.toml()
    table["run"]["started"] = "2020-01-01T00:00:00+00:00"
    done.folder.write_toml(table)
    (tmp_path / "run" / "scores.json").unlink()
    run("ner", limit=2, out=tmp_path / "run")
    progress = record.read(done.folder).run
    assert progress.started == "2020-01-01T00:00:00+00:00"
    assert progress.seconds is not None
    assert progress.seconds > 1e8, "from the first start to the last end"
    assert (progress.asked, progress.recorded) == (0, 2)
