"""A transport of httpx2 that reads no reply beyond a bound, for clients (the openai SDK) that read replies whole.

    httpx2.AsyncClient(transport=BoundedTransport(server, most=16 << 20))

The content of a file (`/content`) passes as it comes: who streams it counts it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

from fewshot.errors import BackendError
from fewshot.servers.address import MOST_REPLY_BYTES, Server


def too_large(server: Server, most: int) -> BackendError:
    """Returns the error for a reply of more than `most` bytes."""
    return BackendError(
        f"{server.public_url} sent more than {most:,} bytes",
        maybe_paid=True,
        hint=f"{MOST_REPLY_BYTES}=N allows more for files",
    )


class _Body(httpx2.AsyncByteStream):
    """A body that ends in an error where it becomes too large."""

    def __init__(self, stream: httpx2.AsyncByteStream, server: Server, most: int) -> None:
        self._stream, self._server, self._most = stream, server, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > self._most:
                raise too_large(self._server, self._most)
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class BoundedTransport(httpx2.AsyncBaseTransport):
    """The way to a server, through the proxy that the environment names for it.

    What it raises beside the errors of httpx2 is a `BackendError`: a reply is larger than `most` bytes, or packed
    although it was asked for unpacked.
    """

    def __init__(self, server: Server, most: int) -> None:
        self._server, self._most = server, most
        self._inner = httpx2.AsyncHTTPTransport(proxy=server.proxy)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a request; returns the reply, whose body is bounded."""
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            # A small packed reply may have any size unpacked.
            raise BackendError(f"{self._server.public_url} packed a reply that was asked for unpacked", retryable=True)
        stream = response.stream
        is_file = response.status_code < 300 and request.url.path.endswith("/content")
        if is_file or not isinstance(stream, httpx2.AsyncByteStream):
            return response
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Body(stream, self._server, self._most),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()
