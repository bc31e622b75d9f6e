"""The speed of the engine and the cassette, beside the installed peers, in the same run.

    python benchmarks/engine.py [--peers PYTHON] [--only speed command replay limit cpu cassette] [--json]

A server in a process of its own answers after 50 ms; 2,000 requests of 2 kB, 64 at a time: ideal 1.5625 s. PYTHON is
the interpreter of an environment with some of `openai[aiohttp] lm_eval[api] inspect_ai vcrpy` (`docs/benchmarks.md`);
peers that are not installed there are left out. A ratio is our time divided by the peer's: below 1 we are faster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import engine_parts as parts  # noqa: E402
from tests.servers.swift_server import swift  # noqa: E402

LATENCY, COUNT, WIDTH, RATE = 0.05, 2000, 64, 200
IDEAL = COUNT / WIDTH * LATENCY
IDEAL_LIMITED = (COUNT - RATE) / RATE
PEERS = ("sdk", "sdk_aiohttp_raw", "lm_eval", "inspect_ai")


@dataclass(frozen=True)
class Row:
    """One line of the table. `goal`: the most that `value` (or `ratio`, if there is no value) may be."""

    measure: str
    against: str
    ratio: float | None
    value: float | None = None
    unit: str = ""
    goal: str = ""
    note: str = ""


@dataclass(frozen=True)
class Seen:
    """One program's run: the time of the whole command, and what the server saw."""

    wall: float
    span: float
    limited: int = 0
    error: str = ""


