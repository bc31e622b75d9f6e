"""Sends one HTTP request, within bounds: seconds in all, bytes of the reply, and no redirect to another server.

    connection = Connection(server, total_seconds=300)
    reply = await connection.send("POST", server.url("chat/completions"), headers, data)    # Reply(200, headers, body)

Every request of every backend goes this way, and so do the lists of models: what one request must not do, none does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from fewshot.errors import BackendError
from fewshot.files import most_bytes
from fewshot.servers.address import MOST_REPLY_BYTES, Server
from fewshot.servers.failures import from_transport

if TYPE_CHECKING:
    import ssl

    import aiohttp

TOTAL_SECONDS = 300.0
"""The most that one request may take unless `--timeout` says otherwise: long answers of busy local servers take
minutes. A judgement."""

CONNECT_SECONDS = 10.0
"""The most that connecting may take: seconds even over bad networks; a longer wait means that no one is there."""

SILENCE_SECONDS = 300.0
"""The most that a server may be silent: without streaming it sends nothing until the whole answer is ready."""

CONNECTIONS = 1024
"""More than any `--concurrency` in use: the engine limits what is in flight, the connection pool must not."""

MOST_BYTES = 64 << 20
"""The most that a reply may have, unpacked, if no variable says otherwise: 64 MB. The longest answers have 100 kB."""

MOST_ERROR_BYTES = 1 << 20
"""The most of an error that is read: 1 MB. Of a longer one nothing is shown."""

_CHUNK = 64 << 10  # bytes that are read at once
_REDIRECTS = 5
"""Redirects within the server that are followed: /v1/models → /v1/models/ is one."""

_SAME_METHOD = frozenset({307, 308})
"""Redirects that keep a POST a POST (RFC 9110, 15.4). After the others a prompt would no longer be sent."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply whose body is not parsed yet. The names of headers are in lower case, or their mapping ignores case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Connection:
    """The connections of one run to one server, in one event loop."""

    def __init__(self, server: Server, total_seconds: float) -> None:
        self._server, self._total = server, total_seconds
        self._most = most_bytes(MOST_BYTES, MOST_REPLY_BYTES)
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        *,
        seconds: float | None = None,
    ) -> Reply:
        """Returns the reply, of whatever status. `seconds`: the most that it may take in all, if not that of the run.

        Raises:
            BackendError: There is no reply, or it is larger than the bounds, or a redirect to another server.
        """
        import aiohttp

        if self._session is None:
            self._session = self._open()
        try:
            async with asyncio.timeout(seconds or self._total):
                for _ in range(_REDIRECTS):
                    reply = await self._once(self._session, method, url, headers, data)
                    if not 300 <= reply.status < 400 or "location" not in reply.headers:
                        return reply
                    url = self._redirected(reply, url, method)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: what cannot be sent, as URL or header
            raise from_transport(
                error, self._server.public_url, self._server.redact, proxy=self._server.proxy
            ) from None
        raise BackendError(f"{self._server.public_url} redirects without end", fatal=True)

    async def _once(
        self, session: aiohttp.ClientSession, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> Reply:
        from yarl import URL

        async with session.request(
            method,
            URL(url, encoded=True),
            data=data,
            headers=headers,
            proxy=self._server.proxy,
            allow_redirects=False,
        ) as response:
            return Reply(response.status, response.headers, await self._body(response))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """Returns the body; raises if it is larger than the bounds. aiohttp unpacks it while it is read."""
        answered = response.status < 300
        most = self._most if answered else MOST_ERROR_BYTES
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > most:
                response.close()
                raise BackendError(
                    f"{self._server.public_url} sent more than {_size(most)} (HTTP {response.status})",
                    retryable=response.status >= 500,
                    status=response.status,
                    maybe_paid=answered,
                    hint=f"{MOST_REPLY_BYTES}=N allows more" if answered else None,
                )
            parts.append(part)
        return b"".join(parts)

    def _redirected(self, reply: Reply, url: str, method: str) -> str:
        """Returns where a redirect within the server points.

        Raises:
            BackendError: It points elsewhere: neither a prompt nor a key goes to a server that the user has not named.
        """
        target = urljoin(url, reply.headers["location"])
        if _origin(target) == _origin(url) and (reply.status in _SAME_METHOD or method == "GET"):
            return target
        shown = self._server.redact(target)[:120]
        raise BackendError(
            f"{self._server.public_url} redirects to {shown}, which is not followed",
            fatal=True,
            status=reply.status,
            hint="if you trust that server, name it with --base-url",
        )

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        # httpx2, which the SDK brings, knows certificates of the environment (SSL_CERT_FILE) and its own bundle.
        context: ssl.SSLContext | bool = True
        if urlsplit(self._server.base).scheme == "https":
            import httpx2

            context = httpx2.create_ssl_context()
        # `send` bounds the whole: a timer of aiohttp's for the same would be set anew with every packet.
        silence = SILENCE_SECONDS if self._total > SILENCE_SECONDS else None
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=min(CONNECT_SECONDS, self._total), sock_read=silence
            ),
            cookie_jar=aiohttp.DummyCookieJar(),  # no state from one answer to the next
        )

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def fetch(server: Server, route: str, seconds: float) -> Reply:
    """Returns the reply at a route, before a run: for lists of models. In a thread, since a loop may be running.

    Raises:
        BackendError: As `Connection.send`.
    """

    async def get() -> Reply:
        connection = Connection(server, seconds)
        try:
            return await connection.send("GET", server.url(route), headers_of(server))
        finally:
            await connection.close()

    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(lambda: asyncio.run(get())).result()


def _size(most: int) -> str:
    return f"{most:,} bytes" if most % (1 << 20) else f"{most >> 20} MB"


def headers_of(server: Server) -> dict[str, str]:
    """Returns the headers that admit us to a server: the key or the credentials, and the user's own."""
    own = {name.lower() for name in server.headers}
    admitted = {} if server.authorization is None or "authorization" in own else {"Authorization": server.authorization}
    return admitted | dict(server.headers)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port
