"""100 kB of the same: how long each format, backend without a server and data reader takes for each sign and construct.

    python -m benchmarks.adversarial [--size 100000] [--limit 2] [--only 'list/'] [--slowest 20] [--every]

Every door (`benchmarks.doors`: all formats × tasks, data readers, found by discovery) is sent every sign and construct
(`benchmarks.hostile`), repeated to `--size` characters, in every place where a text of its kind can hold it. Times are
CPU seconds; an input that takes more than `--limit` is stopped there. Exit 1 where one is, or where one raises.

An input is sent at a fifth of the size first. What is so quick there that it would stay below the limit even if time
grew as the cube of the size (below 16 ms) is not sent in full, unless `--every` says so.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.doors import Door, Late, answer_doors, data_doors, legend_doors, limit
from benchmarks.hostile import HOLE, PAYLOADS, repeated, shown
from fewshot.errors import FewshotError


@dataclass(frozen=True, slots=True)
class Timing:
    """One input: the door, where the payload stood, what was repeated, CPU seconds, and what was wrong if anything."""

    door: str
    shape: str
    payload: str
    seconds: float
    fault: str = ""


def doors(folder: Path, only: str = "") -> list[Door]:
    """All doors whose names hold `only`."""
    every = (*answer_doors(), *legend_doors(), *data_doors(folder))
    return [door for door in every if only in door.name]


def inputs(door: Door, size: int) -> Iterator[tuple[str, str, str]]:
    """`(shape, name of the payload, text)` of everything that a door is sent. Equal texts are sent once."""
    sent = set()
    for shape, around in door.shapes.items():
        for name, piece in PAYLOADS.items():
            text = around.replace(HOLE, repeated(piece, size))
            if text not in sent:
                sent.add(text)
                yield shape, name, text
        if around != HOLE:  # the whole file or answer, over and over
            yield shape, "all of it", repeated(around.replace(HOLE, "cells") + "\n", size)


SMALLER = 5
"""How much smaller the first try is."""


def measured(door: Door, size: int, most: float, *, every: bool = False) -> Iterator[Timing]:
    """The timings of a door: of each payload in full, or at a fifth of the size where that is quick enough."""
    small = {one[:2]: one[2] for one in inputs(door, size // SMALLER)}
    for shape, payload, text in inputs(door, size):
        if not every:
            first = timed(door, shape, payload, small.get((shape, payload), ""), most)
            if first.fault or first.seconds < most / SMALLER**3:
                yield first
                continue
        yield timed(door, shape, payload, text, most)


def timed(door: Door, shape: str, payload: str, text: str, most: float) -> Timing:
    """Sends a text through a door."""
    gc.collect(0)
    began = process_time()
    fault = ""
    try:
        with limit(most * door.reads):
            fault = "; ".join(door.send(text))
    except FewshotError:
        pass
    except Late:
        fault = "late"
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
    return Timing(door.name, shape, payload, (process_time() - began) / door.reads, fault)


def table(timings: list[Timing], slowest: int) -> Table:
    """The slowest inputs."""
    made = Table("door", "where", "repeated", "CPU s", "fault")
    for one in sorted(timings, key=lambda timing: -timing.seconds)[:slowest]:
        made.add_row(one.door, one.shape, Text(shown(one.payload)), f"{one.seconds:.2f}", Text(shown(one.fault)))
    return made


def main() -> int:
    """Prints the slowest, and every fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="characters")
    parser.add_argument("--limit", type=float, default=2.0, help="CPU seconds")
    parser.add_argument("--only", default="", help="doors whose names hold this")
    parser.add_argument("--slowest", type=int, default=20)
    parser.add_argument("--every", action="store_true", help="send everything in full")
    args = parser.parse_args()
    console = Console(width=160)
    timings: list[Timing] = []
    with tempfile.TemporaryDirectory() as folder:
        for door in doors(Path(folder), args.only):
            here = list(measured(door, args.size, args.limit, every=args.every))
            timings += here
            most = max(here, key=lambda timing: timing.seconds)
            bad = sum(bool(timing.fault) for timing in here)
            slowest = f"slowest {most.seconds:.2f} s ({shown(most.payload)!r})"
            print(f"{door.name}: {len(here)} inputs, {slowest}, {bad} faults", file=sys.stderr, flush=True)
    console.print(table(timings, args.slowest))
    faults = [timing for timing in timings if timing.fault]
    for (door_name, fault), count in Counter((t.door, t.fault[:100]) for t in faults).items():
        print(f"FAULT {door_name}: {shown(fault)} ({count} inputs)")
    total = sum(timing.seconds for timing in timings)
    print(f"{len(timings)} inputs of {args.size} characters, {total:.0f} CPU s, {len(faults)} faults")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
