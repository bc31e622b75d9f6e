"""`OpenAiServer` with a Batch endpoint: /v1/files and /v1/batches as OpenAI documents them, with scripted faults.

with BatchServer(answers="p53 [END]", ends=[expired(after=3), None]) as server:
    …                                # the 1st batch answers 3 requests and expires, the others complete

A batch is worked off when it is looked at: `looks` times it says `in_progress`, then it ends. Answers are those that
the same server gives online.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.openai_server import Fault, Json, OpenAiServer, Received, status

Rows = list[Json]


@dataclass(frozen=True)
class End:
    """How a batch ends. `after`: requests that are answered first (all); `failing`: the status of every second one;
    `edit` changes the lines of the file of answers before they are written; `raw` are its last bytes; `gone`: the
    file is a 404; `miscount`: added to the count of answers; `errors`: of a batch that is refused."""

    status: str = "completed"
    after: int | None = None
    failing: Fault | None = None
    edit: Callable[[Rows], Rows] = lambda rows: rows
    raw: bytes = b""
    gone: bool = False
    miscount: int = 0
    errors: tuple[Json, ...] = ()


def expired(after: int) -> End:
    """The window ends; the other requests stand in the file of errors."""
    return End("expired", after=after)


def refused(code: str, message: str) -> End:
    """The batch fails as a whole, before a request is run."""
    return End("failed", errors=({"code": code, "message": message, "line": None, "param": None},))


QUEUE_FULL = refused("token_limit_exceeded", "Enqueued token limit reached for m in organization org-1. Limit: 9.")


class BatchServer(OpenAiServer):
    """The server. `ends`: how batches end, in order of creation, `None` completes; `routes`: faults by method and first
    part of the path (`"POST batches"`), taken in order; `looks`: times that a batch is still running; `most_queued`:
    requests that may be queued."""

    def __init__(
        self, *args: Any, ends: Iterable[End | None] = (), looks: int = 1, most_queued: int | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.ends, self.looks, self.most_queued = list(ends), looks, most_queued
        self.files: dict[str, tuple[str, bytes]] = {}
        self.batches: dict[str, Json] = {}
        self.lost: set[str] = set()
        self.routes: dict[str, list[Fault | None]] = {}
        self.created_then: list[Fault | None] = []  # what the reply to a creation becomes: the batch is there
        self.calls: list[str] = []

    @property
    def run_lines(self) -> list[str]:
        """The custom ids that were run in batches, in order: what is paid."""
        return [id for batch in self.batches.values() for id in batch.get("ran", ())]

    def respond(self, request: Received, number: int) -> Fault:
        parts = urlsplit(request.path).path.removeprefix("/v1/").split("/")
        if parts[0] not in {"files", "batches"}:
            return super().respond(request, number)
        call = f"{request.method} {parts[0]}"
        self.calls.append(f"{request.method} {'/'.join(parts)}")
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return status(401, "Incorrect API key provided: sk-***.", error_code="invalid_api_key")
        if (scripted := self.routes.get(call)) and (fault := scripted.pop(0)) is not None:
            self._stopping.wait(fault.delay)
            return fault
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        with self._lock:
            reply = self._files(request, parts) if parts[0] == "files" else self._batches(request, parts, query)
        self._stopping.wait(reply.delay)
        return reply

    def _files(self, request: Received, parts: list[str]) -> Fault:
        if request.method == "POST":
            name, content = request.body["filename"], request.body["content"]
            id = f"file-{len(self.files) + 1}"
            self.files[id] = (name, content)
            return _ok({"id": id, "object": "file", "bytes": len(content), "created_at": 1, "filename": name,
                        "purpose": "batch", "status": "processed"})  # fmt: skip
        if len(parts) == 1:
            rows = [{"id": id, "object": "file", "filename": name, "purpose": "batch"} for id, (name, _) in
                    reversed(self.files.items())]  # fmt: skip
            return _ok({"object": "list", "data": rows, "has_more": False})
        if parts[1] not in self.files or parts[1] in self.lost:
            return status(404, f"No such File object: {parts[1]}", kind="invalid_request_error")
        return Fault(raw=self.files[parts[1]][1], headers={"Content-Type": "application/octet-stream"})

    def _batches(self, request: Received, parts: list[str], query: dict[str, str]) -> Fault:
        if request.method == "GET" and len(parts) == 1:
            every = [_shown(batch) for batch in reversed(self.batches.values())]
            ids = [batch["id"] for batch in every]
            start = ids.index(query["after"]) + 1 if "after" in query else 0
            page = every[start : start + 2]  # small pages: clients must turn them
            return _ok({"object": "list", "data": page, "has_more": start + 2 < len(every)})
        if request.method == "POST" and len(parts) == 1:
            return self._create(request.body)
        batch = self.batches.get(parts[1])
        if batch is None:
            return status(404, f"No batch found with id '{parts[1]}'", kind="invalid_request_error")
        if request.method == "POST":  # …/cancel
            if not _ended(batch):
                batch.update(status="cancelling", end=End("cancelled", after=batch["end"].after or 0))
            return _ok(_shown(batch))
        batch["seen"] += 1
        if batch["status"] == "validating" and batch["end"].status == "failed":
            batch.update(status="failed", errors={"object": "list", "data": list(batch["end"].errors)})
        elif not _ended(batch) and batch["seen"] > self.looks:
            self._finish(batch)
        elif batch["status"] == "validating":
            batch["status"] = "in_progress"
        return _ok(_shown(batch))

    def _create(self, body: Json) -> Fault:
        if body["input_file_id"] not in self.files:
            return status(400, "No such file", kind="invalid_request_error")
        rows = [json.loads(line) for line in self.files[body["input_file_id"]][1].splitlines()]
        queued = sum(batch["rows"] for batch in self.batches.values() if not _ended(batch))
        if self.most_queued is not None and queued + len(rows) > self.most_queued:
            return status(429, "Enqueued token limit reached for m.", error_code="rate_limit_exceeded", kind="tokens")
        end = (self.ends.pop(0) if self.ends else None) or End()
        id = f"batch_{len(self.batches) + 1}"
        self.batches[id] = {
            "id": id, "object": "batch", "endpoint": body["endpoint"], "errors": None, "created_at": int(time.time()),
            "input_file_id": body["input_file_id"], "completion_window": body["completion_window"],
            "status": "validating", "output_file_id": None, "error_file_id": None, "metadata": body.get("metadata"),
            "request_counts": {"total": len(rows), "completed": 0, "failed": 0}, "rows": len(rows), "seen": 0,
            "end": end,
        }  # fmt: skip
        lost = self.created_then.pop(0) if self.created_then else None
        return lost or _ok(_shown(self.batches[id]))

    def _finish(self, batch: Json) -> None:
        end: End = batch["end"]
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]][1].splitlines()]
        assert len({line["body"]["model"] for line in lines}) == 1, "one model a file"
        assert {line["url"] for line in lines} == {batch["endpoint"]}
        outputs: Rows = []
        errors: Rows = []
        batch["ran"] = [line["custom_id"] for line in lines[: end.after]]
        for number, line in enumerate(lines):
            row: Json = {"id": f"batch_req_{number}", "custom_id": line["custom_id"], "response": None, "error": None}
            if end.after is not None and number >= end.after:
                code = "batch_expired" if end.status == "expired" else "batch_cancelled"
                row["error"] = {"code": code, "message": "This request could not be executed before the end."}
                errors.append(row)
                continue
            asked = Received("POST", line["url"], {}, line["body"], 0.0)
            fault = end.failing if end.failing is not None and number % 2 else self._refusal(line["body"])
            reply = {"status_code": fault.status, "body": json.loads(fault.raw or b"{}")} if fault else {
                "status_code": 200, "body": self._complete(asked, 0)}  # fmt: skip
            row["response"] = reply | {"request_id": f"req_{number}"}
            (errors if fault else outputs).append(row)
        batch["status"] = end.status
        counts = {"total": len(lines), "completed": len(outputs) + end.miscount, "failed": len(errors)}
        batch["request_counts"] = counts
        for name, rows, raw in (("output", end.edit(outputs), end.raw), ("error", errors, b"")):
            if rows or raw:
                id = f"file-{len(self.files) + 1}"
                self.files[id] = (f"{batch['id']}_{name}.jsonl", b"".join(json.dumps(r).encode() + b"\n" for r in rows))
                self.files[id] = (self.files[id][0], self.files[id][1] + raw)
                batch[f"{name}_file_id"] = id
                if end.gone and name == "output":
                    self.lost.add(id)


def _ok(body: Json) -> Fault:
    return Fault(raw=json.dumps(body).encode())


def _ended(batch: Json) -> bool:
    return batch["status"] in {"completed", "failed", "expired", "cancelled"}


def _shown(batch: Json) -> Json:
    return {key: value for key, value in batch.items() if key not in {"rows", "seen", "end", "ran"}}
