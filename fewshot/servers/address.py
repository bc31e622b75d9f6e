"""The address of a server, the key and the headers for it, as the user gives them, and what of them may be printed.

>>> server = Server("http://me:pw@127.0.0.1:8000/v1/chat/completions?api-version=2", "none")
>>> server.public_url, server.url("models")
('http://127.0.0.1:8000/v1', 'http://127.0.0.1:8000/v1/models?api-version=2')
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from fewshot.errors import InputError
from fewshot.files import most_bytes
from fewshot.servers.secrets import NO_KEY, Redactor
from fewshot.text import secrets

API = "https://api.openai.com/v1"
"""OpenAI's own address, the default of the `gpt3` backend."""

MOST_REPLY_BYTES = "FEWSHOT_MOST_REPLY_BYTES"
"""The environment variable that says how many bytes a reply may have."""

_ROUTES = re.compile(r"/(?:chat/completions|completions|responses|models|generate|generate_stream|info)/*$")
"""Ends of an address that are a route of the API: the user has copied the whole endpoint."""

_VERSION = re.compile(r"/(?:v\d\w*|openai)(?:/|$)")
"""What shows that the path of an address is complete: `/v1`, `/v1beta/openai`, `/openai/deployments/NAME`."""

_LONGEST_URL = 2_000
"""Characters: what browsers and proxies take. Longer ones are a file or a page that was pasted."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ADMITTING = frozenset({"authorization", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key"})
"""Headers that bear a key: Azure, Anthropic and AWS gateways, Google, Azure API Management."""

_NOT_SECRET = {"api-version"}  # parameters of a query
_SECRETS = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENAI_ORG_ID",
            "OPENAI_PROJECT_ID")  # fmt: skip
"""Variables that the clients send as headers."""


@dataclass(frozen=True)
class Server:
    """Where to send, and with which key (`NO_KEY` for servers that need none).

    `redact` keeps every secret out of every message; `repr` shows none.

    Attributes:
        base_url: The address, as given.
        key: The key.
        headers: Headers of the user's own, which are sent beside or in place of ours.
        key_name: The environment variable that holds the key, for messages.
    """

    base_url: str = field(repr=False)
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_name: str = "OPENAI_API_KEY"

    @cached_property
    def _parts(self) -> SplitResult:
        parts = urlsplit(self.base_url)
        return parts._replace(path=_ROUTES.sub("", parts.path).rstrip("/"), fragment="")

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own address, which needs a key and knows the default model."""
        return self._parts.hostname == urlsplit(API).hostname

    @property
    def public_url(self) -> str:
        """The address without credentials and query: what messages, keys and files may contain."""
        parts = self._parts
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}{parts.path}"

    @cached_property
    def base(self) -> str:
        """The address without credentials and query, as it is sent to. aiohttp refuses credentials in the URL if there
        is an `Authorization` header as well."""
        return self._parts._replace(netloc=self._parts.netloc.rpartition("@")[2], query="").geturl()

    @property
    def query(self) -> str:
        """The query, which goes behind the route (`api-version=2024-10-21`); empty if there is none."""
        return self._parts.query

    def url(self, route: str) -> str:
        """Returns the address of a route."""
        return f"{self.base}/{route}" + (f"?{self.query}" if self.query else "")

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password from the address; they are sent instead of the key. `None` if it has none."""
        parts = self._parts
        return None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))

    @property
    def authorization(self) -> str | None:
        """The `Authorization` header; `None` if the user's own headers are what admits us."""
        if self.credentials is not None:
            return f"Basic {b64encode(':'.join(self.credentials).encode()).decode()}"
        return None if self.key == NO_KEY and self.headers else f"Bearer {self.key}"

    @cached_property
    def proxy(self) -> str | None:
        """The proxy that the environment names for this address; without a scheme it is http, as for curl."""
        if proxy_bypass(self._parts.hostname or ""):
            return None
        proxies = getproxies()
        proxy = proxies.get(self._parts.scheme) or proxies.get("all")
        return f"http://{proxy}" if proxy and "://" not in proxy else proxy

    @property
    def missing_version(self) -> str | None:
        """The address with `/v1`, if it lacks that: what a 404 or a web page most often means. `None` otherwise."""
        if _VERSION.search(self._parts.path):
            return None
        return f"{self.public_url.removesuffix('/api')}/v1"  # /api: Ollama's own, other routes

    def check(self, *, offline: bool = False) -> None:
        """Raises `InputError` if anything of this cannot be sent. `offline`: the address alone is looked at."""
        if not _is_address(self.base_url):
            raise InputError("the base URL is not an http(s) address", hint="like --base-url http://127.0.0.1:8000/v1")
        if offline:
            return
        most_bytes(1, MOST_REPLY_BYTES)
        _check_value(self.key_name, self.key)
        for name, value in self.headers.items():
            check_header(name, value)
        proxy = self.proxy
        if proxy is not None and not (proxy.startswith(("http://", "https://")) and _is_address(proxy)):
            shown = self.redact(proxy.partition("://")[0])
            raise InputError(
                f"the proxy for {self.public_url} ({shown}://…) is not an http(s) proxy",
                hint="see HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
            )

    @cached_property
    def redact(self) -> Redactor:
        """The filter that every message passes: takes out keys, tokens, credentials, values of headers and query."""
        return redactor(self.key, *_credentials_in(self.base_url), headers=self.headers)


