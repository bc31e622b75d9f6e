"""A quick OpenAI-compatible server in a process of its own, for soaks and benchmarks: faults by share, a rate limit.

    with swift(latency=0.05, rate=200) as server:        # a subprocess: its CPU and memory are not ours
        ask(server.base_url)
        server.stats()["answered"]

Bare asyncio, because what is measured is the client. Whether a request meets a fault depends on its body and on how
often it came (so that a run can be repeated), and the server keeps count: what it answered whole, what it spoilt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FAULTS = ("429", "500", "503", "reset", "cut", "html", "half", "empty", "slow")
"""What a spoilt request meets; `half`: the connection ends in the middle of the body."""

POISON = b"never answered"
"""A prompt that says this gets a 400, always."""

SLOW_SECONDS = 30.0


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    base_url: str

    def stats(self) -> Any:
        """`{"posts", "refused", "answered", "spoilt": {fault: n}, "limited", "twice", "most", "seconds"}`; `refused`: a
        poisoned prompt; `seconds`: from the first request that came to the last answer that went."""
        with urllib.request.urlopen(f"{self.base_url}/stats") as reply:
            return json.load(reply)


@contextmanager
def swift(**options: object) -> Iterator[Running]:
    """The server in a process of its own, on a free port; the options are those of its command line."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if value is not None]
    command = [sys.executable, "-m", "tests.servers.swift_server", *flags]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Running(f"http://127.0.0.1:{process.stdout.readline().strip()}/v1")
        finally:
            process.kill()


class Server:
    """What all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.latency: float = options.latency
        self.share: float = options.faults
        self.rate: float | None = options.rate
        self.silent: bool = options.silent
        self.size: int = options.size
        self.seen: Counter[bytes] = Counter()
        self.whole: Counter[bytes] = Counter()
        self.spoilt: Counter[str] = Counter()
        self.posts = self.refused = self.limited = self.active = self.most = 0
        self.first = self.last = 0.0
        self._level, self._at = self.rate or 0.0, time.monotonic()

    def admit(self) -> Mapping[str, str] | None:
        """Takes one request from the bucket (a second's worth deep); the headers of a 429 where it is empty."""
        if self.rate is None:
            return None
        now = time.monotonic()
        self._level = min(self.rate, self._level + (now - self._at) * self.rate)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return None
        self.limited += 1
        return {"Retry-After": "1"} | self.limits()  # whole seconds: RFC 9110 knows no others

    def limits(self) -> dict[str, str]:
        """The headers that tell how much is left."""
        if self.rate is None or self.silent:
            return {}
        return {
            "x-ratelimit-limit-requests": f"{self.rate:.0f}",
            "x-ratelimit-remaining-requests": f"{int(self._level)}",
            "x-ratelimit-reset-requests": f"{1000 * (self.rate - self._level) / self.rate:.0f}ms",
        }

    def fault(self, name: bytes) -> str | None:
        """What this try of this request meets: its share of first and second tries is spoilt."""
        self.seen[name] += 1
        chance = random.Random(name + bytes([self.seen[name]]))
        return chance.choice(FAULTS) if chance.random() < self.share and self.seen[name] < 3 else None

    def answer(self, body: bytes) -> bytes:
        """The text after the last `Legend: ` of the prompt, or of the length asked for."""
        asked = json.loads(body)
        chat = "messages" in asked
        text = str(asked["messages"][-1]["content"] if chat else asked["prompt"]).rpartition("Legend: ")[2]
        text = "x" * self.size if self.size else text
        choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": text, "logprobs": None}
        said = {
            "id": "a",
            "object": "chat.completion" if chat else "text_completion",
            "created": 1,
            "model": asked.get("model"),
            "choices": [{"index": 0, "finish_reason": "stop"} | choice],
            "usage": {"prompt_tokens": len(body) // 4, "completion_tokens": len(text) // 4, "total_tokens": 1},
        }
        return json.dumps(said).encode()

    def stats(self) -> bytes:
        """The count of things."""
        return json.dumps(
            {
                "posts": self.posts,
                "refused": self.refused,
                "answered": sum(self.whole.values()),
                "twice": sum(n > 1 for n in self.whole.values()),
                "spoilt": self.spoilt,
                "limited": self.limited,
                "most": self.most,
                "seconds": self.last - self.first,
            }
        ).encode()


class Connection(asyncio.Protocol):
    """One connection: requests one after another, as HTTP/1.1 without pipelining has them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.data = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        head = self.data.find(b"\r\n\r\n")
        if head < 0:
            return
        lines = bytes(self.data[:head])
        length = next((int(x[15:]) for x in lines.split(b"\r\n") if x[:15].lower() == b"content-length:"), 0)
        if len(self.data) < head + 4 + length:
            return
        body = bytes(self.data[head + 4 : head + 4 + length])
        del self.data[: head + 4 + length]
        if lines.startswith(b"GET"):
            self._send(200, self.server.stats() if b"/stats " in lines else b'{"object": "list", "data": []}')
        else:
            self._post(body)

    def _post(self, body: bytes) -> None:
        server = self.server
        server.posts += 1
        server.first = server.first or time.monotonic()
        server.active += 1
        server.most = max(server.most, server.active)
        name = sha256(body).digest()
        if POISON in body:
            server.refused += 1
            asyncio.get_running_loop().call_soon(self._refuse)
            return
        limited = server.admit()
        fault = None if limited is not None else server.fault(name)
        server.spoilt["slow"] += fault == "slow"
        seconds = 0.0 if limited is not None else SLOW_SECONDS if fault == "slow" else server.latency
        asyncio.get_running_loop().call_later(seconds, self._reply, body, name, fault, limited)

    def _refuse(self) -> None:
        self.server.active -= 1
        self._send(400, b'{"error": {"message": "this one never"}}')

    def _reply(self, body: bytes, name: bytes, fault: str | None, limited: Mapping[str, str] | None) -> None:
        server = self.server
        server.active -= 1
        if self.transport.is_closing() or fault == "slow":
            return
        if limited is not None:
            self._send(429, b'{"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}', limited)
            return
        whole = server.answer(body)
        if fault is None:
            server.whole[name] += 1
            server.last = time.monotonic()
            self._send(200, whole, server.limits())
            return
        server.spoilt[fault] += 1
        if fault in {"429", "500", "503"}:
            self._send(int(fault), f'{{"error": {{"message": "spoilt {server.posts}"}}}}'.encode())
        elif fault == "reset":
            self.transport.abort()
        elif fault == "half":
            self._send(200, whole[: len(whole) // 2], length=len(whole))
            self.transport.close()
        else:
            self._send(200, {"cut": whole[:-20], "html": b"<html>busy</html>", "empty": b'{"choices": []}'}[fault])

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None, length: int = -1) -> None:
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        length = len(body) if length < 0 else length
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n"
        self.transport.write(head.encode() + body)


async def main() -> None:
    """Serves until it is killed; prints its port."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before an answer")
    parser.add_argument("--faults", type=float, default=0.0, help="share of the tries that are spoilt")
    parser.add_argument("--rate", type=float, help="requests a second; more get a 429")
    parser.add_argument("--silent", type=bool, default=False, help="tells nothing of its limits but Retry-After")
    parser.add_argument("--size", type=int, default=0, help="characters of an answer [those asked about]")
    server = Server(parser.parse_args())
    listening = await asyncio.get_running_loop().create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=1024)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
