"""The engine `ray`, with real Ray on this machine: two actors, one of them killed, callers of a server, a signal."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fewshot.experiment.settings import Settings
from fewshot.files import CORPUS
from tests.annotate.jobs import contents, done, legends, records
from tests.docs.recipes import blocks
from tests.recorded import answers
from tests.servers.openai_server import OpenAiServer

pytest.importorskip("ray", reason="ray is not installed")
pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.xdist_group("ray")]
ROOT = Path(__file__).parents[2]
PRICES = '["127.0.0.1".m]\ninput = 1000.0\noutput = 1000.0\ndate = 2026-11-25\nsource = "made up"\n'


def started(*words: str, **more: str) -> subprocess.Popen[str]:
    """A job of two actors, in a process of its own: Ray's own warnings are not ours to fail on."""
    argv = [sys.executable, "-m", "fewshot", "annotate", *words, "--engine", "ray", "--workers", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "key-of-mine", "no_proxy": "127.0.0.1", **more}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@pytest.fixture
def rules(tmp_path: Path) -> list[str]:
    source = legends(tmp_path / "in.jsonl", 6000)
    source.write_text(source.read_text() + "not json\n")
    return [str(source), "--task", "panelization", "--out", str(tmp_path / "out"), "--partition-size", "200"]


def workers() -> list[int]:
    """The process ids of actors, on this machine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"ray::MapWorker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has ended
            continue
    return found


def parts(out: Path) -> int:
    return len(list((out / "state").glob("*.json")))


def until_parts(process: subprocess.Popen[str], out: Path, count: int) -> None:
    end = time.monotonic() + 90
    while parts(out) < count:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_actor_that_is_killed_changes_nothing(tmp_path: Path, rules: list[str]) -> None:
    before = set(workers())
    with started(*rules) as process:
        until_parts(process, tmp_path / "out", 3)
        ours = [pid for pid in workers() if pid not in before]
        os.kill(ours[0], signal.SIGKILL)
        assert parts(tmp_path / "out") < 31
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "6,000 of 6,001 records annotated · 1 rejected" in out
    done(tmp_path / "in.jsonl", tmp_path / "local", size=200)
    assert contents(tmp_path / "out") == contents(tmp_path / "local")


def test_sigterm_ends_a_job_that_the_same_command_continues(tmp_path: Path, rules: list[str]) -> None:
    with started(*rules) as process:
        until_parts(process, tmp_path / "out", 2)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "the same command goes on" in err
    assert not (tmp_path / "out" / "done.json").exists()
    with started(*rules) as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    done(tmp_path / "in.jsonl", tmp_path / "local", size=200)
    assert contents(tmp_path / "out") == contents(tmp_path / "local")


def test_callers_of_a_server_share_budget_and_limit(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 60)
    (tmp_path / "prices.toml").write_text(PRICES)
    prices = {"FEWSHOT_PRICES": str(tmp_path / "prices.toml")}
    out = tmp_path / "out"
    with OpenAiServer(answers="nothing") as server:
        words = [str(source), "--task", "ner", "--backend", "gpt3", "--model", "m", "--base-url", server.base_url]
        words += ["--out", str(out), "--partition-size", "10", "--concurrency", "2"]
        with started(*words, "--budget-usd", "5", **prices) as process:
            _, err = process.communicate(timeout=120)
        assert process.returncode == 3, err
        assert "of the budget of $5 is left" in err
        first = len(server.posts)
        spent = sum(
            line["completion"]["prompt_tokens"] + line["completion"]["completion_tokens"]
            for file in (out / "answers").rglob("responses.jsonl")
            for line in answers(file)
        )
        assert 0 < first < 60
        assert spent <= 5000
        with started(*words, **prices) as process:
            _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert len(server.posts) == 60, "no legend is paid for twice"
        assert server.max_concurrency <= 2


@pytest.mark.local
def test_a_model_says_the_same_in_actors(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    model = CORPUS / "fine-tuned" / "ner-tiny-tagger"
    source, settings = legends(tmp_path / "in.jsonl", 40), Settings(task="ner", backend="local", model=str(model))
    done(source, tmp_path / "local", settings=settings)
    words = [str(source), "--task", "ner", "--model", str(model), "--out", str(tmp_path / "out")]
    with started(*words, "--partition-size", "10") as process:
        _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    pairs = list(zip(records(tmp_path / "local"), records(tmp_path / "out"), strict=True))
    assert sum(len(one["entities"]) for one, _ in pairs) >= 40
    for one, other in pairs:
        found, again = one["entities"], other["entities"]
        assert [(s["start"], s["end"], s["label"]) for s in found] == [
            (s["start"], s["end"], s["label"]) for s in again
        ]
        assert [s["confidence"] for s in again] == pytest.approx([s["confidence"] for s in found], abs=1e-4)


def test_the_command_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/annotate.md."""
    monkeypatch.chdir(tmp_path)
    legends(Path("legends.jsonl"), 30)
    (block,) = (b for b in blocks(ROOT / "docs" / "annotate.md") if b.mark and b.mark.endswith("test_ray.py"))
    (command,) = block.commands
    words = shlex.split(command.text)
    assert words[:2] == ["fewshot", "annotate"]
    assert words[-4:] == ["--engine", "ray", "--workers", "2"]
    with started(*words[2:-4]) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.startswith("30 of 30 records annotated · 1 part in panels/parts")
    assert err == "", "Ray keeps quiet"


def test_a_job_that_cannot_be_done_is_one_line(tmp_path: Path) -> None:
    words = [str(legends(tmp_path / "in.jsonl", 3)), "--task", "ner", "--model", str(tmp_path), "--out"]
    with started(*words, str(tmp_path / "out")) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert len(err.strip().splitlines()) == 1, err
