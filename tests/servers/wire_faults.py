"""Faults below HTTP: what a connection does while or after an answer comes.

with OpenAiServer(faults=[reset_during(), trickle(), latin_1()]) as server: …
"""

from __future__ import annotations

import gzip
import json
import socket
import time

from tests.servers.openai_server import Fault, Json

TRICKLE_SECONDS = 0.05


def reset_during() -> Fault:
    """The connection is reset in the middle of the body."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(head + body[: len(body) // 2])
        time.sleep(0.05)  # it is on its way before the reset overtakes it

    return Fault(send=send)


def reset_after() -> Fault:
    """The whole answer comes, then a reset."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(head + body)
        time.sleep(0.05)

    return Fault(send=send)


def trickle(seconds: float = 30.0) -> Fault:
    """The body comes a byte at a time, and never to its end."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(head)
        for at in range(int(seconds / TRICKLE_SECONDS)):
            connection.sendall(body[at : at + 1] or b" ")
            time.sleep(TRICKLE_SECONDS)

    return Fault(send=send)


def too_short() -> Fault:
    """The connection ends, in order, before all that was announced has come."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(head + body[:-5])
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.05)

    return Fault(send=send)


def no_http() -> Fault:
    """Something that is no HTTP at all."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
        time.sleep(0.05)

    return Fault(send=send)


def typed(content_type: str) -> Fault:
    """A whole answer under the wrong content type."""
    return Fault(headers={"Content-Type": content_type})


def latin_1(text: str = "p53 à 5 µM") -> Fault:
    """An answer in Latin-1, whatever the header says."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    answer: Json = {"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    return Fault(raw=json.dumps(answer, ensure_ascii=False).encode("latin-1"))


def endless() -> Fault:
    """A body in chunks, without an end."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        while True:  # until the client has had enough
            connection.sendall(chunk)

    return Fault(send=send)


def bomb(size: int) -> Fault:
    """A body that is small, and `size` bytes when it is unpacked."""
    return Fault(headers={"Content-Encoding": "gzip"}, raw=gzip.compress(b" " * size, 1))


def slow_head(seconds: float = 30.0) -> Fault:
    """A header a byte at a time."""

    def send(connection: socket.socket, head: bytes, body: bytes) -> None:
        for at in range(int(seconds / TRICKLE_SECONDS)):
            connection.sendall(head[at % len(head) : at % len(head) + 1])
            time.sleep(TRICKLE_SECONDS)

    return Fault(send=send)
