"""A run folder is "done" once it is whole; our own leftovers are not strangers; links of strangers are not followed."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from fewshot import replay, run
from fewshot.cassette.lock import Lock
from fewshot.errors import FewshotError, InputError, RunFolderError
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.settings import Settings

ROWS = [
    {"id": f"f{n}", "text": f"(A) Blot of p5{n}.", "panels": [{"labels": ["A"], "start": 0, "end": 16}]}
    for n in range(3)
]  # fmt: skip
FILES = [
    "demonstrations.jsonl", "gold.jsonl", "predictions.jsonl", "responses.jsonl", "run.toml", "scores.json",
    "tallies.json",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def go(**more: object) -> RunFolder:
    settings = {"backend": "rules", "data": "gold.jsonl", "shots": 0, **more}
    return run("panelization", out="one", **settings).folder  # type: ignore[arg-type]


def names() -> list[str]:
    return sorted(path.name for path in Path("one").iterdir())


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("writes", range(1, 8))
def test_killed_before_any_write_the_same_command_makes_it_whole(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_replace, count = Path.replace, 0

    def replace(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == writes:
            raise Killed
        return true_replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        patch.setattr(Path, "unlink", lambda self, missing_ok=False: None)  # nor is anything cleaned up
        with pytest.raises(Killed):
            go()
    assert not Path("one/scores.json").exists()
    assert list(Path("one").glob(".*.part"))
    assert go().scores().complete
    assert names() == FILES
    replay("one")


def test_done_means_that_the_folder_is_whole() -> None:
    go()
    before = {name: Path("one", name).read_bytes() for name in FILES}
    for name in ("demonstrations.jsonl", "predictions.jsonl", "gold.jsonl", "scores.json"):
        Path("one", name).unlink()
        go()
        assert Path("one", name).read_bytes() == before[name], name
    unfinished = Path("one/run.toml").read_text().replace("complete = true", "complete = false")
    Path("one/run.toml").write_text(unfinished)
    go()
    assert tomllib.loads(Path("one/run.toml").read_text())["run"]["complete"] is True


@pytest.mark.parametrize("name", [".0a1b2c3d.part", ".run.toml.new", ".scores.json.new", "responses.jsonl.lock"])
def test_our_leftovers_are_not_strangers(name: str) -> None:
    Path("one").mkdir()
    Path("one", name).write_text("half")
    go()
    assert names() == FILES


@pytest.mark.parametrize("name", [".profile", "x.part", ".0a1b2c3d.part.txt", "notes.jsonl"])
def test_others_are(name: str) -> None:
    Path("one").mkdir()
    Path("one", name).write_text("half")
    with pytest.raises(RunFolderError, match="exists but is not a run folder"):
        go()
    assert names() == [name]


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_a_foreign_folder_is_not_written_through(name: str) -> None:
    go()
    victim = Path("victim")
    shutil.copy(Path("one", name), victim)
    Path("one", name).unlink()
    Path("one", name).symlink_to(Path("../victim"))
    if name != "scores.json":
        Path("one/scores.json").unlink()
    else:
        Path("one/predictions.jsonl").unlink()
    content = victim.read_bytes()
    with pytest.raises(FewshotError, match="it is a link, which is not followed"):
        go()
    assert victim.read_bytes() == content


def test_the_lock_comes_before_anything_is_written() -> None:
    go()
    Path("one/scores.json").unlink()
    with Lock(Path("one/responses.jsonl")), pytest.raises(RunFolderError, match="is in use by process"):
        go()
    Path("one/run.toml").unlink()
    for name in FILES:
        Path("one", name).unlink(missing_ok=True)
    with Lock(Path("one/responses.jsonl")), pytest.raises(RunFolderError, match="is in use by process"):
        go(limit=2)
    assert not Path("one/run.toml").exists()


@pytest.mark.parametrize(
    "extra",
    [{"stop": None}, {"x": {"a": None}}, {"x": [None]}, {"cb": "http://x/y?z=1"}, {"u": "a@b?c=d"}, {"n": 1.5}],
)
def test_settings_read_back_are_those_asked(extra: dict[str, object]) -> None:
    folder = go(extra=extra)
    assert record.read(folder).settings.extra == extra
    replay("one")
    go(extra=extra)
    with pytest.raises(RunFolderError, match="other settings"):
        go(extra={"other": 1})


def test_a_prompt_that_begins_with_an_address_stays_whole() -> None:
    template = "http://host/x?y=1 Split the legend.\n--- query\nLegend: $text\n--- answer\n$answer\n"
    Path("mine.txt").write_text(template)
    folder = go(prompt="mine.txt")
    recorded = record.read(folder).prompt
    assert recorded is not None
    assert recorded.system.startswith("http://host/x?y=1 Split")
    replay("one")


def test_tables_of_before_are_read() -> None:
    table = Settings(task="ner").to_toml() | {"extra": {"top_p": 0.5}}
    assert Settings.from_toml(table).extra == {"top_p": 0.5}


@pytest.mark.parametrize(
    ("key", "value"),
    [("limit", "5"), ("temperature", "x"), ("seed", 1.5), ("labels", 3), ("labels", [3]), ("extra", "{"),
     ("extra", "[" * 100_000), ("extra", 3), ("unlabelled", "yes"), ("model", 7), ("api", "soap"), ("grace", -1),
     ("give_up_after", 0), ("price_in", 1.0), ("data", "a\0b"), ("split", "\udcff")],
)  # fmt: skip
def test_a_setting_of_another_type_is_one_line(key: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        Settings.from_toml({"task": "ner", key: value})
    assert len(str(caught.value)) < 200
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [('shots = 0', 'shots = "0"'), ("[plan]", "[other]"), ("started = \"2", "started = \"never 2"),
     ("seed = 0", "seed = [0]"), ("version = 3", "version = true"), ("[settings]", "settings = 3\n[x]")],
)  # fmt: skip
def test_a_record_edited_by_hand_is_one_line(old: str, new: str) -> None:
    go()
    path = Path("one/run.toml")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    for again in (go, lambda: replay("one")):
        with pytest.raises(FewshotError):
            again()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scores.json", "[" * 100_000), ("scores.json", "[]"),
        ("scores.json", '{"task": 5, "signature": {}, "complete": true, "n": 1, "failed": 0, "scores": {}}'),
        ("scores.json", '{"task": "x", "signature": {}, "complete": 1, "n": 1, "failed": 0, "scores": {}}'),
        ("scores.json", '{"task": "x", "signature": {}, "complete": true, "n": 1, "failed": 0, "scores": {"a": NaN}}'),
        ("scores.json", '{"task": "x", "signature": {}, "complete": true, "n": 1, "failed": 0, "scores": {"a": "1"}}'),
        ("predictions.jsonl", '{"id": "f0", "panels": [], "problems": [1]}\n'),
        ("predictions.jsonl", '{"id": "f0", "panels": [], "problems": {"x": "y"}}\n'),
        ("predictions.jsonl", '{"id": "f0", "panels": [], "fidelity": "x"}\n'),
        ("predictions.jsonl", '{"id": "f0", "panels": [], "output": [1]}\n'),
        ("responses.jsonl", '{"id": ["x"], "demonstrations": []}\n'),
        ("responses.jsonl", '{"id": "f0", "demonstrations": 5}\n'),
        ("responses.jsonl", '{"id": "f0", "demonstrations": [], "request": 5}\n'),
        ("responses.jsonl", '{"id": "f0", "demonstrations": [], "request": {"turns": [5]}}\n'),
        ("run.toml", "a = " + "[" * 100_000),
        ("run.toml", "a = " + "9" * 5_000),
    ],
)  # fmt: skip
def test_values_of_another_type_are_one_line(name: str, content: str) -> None:
    folder = go()
    Path("one", name).write_text(content)

    def read() -> None:
        record.read(folder)
        folder.scores()
        folder.predictions("panels", folder.examples())
        folder.shown()
        folder.recorded_request("f0")

    with pytest.raises(FewshotError) as caught:
        read()
    assert len(str(caught.value)) < 300


def test_a_named_pipe_is_not_read_for_ever() -> None:
    folder = go()
    Path("one/scores.json").unlink()
    os.mkfifo("one/scores.json")
    with pytest.raises(RunFolderError, match="it is not a file"):
        folder.scores()
