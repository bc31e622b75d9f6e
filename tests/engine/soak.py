"""A long run against a server that spoils a fifth of what it is asked, in a process of its own: its memory is measured.

python -m tests.engine.soak URL FOLDER COUNT        # prints {"answered", "failed", …, "growth_mb"} as JSON
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from fewshot.backends import Options, open_backend
from fewshot.cassette import Cassette
from fewshot.engine import Job, Pace, Progress, ask
from fewshot.records import Request, Turn

EVERY = 50
"""One request in so many is never answered."""


def requests(count: int) -> Iterator[Request]:
    """Requests of half a kilobyte, made as they are drawn."""
    for i in range(count):
        never = "never answered " if i % EVERY == 7 else ""
        turns = (Turn("user", f"{never}{'x' * 400} Legend: number {i}"),)
        yield Request("gpt3", None, "m", "chat", turns, None, 50, 0.0, id=f"r{i}")


def megabytes() -> float:
    """What this process has in memory now."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main(url: str, folder: str, count: int) -> None:
    """Asks, and says what came of it."""
    backend = open_backend("gpt3", Options(task="ner", model="m", base_url=url, timeout=1.0))
    if backend.kind != "prompted":
        raise TypeError
    sizes: list[float] = []

    def heard(now: Progress) -> None:
        if now.done >= count // 10:
            sizes.append(megabytes())

    with Cassette.open(Path(folder, "responses.jsonl")) as cassette:
        pace = Pace(concurrency=64, base=0.01, cap=0.05)
        outcome = ask(Job(requests(count), backend, cassette, pace=pace, listen=heard))
    asked = {request.id: request.turns for request in requests(count)}
    said = {
        "answered": len(outcome.answers),
        "right": sum(
            (found := outcome.answer(id)) is not None and turns is not None and turns[0].content.endswith(found.text)
            for id, turns in asked.items()
        ),
        "failed": len(outcome.failed),
        "reasons": sorted(set(outcome.failed.values())),
        "both": len(outcome.failed.keys() & {id for id in asked if outcome.answer(id) is not None}),
        "unsent": outcome.unsent,
        "stopped": outcome.stopped,
        "done": outcome.stats.done,
        "replayed": outcome.replayed,
        "retries": outcome.stats.retries,
        "maybe_twice": outcome.stats.maybe_twice,
        "seconds": outcome.stats.seconds,
        "growth_mb": max(sizes) - sizes[0],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
