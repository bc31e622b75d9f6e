"""The way to the server: the SDK says where to, with which headers and what an error means; aiohttp sends.

    wire = Wire(server, total_seconds=300)
    reply = await wire.post("chat/completions", {"model": "m", "messages": […]})      # Reply(headers, content)

The SDK prepares one request (address, authentication, its own headers), which is caught at its transport; all others
go out as that one with another body. Its own way there builds and checks some twenty objects a request: 0.4 ms of
processor time, more than aiohttp and everything of ours take together (`benchmarks/engine.py`).
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
SILENCE_SECONDS = 300.0
"""The longest that a server may say nothing: one that does not stream says nothing until it has it all."""

CONNECTIONS = 1024
_ITS_OWN = frozenset({"host", "content-length", "accept-encoding", "connection"})  # aiohttp says these itself

_OF_THE_BODY = frozenset({"content-length", "content-encoding", "transfer-encoding"})  # aiohttp has undone these


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200, not looked into yet."""

    headers: Mapping[str, str]
    content: bytes


class Wire:
    """The connections of one run, in one event loop."""

    def __init__(self, to: Server, total_seconds: float) -> None:
        self._to, self._total = to, total_seconds
        self._sdk: openai.AsyncOpenAI | None = None
        self._refusals = _Refusals(to)
        self._session: aiohttp.ClientSession | None = None
        self._prepared: dict[str, httpx2.Request] = {}
        self._urls: dict[str, str] = {}
        self._headers: Mapping[str, str] = {}
        self._proxy: str | None = None

    async def post(self, route: str, body: Mapping[str, Any]) -> Reply:
        """Sends one request.

        Raises:
            openai.APIStatusError: the server said no; the SDK's own error, with body and headers.
            aiohttp.ClientError, TimeoutError: no answer; `TimeoutError` after `total_seconds`, whatever trickles in.
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
        """What lies at a route, once something was posted; `None` where it is not to be had in time."""
        import aiohttp

        if self._session is None:
            return None
        url, timeout = f"{self._to.bare.rstrip('/')}/{route}", aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._session.get(url, headers=self._headers, proxy=self._proxy, timeout=timeout) as response:
                return await response.read() if response.status == 200 else None
        except (aiohttp.ClientError, OSError):
            return None

    async def _prepare(self, route: str) -> httpx2.Request:
        import httpx2
        import openai

        caught: list[httpx2.Request] = []

        def catch(request: httpx2.Request) -> httpx2.Response:
            caught.append(request)
            return httpx2.Response(200, json={})

        client = httpx2.AsyncClient(transport=httpx2.MockTransport(catch), auth=self._to.credentials)
        self._sdk = openai.AsyncOpenAI(api_key=self._to.key, base_url=self._to.bare, max_retries=0, http_client=client)
        await self._sdk.post(route, cast_to=httpx2.Response, body={})
        self._prepared[route] = prepared = caught[0]
        self._urls[route] = str(prepared.url)
        self._headers = {name: value for name, value in prepared.headers.items() if name not in _ITS_OWN}
        return prepared

    def _open(self, prepared: httpx2.Request) -> aiohttp.ClientSession:
        import aiohttp
        import httpx2

        url = prepared.url
        self._proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
        context = httpx2.create_ssl_context() if url.scheme == "https" else True
        connect, silence = (min(most, self._total) for most in (CONNECT_SECONDS, SILENCE_SECONDS))
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context),
            timeout=aiohttp.ClientTimeout(total=self._total, sock_connect=connect, sock_read=silence),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None
            self._prepared.clear()
        self._refusals.close()


class _Refusals:
    """What the SDK makes of a refusal. A client of its own gets it from a transport that opens no connection, since the
    SDK has no public function from a response to its error. It is not asynchronous, so that no other refusal can come
    between `_response` and its error. 0.35 ms of processor time a refusal (docs/benchmarks.md)."""

    def __init__(self, to: Server) -> None:
        self._to = to
        self._sdk: openai.OpenAI | None = None
        self._response: httpx2.Response | None = None

    def error(self, status: int, headers: Mapping[str, str], content: bytes) -> openai.APIStatusError:
        """The SDK's own error for a status of 300 and above, with body and headers."""
        import httpx2
        import openai

        kept = [(name, value) for name, value in headers.items() if name.lower() not in _OF_THE_BODY]
        self._response = httpx2.Response(status, headers=kept, content=content)
        if status >= 400:  # the SDK would follow a redirection
            try:
                self._client().post("refused", cast_to=httpx2.Response, body={})
            except openai.APIStatusError as error:
                return error
        self._response.request = httpx2.Request("POST", self._to.bare)
        return openai.APIStatusError(f"status {status}", response=self._response, body=self._response.text)

    def _client(self) -> openai.OpenAI:
        import httpx2
        import openai

        if self._sdk is None:
            transport = httpx2.MockTransport(lambda _: self._response or httpx2.Response(500))
            http = httpx2.Client(transport=transport, trust_env=False)
            self._sdk = openai.OpenAI(api_key=self._to.key, base_url=self._to.bare, max_retries=0, http_client=http)
        return self._sdk

    def close(self) -> None:
        """Lets go of the client."""
        if self._sdk is not None:
            self._sdk.close()
            self._sdk = None
