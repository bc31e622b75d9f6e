"""The peers of `benchmarks/engine.py`: each does the same job in its usual way; run by an interpreter that has them.

    PYTHON engine_peers.py list                        # which of them are installed
    PYTHON engine_peers.py lm_eval URL FOLDER 64       # FOLDER/prompts.jsonl: {"prompt", "target"}
    PYTHON engine_peers.py inspect_ai URL FOLDER 64 cached

Nothing of `fewshot` is imported. Each peer gets what makes it fast: as many connections, no needless retries, and its
own cache if a re-run is measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NEEDS = {
    "sdk": ("openai",),
    "sdk_aiohttp_raw": ("openai", "aiohttp"),
    "lm_eval": ("lm_eval",),
    "inspect_ai": ("inspect_ai", "openai"),
    "vcr": ("vcr", "openai"),
}
MAX_TOKENS = 1400


def prompts(folder: Path) -> list[str]:
    """Returns the prompts, in order."""
    return [json.loads(line)["prompt"] for line in (folder / "prompts.jsonl").open(encoding="utf-8")]


def _body(prompt: str) -> dict[str, Any]:
    return {"model": "m", "max_tokens": MAX_TOKENS, "messages": [{"role": "user", "content": prompt}]}


def sdk(url: str, folder: Path, width: int, *more: str) -> None:
    """Runs the openai SDK as documented; `more`: its number of retries [its default, 2]."""
    from openai import AsyncOpenAI

    async def main() -> None:
        client: Any = AsyncOpenAI(api_key="k", base_url=url, max_retries=int(more[0]) if more else 2)

        async def ask(prompt: str) -> None:
            await client.chat.completions.create(**_body(prompt))

        await _drive(ask, prompts(folder), width)
        await client.close()

    asyncio.run(main())


def sdk_aiohttp_raw(url: str, folder: Path, width: int) -> None:
    """Runs the openai SDK with its aiohttp transport and raw responses, its fastest mode."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    async def main() -> None:
        client: Any = AsyncOpenAI(api_key="k", base_url=url, http_client=DefaultAioHttpClient())

        async def ask(prompt: str) -> None:
            raw = await client.chat.completions.with_raw_response.create(**_body(prompt))
            json.loads(raw.content)["choices"][0]["message"]["content"]

        await _drive(ask, prompts(folder), width)
        await client.close()

    asyncio.run(main())


async def _drive(ask: Any, asked: list[str], width: int) -> None:
    rest = iter(asked)

    async def work() -> None:
        for prompt in rest:
            await ask(prompt)

    await asyncio.gather(*(work() for _ in range(width)))


def lm_eval(url: str, folder: Path, width: int, *more: str) -> None:
    """Runs lm-evaluation-harness by its command line, with a task of ours; `cached`: with its own cache."""
    task = {
        "task": "legends",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "prompts.jsonl")}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{target}}",
        "generation_kwargs": {"max_gen_toks": MAX_TOKENS, "until": ["[END]"]},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    tasks = folder / "lm_eval_tasks"
    tasks.mkdir(exist_ok=True)
    (tasks / "legends.yaml").write_text(json.dumps(task), "utf-8")  # JSON is YAML
    arguments = f"model=m,base_url={url}/chat/completions,num_concurrent={width},tokenized_requests=False"
    argv = [sys.executable, "-m", "lm_eval", "run", "--model", "local-chat-completions", "--model_args", arguments]
    argv += ["--tasks", "legends", "--include_path", str(tasks), "--apply_chat_template"]
    if more:
        argv += ["--use_cache", str(folder / "lm_eval_cache")]
    env = dict(os.environ, OPENAI_API_KEY="k", HF_HOME=str(folder / "hf"), HF_DATASETS_OFFLINE="1")
    sys.exit(subprocess.run(argv, env=env, check=False).returncode)


def inspect_ai(url: str, folder: Path, width: int, *more: str) -> None:
    """Runs inspect_ai from Python; `cached`: with its own cache."""
    os.environ["INSPECT_CACHE_DIR"] = str(folder / "inspect_cache")
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model
    from inspect_ai.scorer import exact
    from inspect_ai.solver import generate

    samples = [Sample(input=row["prompt"], target=row["target"]) for row in _rows(folder)]
    model = get_model("openai-api/local/m", base_url=url, api_key="k")
    task = Task(dataset=MemoryDataset(samples), solver=generate(cache=bool(more)), scorer=exact())
    logs = evaluate(
        task,
        model=model,
        max_connections=width,
        max_samples=width,
        max_tokens=MAX_TOKENS,
        log_dir=str(folder / "inspect_logs"),
        display="none",
    )
    sys.exit(0 if logs[0].status == "success" else str(logs[0].error))


def _rows(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "prompts.jsonl").open(encoding="utf-8")]


def vcr(url: str, folder: Path, width: int, *more: str) -> None:
    """Runs the openai SDK under vcrpy: the first run records, the second replays."""
    import vcr as recorder

    # By default requests match by address, but the server has another port each time.
    matched = ("method", "path", "body")
    with recorder.use_cassette(str(folder / "vcr.yaml"), record_mode="once", match_on=matched):
        sdk(url, folder, width)


def main() -> None:
    """Lists the installed peers, or runs one."""
    if sys.argv[1] == "list":
        print(json.dumps([name for name, needs in NEEDS.items() if all(map(find_spec, needs))]))
        return
    name, url, folder, width, *more = sys.argv[1:]
    globals()[name](url, Path(folder), int(width), *more)


if __name__ == "__main__":
    main()
