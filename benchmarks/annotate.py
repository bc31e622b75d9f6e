"""How fast, how flat and how safe `fewshot annotate` is, on generated legends.

    python -m benchmarks.annotate rows            legends a second by system; what the pipeline adds to the bare system
    python -m benchmarks.annotate ray             two actors of Ray against one, and against the engine `local`
    python -m benchmarks.annotate memory          the most memory for 10,000, 100,000 and 1,000,000 legends
    python -m benchmarks.annotate million         1,000,000 legends, killed twice on the way, beside an unbroken job

Legends are those of the synthetic corpus's generator, some 5,000 of them, each repeated with another number behind it
until there are enough: no two texts are equal. `--count` takes fewer.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count as counted
from itertools import islice
from pathlib import Path
from typing import Any

from fewshot.annotate import Job, annotate
from fewshot.annotate.intake import entries
from fewshot.annotate.opening import open_annotator
from fewshot.demo.synthesis import generate
from fewshot.experiment.settings import Settings
from fewshot.files import CORPUS
from fewshot.records import Example
from tests.servers.swift_server import swift

WORK = Path("runs/annotate-benchmark")
_PAPERS, _SEED = 1_000, 19
_TIMES = 3
_RECORDS: dict[tuple[str, ...], list[Example]] = {}


def legends() -> Iterator[dict[str, str]]:
    """Legends without end, no two alike."""
    pool = [(example.group, example.text) for example in generate(_PAPERS, seed=_SEED)]
    for number in counted():
        group, text = pool[number % len(pool)]
        yield {"id": f"{number:07d}", "group": group, "text": f"{text} Scale bar {number} nm."}


def written(count: int) -> Path:
    """A file of so many legends, made if it is not there."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"legends-{count}.jsonl"
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in islice(legends(), count))
        part.replace(path)
    return path


def command(path: Path, out: Path, *more: str) -> list[str]:
    """A job of the rules as a command line."""
    words = ["annotate", str(path), "--task", "panelization", "--out", str(out), "-q", *more]
    return [sys.executable, "-m", "fewshot", *words]


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Legends a second of every system, and the CPU time that the pipeline adds to it: the best of three."""
    tagger, seq2seq = (CORPUS / "fine-tuned" / name for name in ("ner-tiny-tagger", "ner-tiny-bart"))
    with swift(latency=0.02) as server:
        asked = {"backend": "gpt3", "base_url": server.base_url, "model": "m", "concurrency": 64, "key_env": "PATH"}
        systems: list[tuple[str, Settings, int]] = [
            ("rules", Settings(task="panelization"), count),
            ("tagger (tiny)", Settings(task="ner", backend="local", model=str(tagger)), count // 10),
            ("seq2seq (tiny, copy)", Settings(task="ner", backend="local", model=str(seq2seq)), count // 50),
            ("prompted, server of 20 ms", Settings(task="ner", **asked), count // 2),  # type: ignore[arg-type]
        ]
        for name, settings, some in systems:
            path = written(max(some, 100))
            piped, bare = [], []
            for _ in range(_TIMES):  # in turn, so that both meet the same machine
                bare.append(took(lambda: without_pipeline(fresh(settings, path))))  # noqa: B023
                piped.append(took(lambda: annotate(fresh(settings, path))))  # noqa: B023
            (wall, cpu), (_, least) = min(piped), min(bare, key=lambda one: one[1])
            cpu = min(one[1] for one in piped)
            yield {
                "system": name,
                "legends": some,
                "per second (wall)": round(some / wall, 1),
                "ms a legend (CPU)": round(1000 * cpu / some, 4),
                "bare system (CPU)": round(1000 * least / some, 4),
                "pipeline adds": f"{(cpu - least) / least:+.1%}",
                "a million takes, extrapolated (h)": round(wall / some * 1e6 / 3600, 2),
            }


def took(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of this process's CPU."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - wall, time.process_time() - cpu


def without_pipeline(job: Job) -> None:
    """The bare system over the same records, which are in memory: opened, asked, its answers read (those of a server
    are recorded), nothing else."""
    if job.inputs not in _RECORDS:
        every = entries(job.inputs, job.settings.task, {}, said=[])
        _RECORDS[job.inputs] = [one for one in every if isinstance(one, Example)]
    examples = _RECORDS[job.inputs]
    system = open_annotator(job)
    for number, first in enumerate(range(0, len(examples), job.size)):
        system.answer(number, examples[first : first + job.size], lambda _: None)


def fresh(settings: Settings, path: Path, **more: Any) -> Job:
    """A job in an empty folder."""
    out = WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    return Job(settings=settings, inputs=(str(path),), out=out, **more)


def with_ray(count: int) -> Iterator[dict[str, Any]]:
    """The rules by two actors, by one, and by the engine `local`; without the start of Ray."""
    import ray

    # Not a cluster that runs here, or that once did: Ray remembers the address of one that was killed.
    ray.init(address="local", log_to_driver=False, logging_level="error", include_dashboard=False)
    path, settings = written(count), Settings(task="panelization")
    for engine, workers in (("ray", 1), ("ray", 2), ("local", 1), ("ray", 1), ("ray", 2), ("local", 1)):
        began = time.monotonic()
        done = annotate(fresh(settings, path, engine=engine, workers=workers, size=1000))
        seconds = time.monotonic() - began
        yield {
            "engine": engine,
            "workers": workers,
            "legends": done.counts.written,
            "seconds": round(seconds, 2),
            "per second": round(done.counts.written / seconds, 1),
        }
    ray.shutdown()


def memory(counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The most memory of a process that annotates so many legends."""
    for count in counts:
        path, out = written(count), WORK / f"memory-{count}"
        shutil.rmtree(out, ignore_errors=True)
        code = (
            "import resource, sys; from fewshot import cli; code = cli.main(sys.argv[1:]);"
            " print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
        )
        began = time.monotonic()
        words = command(path, out)[3:]
        ran = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True)
        yield {
            "legends": count,
            "most memory (MB)": round(int(ran.stdout.split()[-1]) / 1024, 1),
            "seconds": round(time.monotonic() - began, 1),
        }
        shutil.rmtree(out)


