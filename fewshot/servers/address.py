"""The address of a server and the key for it, as the user gives them, and what of both may be printed.

>>> Server("http://me:pw@127.0.0.1:8000/v1/?x=1", "none").public_url
'http://127.0.0.1:8000/v1'
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

from fewshot.errors import InputError
from fewshot.servers.failures import Redactor

API = "https://api.openai.com/v1"
"""OpenAI's own address, the default of the `gpt3` backend."""


@dataclass(frozen=True)
class Server:
    """Where to send, and with which key (`"none"` for servers that need no key).

    `redact` keeps the key and the credentials of the URL out of every message; `repr` shows neither.
    """

    base_url: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own address, which needs a key and knows the default model."""
        return urlsplit(self.base_url).hostname == urlsplit(API).hostname

    @property
    def public_url(self) -> str:
        """The address without credentials and query: what messages, keys and files may contain."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}{parts.path.rstrip('/')}"

    @property
    def request_url(self) -> str:
        """The address without credentials, query included. aiohttp refuses credentials in the URL if there is an
        `Authorization` header as well."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password from the address; they are sent instead of the key. `None` if it has none."""
        parts = urlsplit(self.base_url)
        return None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))

    def check(self) -> None:
        """Raises `InputError` if the base URL is not an http(s) address."""
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise InputError("the base URL is not an http(s) address", hint="like --base-url http://127.0.0.1:8000/v1")

    @cached_property
    def redact(self) -> Redactor:
        """The filter that every message passes: takes out keys, tokens, credentials and values of the query."""
        parts = urlsplit(self.base_url)
        secrets = [self.key, parts.username or "", parts.password or ""]
        secrets += [os.environ.get(name, "") for name in ("OPENAI_API_KEY", "HF_TOKEN")]
        secrets += [value for _, value in parse_qsl(parts.query)]
        return Redactor.of(*secrets, *map(unquote, secrets))
