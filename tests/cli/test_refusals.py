"""What the operating system refuses is one line; exit codes; what a run would cost."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fewshot import cli
from fewshot.cli import _signals
from fewshot.engine import prices
from fewshot.errors import Terminated
from tests.cli.conftest import Fails
from tests.cli.test_interruption import FLYING, stopped, tagged
from tests.recorded import answers
from tests.servers import openai_server as faults
from tests.servers.openai_server import OpenAiServer

LONG = "x" * 5_000
RUN = ["run", "--task", "ner", "--shots", "0"]


@pytest.fixture
def closed() -> Iterator[str]:
    """A folder that may not be looked into (root may look into every folder)."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    Path("closed").mkdir()
    Path("closed").chmod(0)
    yield "closed/x"
    Path("closed").chmod(stat.S_IRWXU)


COMMANDS = [
    [*RUN, "--data", "{}.jsonl"],
    [*RUN, "--data", "{}"],
    [*RUN, "--data", "gold.jsonl", "--out", "{}"],
    [*RUN, "--data", "gold.jsonl", "--out", "{}/x"],
    [*RUN, "--data", "gold.jsonl", "--prompt", "{}"],
    [*RUN, "--data", "gold.jsonl", "--demos", "{}"],
    [*RUN, "--data", "gold.jsonl", "--reuse", "{}"],
    ["run", "--replay", "{}"],
    ["show", "{}"],
    ["compare", "{}"],
    ["rescore", "{}"],
    ["convert", "gold.jsonl", "{}.jsonl"],
    ["evaluate", "--task", "ner", "--data", "gold.jsonl", "--predictions", "{}"],
]


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_path_that_is_too_long_is_one_line(argv: list[str], fails: Fails) -> None:
    line = fails(*(word.format(LONG) for word in argv))
    assert "name too long" in line


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_path_that_may_not_be_looked_at_is_one_line(argv: list[str], fails: Fails, closed: str) -> None:
    assert "ermission denied" in fails(*(word.format(closed) for word in argv))


def test_an_error_of_the_system_names_a_short_path() -> None:
    assert str(cli.unusable(OSError(36, "File name too long", LONG))) == f"{'x' * 120}…: File name too long"
    assert str(cli.unusable(OSError(28, "No space left on device"))) == "No space left on device"


def test_predictions_with_a_long_name_get_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    name = "p" * 240 + ".jsonl"
    Path(name).write_text("".join(f'{{"id": "fig-{n}", "entities": []}}\n' for n in range(4)))
    assert cli.main(["evaluate", "--task", "ner", "--data", "gold.jsonl", "--predictions", name]) == 0
    (folder,) = Path("runs").iterdir()
    assert len(folder.name) < 200


@pytest.mark.parametrize("flag", ["--split", "--selector", "--embedder", "--model", "--base-url", "--labels"])
def test_a_byte_that_is_not_utf_8_is_refused_where_it_is_given(flag: str, fails: Fails) -> None:
    line = fails(*RUN, "--data", "gold.jsonl", flag, "a\udcff")
    assert f"(after {flag}) is not UTF-8: 'a\\xff'" in line


def test_nested_extras_are_one_line(fails: Fails) -> None:
    assert "--extra x=…: nested too deeply" in fails(*RUN, "--extra", "x=" + "[" * 100_000)


def test_no_home_directory_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("FEWSHOT_PRICES", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    assert prices.own_file() is None
    assert prices.find("nobody-s", "http://h/v1") is None
    assert prices.find("gpt-6-luna", "https://api.openai.com/v1") is not None


@pytest.mark.parametrize(("status", "code"), [(401, 4), (402, 4), (403, 4), (404, 4), (500, 3), (400, 3)])
def test_exit_codes(status: int, code: int, fails: Fails) -> None:
    with OpenAiServer(faults=[faults.status(status, "no")] * 500) as server:
        line = fails(
            *RUN, "--data", "gold.jsonl", "--backend", "gpt3", "--model", "m", "--base-url", server.base_url,
            "--out", "one", code=code,
        )  # fmt: skip
    assert ("mend this; then the same command continues it" in line) == (code == 4)
    assert Path("one/scores.json").exists()


def test_prices_of_the_command_line_and_for_how_many(capsys: pytest.CaptureFixture[str], fails: Fails) -> None:
    argv = [*RUN, "--data", "gold.jsonl", "--backend", "gpt3", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"]
    assert cli.main([*argv, "--dry-run", "--for", "4000", "--price-in", "1000", "--price-out", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "at $1000 in, $0 out per million tokens (as given)" in lines[-3]
    few, many = lines[-3].split()[1], lines[-2].split("about ")[2].split()[0]
    assert lines[-2].startswith("4,000 such examples (the mean of 4): about ")
    assert float(many.strip("$").replace(",", "")) == pytest.approx(1000 * float(few.strip("$")), rel=0.01)
    assert cli.main([*argv, "--dry-run", "--for", "10"]) == 0
    assert "; cost unknown" in capsys.readouterr().out
    assert "--price-in and --price-out go together" in fails(*argv, "--price-in", "1")
    assert "it goes with --dry-run" in fails(*argv, "--for", "10")
    assert "--for must be at least 1" in fails(*argv, "--dry-run", "--for", "0")


def test_sigterm_records_what_is_in_flight_and_exits_with_3() -> None:
    rows = (f'{{"id": "f{n}", "text": "({n}) Blot of p{n}.", "entities": []}}\n' for n in range(10, 30))
    Path("gold.jsonl").write_text("".join(rows))
    with OpenAiServer(answers=tagged, delay=0.3) as server:
        done = stopped(server, lambda: len(server.posts) >= FLYING, signal.SIGTERM)
        assert done.returncode == 3
        assert done.stderr.splitlines()[-1].startswith("fewshot: stopped; recorded answers are kept")
        assert "Traceback" not in done.stderr
        assert len(answers("runs/one/responses.jsonl")) == len(server.posts)


def test_signals_on_the_way_out_are_ignored() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _signals.install()
        with pytest.raises(Terminated):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
