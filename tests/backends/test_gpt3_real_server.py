"""The gpt3 backend against a server that we did not write: `transformers serve` with a tiny random model."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from fewshot.backends import Options
from fewshot.backends.gpt3 import open_backend
from fewshot.errors import BackendError
from fewshot.records import Request, Turn

pytestmark = [pytest.mark.slow, pytest.mark.local]

TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
SECONDS_TO_START = 120


def make_model(folder: Path) -> None:
    """A GPT-2 of two layers with random weights, and a byte-level tokenizer without merges."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*letters, "<|end|>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    end = vocabulary["<|end|>"]
    config = GPT2Config(
        vocab_size=len(vocabulary),
        n_positions=512,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=end,
        eos_token_id=end,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """`(base_url, model)` of a running `transformers serve`."""
    pytest.importorskip("torch")
    program = shutil.which("transformers", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("no `transformers` command beside this python")
    folder = tmp_path_factory.mktemp("tiny")
    make_model(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = folder / "serve.log"
    command = [program, "serve", str(folder), "--host", "127.0.0.1", "--port", port, "--device", "cpu"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/v1/models", process, log)
            yield f"http://127.0.0.1:{port}/v1", str(folder)
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"transformers serve did not start: {log.read_text(errors='replace')[-2000:]}")


def asked(model: str, **changes: object) -> Request:
    given: dict[str, object] = {"api": "chat", "turns": (Turn("user", "p53"),), "prompt": None} | changes
    return Request("gpt3", None, model, max_tokens=12, temperature=0.0, seed=1, **given)  # type: ignore[arg-type]


async def test_chat_and_completions(served: tuple[str, str]) -> None:
    url, model = served
    for api, turns, prompt in (
        ("chat", (Turn("system", "Tag."), Turn("user", "p53")), None),
        ("completions", None, "p53"),
    ):
        backend = open_backend(Options(task="ner", model=model, base_url=url, api=api))  # type: ignore[arg-type]
        request = asked(model, api=api, turns=turns, prompt=prompt)
        first, second = await backend.answer(request), await backend.answer(request)
        assert first.text
        assert first.text == second.text, "temperature 0"
        assert first.finish_reason in {"length", "stop"}
        # the same text with a stop taken from its middle: whoever applies it, it is not in the answer
        stop = first.text[len(first.text) // 2]
        stopped = await backend.answer(asked(model, api=api, turns=turns, prompt=prompt, stop=(stop,)))
        await backend.close()
        assert stopped.text == first.text[: first.text.index(stop)]


async def test_an_unknown_model_is_an_error(served: tuple[str, str]) -> None:
    url, _ = served
    backend = open_backend(Options(task="ner", model="no/such-model", base_url=url))
    with pytest.raises(BackendError):
        await backend.answer(asked("no/such-model"))
    await backend.close()
