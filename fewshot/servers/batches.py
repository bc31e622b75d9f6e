"""OpenAI's Batch endpoint (`/v1/files`, `/v1/batches`) through the openai SDK, within bounds.

    batches = Batches(server, total_seconds=300)
    file = await batches.upload(Path("part.jsonl"), "fewshot-1a2b-1.jsonl")
    batch = await batches.create(file, "/v1/chat/completions", {"fewshot": "fewshot-1a2b-1"})
    batch = await batches.retrieve(batch.id)                    # Batch(status="completed", output="file-…", …)
    await batches.download(batch.output, Path("answers.jsonl"))

https://developers.openai.com/api/docs/guides/batch. Whatever a server sends is checked: the SDK's own objects hold
values of any type. Sends once; waiting and trying again is the engine's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from fewshot.errors import BackendError
from fewshot.files import most_bytes, whole
from fewshot.servers.address import MOST_REPLY_BYTES, Server, custom_headers
from fewshot.servers.failures import error_reply, from_reply, from_transport, message_of
from fewshot.servers.secrets import NO_KEY
from fewshot.servers.transport import CONNECT_SECONDS, headers_of

if TYPE_CHECKING:
    import openai

MOST_FILE_BYTES = 2 << 30
"""The most that a downloaded file may have, if no variable says otherwise: 2 GiB, for 50,000 answers of 40 kB."""

MOST_JSON_BYTES = 16 << 20
"""The most that any other reply may have: a page of 100 batches takes some 100 kB."""

MOST_PAGES = 50
"""Pages of 100 that are looked through for a batch of ours: 5,000 batches, more than a day's limit (2,000 an hour)."""

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""Statuses that do not change any more."""

STATUSES = ENDED | {"validating", "in_progress", "finalizing", "cancelling"}

_QUEUE_FULL = ("token_limit_exceeded", "enqueued token limit", "enqueued tokens", "enqueued request limit")
"""How the limit of queued tokens is told (OpenAI, Azure): a batch that fails, or a 400 or 429."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the server tells it; what it does not tell is empty.

    Attributes:
        id: Its id.
        status: One of `STATUSES`.
        name: What we called it (`metadata.fewshot`).
        input: The id of its file of requests.
        output: The id of the file of answers.
        errors_file: The id of the file of requests that failed or expired.
        completed: Requests that were answered.
        failed: Requests that failed.
        total: Requests in all.
        reason: Why it failed.
        queue_full: It failed because too many tokens were queued: it may be sent again later.
    """

    id: str
    status: str
    name: str = ""
    input: str = ""
    output: str = ""
    errors_file: str = ""
    completed: int = 0
    failed: int = 0
    total: int = 0
    reason: str = ""
    queue_full: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED


def is_queue_full(text: str) -> bool:
    """Returns whether a message says that the limit of queued tokens is reached.

    >>> is_queue_full("Enqueued token limit reached for gpt-6-luna in organization org-1."), is_queue_full("no")
    (True, False)
    """
    return any(words in text.lower() for words in _QUEUE_FULL)


@dataclass(slots=True)
class Batches:
    """The Batch endpoint of one server, in one event loop."""

    server: Server
    total_seconds: float
    _sdk: openai.AsyncOpenAI | None = field(default=None, repr=False)

    async def upload(self, path: Path, name: str) -> str:
        """Uploads a file of requests under a name; returns its id.

        Raises:
            BackendError: It was not taken.
        """
        with path.open("rb") as file:
            async with self._asking() as sdk:
                raw = await sdk.files.with_raw_response.create(file=(name, file), purpose="batch")
        if not (id := _text(self._json(raw.content), "id")):
            self._fail("the upload has no id")
        return id

    async def create(self, file: str, endpoint: str, metadata: Mapping[str, str]) -> Batch:
        """Creates the batch of an uploaded file.

        Raises:
            BackendError: There is none; if `maybe_paid`, it may have been created: look it up before trying again.
        """
        async with self._asking() as sdk:
            raw = await sdk.batches.with_raw_response.create(
                input_file_id=file,
                endpoint=endpoint,  # type: ignore[arg-type]  # the SDK lists OpenAI's own
                completion_window="24h",
                metadata=dict(metadata),
            )
        return self._batch(self._json(raw.content))

    async def retrieve(self, id: str) -> Batch:
        """Returns a batch as it is now."""
        async with self._asking() as sdk:
            raw = await sdk.batches.with_raw_response.retrieve(id)
        return self._batch(self._json(raw.content))

    async def cancel(self, id: str) -> Batch:
        """Asks the server to stop a batch; what is answered already stays and is paid."""
        async with self._asking() as sdk:
            raw = await sdk.batches.with_raw_response.cancel(id)
        return self._batch(self._json(raw.content))

    async def find(self, name: str, file: str) -> Batch | None:
        """Returns the batch that we called `name`, or that has the input file; `None` if there is none."""
        after: str | None = None
        for _ in range(MOST_PAGES):
            async with self._asking() as sdk:
                list_page = sdk.batches.with_raw_response.list
                raw = await (list_page(limit=100, after=after) if after else list_page(limit=100))
            body = self._json(raw.content)
            rows = body.get("data")
            found = [self._batch(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            for batch in found:
                if batch.name == name or (file and batch.input == file):
                    return batch
            if not found or body.get("has_more") is not True or found[-1].id == after:
                return None
            after = found[-1].id
        return None

    async def find_file(self, name: str) -> str | None:
        """Returns the id of the file that we uploaded under a name; `None` if there is none."""
        async with self._asking() as sdk:
            raw = await sdk.files.with_raw_response.list(purpose="batch", limit=1000, order="desc")
        rows = self._json(raw.content).get("data")
        same = (row for row in rows if _text(row, "filename") == name) if isinstance(rows, list) else ()
        return next((id for row in same if (id := _text(row, "id"))), None)

    async def download(self, file: str, path: Path) -> None:
        """Writes the content of a file to `path`, as it arrives.

        Raises:
            BackendError: It cannot be had (status 404: it is gone), or is larger than the bounds.
        """
        from fewshot.servers.bounded import too_large

        most = most_bytes(MOST_FILE_BYTES, MOST_REPLY_BYTES)
        size = 0
        with whole(path) as partial, partial.open("wb") as out:
            async with self._asking() as sdk, sdk.files.with_streaming_response.content(file) as response:
                async for part in response.iter_bytes():
                    size += len(part)
                    if size > most:
                        raise too_large(self.server, most)
                    out.write(part)

    async def close(self) -> None:
        """Closes the connections."""
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[openai.AsyncOpenAI]:
        """The SDK; what it raises becomes a `BackendError` without secrets."""
        import httpx2
        import openai

        if self._sdk is None:
            self._sdk = self._open()
        server = self.server
        try:
            yield self._sdk
        except openai.APIStatusError as error:
            reply = error_reply(error.response.status_code, error.response.headers, error.response.content)
            raise from_reply(
                reply, server.public_url, "", server.redact, key=server.key_name, missing_version=server.missing_version
            ) from None
        except (openai.APIError, httpx2.HTTPError, OSError) as error:
            if (ours := _ours(error)) is not None:
                raise ours from None
            raise from_transport(error, server.public_url, server.redact, proxy=server.proxy) from None

    def _open(self) -> openai.AsyncOpenAI:
        import httpx2
        import openai

        from fewshot.servers.bounded import BoundedTransport

        server = self.server
        total = httpx2.Timeout(self.total_seconds, connect=min(CONNECT_SECONDS, self.total_seconds))
        http = httpx2.AsyncClient(
            timeout=total,
            follow_redirects=False,  # neither a prompt nor a key goes to a server that the user has not named
            transport=BoundedTransport(server, MOST_JSON_BYTES),
        )
        return openai.AsyncOpenAI(
            api_key=server.key or NO_KEY,
            base_url=server.base,
            default_headers=_headers(server),
            default_query=dict(parse_qsl(server.query)),
            max_retries=0,
            timeout=total,
            http_client=http,
        )

    def _json(self, content: bytes) -> dict[str, Any]:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self._fail("the reply is not JSON")
        return body

    def _batch(self, row: Mapping[str, Any]) -> Batch:
        """Reads a batch."""
        id, status = _text(row, "id"), _text(row, "status")
        if not id or status not in STATUSES:
            self._fail(f"a batch of status {self.server.redact(status)[:40]!r} is not known here")
        counts, metadata = row.get("request_counts"), row.get("metadata")
        errors = row.get("errors")
        reason = self.server.redact(message_of(errors.get("data"))) if isinstance(errors, dict) else ""
        return Batch(
            id=id,
            status=status,
            name=_text(metadata, "fewshot"),
            input=_text(row, "input_file_id"),
            output=_text(row, "output_file_id"),
            errors_file=_text(row, "error_file_id"),
            completed=_count(counts, "completed"),
            failed=_count(counts, "failed"),
            total=_count(counts, "total"),
            reason=reason,
            queue_full=status == "failed" and is_queue_full(json.dumps(errors)),
        )

    def _fail(self, reason: str) -> NoReturn:
        raise BackendError(f"{self.server.public_url}: {reason}", retryable=True, maybe_paid=True)


def _headers(server: Server) -> dict[str, str]:
    """Returns the headers beside the SDK's: those that admit us, and the user's own. One that `OPENAI_CUSTOM_HEADERS`
    names takes the place of our key, as online."""
    custom, own = custom_headers(), headers_of(server)
    named = {name.lower() for name in custom}
    return custom | {n: value for n, value in own.items() if n.lower() not in named} | {"Accept-Encoding": "identity"}


def _ours(error: BaseException) -> BackendError | None:
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, BackendError):
            return link
        link = link.__cause__
    return None


def _text(row: object, key: str) -> str:
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def _count(row: object, key: str) -> int:
    value = row.get(key) if isinstance(row, dict) else None
    return value if type(value) is int and value >= 0 else 0
