"""A small Hugging Face hub for tests: data sets and models, their files and cards, at `HF_ENDPOINT`.

with HubServer({"datasets/EMBO/SourceData": Repo({"README.md": b"…", "data/test.jsonl": b"…"})}) as hub:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)        # huggingface_hub talks to it, over real sockets
    hub.paths        # ["/api/datasets/EMBO/SourceData", "/datasets/EMBO/SourceData/resolve/0f…/data/test.jsonl"]

A key is `datasets/OWNER/NAME` or `models/OWNER/NAME`; `Repo.of_folder(path)` serves what lies in a folder (a tiny
model with its tokenizer). What it knows of the API: repository info, also at a revision, and `resolve` with HEAD, GET
and ranges; private and gated repositories; faults by number of the request.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

_INFO = re.compile(r"/api/(datasets|models)/([^/]+(?:/[^/]+)?)(?:/revision/([^/?]+))?(?:\?.*)?$")
_FILE = re.compile(r"/(?:(datasets)/)?([^/]+(?:/[^/]+)?)/resolve/([^/]+)/(.+)$")


@dataclass(frozen=True)
class Repo:
    """A repository at one commit. `card`: the metadata of its README. `token`: who may see it (`None`: everybody);
    `gated`: seen by all, read by that token alone."""

    files: Mapping[str, bytes]
    card: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None
    gated: bool = False

    @classmethod
    def of_folder(cls, folder: Path) -> Repo:
        """All files of a folder."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return cls({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})

    @property
    def commit(self) -> str:
        """Its name changes with its content."""
        whole = hashlib.sha1(usedforsecurity=False)
        for name, content in sorted(self.files.items()):
            whole.update(name.encode() + b"\0" + content)
        return whole.hexdigest()


@dataclass(frozen=True)
class Reply:
    """Status, headers and body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(status: int, code: str, message: str) -> Reply:
    """An error as the hub words it."""
    return Reply(status, json.dumps({"error": message}).encode(), {"X-Error-Code": code, "X-Error-Message": message})


class HubServer:
    """The hub, on a free port of 127.0.0.1 while the `with` lasts.

    repos: by `datasets/OWNER/NAME` or `models/OWNER/NAME`; may be changed while it runs.
    faults: number of the request (from 0) → what is answered instead.
    """

    def __init__(self, repos: Mapping[str, Repo], faults: Mapping[int, Reply] | None = None) -> None:
        self.repos = dict(repos)
        self.faults = dict(faults or {})
        self.paths: list[str] = []
        self._lock = threading.Lock()
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """What `HF_ENDPOINT` takes."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def respond(self, path: str, token: str | None) -> Reply:
        """What a request gets."""
        with self._lock:
            number = len(self.paths)
            self.paths.append(path)
        if number in self.faults:
            return self.faults[number]
        if found := _INFO.match(path):
            return self._info(f"{found[1]}/{found[2]}", found[3], token)
        if found := _FILE.match(path):
            return self._file(f"{found[1] or 'models'}/{found[2]}", found[3], found[4], token)
        return refused(404, "", f"{path} is not served here")

    def _repo(self, name: str, token: str | None) -> Repo | Reply:
        repo = self.repos.get(name)
        if repo is None or (repo.token not in (None, token) and not repo.gated):
            return refused(401, "RepoNotFound", "Repository not found")
        return repo

    def _info(self, name: str, revision: str | None, token: str | None) -> Reply:
        repo = self._repo(name, token)
        if isinstance(repo, Reply):
            return repo
        if revision not in (None, "main", repo.commit):
            return refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        row = {
            "id": name.partition("/")[2],
            "sha": repo.commit,
            "private": repo.token is not None,
            "gated": repo.gated,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "siblings": [{"rfilename": file} for file in repo.files],
            "cardData": dict(repo.card),
        }
        return Reply(200, json.dumps(row).encode())

    def _file(self, name: str, revision: str, file: str, token: str | None) -> Reply:
        repo = self._repo(name, token)
        if isinstance(repo, Reply):
            return repo
        if repo.gated and token != repo.token:
            return refused(403, "GatedRepo", f"Access to {name} is restricted")
        if revision not in ("main", repo.commit):
            return refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if file not in repo.files:
            return refused(404, "EntryNotFound", "Entry not found")
        content = repo.files[file]
        etag = hashlib.sha256(content).hexdigest()
        return Reply(200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": repo.commit, "Accept-Ranges": "bytes"})


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: HubServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no failure of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_HEAD(self) -> None:
        self._serve(body=False)

    def do_GET(self) -> None:
        self._serve(body=True)

    def _serve(self, *, body: bool) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        reply = self.server.owner.respond(self.path, token)
        status, content = reply.status, reply.body
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if wanted and status == 200:
            status, content = 206, content[int(wanted[1]) :]
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | dict(reply.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
