"""Mutated answers, legends, files, replies, run folders, model folders: does anything trace back, hang, or lie?

    python -m benchmarks.fuzz [--minutes 5] [--seed 1] [--only 'answer list'] [--json FILE]
    python -m benchmarks.fuzz --only 'answer list/ner' --seed 1 --case 1234        the same input again

Every door (`benchmarks.doors`, `outside`, `folders`) is sent mutated texts of its kind. Faults are: an exception that
is not a `FewshotError`, more CPU time than a limit, a value that no value may be (spans out of the text, overlapping,
empty, with white space at an edge), a connection that is opened. Each fault is printed once, minimised, with the seed
and the number that give it again; the same fault on the same line is counted. A table closes. Exit 1 if any.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, process_time
from unittest import mock

from rich.console import Console
from rich.table import Table

from benchmarks.doors import Door, Late, answer_doors, data_doors, legend_doors, limit
from benchmarks.folders import model_doors, run_doors
from benchmarks.hostile import HOLE, shown
from benchmarks.mutating import mutated
from benchmarks.outside import hub_doors, reply_doors
from fewshot.errors import FewshotError

_SHARES = {
    "answer": 0.35, "data": 0.15, "legend": 0.05, "reply": 0.1, "hub": 0.1, "run folder": 0.15, "model folder": 0.1,
}  # fmt: skip
"""How the CPU time is shared between sorts of doors."""

_LIMITS = {"run folder": 20.0, "model folder": 60.0}
_LIMIT = 5.0
"""CPU seconds for an input, beyond which it hangs. Usual ones take 0.2 ms (an answer) to 0.5 s (a model); texts here
are short: growth is measured by `adversarial.py`."""

_MINIMISING = 10.0  # CPU seconds for making one input shorter


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong: `sort` is traceback, hang or violation; `where` says at which line, or what is violated."""

    sort: str
    where: str
    detail: str = ""


@dataclass(slots=True)
class Count:
    """Of a sort of doors."""

    inputs: int = 0
    refused: int = 0
    traceback: int = 0
    hang: int = 0
    violation: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Finding:
    """A fault, the first input that gave it, and how many did."""

    door: str
    fault: Fault
    seed: int
    case: int
    text: str
    times: int = 1
    doors: set[str] = field(default_factory=set)


def sort_of(door: Door) -> str:
    """The sort of a door: the beginning of its name."""
    return next(sort for sort in _SHARES if door.name.startswith(sort))


def sent(door: Door, text: str) -> Fault | str:
    """Sends a text: the fault, or "refused" or "" where there is none."""
    try:
        with limit(_LIMITS.get(sort_of(door), _LIMIT)):
            wrong = door.send(text)
    except FewshotError:
        return "refused"
    except Late:
        return Fault("hang", door.name)
    except Exception as error:
        return Fault("traceback", f"{type(error).__name__} at {_line(error)}", str(error))
    if wrong:
        return Fault("violation", wrong[0].partition(":")[0], wrong[0])
    return ""


