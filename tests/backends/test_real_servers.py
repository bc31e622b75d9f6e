"""gpt3 and bloom against a server that we did not write: `transformers serve` with tiny random models, GPT-2 and BLOOM.

`transformers serve` does not speak TGI: `text_generation` goes to our TGI server, which hands the prompt on to it.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request as Http
from urllib.request import urlopen

import pytest

from fewshot.backends import Options
from fewshot.backends.bloom import open_backend as open_bloom
from fewshot.backends.gpt3 import open_backend
from fewshot.errors import BackendError
from fewshot.records import Request, Turn
from tests.servers.tgi_server import TgiServer

pytestmark = [pytest.mark.slow, pytest.mark.local]

TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
SECONDS_TO_START = 120


def make_model(folder: Path, family: str) -> None:
    """A model of two layers with random weights, and a byte-level tokenizer without merges."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import BloomConfig, BloomForCausalLM, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

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
    ends = {"bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    if family == "bloom":
        config = BloomConfig(vocab_size=len(vocabulary), hidden_size=32, n_layer=2, n_head=2, **ends)
        BloomForCausalLM(config).save_pretrained(folder)
    else:
        size = {"n_positions": 512, "n_embd": 32, "n_layer": 2, "n_head": 2}
        GPT2LMHeadModel(GPT2Config(vocab_size=len(vocabulary), **size, **ends)).save_pretrained(folder)


@pytest.fixture(scope="module", params=["gpt2", "bloom"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """`(base_url, model)` of a running `transformers serve`."""
    pytest.importorskip("torch")
    program = shutil.which("transformers", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("no `transformers` command beside this python")
    folder = tmp_path_factory.mktemp("tiny")
    make_model(folder, request.param)
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


async def test_bloom_s_client_chats_with_it(served: tuple[str, str]) -> None:
    url, model = served
    backend = open_bloom(Options(task="ner", model=model, base_url=url, api="chat"))
    request = asked(model, turns=(Turn("system", "Tag."), Turn("user", "p53")))
    first, second = await backend.answer(request), await backend.answer(request)
    assert first.text
    assert first.text == second.text, "temperature 0"
    assert first.prompt_tokens
    assert first.completion_tokens
    stop = first.text[len(first.text) // 2]
    stopped = await backend.answer(asked(model, turns=request.turns, stop=(stop,)))
    await backend.close()
    assert stopped.text == first.text[: first.text.index(stop)]


async def test_bloom_s_client_continues_a_text(served: tuple[str, str]) -> None:
    url, model = served

    def hand_on(body: dict[str, Any]) -> str:
        said = {"model": model, "prompt": body["prompt"], "max_tokens": 12, "temperature": 0}
        sent = Http(f"{url}/completions", json.dumps(said).encode(), {"Content-Type": "application/json"})
        with urlopen(sent, timeout=60) as answer:
            return str(json.load(answer)["choices"][0]["text"])

    plain = asked(model, api="completions", turns=None, prompt="p53")
    gpt3 = open_backend(Options(task="ner", model=model, base_url=url, api="completions"))
    with TgiServer(answers=hand_on) as server:
        backend = open_bloom(Options(task="ner", model=model, base_url=server.url))
        theirs, ours = await backend.answer(plain), await gpt3.answer(plain)
        await backend.close()
        await gpt3.close()
    assert theirs.text.split() == ours.text.split()


async def test_an_unknown_model_is_an_error(served: tuple[str, str]) -> None:
    url, _ = served
    backend = open_backend(Options(task="ner", model="no/such-model", base_url=url))
    with pytest.raises(BackendError):
        await backend.answer(asked("no/such-model"))
    await backend.close()
