"""Everything that servers and networks do: the engine and gpt3 against real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from fewshot.backends import Options, PromptedBackend, open_backend
from fewshot.cassette import Cassette
from fewshot.engine import Job, Outcome, Pace, aask
from fewshot.errors import BackendError
from fewshot.records import Request, Turn
from tests.servers import openai_server as faults
from tests.servers import wire_faults as wire
from tests.servers.openai_server import Fault, OpenAiServer

QUICK = Pace(concurrency=4, base=0.01, cap=0.02)
N = 12


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")


def gpt3(url: str, **options: Any) -> PromptedBackend:
    backend = open_backend("gpt3", Options(task="ner", base_url=url, model="tiny", **options))
    assert backend.kind == "prompted"
    return backend


def texts(count: int = N) -> list[Request]:
    turns = [(Turn("user", f"legend {i}"),) for i in range(count)]
    return [Request("gpt3", None, "tiny", "chat", t, None, 50, 0.0, id=t[0].content) for t in turns]


async def run(url: str, path: Path, *, pace: Pace = QUICK, requests: Sequence[Request] = (), **options: Any) -> Outcome:
    backend = gpt3(url, **options)
    try:
        with Cassette.open(path / "responses.jsonl") as cassette:
            return await aask(Job(requests or texts(), backend, cassette, pace=pace))
    finally:
        await backend.close()


LOST = [
    wire.reset_during(), wire.too_short(), faults.reset(), faults.cut_json(), faults.empty_choices(),
    faults.message(content=None), wire.no_http(), faults.status(504), faults.status(408),
]  # fmt: skip
REFUSED = [faults.status(code) for code in (409, 429, 500, 502, 503, 529)] + [faults.html()]


@pytest.mark.parametrize(("fault", "paid"), [(f, True) for f in LOST] + [(f, False) for f in REFUSED])
async def test_what_passes_is_asked_again(tmp_path: Path, fault: Fault, paid: bool) -> None:
    with OpenAiServer(faults=[None, fault, None, fault]) as server:
        outcome = await run(server.base_url, tmp_path)
        assert len(server.posts) == N + 2
    assert len(outcome.answers) == N
    assert not outcome.failed
    assert (outcome.stats.retries, outcome.stats.maybe_twice) == (2, 2 if paid else 0)


@pytest.mark.parametrize(
    "fault",
    [
        wire.typed("text/html"), wire.typed("application/octet-stream; charset=latin-1"),
        wire.latin_1(), faults.message("length"), faults.message("content_filter", content=None), faults.slow(0.1),
    ],
)  # fmt: skip
async def test_what_is_an_answer_is_asked_once(tmp_path: Path, fault: Fault) -> None:
    with OpenAiServer(faults=[fault] * N) as server:
        outcome = await run(server.base_url, tmp_path)
        assert len(server.posts) == N
    assert (len(outcome.answers), outcome.stats.retries) == (N, 0)


async def test_a_reset_after_the_whole_answer_costs_no_answer(tmp_path: Path) -> None:
    with OpenAiServer(faults=[wire.reset_after()] * N) as server:
        outcome = await run(server.base_url, tmp_path)
        assert len(server.posts) == N, "what was answered is not asked again"
    assert len(outcome.answers) == N


async def test_latin_1_is_read_as_such_and_said_so(tmp_path: Path) -> None:
    with OpenAiServer(faults=[wire.latin_1("p53 à 5 µM")]) as server:
        outcome = await run(server.base_url, tmp_path, requests=texts(1))
    (completion,) = outcome.answers.values()
    assert (completion.text, completion.adapted) == ("p53 à 5 µM", {"encoding": "latin-1"})


async def test_ten_megabytes(tmp_path: Path) -> None:
    text = "p53 binds MDM2. " * 655_360
    with OpenAiServer(answers=text) as server:
        requests = [Request("gpt3", None, "tiny", "chat", (Turn("user", "x"),), None, 10**8, 0.0, id="x")]
        outcome = await run(server.base_url, tmp_path, requests=requests)
        again = await run(server.base_url, tmp_path, requests=requests)
        assert len(server.posts) == 1
    assert [len(c.text) for c in (*outcome.answers.values(), *again.answers.values())] == [len(text)] * 2


async def test_a_body_that_trickles_for_ever_ends_in_time(tmp_path: Path) -> None:
    with OpenAiServer(faults=[wire.trickle(), faults.slow(30)]) as server:
        outcome = await run(server.base_url, tmp_path, timeout=0.5)
    assert len(outcome.answers) == N
    assert outcome.stats.maybe_twice == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": "0.1"},
        {"Retry-After": formatdate(time.time() - 3000, usegmt=True), "Date": formatdate(time.time() - 3000)},
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "100ms"},
    ],
)
async def test_a_storm_of_429s(tmp_path: Path, headers: dict[str, str]) -> None:
    with OpenAiServer(faults=[faults.status(429, headers=headers)] * 40) as server:
        outcome = await run(server.base_url, tmp_path)
        assert len(server.posts) == N + 40
    assert len(outcome.answers) == N
    assert (outcome.stats.pushbacks, outcome.stats.maybe_twice) == (40, 0)


async def test_the_reset_header_of_a_429_is_a_retry_after() -> None:
    limits = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7s"}
    with OpenAiServer(faults=[faults.status(429, headers=limits)]) as server:
        backend = gpt3(server.base_url)
        with pytest.raises(BackendError) as caught:
            await backend.answer(texts(1)[0])
        await backend.close()
    assert caught.value.retry_after == 7
    assert caught.value.limits is not None
    assert caught.value.limits.tokens.left == 0


async def test_retry_after_as_a_date_is_by_the_server_s_clock() -> None:
    hours = 5 * 3600  # that its clock is wrong
    headers = {
        "Date": formatdate(time.time() + hours, usegmt=True),
        "Retry-After": formatdate(time.time() + hours + 20, usegmt=True),
    }
    with OpenAiServer(faults=[faults.status(429, headers=headers)]) as server:
        backend = gpt3(server.base_url)
        with pytest.raises(BackendError) as caught:
            await backend.answer(texts(1)[0])
        await backend.close()
    assert caught.value.retry_after == pytest.approx(20, abs=5)


async def test_limits_told_beside_an_answer_are_heard(tmp_path: Path) -> None:
    headers = {"x-ratelimit-remaining-requests": "7", "x-ratelimit-limit-requests": "9"}
    with OpenAiServer(faults=[Fault(headers=headers)]) as server:
        backend = gpt3(server.base_url)
        completion = await backend.answer(texts(1)[0])
        await backend.close()
    assert completion.limits is not None
    assert completion.limits.requests.left == 7


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


async def test_a_server_that_is_started_again_in_the_middle(tmp_path: Path) -> None:
    with OpenAiServer(delay=0.05) as first:
        port, url = first.port, first.base_url
        patient = Pace(concurrency=4, base=0.4, cap=0.8, attempts=20, alike=20)
        asking = asyncio.create_task(run(url, tmp_path, pace=patient))
        await asyncio.to_thread(until, lambda: len(first.posts) >= 6)
    await asyncio.sleep(0.3)
    with OpenAiServer(port=port):
        outcome = await asking
    assert len(outcome.answers) == N
    assert outcome.stopped is None
    assert outcome.stats.retries > 0


async def test_a_name_that_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = await run("http://nowhere.invalid:8000/v1", tmp_path)
    assert outcome.stopped is not None
    assert "5 requests in a row failed for good" in outcome.stopped
    assert "cannot connect to http://nowhere.invalid:8000/v1" in outcome.stopped
    assert "is a server running" in outcome.stopped
    assert outcome.stats.maybe_twice == 0, "nothing was sent"


async def test_the_wall_clock_may_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true_time, jumps = time.time, iter([0, 3600, -86400, 1e9] * 10_000)
    monkeypatch.setattr(time, "time", lambda: true_time() + next(jumps))
    limited = faults.status(429, retry_after=0.05)
    with OpenAiServer(faults=[None, limited, None, faults.status(500), limited]) as server:
        began = time.monotonic()
        outcome = await run(server.base_url, tmp_path, pace=Pace(concurrency=4, rpm=60_000, base=0.01, cap=0.02))
        assert time.monotonic() - began < 30
    assert len(outcome.answers) == N
    assert outcome.stats.seconds >= 0


async def test_a_connection_that_the_server_let_go_of_is_opened_again(tmp_path: Path) -> None:
    with OpenAiServer() as server:
        backend = gpt3(server.base_url)
        with Cassette.open(tmp_path / "responses.jsonl") as cassette:
            await aask(Job(texts(2), backend, cassette, pace=QUICK))
            for connection in list(server._http.open):
                connection.shutdown(socket.SHUT_RDWR)
            await asyncio.sleep(0.05)
            outcome = await aask(Job(texts(4), backend, cassette, pace=QUICK))
        await backend.close()
    assert len(outcome.answers) == 4


async def test_no_proxy_and_no_netrc_is_taken_for_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret-of-another\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with OpenAiServer() as server:
        outcome = await run(server.base_url, tmp_path, requests=texts(1))
        assert server.posts[0].headers["authorization"] == "Bearer sk-test-0123456789"
    assert len(outcome.answers) == 1


async def test_a_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def proxy(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        seen.append(connection.recv(65536))
        body = b'{"choices": [{"message": {"content": "by proxy"}, "finish_reason": "stop"}]}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=proxy, args=(listening,))
        thread.start()
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        outcome = await run("http://llm.invalid/v1", tmp_path, requests=texts(1))
        thread.join(5)
    assert [c.text for c in outcome.answers.values()] == ["by proxy"]
    assert seen[0].startswith(b"POST http://llm.invalid/v1/chat/completions HTTP/1.1")
