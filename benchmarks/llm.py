"""`make llm`: fetches and serves a real language model, runs it on the demo corpus, and stops the server; offline.

    python -m benchmarks.llm                             # SmolLM2, the first 10 of each task's test split
    python -m benchmarks.llm --model gemma --limit 5     # a base model, with --api completions
    python -m benchmarks.llm --record                    # into fewshot/corpus/recorded: what the demo replays

Panelization and NER (`list`) and CAUSAL, with 0 and 3 shots, through the ordinary `gpt3` backend. The same command
continues an interrupted one, and a recorded answer is reused as long as its request is the same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from benchmarks.weights import fetch
from fewshot.demo import language_model
from fewshot.errors import FewshotError
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings

PORT = 8808
APIS = {"smollm2": "chat", "gemma": "completions"}
SECONDS_TO_START = 180  # usually about 5; room for a busy machine


def bfloat16() -> bool:
    """Returns whether this processor multiplies bfloat16; on others bfloat16 is slower than float32."""
    import torch

    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


@contextmanager
def served(folder: Path, log: Path, port: int = PORT) -> Iterator[str]:
    """Serves a model folder with `transformers serve`, under the folder's name; yields the base URL, then stops.

    Uses one thread: on two shared cores a second one mostly waits for the first (docs/real-models.md).
    """
    program = Path(sys.executable).parent / "transformers"
    dtype = "bfloat16" if bfloat16() else "float32"
    address = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", dtype]
    env = dict(os.environ, OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "1"), HF_HUB_OFFLINE="1")
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [str(program), "serve", folder.name, *address], cwd=folder.parent, env=env, stdout=out, stderr=out
        ) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    sys.exit(f"transformers serve did not start: see {log}")


def jobs(url: str, model: str, api: str, limit: int | None) -> Iterator[tuple[str, Settings]]:
    """Yields the settings of each run, with the name of its folder."""
    for task in language_model.TASKS:
        for shots in language_model.SHOTS:
            asked = language_model.settings(task, shots, base_url=url, model=model, limit=limit)
            values = asked.to_toml() | {"api": api, "concurrency": 1, "timeout": 600.0}
            yield f"{task}-{model.partition('-')[0].lower()}-{shots}shot", Settings.from_toml(values)


def main() -> int:
    """Fetches a model, serves it and runs everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=tuple(APIS), default="smollm2")
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("runs/llm"))
    parser.add_argument("--record", action="store_true", help="copy the complete runs to fewshot/corpus/recorded")
    args = parser.parse_args()
    folder = fetch(args.model)
    try:
        with served(folder, args.out / f"serve-{args.model}.log") as url:
            for name, settings in jobs(url, folder.name, APIS[args.model], args.limit):
                began = time.perf_counter()
                was = language_model.FOLDER / name
                done = run(settings, out=args.out / name, reuse=was if was.exists() else None)
                print(f"{name}: {time.perf_counter() - began:.0f} s, complete: {done.complete}", flush=True)
                if args.record and done.complete:
                    shutil.rmtree(was, ignore_errors=True)
                    shutil.copytree(done.folder.path, was)
    except FewshotError as error:
        print(f"llm: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
