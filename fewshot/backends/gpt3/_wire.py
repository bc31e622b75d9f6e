"""Sends requests: the openai SDK decides address, headers and the meaning of errors; aiohttp does the sending.

    wire = Wire(server, total_seconds=300)
    reply = await wire.post("chat/completions", {"model": "m", "messages": […]})      # Reply(headers, content)

The SDK prepares one request per route (address, authentication, its own headers), which is captured at its transport;
every other request is a copy of it with another body. The SDK's own way builds and checks some twenty objects per
request: 0.4 ms of processor time, more than aiohttp and all our code together (`benchmarks/engine.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

from fewshot.servers.address import Server

if TYPE_CHECKING:
    import aiohttp
    import httpx2
    import openai

CONNECT_SECONDS = 10.0
"""The most that connecting may take: seconds even over bad networks; a longer wait means that no one is there."""

SILENCE_SECONDS = 300.0
"""The most that a server may be silent: without streaming it sends nothing until the whole answer is ready."""

CONNECTIONS = 1024
"""More than any `--concurrency` in use: the engine limits what is in flight, the connection pool must not."""

_SET_BY_AIOHTTP = frozenset({"host", "content-length", "accept-encoding", "connection"})
_UNDONE_BY_AIOHTTP = frozenset({"content-length", "content-encoding", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200 whose body is not parsed yet."""

    headers: Mapping[str, str]
    content: bytes


class Wire:
    """The connections of one run, in one event loop."""

    def __init__(self, server: Server, total_seconds: float) -> None:
        self._server, self._total = server, total_seconds
        self._sdk: openai.AsyncOpenAI | None = None
        self._refusals = _Refusals(server)
        self._session: aiohttp.ClientSession | None = None
        self._prepared: dict[str, httpx2.Request] = {}
        self._urls: dict[str, str] = {}
        self._headers: Mapping[str, str] = {}
        self._proxy: str | None = None

    async def post(self, route: str, body: Mapping[str, Any]) -> Reply:
        """Sends one request.

        Raises:
            openai.APIStatusError: The server refused; the SDK's own error, with body and headers.
            aiohttp.ClientError, TimeoutError: There was no answer; `TimeoutError` after `total_seconds`, even if
                bytes still trickle in.
        """
        prepared = self._prepared.get(route) or await self._prepare(route)
        if self._session is None:
            self._session = self._open(prepared)
        data = json.dumps(body).encode()
        async with self._session.post(
            self._urls[route], data=data, headers=self._headers, proxy=self._proxy
        ) as response:
            content = await response.read()
            if response.status < 300:
                return Reply(response.headers, content)
            raise self._refusals.error(response.status, response.headers, content)

    async def get(self, route: str, seconds: float) -> bytes | None:
        """Returns the body at a route, or `None` if it cannot be had in time or nothing was posted before."""
        import aiohttp

        if self._session is None:
            return None
        url, timeout = f"{self._server.request_url.rstrip('/')}/{route}", aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.get(url, headers=self._headers, proxy=self._proxy, timeout=timeout) as response:
                return await response.read() if response.status == 200 else None
        except (aiohttp.ClientError, OSError):
            return None

    async def _prepare(self, route: str) -> httpx2.Request:
        """Lets the SDK send an empty request into a transport that only captures it."""
        import httpx2
        import openai

        captured: list[httpx2.Request] = []

        def capture(request: httpx2.Request) -> httpx2.Response:
            captured.append(request)
            return httpx2.Response(200, json={})

        client = httpx2.AsyncClient(transport=httpx2.MockTransport(capture), auth=self._server.credentials)
        self._sdk = openai.AsyncOpenAI(
            api_key=self._server.key, base_url=self._server.request_url, max_retries=0, http_client=client
        )
        await self._sdk.post(route, cast_to=httpx2.Response, body={})
        self._prepared[route] = prepared = captured[0]
        self._urls[route] = str(prepared.url)
        self._headers = {name: value for name, value in prepared.headers.items() if name not in _SET_BY_AIOHTTP}
        return prepared

    def _open(self, prepared: httpx2.Request) -> aiohttp.ClientSession:
        import aiohttp
        import httpx2

        url = prepared.url
        # What the SDK's own client would do: proxies from the environment, certificates of its bundle.
        self._proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
        context = httpx2.create_ssl_context() if url.scheme == "https" else True
        connect, silence = (min(most, self._total) for most in (CONNECT_SECONDS, SILENCE_SECONDS))
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context),
            timeout=aiohttp.ClientTimeout(total=self._total, sock_connect=connect, sock_read=silence),
            cookie_jar=aiohttp.DummyCookieJar(),  # no state from one answer to the next
        )

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None
            self._prepared.clear()
        self._refusals.close()


class _Refusals:
    """Turns an error reply into the SDK's own exception.

    The SDK has no public function for that, so a client of its own is given the reply by a transport that opens no
    connection. The client is synchronous, so that no other reply can come between `_response` and its error. 0.35 ms
    of processor time per refusal (docs/benchmarks.md).
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sdk: openai.OpenAI | None = None
        self._response: httpx2.Response | None = None

    def error(self, status: int, headers: Mapping[str, str], content: bytes) -> openai.APIStatusError:
        """Returns the SDK's own error for a status of 300 and above, with body and headers."""
        import httpx2
        import openai

        kept = [(name, value) for name, value in headers.items() if name.lower() not in _UNDONE_BY_AIOHTTP]
        self._response = httpx2.Response(status, headers=kept, content=content)
        if status >= 400:  # the SDK would follow a redirection
            try:
                self._client().post("refused", cast_to=httpx2.Response, body={})
            except openai.APIStatusError as error:
                return error
        self._response.request = httpx2.Request("POST", self._server.request_url)
        return openai.APIStatusError(f"status {status}", response=self._response, body=self._response.text)

    def _client(self) -> openai.OpenAI:
        import httpx2
        import openai

        if self._sdk is None:
            transport = httpx2.MockTransport(lambda _: self._response or httpx2.Response(500))
            http = httpx2.Client(transport=transport, trust_env=False)
            self._sdk = openai.OpenAI(
                api_key=self._server.key, base_url=self._server.request_url, max_retries=0, http_client=http
            )
        return self._sdk

    def close(self) -> None:
        """Closes the client."""
        if self._sdk is not None:
            self._sdk.close()
            self._sdk = None