def redactor(*secrets: str, headers: Mapping[str, str] | None = None) -> Redactor:
    """Returns a redactor for these secrets, the values of these headers, and what the environment holds: keys, tokens,
    headers, passwords of proxies."""
    values = [*(headers or {}).values(), *custom_headers().values()]
    proxies = [secret for proxy in getproxies().values() for secret in _credentials_in(proxy)]
    return Redactor.of(
        *secrets,
        *proxies,
        *(os.environ.get(name, "") for name in _SECRETS),
        *(value for value in values if not value.isalpha()),
        *(value.partition(" ")[2] for value in values),  # "Bearer KEY"
        words=filter(str.isalpha, values),
    )


def custom_headers() -> dict[str, str]:
    """Returns the headers of `OPENAI_CUSTOM_HEADERS`, a variable of the openai SDK: one `Name: value` a line."""
    lines = (line.partition(":") for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n"))
    return {name.strip(): value.strip() for name, colon, value in lines if colon}


def admits(headers: Mapping[str, str]) -> bool:
    """Returns whether one of the headers is how a server is told who asks: then it takes the place of the key."""
    return not _ADMITTING.isdisjoint(name.lower() for name in headers)


def key_of(variable: str | None, default: str, headers: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Returns `(name, key)` from the environment: of `--key-env`, else of the backend's own variable.

    The backend's own is left out if one of the `headers` admits us: it may be the key of another server.

    Raises:
        InputError: The variable of `--key-env` is not set, or what is given is not the name of one.
    """
    if variable is None:
        return default, "" if admits(headers or {}) else os.environ.get(default, "").strip()
    if not _NAME.fullmatch(variable) or secrets.looks_like_a_key(variable):
        raise InputError("--key-env takes the name of an environment variable, not a key")
    key = os.environ.get(variable, "").strip()
    if not key:
        shown = f" {variable}" if variable.isupper() else ""  # in other letters it may be a key
        raise InputError(f"--key-env{shown}: there is no such environment variable, or it is empty")
    return variable, key


def check_header(name: str, value: str, *, where: str = "--header") -> None:
    """Raises `InputError` if a header cannot be sent; never repeats its value. `where`: what gives it."""
    if not _HEADER_NAME.fullmatch(name):
        raise InputError(f"{where}: the name holds a character that a header cannot have")
    if not value:
        raise InputError(f"{where} {name} has no value (a run folder keeps the name alone)", hint="give it again")
    _check_value(f"{where} {name}", value)


def _check_value(what: str, value: str) -> None:
    for number, character in enumerate(value, start=1):
        if not (" " <= character <= "~" or character == "\t"):
            raise InputError(
                f"{what}: character {number} of {len(value)} cannot be sent in a header", hint="copy it again"
            )


def _is_address(url: str) -> bool:
    """Returns whether this is an http(s) address that can be connected to."""
    if len(url) > _LONGEST_URL or any(c.isspace() or not c.isprintable() for c in url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")
        return parts.scheme in {"http", "https"} and host.strip(".") != "" and ".." not in host and parts.port != 0
    except ValueError:  # UnicodeError is one
        return False


def _credentials_in(address: str) -> Iterator[str]:
    """Yields the secrets in an address, as they stand there and decoded."""
    try:
        parts = urlsplit(address)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return
    values = [value for name, value in parse_qsl(parts.query) if name not in _NOT_SECRET]
    for secret in (password, user, f"{user}:{password}" if password else "", *values):
        yield secret
        yield unquote(secret)
