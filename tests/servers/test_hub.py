"""Whatever a hub answers is a listing, a file, or one clear line: real sockets, replies of every shape."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fewshot.errors import InputError
from fewshot.models import model_folder
from fewshot.servers import hub, hub_bounds
from fewshot.servers.hub import RepoType
from tests.servers.hub_server import HubServer, Reply, Repo
from tests.servers.openai_server import OpenAiServer

KINDS: tuple[RepoType, ...] = ("dataset", "model")
REPO = "some/thing"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own: huggingface_hub reads its place when it is imported."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _cache_manager

    folder = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(_cache_manager, "HF_HUB_CACHE", str(folder))
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    files = {"config.json": b"{}", "a.jsonl": b"{}\n"}
    with HubServer({f"{kind}s/{REPO}": Repo(files) for kind in KINDS}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def one_line(error: pytest.ExceptionInfo[InputError]) -> str:
    said = str(error.value)
    assert "\n" not in said
    assert len(said) < 400
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_a_listing_and_a_file(kind: RepoType, server: HubServer) -> None:
    found = hub.listing(kind, REPO)
    assert set(found.files) == {"config.json", "a.jsonl"}
    assert hub.fetch(kind, REPO, "config.json", found.commit).read_bytes() == b"{}"
    assert server.paths


def listed(**changes: Any) -> Reply:
    row = {"id": REPO, "sha": "0" * 40, "siblings": [{"rfilename": "a.jsonl"}], "tags": []} | changes
    return Reply(200, json.dumps(row).encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Log in to the network of this hotel</html>", {"Content-Type": "text/html"}),
        Reply(200, b""),
        Reply(200, b"null"),
        Reply(200, b"[]"),
        Reply(200, b'"thing"'),
        Reply(200, b"[" * 100_000),
        Reply(200, b"{}", {"Content-Encoding": "gzip"}),
        Reply(302, b"", {"Location": "/api/models/some/thing"}),
        Reply(302, b"", {"Location": "http://[::1"}),
        Reply(418, b"no"),
        Reply(403, b"\xff\xfe"),
        listed(siblings=5),
        listed(siblings=[None]),
        listed(siblings=[{"name": "x"}]),
        listed(siblings=[{"rfilename": "../../evil"}]),
        listed(siblings=[{"rfilename": 5}]),
        listed(siblings=[{"rfilename": "x" * 5000}]),
        listed(lastModified="the day before yesterday"),
        listed(sha="../../main"),
        listed(sha=5),
    ],
)
def test_an_answer_that_is_none(kind: RepoType, reply: Reply, server: HubServer) -> None:
    server.faults = dict.fromkeys(range(200), reply)
    with pytest.raises(InputError) as caught:
        hub.listing(kind, REPO)
    said = one_line(caught)
    assert "hub" in said or "HF_ENDPOINT" in said


@pytest.mark.parametrize("card", [[], [1], "x", {"dataset_info": 5}, {"tags": {"a": 1}}, {"license": ["mit", 5]}])
def test_a_card_of_any_shape_is_no_failure(card: Any, server: HubServer) -> None:
    server.faults = {0: listed(cardData=card)}
    assert hub.listing("dataset", REPO).files == ("a.jsonl",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reply", [Reply(200, b"<html>"), Reply(302, b"", {"Location": "/again"}), Reply(206, b"x")])
def test_a_file_that_does_not_come(kind: RepoType, reply: Reply, server: HubServer) -> None:
    commit = hub.listing(kind, REPO).commit
    server.faults = dict.fromkeys(range(200), reply)
    with pytest.raises(InputError) as caught:
        hub.fetch(kind, REPO, "a.jsonl", commit)
    one_line(caught)


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:99999", "http://127.0.0.1:x", "127.0.0.1", "ftp://a/", "http://", "http://[::1", "http://a\x1b/",
     "http://a..b/", "http://./"],
)  # fmt: skip
def test_an_endpoint_that_is_no_address(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(InputError) as caught:
        hub.listing("dataset", REPO)
    one_line(caught)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("token", ["hf_sécret", "hf_secret\u2013x", "hf_\x7fsecret"])
def test_a_token_that_cannot_be_sent_is_not_repeated(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(InputError, match="HF_TOKEN holds a character that cannot be sent") as caught:
        hub.listing("model", REPO)
    assert "cret" not in one_line(caught)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "127.0.0.1:1", "http://127.0.0.1:port", "nonsense://x"])
def test_a_proxy_that_cannot_be_used(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.utils import _http

    for name in ("ALL_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    _http.close_session()  # a client reads the proxies once
    try:
        with pytest.raises(InputError) as caught:
            hub.listing("dataset", REPO)
    finally:
        _http.close_session()
    one_line(caught)


def test_a_cache_that_cannot_be_written(cache: Path, server: HubServer) -> None:
    commit = hub.listing("dataset", REPO).commit
    cache.write_text("a file where the folder should be")
    with pytest.raises(InputError) as caught:
        hub.fetch("dataset", REPO, "a.jsonl", commit)
    one_line(caught)
    assert server.paths


class TestModels:
    """The hub as `--model` and `--embedder` name it."""

    def test_a_repository_without_files(self, server: HubServer) -> None:
        server.repos["models/some/empty"] = Repo({})
        with pytest.raises(InputError, match=r"some/empty holds no config\.json"):
            model_folder.resolve("some/empty")

    def test_its_files_and_from_the_cache_when_the_hub_is_gone(self, server: HubServer) -> None:
        files = {"config.json": b"{}", "model.safetensors": b"", "modeling.py": b"raise SystemExit", "x/deep.json": b""}
        server.repos["models/some/model"] = Repo(files)
        folder = model_folder.resolve("some/model")
        assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors"}
        server.__exit__()
        assert model_folder.resolve("some/model") == folder

    def test_what_names_no_model(self, server: HubServer) -> None:
        with pytest.raises(InputError, match="the hub has no model some/nothing"):
            model_folder.resolve("some/nothing")
        with pytest.raises(InputError, match="is not the name of a model"):
            model_folder.resolve("a name with spaces")
        with pytest.raises(InputError):
            model_folder.resolve("x" * 5000)
        assert server.paths


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_a_bound(kind: RepoType, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.repos[f"{kind}s/{REPO}"] = Repo({"a.jsonl": b"x" * 5_000, "b.jsonl": b"y" * 5_000})
    commit = hub.listing(kind, REPO).commit
    monkeypatch.setitem(hub_bounds.MOST_FILE, kind, 4_999)
    with pytest.raises(InputError, match=r"some/thing/a.jsonl: the hub sends more than 4,999 bytes; FEWSHOT_MOST_HUB_"):
        hub.fetch(kind, REPO, "a.jsonl", commit)
    monkeypatch.setenv("FEWSHOT_MOST_HUB_BYTES", "5000")
    assert hub.fetch(kind, REPO, "a.jsonl", commit).stat().st_size == 5_000
    monkeypatch.setenv("FEWSHOT_MOST_HUB_BYTES", "10")
    assert hub.fetch(kind, REPO, "a.jsonl", commit).stat().st_size == 5_000, "it is in the cache"
    with pytest.raises(InputError, match="more than 10 bytes"):
        hub.fetch(kind, REPO, "b.jsonl", commit)


def test_a_file_that_is_longer_than_announced_has_a_bound_too() -> None:
    bar = hub_bounds.counting(100, "a/b/c")(total=None, disable=True)
    bar.update(100)
    with pytest.raises(InputError, match="a/b/c: the hub sends more than 100 bytes"):
        bar.update(1)
    with pytest.raises(InputError, match="more than 100 bytes"):  # the next try goes on where the last one stopped
        hub_bounds.counting(100, "a/b/c")(total=None, initial=101, disable=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_listing_has_bounds(kind: RepoType, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped = gzip.compress(b'{"id": "' + b"x" * 100_000 + b'"}')
    server.faults = dict.fromkeys(range(9), Reply(200, zipped, {"Content-Encoding": "gzip"}))
    monkeypatch.setattr(hub_bounds, "MOST_LISTING", 50_000)
    with pytest.raises(InputError, match="its listing: the hub sends more than 50,000 bytes; FEWSHOT_MOST_HUB_B"):
        hub.listing(kind, REPO)
    server.faults = {}
    monkeypatch.setattr(hub, "_TIMEOUT", 1e-9)
    with pytest.raises(InputError, match=r"within 1e-09 s|cannot be reached"):
        hub.listing(kind, REPO)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_follows_no_redirect_to_another_server(kind: RepoType, server: HubServer) -> None:
    with OpenAiServer() as stranger:
        commit = hub.listing(kind, REPO).commit
        server.faults = dict.fromkeys(range(99), Reply(307, b"", {"Location": f"{stranger.base_url}/x"}))
        for ask in (lambda: hub.listing(kind, REPO), lambda: hub.fetch(kind, REPO, "a.jsonl", commit)):
            with pytest.raises(InputError):
                ask()
        assert stranger.requests
        assert not any("hf_right" in value for request in stranger.requests for value in request.headers.values())
