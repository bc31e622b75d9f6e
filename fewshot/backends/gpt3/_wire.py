"""Sends requests to an OpenAI-compatible server: the openai SDK decides the headers, `servers.transport` sends.

    wire = Wire(server, total_seconds=300)
    reply = await wire.post("chat/completions", {"model": "m", "messages": […]})      # Reply(status, headers, content)

The SDK prepares one request, whose headers are captured at its transport; every request bears them. The SDK's own way
builds and checks some twenty objects per request: 0.4 ms of processor time, more than aiohttp and all our code together
(`benchmarks/engine.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fewshot.aside import Aside
from fewshot.errors import BackendError
from fewshot.servers.address import API, Server, custom_headers
from fewshot.servers.secrets import NO_KEY
from fewshot.servers.transport import Connection, Reply, headers_of

_SET_BY_AIOHTTP = frozenset({"host", "content-length", "accept-encoding", "connection"})


class Wire:
    """The connections of one run, in one event loop."""

    def __init__(self, server: Server, total_seconds: float) -> None:
        self._server = server
        self._connection = Connection(server, total_seconds)
        self._headers: Mapping[str, str] = {}
        self._preparing = asyncio.Lock()

    async def post(self, route: str, body: Mapping[str, Any]) -> Reply:
        """Sends one request; returns the reply, of whatever status.

        Raises:
            BackendError: There is none.
        """
        if not self._headers:
            async with self._preparing:  # the first requests come together; one of them is enough to ask the SDK
                self._headers = self._headers or await _headers(self._server)
        return await self._connection.send("POST", self._server.url(route), self._headers, json.dumps(body).encode())

    async def get(self, route: str, seconds: float) -> bytes | None:
        """Returns the body at a route, or `None` if it cannot be had in time or nothing was posted before."""
        if not self._headers:
            return None
        try:
            reply = await self._connection.send("GET", self._server.url(route), self._headers, seconds=seconds)
        except BackendError:
            return None
        return reply.content if reply.status == 200 else None

    async def close(self) -> None:
        """Closes the connections."""
        await self._connection.close()


async def _headers(server: Server) -> dict[str, str]:
    """The SDK's headers and ours."""
    theirs = await asyncio.to_thread(SDK.result)  # the loop is not kept waiting
    own = headers_of(server)
    dropped = _SET_BY_AIOHTTP | {name.lower() for name in server.headers}
    if "authorization" in {name.lower() for name in custom_headers()}:  # of OPENAI_CUSTOM_HEADERS: the SDK's own order
        own.pop("Authorization", None)
    else:
        dropped |= {"authorization"}
    return {name: value for name, value in theirs.items() if name not in dropped} | own


def _of_sdk() -> dict[str, str]:
    """Lets the SDK send an empty request into a transport that only captures it. Its headers depend on the environment
    alone: what it says of the key is replaced."""
    import httpx2
    import openai

    captured: list[httpx2.Request] = []

    def capture(request: httpx2.Request) -> httpx2.Response:
        captured.append(request)
        return httpx2.Response(200, json={})

    async def post() -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(capture))
        async with openai.AsyncOpenAI(api_key=NO_KEY, base_url=API, max_retries=0, http_client=http) as sdk:
            await sdk.post("models", cast_to=httpx2.Response, body={})

    asyncio.run(post())
    return dict(captured[0].headers)


SDK = Aside(_of_sdk)
"""The headers of the SDK, which takes half a second of processor time to import."""
