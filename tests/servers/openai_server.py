"""One OpenAI-compatible server with faults, for tests: real sockets, real HTTP, scripted behaviour.

with OpenAiServer(answers="p53", faults=[status(429, retry_after=1), None, reset()]) as server:
    ask(server.base_url)          # the 1st request gets the 429, the 3rd is dropped, the others "p53"
    server.requests[0].body["model"], server.max_concurrency
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Json = dict[str, Any]
Answer = str | Callable[[Json], str]


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Json
    at: float


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `edit` changes the answer's JSON; `raw` replaces the body; `status` alone
    answers with an error body of OpenAI's shape; `send` puts the response on the socket in its own way (head, body),
    and the connection ends (`wire_faults.py`)."""

    delay: float = 0.0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    edit: Callable[[Json], None] | None = None
    cut: bool = False
    drop: bool = False
    send: Callable[[socket.socket, bytes, bytes], None] | None = None


def slow(seconds: float) -> Fault:
    """Answers late."""
    return Fault(delay=seconds)


def status(
    code: int,
    message: str = "scripted failure",
    *,
    error_code: str | None = None,
    param: str | None = None,
    kind: str = "server_error",
    retry_after: float | str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """An HTTP error in OpenAI's words."""
    head = dict(headers or {})
    if retry_after is not None:
        head["Retry-After"] = str(retry_after)
    error = {"message": message, "type": kind, "param": param, "code": error_code}
    return Fault(status=code, headers=head, raw=json.dumps({"error": error}).encode())


def body(code: int, raw: object, content_type: str = "application/json") -> Fault:
    """Any status with any body: other servers' errors, HTML."""
    sent = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return Fault(status=code, raw=sent, headers={"Content-Type": content_type})


def redirect(code: int, location: str) -> Fault:
    """A redirect."""
    return Fault(status=code, headers={"Location": location}, raw=b"")


def html() -> Fault:
    """A 200 that is a web page."""
    return body(200, b"<html><body><h1>Welcome to nginx</h1></body></html>", "text/html")


def cut_json() -> Fault:
    """A 200 whose JSON ends in the middle."""
    return Fault(cut=True)


def reset() -> Fault:
    """The connection is reset before a byte is answered."""
    return Fault(drop=True)


def empty_choices() -> Fault:
    """A 200 without a choice."""
    return Fault(edit=lambda answer: answer.update(choices=[]))


def message(finish_reason: str | None = None, **fields: Any) -> Fault:
    """Changes of the choice: `message(content=None)`, `message("content_filter")`, `message(refusal="No.")`."""

    def edit(answer: Json) -> None:
        choice = answer["choices"][0]
        if finish_reason is not None:
            choice["finish_reason"] = finish_reason
        choice["message" if "message" in choice else "text"] = (
            choice["message"] | fields if "message" in choice else fields.get("content", choice.get("text"))
        )

    return Fault(edit=edit)


def echo(request: Json) -> str:
    """The default answer: the last user turn, or the last line of the prompt that is no cue (`Answer:`)."""
    if "messages" in request:
        users = [m["content"] for m in request["messages"] if m["role"] == "user"]
        return str(users[-1]) if users else ""
    lines = [line for line in request.get("prompt", "").splitlines() if line.strip()]
    return next((line for line in reversed(lines) if not line.rstrip().endswith(":")), "")


class OpenAiServer:
    """The server, on a free port of 127.0.0.1 while the `with` lasts.

    answers: one text, a callable of the request's JSON, or a sequence (one per request, the last repeats).
    faults: one per POST in order of arrival, `None` is none; when they are used up, requests succeed.
    refuses: parameter → the message of the 400 (or a `Fault`), for every request that carries it;
        "system" is the system role. key: the only key taken (others get a 401). models: the only models
        known (others get a 404); `None` takes any. honours_stop: False leaves the stop in the text.
    gets: what every GET (lists of models, `/info`) gets in place of the list.
    """

    def __init__(
        self,
        answers: Answer | Sequence[str] = echo,
        faults: Iterable[Fault | None] = (),
        *,
        refuses: Mapping[str, str | Fault] | None = None,
        key: str | None = None,
        models: Sequence[str] | None = None,
        honours_stop: bool = True,
        delay: float = 0.0,
        port: int = 0,
        shutdown_dates: Mapping[str, str | int] | None = None,
        gets: Fault | None = None,
    ) -> None:
        self.gets = gets
        self.answers = answers
        self.faults = list(faults)
        self.refuses = dict(refuses or {})
        self.key = key
        self.models = models
        self.honours_stop = honours_stop
        self.delay = delay
        self.shutdown_dates = dict(shutdown_dates or {})  # of models, as /v1/models tells them
        self.requests: list[Received] = []
        self.max_concurrency = 0
        self._active = 0
        self._posts = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = _Http(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.server_address[1])

    @property
    def base_url(self) -> str:
        """What `--base-url` takes."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def posts(self) -> list[Received]:
        """The requests for answers, without those for the list of models."""
        return [request for request in self.requests if request.method == "POST"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join(5)

    def begin(self, request: Received) -> int:
        """Records a request; returns its number among the POSTs (from 0)."""
        with self._lock:
            self.requests.append(request)
            self._active += 1
            self.max_concurrency = max(self.max_concurrency, self._active)
            number = self._posts
            self._posts += request.method == "POST"
            return number

    def end(self) -> None:
        """A request is answered."""
        with self._lock:
            self._active -= 1

    def respond(self, request: Received, number: int) -> Fault:
        """The response to a request: what is scripted, or what a well-behaved server says."""
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return status(401, "Incorrect API key provided: sk-***.", error_code="invalid_api_key")
        if request.method == "GET" and self.gets is not None:
            return self.gets
        if request.method == "GET":
            return self._models() if request.path == "/v1/models" else status(404, "Not Found")
        if request.path not in {"/v1/chat/completions", "/v1/completions"}:
            return status(404, f"Invalid URL (POST {request.path})", kind="invalid_request_error")
        return self._post(request, number)

    def _post(self, request: Received, number: int) -> Fault:
        fault = (self.faults[number] if number < len(self.faults) else None) or Fault()
        if self._stopping.wait(self.delay + fault.delay) or fault.drop or fault.raw is not None:
            return fault
        if (refusal := self._refusal(request.body)) is not None:
            return refusal
        answer = self._complete(request, number)
        if fault.edit is not None:
            fault.edit(answer)
        raw = json.dumps(answer).encode()
        return replace(fault, raw=raw[: len(raw) // 2] if fault.cut else raw)

    def _models(self) -> Fault:
        data: list[Json] = [
            {"id": name, "object": "model", "created": 1, "owned_by": "test"} for name in self.models or ("tiny",)
        ]
        for item in data:
            if item["id"] in self.shutdown_dates:
                item["shutdown_date"] = self.shutdown_dates[item["id"]]
        return Fault(raw=json.dumps({"object": "list", "data": data}).encode())

    def _refusal(self, request: Json) -> Fault | None:
        model = request.get("model")
        if self.models is not None and model not in self.models:
            text = f"The model `{model}` does not exist or you do not have access to it."
            return status(404, text, error_code="model_not_found", kind="invalid_request_error")
        carried = request.keys() | {m["role"] for m in request.get("messages", ())}
        for name, said in self.refuses.items():
            if name in carried:
                if isinstance(said, Fault):
                    return said
                param = "messages[0].role" if name == "system" else name
                return status(400, said, error_code="unsupported_parameter", param=param, kind="invalid_request_error")
        return None

    def _complete(self, request: Received, number: int) -> Json:
        asked = request.body
        text, finish = self._answer(asked, number), "stop"
        if self.honours_stop:
            stops = asked.get("stop") or []
            stops = [stops] if isinstance(stops, str) else stops
            text = text[: min((text.find(s) for s in stops if s in text), default=len(text))]
        tokens = re.findall(r"\s*\S+|\s+$", text)
        limit = asked.get("max_completion_tokens", asked.get("max_tokens"))
        if limit is not None and len(tokens) > limit:
            text, tokens, finish = "".join(tokens[:limit]), tokens[:limit], "length"
        chat = request.path == "/v1/chat/completions"
        prompt = " ".join(m["content"] for m in asked["messages"]) if chat else asked.get("prompt", "")
        used = len(prompt.split())
        choice: Json = {"index": 0, "finish_reason": finish, "logprobs": None}
        said = {"role": "assistant", "content": text, "refusal": None}
        choice |= {"message": said} if chat else {"text": text}
        return {
            "id": f"{'chatcmpl' if chat else 'cmpl'}-{number}",
            "object": "chat.completion" if chat else "text_completion",
            "created": int(time.time()),
            "model": asked.get("model"),
            "choices": [choice],
            "usage": {
                "prompt_tokens": used,
                "completion_tokens": len(tokens),
                "total_tokens": used + len(tokens),
            },
        }

    def _answer(self, asked: Json, number: int) -> str:
        if isinstance(self.answers, str):
            return self.answers
        if callable(self.answers):
            return self.answers(asked)
        return self.answers[min(number, len(self.answers) - 1)]


def _uploaded(raw: bytes, kind: str) -> Json:
    """The fields of a form, and of its file the name and the content."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    fields: Json = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename() is not None:
            fields |= {"filename": part.get_filename(), "content": content}
        else:
            fields[str(name)] = content.decode() if isinstance(content, bytes) else content
    return fields


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    allow_reuse_address = True  # a server that was restarted has the port of the one before

    def __init__(self, address: tuple[str, int], owner: OpenAiServer) -> None:
        super().__init__(address, _Handler)
        self.owner = owner
        self.open: set[socket.socket] = set()

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no failure of the test."""

    def hang_up(self) -> None:
        """Ends the connections that clients keep alive, so that their threads end."""
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.request)

    def finish(self) -> None:
        self.server.open.discard(self.request)
        super().finish()

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        raw = self._body()
        kind = self.headers.get("Content-Type", "")
        self._serve(_uploaded(raw, kind) if kind.startswith("multipart/form-data") else json.loads(raw or b"{}"))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _serve(self, asked: Json) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = Received(self.command, self.path, headers, asked, time.monotonic())
        number = self.server.owner.begin(request)
        try:
            response = self.server.owner.respond(request, number)
        finally:
            self.server.owner.end()
        if response.drop:
            self._hang_up()
            return
        raw = response.raw or b""
        if response.send is not None:
            kind = {"Content-Type": "application/json"} | dict(response.headers)
            lines = [f"{name}: {value}" for name, value in (kind | {"Content-Length": str(len(raw))}).items()]
            head = "\r\n".join((f"HTTP/1.1 {response.status} OK", *lines, "", "")).encode()
            with suppress(OSError):  # the client may have had enough
                response.send(self.request, head, raw)
            self._hang_up()
            return
        if "Date" in response.headers:
            self.send_response_only(response.status)
        else:
            self.send_response(response.status)
        for name, value in ({"Content-Type": "application/json"} | dict(response.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def _hang_up(self) -> None:
        """Linger 0: the client sees a reset, not an orderly end."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.server.open.discard(self.request)
        self.request.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