def million(count: int, *, ray: bool) -> Iterator[dict[str, Any]]:
    """Jobs of `count` legends by the rules: unbroken, killed twice, and (`ray`) through Ray, killed twice."""
    path = written(count)
    jobs: list[tuple[str, list[str], int]] = [("unbroken", [], 0), ("killed twice", [], 2)]
    jobs += [("ray, killed twice", ["--engine", "ray"], 2)] if ray else []
    for name, more, kills in jobs:
        out = WORK / name.replace(",", "").replace(" ", "-")
        shutil.rmtree(out, ignore_errors=True)
        began = time.monotonic()
        at = [_killed(command(path, out, *more), out, (number + 1) / (kills + 1), count) for number in range(kills)]
        subprocess.run(command(path, out, *more), check=True)
        yield {
            "job": name,
            "seconds": round(time.monotonic() - began, 1),
            "parts when killed": at,
            "done": json.loads((out / "done.json").read_text("utf-8"))["written"],
            "sha256": digest(out),
        }


def _killed(words: list[str], out: Path, share: float, count: int) -> int:
    """Starts a job, and kills it with all its processes by SIGKILL when that share of its parts is there."""
    process = subprocess.Popen(words, start_new_session=True)
    wanted = int(count / 5_000 * share)
    while process.poll() is None and _parts(out) < wanted:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return _parts(out)


def _parts(out: Path) -> int:
    return len(list((out / "state").glob("[0-9]*.json"))) if (out / "state").exists() else 0


def digest(out: Path) -> str:
    """SHA-256 of all files of a job, in the order of their names."""
    found = hashlib.sha256()
    for file in sorted(path for path in out.rglob("*") if path.is_file() and not path.name.endswith(".lock")):
        found.update(str(file.relative_to(out)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a row of JSON a measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rows", "ray", "memory", "million"))
    parser.add_argument("--count", type=int, metavar="N", help="legends")
    parser.add_argument("--without-ray", action="store_true", help="million: not through Ray as well")
    args = parser.parse_args(argv)
    found: Callable[[], Iterator[dict[str, Any]]] = {
        "rows": lambda: rows(args.count or 20_000),
        "ray": lambda: with_ray(args.count or 60_000),
        "memory": lambda: memory((args.count,) if args.count else (10_000, 100_000, 1_000_000)),
        "million": lambda: million(args.count or 1_000_000, ray=not args.without_ray),
    }[args.what]
    for row in found():
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