def _line(error: BaseException) -> str:
    """The last line of ours that an exception passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/fewshot/" in frame.filename] or list(frames)
    return f"{ours[-1].filename.rpartition('/fewshot/')[2]}:{ours[-1].lineno}"


def minimised(door: Door, text: str, fault: Fault) -> str:
    """A shorter text with the same fault: parts are left out, large ones first, as long as time is left."""
    until = process_time() + _MINIMISING
    size = len(text) // 2
    while size and process_time() < until:
        at = 0
        while at < len(text) and process_time() < until:
            shorter = text[:at] + text[at + size :]
            found = sent(door, shorter)
            if isinstance(found, Fault) and (found.sort, found.where) == (fault.sort, fault.where):
                text = shorter
            else:
                at += size
        size //= 2
    return text


def case_of(door: Door, seed: int, case: int) -> str:
    """The input of that number."""
    chance = random.Random(f"{seed}/{door.name}/{case}")
    texts = list(door.shapes.values())
    filled = [text.replace(HOLE, chance.choice(("HeLa", "p53", "MDM2, p53", ""))) for text in texts]
    return mutated(chance.choice(filled), filled, chance)


class Fuzzer:
    """Counts and findings of a run."""

    def __init__(self, doors: list[Door], seed: int) -> None:
        self.seed = seed
        self.doors = doors
        self.cases = dict.fromkeys((door.name for door in doors), 0)
        self.counts = {sort: Count() for sort in _SHARES if any(sort_of(door) == sort for door in doors)}
        self.findings: dict[tuple[str, str], Finding] = {}

    def run(self, until: float) -> None:
        """Sends inputs until a moment of the monotonic clock, so that each sort gets its share of the CPU time."""
        turns = {sort: self._turn(sort) for sort in self.counts}
        while monotonic() < until:
            behind = min(self.counts, key=lambda sort: self.counts[sort].seconds / _SHARES[sort])
            door = next(turns[behind])
            began = process_time()
            self.one(door, self.cases[door.name])
            self.cases[door.name] += 1
            self.counts[behind].seconds += process_time() - began

    def _turn(self, sort: str) -> Iterator[Door]:
        doors = [door for door in self.doors if sort_of(door) == sort]
        while True:
            yield from doors

    def one(self, door: Door, case: int) -> None:
        """Sends one input, counts it, and prints a fault that is new."""
        text = case_of(door, self.seed, case)
        count = self.counts[sort_of(door)]
        count.inputs += 1
        result = sent(door, text)
        if not isinstance(result, Fault):
            count.refused += result == "refused"
            return
        setattr(count, result.sort, getattr(count, result.sort) + 1)
        known = self.findings.get((result.sort, result.where))
        if known is not None:
            known.times += 1
            known.doors.add(door.name)
            return
        text = minimised(door, text, result)
        found = Finding(door.name, result, self.seed, case, text, doors={door.name})
        self.findings[result.sort, result.where] = found
        print(f"{result.sort.upper()} {result.where}: {shown(result.detail)}")
        print(f"  --only {door.name!r} --seed {self.seed} --case {case}\n  {shown(text)!r}", flush=True)

    def table(self) -> Table:
        """The counts of each sort."""
        made = Table("inputs", "count", "refused", "tracebacks", "hangs", "violations", "CPU s")
        rows = {**self.counts, "all": self.total()}
        for sort, c in rows.items():
            faults = (str(c.traceback), str(c.hang), str(c.violation))
            made.add_row(sort, f"{c.inputs:,}", f"{c.refused:,}", *faults, f"{c.seconds:.0f}")
        return made

    def total(self) -> Count:
        """The counts of all."""
        rows = [asdict(count) for count in self.counts.values()]
        return Count(**{key: sum(row[key] for row in rows) for key in asdict(Count())})


def _no_connection(*_arguments: object) -> None:
    raise RuntimeError("opens a connection")


def doors(folder: Path, only: str) -> list[Door]:
    """All doors whose names hold `only`; one of exactly that name alone."""
    makers: tuple[Callable[[], Iterator[Door]], ...] = (
        answer_doors, legend_doors, lambda: data_doors(folder), reply_doors, lambda: hub_doors(folder),
        lambda: run_doors(folder), lambda: model_doors(folder),
    )  # fmt: skip
    every = [door for make in makers for door in make()]
    exact = [door for door in every if door.name == only]
    return exact or [door for door in every if only in door.name]


def main() -> int:
    """Prints findings and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="doors whose names hold this")
    parser.add_argument("--case", type=int, help="the one input of this number")
    parser.add_argument("--json", type=Path, help="write counts and findings here as well")
    args = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    logging.disable(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(socket.socket, "connect", _no_connection),
    ):
        fuzzer = Fuzzer(doors(Path(folder), args.only), args.seed)
        if args.case is not None:
            door = fuzzer.doors[0]
            text = case_of(door, args.seed, args.case)
            print(repr(text))
            print(door.send(text))
            return 0
        fuzzer.run(monotonic() + 60 * args.minutes)
    Console(width=120).print(fuzzer.table())
    for found in fuzzer.findings.values():
        print(f"{found.times} × {found.fault.sort} {found.fault.where} ({', '.join(sorted(found.doors)[:4])})")
    total = fuzzer.total()
    faults = f"{total.traceback} tracebacks, {total.hang} hangs, {total.violation} violations"
    print(f"{total.inputs:,} inputs, seed {args.seed}, {args.minutes:g} minutes: {faults}")
    if args.json:
        rows = [asdict(found) | {"doors": sorted(found.doors)} for found in fuzzer.findings.values()]
        counts = {sort: asdict(count) for sort, count in fuzzer.counts.items()}
        args.json.write_text(json.dumps({"seed": args.seed, "counts": counts, "findings": rows}, indent=2) + "\n")
    return bool(fuzzer.findings)


if __name__ == "__main__":
    sys.exit(main())
