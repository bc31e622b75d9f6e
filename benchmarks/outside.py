"""Doors of what others send: replies of servers, the hub and its zips. See `benchmarks.doors`; `folders` for the rest.

reply chat                  the body of a 200, read into a completion, written and read back
reply generation            the same of `text_generation`, as TGI and others answer it
reply 429                   the body of a refusal, with and without headers
reply models                a list of models
hub listing of a dataset    what the hub says of a repository; its card then gives a data set its labels
hub zip                     a zip of a data set, its bytes changed; `hub zipped`: the lines in it
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from unittest import mock

from benchmarks.doors import Door, example, faults_of, questions
from benchmarks.hostile import HOLE
from fewshot import data
from fewshot.backends.bloom._translation import read_generation
from fewshot.backends.gpt3._listing import models_of, retirement
from fewshot.cassette.as_json import completion_from_json, completion_to_json
from fewshot.files import encoded
from fewshot.records import Api, Completion, Request, Turn
from fewshot.servers import hub
from fewshot.servers.failures import ErrorReply, from_reply
from fewshot.servers.reading import read_completion
from fewshot.servers.secrets import Redactor
from fewshot.servers.transport import Reply

_URL = "http://127.0.0.1:1/v1"
_KEY = "sk-canary-0123456789abcdef"

_CHAT = {
    "id": "1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": f"GENEPROD: p53; {HOLE}",
                 "reasoning_content": "p53 is a gene.", "refusal": None}, "finish_reason": "stop", "logprobs": None}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17,
              "completion_tokens_details": {"reasoning_tokens": 3}},
}  # fmt: skip
_PARTS = {"choices": [{"message": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
          {"type": "text", "text": f"p53 {HOLE}"}]}, "finish_reason": "length"}]}  # fmt: skip
_COMPLETION = {"choices": [{"text": f"GENEPROD: p53 {HOLE}\n\n", "finish_reason": "eos_token"}], "usage": {}}
_DETAILS = {"finish_reason": "eos_token", "generated_tokens": 7, "seed": None, "prefill": [{"id": 5, "text": "p"}]}
_GENERATED = (
    [{"generated_text": f"GENEPROD: p53 {HOLE}\n\n", "details": _DETAILS}],
    {"generated_text": HOLE, "details": _DETAILS | {"finish_reason": "length", "best_of_sequences": [{}]}},
    {"error": f"Input validation error {HOLE}", "error_type": "validation"},
    [{"generated_text": HOLE}],
    f"a text {HOLE}",
)
_MODELS = {"object": "list", "data": [{"id": "gpt-5", "shutdown_date": "2026-12-11"}, {"id": HOLE, "shutdown_date": 9}]}
_CARD = {
    "license": "cc-by-4.0", "language": ["en"],
    "dataset_info": [{"config_name": "NER", "features": [
        {"name": "words", "sequence": "string"},
        {"name": "labels", "sequence": {"class_label": {"names": {"0": "O", "1": "B-GENEPROD", "2": "I-GENEPROD"}}}},
    ], "splits": [{"name": "test", "num_examples": 1}]}],
}  # fmt: skip
_ZIP = "sd_panels_general_tokenization.zip"
_LISTED = {
    "id": "a/b", "sha": "0" * 40, "private": False, "gated": False, "disabled": False, "downloads": 0, "likes": 0,
    "tags": [], "lastModified": "2026-01-01T00:00:00.000Z",
    "siblings": [{"rfilename": "README.md"}, {"rfilename": "token_classification/ner/test.jsonl"}], "cardData": _CARD,
}  # fmt: skip
_ROW = {"words": ["p53", HOLE, "blot"], "labels": [1, 0, 0], "text": f"p53 {HOLE} blot"}
_ZIPPED = {"words": ["p53", HOLE, "blot"], "label_ids": {
    "entity_types": ["B-GENEPROD", "O", "O"], "geneprod_roles": ["B-MEASURED_VAR", "O", "O"],
    "small_mol_roles": ["O"] * 3, "boring": ["O"] * 3, "panel_start": ["B-PANEL_START", "O", "O"]}}  # fmt: skip
_REFUSALS = {
    "one": {"error": {"message": f"Unsupported parameter: 'seed' {HOLE}", "type": "invalid", "param": "seed",
                      "code": "unsupported_parameter"}},
    "a list": {"detail": [{"loc": ["body", "seed"], "msg": f"Extra inputs are not permitted {HOLE}"}]},
    "a word": {"error": "overloaded", "message": HOLE},
    "nested": [{"error": {"code": 400, "message": HOLE, "status": "INVALID_ARGUMENT", "details": [{"a": ["b"]}]}}],
}  # fmt: skip


def reply_doors() -> Iterator[Door]:
    """Bodies of answers and of refusals."""
    bodies: Mapping[Api, list[object]] = {"chat": [_CHAT, _PARTS], "completions": [_COMPLETION]}
    for api, rows in bodies.items():
        shapes = {f"body {n}": json.dumps(row) for n, row in enumerate(rows)}
        yield Door(f"reply {api}", partial(_completed, api), shapes)
    yield Door("reply generation", _generated, {f"body {n}": json.dumps(row) for n, row in enumerate(_GENERATED)})
    yield Door("reply models", _models, {"list": json.dumps(_MODELS)})
    shapes = {name: json.dumps(row) for name, row in _REFUSALS.items()} | {"HTML": f"<html><p>{HOLE}</p></html>"}
    for status in (400, 401, 413, 422, 429, 500, 503):
        yield Door(f"reply {status}", partial(_refused, status), shapes)
    headers = "retry-after: 2\nretry-after-ms: 20\ndate: Thu, 26 Nov 2026 02:00:00 GMT\nx-ratelimit-limit-requests: 9\n"
    headers += "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 6m0.5s\nx-ratelimit-limit-tokens: 1e3\n"
    dated = headers.replace("retry-after: 2", "retry-after: Thu, 26 Nov 2026 02:00:09 GMT").replace("-ms: 20", ": x")
    yield Door("reply headers", _with_headers, {"numbers": headers, "dates": dated})


def _request(api: Api) -> Request:
    question = next(question for question in questions() if question.task.kind == "entities")
    turns = (Turn("user", "Which genes?"),)
    return Request(
        "gpt3", _URL, "m", api, turns if api == "chat" else None, None if api == "chat" else "Which genes?",
        max_tokens=100, temperature=0.0, stop=("\n\n",), task=question.task.name, format=question.format_name,
        scheme=question.scheme, query=example(),
    )  # fmt: skip


def _completed(api: Api, text: str) -> list[str]:
    """Reads a body, and what is recorded of it; what a replay would read must be the same."""
    body = text.encode("utf-8", "surrogatepass")
    return _recorded(read_completion(body, _request(api), 0.5, {}, Redactor.of(_KEY)))


def _generated(text: str) -> list[str]:
    reply = Reply(200, {}, text.encode("utf-8", "surrogatepass"))
    return _recorded(read_generation(reply, _request("completions"), 0.5, {}, Redactor.of(_KEY)))


def _models(text: str) -> list[str]:
    body = text.encode("utf-8", "surrogatepass")
    named = all(isinstance(name, str) for name in models_of(body))
    line = retirement(body, "gpt-5") or ""
    return [] if named and "\n" not in line else ["a name that is none"]


def _recorded(completion: Completion) -> list[str]:
    again = completion_from_json(json.loads(encoded(completion_to_json(completion))), dict(completion.adapted))
    return [] if again == completion else [f"recorded as {again}, is {completion}"]


def _refused(status: int, text: str) -> list[str]:
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    if isinstance(body, dict) and body.get("error"):
        body = body["error"]
    return _reply_faults(ErrorReply(status, body, {}))


def _with_headers(text: str) -> list[str]:
    pairs = [line.partition(":") for line in text.splitlines()]
    return _reply_faults(ErrorReply(429, {"message": "slow down"}, {name.lower(): v.strip() for name, _, v in pairs}))


def _reply_faults(reply: ErrorReply) -> list[str]:
    """Reads a refusal in all the ways that the backends do."""
    error = from_reply(reply, _URL, "m", Redactor.of(_KEY), key="OPENAI_API_KEY")
    _ = reply.refusal, reply.filtered, reply.too_long
    faults = []
    if "\n" in str(error) or len(error.message) > 500:
        faults.append(f"not one clear line: {len(error.message)} characters")
    wait = error.retry_after
    if wait is not None and not 0 <= wait < float("inf"):
        faults.append(f"waits {wait} s")
    return faults


def hub_doors(folder: Path) -> Iterator[Door]:
    """What the hub says and sends. `folder`: where files are written."""
    folder = folder / "hub"
    folder.mkdir(exist_ok=True)
    path = folder / "test.jsonl"
    path.write_text(json.dumps(_ROW) + "\n")
    listed = {"as it is": json.dumps(_LISTED)}
    yield Door("hub listing of a dataset", partial(_listed, path), listed)
    yield Door("hub listing of a model", partial(_listed, None), listed)
    line = json.dumps(_ZIPPED) + "\n"
    for method, name in ((zipfile.ZIP_STORED, "stored"), (zipfile.ZIP_DEFLATED, "deflated")):
        archive = _zip(line.encode() * 3, method).decode("latin-1")
        yield Door(f"hub zip {name}", partial(_unzipped, folder / _ZIP, None), {"as it is": archive})
    yield Door("hub zipped", partial(_unzipped, folder / _ZIP, zipfile.ZIP_STORED), {"a line": line})


def _zip(content: bytes, method: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name in ("train", "test"):
            archive.writestr(f"{_ZIP.removesuffix('.zip')}/{name}.jsonl", content)
    return made.getvalue()


class _Session:
    """A session of huggingface_hub that answers everything with one body."""

    def __init__(self, body: bytes) -> None:
        import httpx2

        self._client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=body)))
        self.stream = self._client.stream


def _listed(path: Path | None, text: str) -> list[str]:
    """Asks what a repository holds; reads the data set that it then is."""
    session = _Session(text.encode("utf-8", "surrogatepass"))
    with mock.patch("huggingface_hub.utils.get_session", return_value=session):
        found = hub.listing("model" if path is None else "dataset", "a/b")
        unsafe = [file for file in found.files if file.startswith("/") or ".." in file.split("/")]
        if path is None:
            return unsafe
        with mock.patch.object(hub, "fetch", return_value=path):
            return unsafe + _examples("hub:a/b:NER")


def _unzipped(path: Path, method: int | None, text: str) -> list[str]:
    """Reads a zip; `method`: the text is the lines in it."""
    content = text.encode("latin-1", "replace") if method is None else text.encode("utf-8", "surrogatepass")
    path.write_bytes(content if method is None else _zip(content, method))
    listing = hub.Listing("1", (_ZIP,), {})
    with mock.patch.object(hub, "listing", return_value=listing), mock.patch.object(hub, "fetch", return_value=path):
        return [fault for config in ("NER", "GENEPROD_ROLES") for fault in _examples(f"hub:a/b:{config}")]


def _examples(source: str) -> list[str]:
    return [fault for one in data.read(source) for fault in faults_of(one.entities or (), one.text)]
