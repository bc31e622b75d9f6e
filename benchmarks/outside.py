"""Doors of what others send or hand over: replies of servers, run folders, model folders. See `benchmarks.doors`.

reply chat                              the body of a 200, read into a completion, written and read back, and scored
reply 429                               the body of a refusal, with and without headers
run folder gpt3-ner-json/run.toml       a file of a run, which is then replayed, rescored or compared
model folder tiny-bart/config.json      a file of a model, which then answers
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks.doors import Door, example, faults_of, questions
from benchmarks.hostile import HOLE
from fewshot.backends import Options, open_backend
from fewshot.cassette.as_json import completion_from_json, completion_to_json
from fewshot.experiment.replaying import replay
from fewshot.experiment.rescoring import rescore
from fewshot.files import CORPUS, encoded
from fewshot.records import Api, Hypothesis, Request, Turn
from fewshot.report.compare import compare
from fewshot.servers.failures import ErrorReply, from_reply
from fewshot.servers.reading import read_completion
from fewshot.servers.secrets import Redactor

RUNS = Path(__file__).parents[1] / "tests" / "folders"
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
    completion = read_completion(body, _request(api), 0.5, {}, Redactor.of(_KEY))
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


def run_doors(folder: Path) -> Iterator[Door]:
    """The files of recorded runs. `folder`: where they are copied to."""
    for run in sorted(path for path in RUNS.iterdir() if path.is_dir()):
        files = {path.name: path.read_bytes() for path in sorted(run.iterdir())}
        for name, content in files.items():
            if content:
                send = partial(_used, folder / run.name, files, name)
                yield Door(f"run folder {run.name}/{name}", send, {"as it is": content.decode()})


def _used(folder: Path, files: Mapping[str, bytes], name: str, text: str) -> list[str]:
    """Puts a changed file into a run, and does with it one of the things that a user does."""
    folder.mkdir(exist_ok=True)
    changed = {**files, name: text.encode("utf-8", "surrogatepass")}
    for file, content in changed.items():
        (folder / file).write_bytes(content)
    uses = (lambda: rescore(folder), lambda: replay(folder), lambda: compare([folder], kinds=True).markdown())
    try:
        uses[zlib.crc32(changed[name]) % len(uses)]()
    finally:
        lost = (folder / "responses.jsonl").read_bytes() != changed["responses.jsonl"]
    return ["responses.jsonl was changed"] if lost else []


_MANIFEST = {
    "task": "ner", "format": "copy_tag", "kind": "seq2seq", "labels": ["GENEPROD", "CELL_LINE"], "source_template": "",
    "end": "[END]", "base_model": "tiny", "data": "", "labelled": 60, "max_input_length": 200, "max_target_length": 60,
    "truncate": False, "decoder": "copy", "generation": {}, "settings": {},
}  # fmt: skip


def model_doors(folder: Path) -> Iterator[Door]:
    """The files of a tiny model of each family; its weights stay as they are. Nothing without the extra `local`."""
    if find_spec("torch") is None or find_spec("transformers") is None:
        return
    for name in ("tiny-bart", "tiny-t5"):
        model = CORPUS / "models" / name
        files = {path.name: path.read_bytes() for path in sorted(model.glob("*.json"))}
        files["fewshot.json"] = json.dumps(_MANIFEST, indent=2).encode()
        for file in (
            "fewshot.json",
            "config.json",
            "generation_config.json",
            "tokenizer_config.json",
            "tokenizer.json",
        ):
            send = partial(_predicted, model, folder / name, files, file)
            yield Door(f"model folder {name}/{file}", send, {"as it is": files[file].decode()})


def _predicted(model: Path, folder: Path, files: Mapping[str, bytes], name: str, text: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    weights = folder / "model.safetensors"
    if not weights.exists():
        weights.symlink_to(model / weights.name)
    for file, content in {**files, name: text.encode("utf-8", "surrogatepass")}.items():
        (folder / file).write_bytes(content)
    backend = open_backend("local", Options(task="ner", model=str(folder)))
    if backend.kind != "local":
        return [f"opened as {backend.kind}"]
    queries = [example()]
    faults: list[str] = []
    for prediction in backend.predict(queries):
        value = prediction.value
        faults += faults_of(value if isinstance(value, Hypothesis) else tuple(value), queries[0].text)
    return faults
