"""The parts of `benchmarks/engine.py` that are measured within a process: data, processor time, a large cassette."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from fewshot.backends import Options, PromptedBackend, open_backend
from fewshot.cassette import Cassette, key
from fewshot.demo import synthesis
from fewshot.engine import Job, Pace, aask
from fewshot.records import Api, Completion, Request, Turn

ROOT = Path(__file__).parents[1]
LETTERS = 1_350
"""Characters of a legend: with the instruction the prompt has 2 kB."""

ENTITIES = 24
"""Entities of a legend of that length, as in real ones; synthetic legends are denser."""


def write_legends(folder: Path, count: int) -> None:
    """Writes `legends.jsonl` for us and `prompts.jsonl` (the same prompts) for the peers."""
    pieces = [example for example in synthesis.generate(count, seed=7) if example.entities is not None]
    rows: list[dict[str, Any]] = []
    text, spans = "Figure 0. ", list[dict[str, Any]]()  # numbered, because a repeated question is sent only once
    while len(rows) < count:
        for piece in pieces:
            spans += [
                {"start": len(text) + s.start, "end": len(text) + s.end, "label": s.label} for s in piece.entities or ()
            ]
            text += piece.text + " "
            if len(text) >= LETTERS:
                rows.append({"id": f"legend-{len(rows)}", "text": text.strip(), "entities": spans[:ENTITIES]})
                text, spans = f"Figure {len(rows)}. ", []
                if len(rows) == count:
                    break
    (folder / "legends.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    head = "Copy the legend and tag its entities. " + "You annotate figure legends. " * 20
    prompts = [{"prompt": f"{head}\nLegend: {row['text']}", "target": row["text"]} for row in rows]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in prompts), "utf-8")


def requests(count: int, endpoint: str | None = None) -> list[Request]:
    """Returns distinct requests of 2 kB."""
    words = "x" * 1_950
    turns = [(Turn("user", f"{i} Legend: {words}"),) for i in range(count)]
    return [Request("gpt3", endpoint, "m", "chat", t, None, 900, 0.0, id=f"r{i}") for i, t in enumerate(turns)]


class NullBackend:
    """A backend that costs nothing and gives one answer to everything."""

    kind: Literal["prompted"] = "prompted"
    name, model = "null", "m"
    endpoint: str | None = None
    api: Api = "chat"
    notices: Sequence[str] = ()
    completion = Completion("x" * 1_900, prompt_tokens=500, completion_tokens=475, seconds=0.05)

    async def answer(self, request: Request) -> Completion:
        await asyncio.sleep(0)
        return self.completion

    async def close(self) -> None:
        """Does nothing."""


async def _ask(asked: list[Request], backend: PromptedBackend, width: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Cassette.open(Path(folder, "responses.jsonl")) as cassette:
        outcome = await aask(Job(asked, backend, cassette, pace=Pace(concurrency=width)))
    if len(outcome.answers) != len(asked):
        raise RuntimeError(f"{len(outcome.failed)} failed: {outcome.stopped}")


async def _bare(asked: list[Request], backend: PromptedBackend, width: int) -> None:
    rest = iter(asked)

    async def work() -> None:
        for request in rest:
            await backend.answer(request)

    await asyncio.gather(*(work() for _ in range(width)))


def above_the_client(url: str, count: int, width: int) -> tuple[float, float]:
    """Returns processor seconds per request: of the gpt3 client alone, and with engine and cassette; best of three."""

    async def main() -> tuple[float, float]:
        backend = open_backend("gpt3", Options(task="ner", model="m", base_url=url))
        if backend.kind != "prompted":
            raise TypeError
        asked = requests(count, backend.endpoint)
        ways: list[Callable[..., Awaitable[None]]] = [_bare, _ask]
        best = [float("inf")] * 2
        for _ in range(3):
            for which, way in enumerate(ways):
                began = time.process_time()
                await way(asked, backend, width)
                best[which] = min(best[which], (time.process_time() - began) / count)
        await backend.close()
        return best[0], best[1]

    return asyncio.run(main())


def alone(count: int, width: int) -> float:
    """Returns processor seconds per request of engine and cassette, with a backend that costs nothing."""
    asyncio.run(_ask(requests(100), NullBackend(), width))
    asked = requests(count)
    began = time.process_time()
    asyncio.run(_ask(asked, NullBackend(), width))
    return (time.process_time() - began) / count


def open_and_look_up(folder: str, lines: str) -> dict[str, float]:
    """Opens the cassette that `child` has written and looks up 1,000 keys."""
    count = int(lines)
    keys = [key(_line(i * 997 % count)) for i in range(1000)]
    began = time.perf_counter()
    with Cassette.open(Path(folder, "large.jsonl")) as cassette:
        missing = sum(cassette.get(name) is None for name in keys)
        seconds = time.perf_counter() - began
    if missing:
        raise RuntimeError(f"{missing} keys are missing")
    return {"seconds": seconds, "megabytes": most_megabytes()}


def most_megabytes() -> float:
    """Returns the peak memory of this process; `ru_maxrss` would be that of the process that started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def child(name: str, folder: Path, lines: int) -> Any:
    """Writes a cassette of so many lines of 1 kB, and measures a fresh process that opens it."""
    completion = Completion("y" * 100, prompt_tokens=9, completion_tokens=9, seconds=0.1)
    with Cassette.open(folder / "large.jsonl") as cassette:
        for i in range(lines):
            cassette.append(_line(i), completion, [])
    code = f"import json, sys; from benchmarks.engine_parts import {name}; print(json.dumps({name}(*sys.argv[1:])))"
    argv = [sys.executable, "-c", code, str(folder), str(lines)]
    return json.loads(subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def _line(i: int) -> Request:
    turns = (Turn("user", f"{i} " + "x" * 420),)
    return Request("gpt3", "https://api.openai.com/v1/chat/completions", "m", "chat", turns, None, 90, 0.0, id=f"i{i}")
