"""Every form in which a secret can come back, redacted before anything is cut."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from time import perf_counter
from urllib.parse import quote

import pytest

from fewshot.errors import BackendError, InputError
from fewshot.records import Request, Turn
from fewshot.servers.address import Server, key_of, redactor
from fewshot.servers.reading import read_completion
from fewshot.servers.secrets import Redactor
from fewshot.text.secrets import hidden, looks_like_a_key

CANARY = "tok-4711-Ümläut&x"
ASKED = Request("gpt3", None, "m", "chat", (Turn("user", "u"),), None, 9, 0.0)


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        CANARY.upper(),
        repr(CANARY)[1:-1],
        repr(CANARY.encode())[2:-1],
        json.dumps(CANARY)[1:-1],
        quote(CANARY),
        quote(CANARY, safe="").lower(),
        b64encode(CANARY.encode()).decode().rstrip("="),
        CANARY.replace("&", "&amp;"),
        f"{CANARY[:7]}\r\n\t{CANARY[7:]}",
        " ".join(CANARY),
    ],
)
def test_every_form_of_a_secret_is_hidden(form: str) -> None:
    shown = Redactor.of(CANARY)(f"you sent <{form}>, which is wrong")
    assert shown == "you sent <***>, which is wrong"


def test_a_secret_of_two_lines_is_hidden_as_an_error_shows_it() -> None:
    secret = "hf_first\nsecond"
    shown = Redactor.of(secret)(f"Illegal header value {f'Bearer {secret}'.encode()!r}")
    assert shown == "Illegal header value b'Bearer ***'"


@pytest.mark.parametrize(("text", "hidden"), [("says abc", "says ***"), ("abcde", "abcde"), ("(abc)", "(***)")])
def test_a_short_secret_is_a_word_of_its_own(text: str, hidden: str) -> None:
    assert Redactor.of("abc")(text) == hidden


def test_basic_credentials_and_values_of_headers_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: gate-way-77\nX-Other: Bearer other-88")
    monkeypatch.setenv("HTTPS_PROXY", "http://pat:proxy-pw9@proxy:3128")
    server = Server("http://me:pass-w0rd@h/v1?code=query-55&api-version=2024-10-21", "none", {"api-key": "azure-66"})
    basic = b64encode(b"me:pass-w0rd").decode()
    texts = [basic, "gate-way-77", "other-88", "proxy-pw9", "query-55", "azure-66"]
    shown = server.redact("; ".join(texts))
    assert shown == "; ".join(["***"] * len(texts))
    assert server.redact("api-version 2024-10-21 is unknown") == "api-version 2024-10-21 is unknown"


@pytest.mark.parametrize("offset", range(55, 85))
def test_a_key_at_the_edge_of_what_is_shown_is_hidden_whole(offset: int) -> None:
    key = "sk-" + "0123456789" * 4
    with pytest.raises(BackendError) as caught:
        read_completion(f"{'x' * offset}{key} and more".encode(), ASKED, 1.0, {}, Redactor.of(key))
    assert key[:5] not in str(caught.value)
    assert key[:5] not in Redactor.of(key)("y" * (240 + offset - 20) + key)


def test_a_word_of_a_header_stays_in_an_answer() -> None:
    redact = Server("http://h/v1", "token-abc123", {"X-Cache": "false", "X-Id": "id-12345"}).redact
    assert redact.answer('{"x": false} token-abc123 id-12345', "") == '{"x": false} *** ***'
    assert redact("cache is false") == "cache is ***"


def test_an_answer_keeps_what_the_question_holds() -> None:
    asked = replace(ASKED, turns=(Turn("user", "Tag: aspirin blocks COX1."),))
    content = json.dumps({"choices": [{"message": {"content": "aspirin"}}]}).encode()
    assert read_completion(content, asked, 1.0, {}, Redactor.of("aspirin")).text == "aspirin"
    assert read_completion(content, ASKED, 1.0, {}, Redactor.of("aspirin")).text == "***"


@pytest.mark.parametrize("sign", ["<", "s", " ", "s ", "secret-", "?a="])
def test_a_long_message_takes_no_time(sign: str) -> None:
    redact = Redactor.of("secret-0123456789", "s" * 40)
    started = perf_counter()
    redact(sign * (500_000 // len(sign)))
    assert perf_counter() - started < 2


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("sk-ant-api03-abcdefghijkl", True), ("hf_abcdefghijklmnopqrst", True), ("Bearer abcdefgh12", True),
        ("bigscience/bloom", False), ("token-classification-model-v2", False), ("sk-learn", False), ("hf_x", False),
        ("models/task-ner-run-2024-01", False),
    ],
)  # fmt: skip
def test_what_looks_like_a_key(text: str, key: bool) -> None:
    assert looks_like_a_key(text) is key
    assert (hidden(text) != text) is key


def test_keys_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "my-own-token")
    assert redactor().holds('{"key": "my-own-token"}')
    assert not redactor().holds('{"key": "another"}')
    assert redactor(headers={"X-Key": "anthropic-1"}).holds("anthropic-1/opus")
    assert not redactor(headers={"X-Provider": "anthropic"}).holds("anthropic/opus")


@pytest.mark.parametrize("variable", ["sk-0123456789abcdef0123", "hf_0123456789abcdefghij", "a b", ""])
def test_a_key_in_place_of_its_variable_is_not_repeated(variable: str) -> None:
    with pytest.raises(InputError, match="--key-env takes the name") as caught:
        key_of(variable, "OPENAI_API_KEY")
    assert not variable or variable not in str(caught.value)


def test_the_key_of_another_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " k-1 ")
    assert key_of("MY_KEY", "OPENAI_API_KEY") == ("MY_KEY", "k-1")
    monkeypatch.setenv("MY_KEY", "")
    with pytest.raises(InputError, match="--key-env MY_KEY: there is no such environment variable"):
        key_of("MY_KEY", "OPENAI_API_KEY")


# What cannot be sent


@pytest.mark.parametrize("key", ["ské", "sk–1", "sk\u00a01", "sk\n1", "sk\x1b", "sk😀"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(InputError, match=r"THE_KEY: character 3 of \d cannot be sent") as caught:
        Server("http://h/v1", key, key_name="THE_KEY").check()
    assert key not in str(caught.value)
    Server("http://h/v1", key).check(offline=True)


@pytest.mark.parametrize(
    ("name", "value"), [("X Y", "v"), ("X\n", "v"), ("", "v"), ("X", ""), ("X", "a\r\nHost: b"), ("X", "é")]
)
def test_a_header_that_cannot_be_sent(name: str, value: str) -> None:
    with pytest.raises(InputError, match="--header"):
        Server("http://h/v1", "none", {name: value}).check()


@pytest.mark.parametrize(
    "url",
    ["", " ", "http://a..b/", "http://./", f"http://{'h' * 300}/", f"http://h/{'p' * 9000}", "http://h/\x1b[2J",
     "http://h/\udcff", "http://h:0/", "http://h:99999/", "http://[::1/", "http://h/a b"],
)  # fmt: skip
def test_an_address_that_cannot_be_connected_to(url: str) -> None:
    with pytest.raises(InputError, match="not an http"):
        Server(url, "none").check()


@pytest.mark.parametrize(
    ("proxy", "used"), [("127.0.0.1:3128", "http://127.0.0.1:3128"), ("http://p:1", "http://p:1"), ("", None)]
)
def test_a_proxy_without_a_scheme_is_http(monkeypatch: pytest.MonkeyPatch, proxy: str, used: str | None) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    assert Server("https://host/v1", "none").proxy == used


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://me:pw-123@proxy:1080")
    with pytest.raises(InputError, match=r"proxy for https://host/v1 \(socks5://") as caught:
        Server("https://host/v1", "none").check()
    assert "pw-123" not in str(caught.value)


# Addresses


@pytest.mark.parametrize(
    ("given", "public", "models"),
    [
        ("http://h:1/v1/", "http://h:1/v1", "http://h:1/v1/models"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1", "http://h:1/v1/models"),
        ("http://h:1/v1/completions/", "http://h:1/v1", "http://h:1/v1/models"),
        ("http://h:1/generate", "http://h:1", "http://h:1/models"),
        ("http://H/openai/deployments/D?api-version=1", "http://h/openai/deployments/D",
         "http://H/openai/deployments/D/models?api-version=1"),
        ("http://h/d/chat/completions?api-version=1", "http://h/d", "http://h/d/models?api-version=1"),
        ("http://me:pw@h/v1", "http://h/v1", "http://h/v1/models"),
    ],
)  # fmt: skip
def test_an_endpoint_is_cut_and_a_query_goes_behind_the_route(given: str, public: str, models: str) -> None:
    server = Server(given, "none")
    assert (server.public_url, server.url("models")) == (public, models)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("http://h:1", "http://h:1/v1"), ("http://h/api", "http://h/v1"), ("http://h/gateway", "http://h/gateway/v1"),
     ("http://h/v1", None), ("http://h/v1beta/openai", None), ("http://h/api/v1", None)],
)  # fmt: skip
def test_a_missing_version_is_named(given: str, meant: str | None) -> None:
    assert Server(given, "none").missing_version == meant
