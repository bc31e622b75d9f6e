"""huggingface_hub's client over our own transport: it decides addresses, headers and bodies, `servers.transport` sends.

Its own session follows redirects to other servers, reads replies of any size, and has no limit of seconds in all.
"""

from __future__ import annotations

import warnings
from contextvars import ContextVar
from typing import Any

import httpx2
from huggingface_hub import AsyncInferenceClient
from huggingface_hub.errors import HfHubHTTPError

from fewshot.errors import BackendError
from fewshot.servers import hub_client
from fewshot.servers.address import Server
from fewshot.servers.transport import Connection, Reply, headers_of

_SET_BY_AIOHTTP = frozenset({"host", "content-length", "accept-encoding", "connection"})
_UNDONE_BY_AIOHTTP = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_http = hub_client.library()
_reply: ContextVar[Reply | None] = ContextVar("reply", default=None)


class Client:
    """The client of one run. `target`: a URL or a model of the hub."""

    def __init__(self, server: Server, target: str, total_seconds: float) -> None:
        # The client warns about parameters that it drops for a server that is not TGI; we record that in `adapted`
        # instead (`read_generation`).
        warnings.filterwarnings("ignore", "API endpoint/model for text-generation is not served via TGI")
        self._connection = Connection(server, total_seconds)
        # The key is "none" if there is no token: given no token at all, the client would send the one of the user's
        # `hf auth login` to any address.
        self._client = _OwnSession(model=target, token=server.key, timeout=total_seconds)
        self._client.session = _http.AsyncClient(transport=_Transport(self._connection, server), timeout=total_seconds)

    async def generate(self, **arguments: Any) -> Reply:
        """Sends `text_generation`; returns the reply, of whatever status."""
        return await self._replied(self._client.text_generation, arguments)

    async def chat(self, **arguments: Any) -> Reply:
        """Sends `chat_completion`; returns the reply, of whatever status."""
        return await self._replied(self._client.chat_completion, arguments)

    async def _replied(self, method: Any, arguments: dict[str, Any]) -> Reply:
        token = _reply.set(None)
        try:
            await method(**arguments)
        except BackendError:
            raise
        except HfHubHTTPError as error:
            last = _reply.get()
            if last is None:  # not from the server: the hub was asked about the model before
                raise _from_hub(error) from None
        except Exception:
            if _reply.get() is None:
                raise
            # The client has read the reply in its own way and could not: `servers.reading` says what is wrong with it.
        finally:
            last = _reply.get()
            _reply.reset(token)
        if last is None:
            raise BackendError("the client sent nothing", fatal=True)
        return last

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]
        await self._connection.close()


def _from_hub(error: HfHubHTTPError) -> BackendError:
    status = error.response.status_code
    fatal = 400 <= status < 500 and status != 429
    return BackendError(f"the hub says {status}", retryable=not fatal, fatal=fatal, status=status, hint="check --model")


class _OwnSession(AsyncInferenceClient):
    """A client with a session of ours in place of the shared one."""

    session: httpx2.AsyncClient

    async def _get_async_client(self) -> httpx2.AsyncClient:
        return self.session


class _Transport(httpx2.AsyncBaseTransport):
    """Hands the requests of the client to our transport, and remembers the reply of each."""

    def __init__(self, connection: Connection, server: Server) -> None:
        self._connection, self._server = connection, server

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        own = headers_of(self._server)
        names = {name.lower() for name in own} | {"authorization"} | _SET_BY_AIOHTTP
        headers = {name: value for name, value in request.headers.items() if name not in names} | own
        url = str(request.url)
        if self._server.query and "?" not in url:
            url += f"?{self._server.query}"
        reply = await self._connection.send(request.method, url, headers, await request.aread())
        _reply.set(reply)
        kept = [(name, value) for name, value in reply.headers.items() if name.lower() not in _UNDONE_BY_AIOHTTP]
        made: httpx2.Response = _http.Response(reply.status, headers=kept, content=reply.content, request=request)
        return made
