"""A transport of httpx2 that reads no reply beyond a bound, for clients (the openai SDK) that read replies whole.

    httpx2.AsyncClient(transport=bounded_transport(server, most=16 << 20))

The content of a file (`/content`) passes as it comes: who streams it counts it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fewshot.errors import BackendError
from fewshot.servers.address import MOST_REPLY_BYTES, Server

if TYPE_CHECKING:
    import httpx2


def too_large(server: Server, most: int) -> BackendError:
    """Returns the error for a reply of more than `most` bytes."""
    return BackendError(
        f"{server.public_url} sent more than {most:,} bytes",
        maybe_paid=True,
        hint=f"{MOST_REPLY_BYTES}=N allows more for files",
    )


def bounded_transport(server: Server, most: int) -> httpx2.AsyncBaseTransport:
    """Returns the transport to a server, through the proxy that the environment names for it.

    What it raises beside the errors of httpx2 is a `BackendError`: a reply is larger than `most` bytes, or packed
    although it was asked for unpacked.
    """
    import httpx2

    class Body(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._stream:
                size += len(part)
                if size > most:
                    raise too_large(server, most)
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    class Transport(httpx2.AsyncBaseTransport):
        def __init__(self) -> None:
            self._inner = httpx2.AsyncHTTPTransport(proxy=server.proxy)

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await self._inner.handle_async_request(request)
            packing = response.headers.get("content-encoding", "identity")
            if packing != "identity":  # a small packed reply may have any size unpacked
                raise BackendError(f"{server.public_url} packed a reply that was asked for unpacked", retryable=True)
            if response.status_code < 300 and request.url.path.endswith("/content"):
                return response
            stream = response.stream
            if not isinstance(stream, httpx2.AsyncByteStream):
                return response
            return httpx2.Response(
                response.status_code, headers=response.headers, stream=Body(stream), extensions=response.extensions
            )

        async def aclose(self) -> None:
            await self._inner.aclose()

    return Transport()