class Bench:
    """Runs the programs for each measure on the same data."""

    def __init__(self, folder: Path, peers: str | None, repeats: int) -> None:
        self.folder, self.peers, self.repeats = folder, peers, repeats
        self.rows: list[Row] = []
        parts.write_legends(folder, COUNT)
        self._seen: dict[str, Seen] = {}
        self._runs = 0

    def ours(self, url: str, out: str = "ours", more: Sequence[str] = ()) -> list[str]:
        """Returns our whole command."""
        argv = ["run", "--task", "ner", "--backend", "gpt3", "--model", "m", "--base-url", url, "--shots", "0"]
        data = ["--data", str(self.folder / "legends.jsonl"), "--out", str(self.folder / out)]
        return [sys.executable, "-m", "fewshot", *argv, *data, "--concurrency", str(WIDTH), *more]

    def theirs(self, name: str, url: str, more: Sequence[str] = ()) -> list[str]:
        """Returns a peer's whole command."""
        script = str(ROOT / "benchmarks" / "engine_peers.py")
        return [str(self.peers), script, name, url, str(self.folder), str(WIDTH), *more]

    def run(self, command: Callable[[str], list[str]], **server: object) -> Seen:
        """Runs a command against a fresh server."""
        env = dict(os.environ, OPENAI_API_KEY="sk-benchmark", PYTHONPATH=str(ROOT), HF_HUB_OFFLINE="1")
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled; let a checkout be so too
        with swift(**server) as running:
            began = time.perf_counter()
            done = subprocess.run(
                command(running.base_url), env=env, cwd=self.folder, capture_output=True, text=True, check=False
            )
            wall, stats = time.perf_counter() - began, running.stats()
        error = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Seen(wall, stats["seconds"], stats["limited"], error)

    def take_turns(self) -> None:
        """Runs our command and the peers' against the plain server, one after the other, several times: what else the
        machine does meets all alike."""
        commands: dict[str, Callable[[str], list[str]]] = {"ours": self.fresh}
        commands |= {name: partial(self.theirs, name) for name in self.available(*PEERS)}
        seen: dict[str, list[Seen]] = {name: [] for name in commands}
        for _ in range(self.repeats):
            for name, command in commands.items():
                seen[name].append(self.run(command, latency=LATENCY))
        self._seen = {name: best_of(runs) for name, runs in seen.items()}

    def best(self, command: Callable[[str], list[str]], **server: object) -> Seen:
        """Returns the best of several runs."""
        return best_of([self.run(command, **server) for _ in range(self.repeats)])

    def once(self, name: str) -> Seen:
        """Returns a program's best run against the plain server; two measures use it."""
        if not self._seen:
            self.take_turns()
        return self._seen[name]

    def fresh(self, url: str) -> list[str]:
        """Returns our whole command with a new folder each time; `replay` replays the first one."""
        self._runs += 1
        return self.ours(url, f"ours-{self._runs}")

    def available(self, *names: str) -> list[str]:
        """Returns the peers that are installed."""
        if self.peers is None:
            return []
        done = subprocess.run(
            [self.peers, str(ROOT / "benchmarks" / "engine_peers.py"), "list"],
            capture_output=True,
            text=True,
            check=True,
        )
        return [name for name in names if name in json.loads(done.stdout)]

    def add(self, row: Row) -> None:
        """Adds a row and prints it."""
        self.rows.append(row)
        ratio = "" if row.ratio is None else f"ratio {row.ratio:.3f}"
        value = "" if row.value is None else f"{row.value:.4g} {row.unit}"
        shown = (f"{row.measure:38}", f"{row.against:18}", f"{ratio:13}", f"{value:22}", row.goal, row.note)
        print(" ".join(shown).rstrip(), file=sys.stderr, flush=True)

    def compared(self, measure: str, mine: float, others: Mapping[str, tuple[float, str]], goal: str) -> None:
        """Adds a row of one measure against each peer."""
        for name, (seconds, error) in others.items():
            if error:
                self.add(Row(measure, name, None, note=f"it ended with: {error[:80]}"))
            else:
                self.add(Row(measure, name, mine / seconds, seconds, "s (theirs)", goal))

    def speed(self) -> None:
        """Measures from the first request to the last answer, as the server sees it."""
        mine, measure = self.once("ours"), "first request to last answer"
        self.add(Row(measure, "ideal", mine.span / IDEAL, mine.span, "s", "ratio ≤ 1.4", mine.error))
        for name in self.available(*PEERS):
            seen = self.once(name)
            note = f"{seen.span / IDEAL:.2f}× ideal" + (f"; it ended with: {seen.error[:60]}" if seen.error else "")
            self.add(Row(measure, name, mine.span / seen.span, seen.span, "s (theirs)", note=note))

    def command(self) -> None:
        """Measures the whole command: start, prompts, requests, scores."""
        mine, measure = self.once("ours"), "whole command"
        self.add(Row(measure, "ideal", mine.wall / IDEAL, mine.wall, "s", note=mine.error))
        seen = {name: self.once(name) for name in self.available("lm_eval", "inspect_ai")}
        self.compared(measure, mine.wall, {n: (s.wall, s.error) for n, s in seen.items()}, "ratio ≤ 0.25")

    def replay(self, *, vcr: bool) -> None:
        """Measures the re-run from recordings."""
        if not self._runs:
            self.run(self.fresh, latency=LATENCY)
        recorded = str(self.folder / "ours-1")
        mine = self.best(lambda url: [sys.executable, "-m", "fewshot", "run", "--replay", recorded])
        measure = "re-run from the cassette, whole command"
        self.add(Row(measure, "ideal", None, mine.wall, "s", note=mine.error))
        others: dict[str, tuple[float, str]] = {}
        for name in self.available("lm_eval", "inspect_ai", *(["vcr"] if vcr else [])):
            command = partial(self.theirs, name, more=("cached",))
            first = self.run(command, latency=LATENCY)
            again = self.run(command, latency=LATENCY) if name == "vcr" else self.best(command, latency=LATENCY)
            others[name] = (again.wall, first.error or again.error)
        self.compared(measure, mine.wall, others, "ratio ≤ 0.1")

    def limit(self) -> None:
        """Measures 2,000 requests against a limit of 200 per second."""
        measure, goal = f"{COUNT} requests at {RATE} a second", "≤ 9.9 s, ≤ 20 429s"
        ways: list[tuple[str, Mapping[str, object], tuple[str, ...]]] = [
            ("ideal, learned from headers", {}, ()),
            ("ideal, --rpm", {"silent": 1}, ("--rpm", str(RATE * 60))),
            ("ideal, told nothing", {"silent": 1}, ()),
        ]
        for number, (name, server, more) in enumerate(ways):
            seen = self.run(
                partial(self.ours, out=f"limited-{number}", more=more), latency=LATENCY, rate=RATE, **server
            )
            note = f"{seen.limited} 429s {seen.error}".rstrip()
            self.add(Row(measure, name, seen.span / IDEAL_LIMITED, seen.span, "s", goal if number < 2 else "", note))
        for name, shown, more in (("sdk", "sdk, 20 retries", ("20",)), ("lm_eval", "lm_eval", ())):
            if self.available(name):
                seen = self.run(partial(self.theirs, name, more=more), latency=LATENCY, rate=RATE)
                note = f"{seen.limited} 429s {seen.error[:80]}".rstrip()
                self.add(Row(measure, shown, None, seen.span, "s (theirs)", note=note))

    def cpu(self, sizes: tuple[int, ...]) -> None:
        """Measures the engine's own processor time."""
        goal = "≤ 0.3 ms, flat"
        with swift() as server:
            os.environ["OPENAI_API_KEY"] = "sk-benchmark"
            bare, whole = parts.above_the_client(server.base_url, COUNT, WIDTH)
        measure = "engine and cassette, CPU a request"
        self.add(Row(measure, "the bare client", (whole - bare) / bare, 1000 * (whole - bare), "ms above it", goal))
        for size in sizes:
            own = parts.alone(size, WIDTH)
            self.add(Row(f"{measure}, no client", f"{size:,} requests", None, 1000 * own, "ms", goal))

    def cassette(self, lines: int) -> None:
        """Measures opening a large cassette."""
        found = parts.child("open_and_look_up", self.folder, lines)
        measure = f"open {lines:,} lines of 1 kB, look up 1,000"
        self.add(Row(measure, "5 s", found["seconds"] / 5, found["seconds"], "s", "≤ 5 s"))
        self.add(Row(measure, "500 MB", found["megabytes"] / 500, found["megabytes"], "MB", "≤ 500 MB"))


def best_of(seen: Sequence[Seen]) -> Seen:
    """Returns the best of several runs, for wall and span each: other work on the machine only slows runs down."""
    whole = [one for one in seen if not one.error] or seen
    return replace(whole[0], wall=min(one.wall for one in whole), span=min(one.span for one in whole))


def main() -> None:
    """Measures, and prints the table or its JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("speed", "command", "replay", "limit", "cpu", "cassette")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter with some of the peers")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each command; the best counts [3]")
    parser.add_argument("--vcr", action="store_true", help="also vcrpy, which takes minutes")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the large cassette")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args.peers, args.repeats)
        steps: dict[str, Callable[[], Any]] = {
            "speed": bench.speed,
            "command": bench.command,
            "replay": lambda: bench.replay(vcr=args.vcr),
            "limit": bench.limit,
            "cpu": lambda: bench.cpu((100, 1_000, 10_000, 100_000)),
            "cassette": lambda: bench.cassette(args.lines),
        }
        for name in args.only:
            steps[name]()
    if args.json:
        print(json.dumps({"rows": [asdict(row) for row in bench.rows]}, ensure_ascii=False))


if __name__ == "__main__":
    main()
