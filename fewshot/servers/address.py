"""The address of a server and the key for it, as the user gave them, and what of that may be shown.

>>> Server("http://me:pw@127.0.0.1:8000/v1/?x=1", "none").shown
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


@dataclass(frozen=True)
class Server:
    """Where to send, and with which key. `redact` keeps the key and URL credentials out of every message; `repr`
    shows neither."""

    base_url: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def own(self) -> bool:
        """True at the API's own address."""
        return urlsplit(self.base_url).hostname == urlsplit(API).hostname

    @property
    def shown(self) -> str:
        """The address without credentials and without query."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}{parts.path.rstrip('/')}"

    @property
    def bare(self) -> str:
        """The address without credentials: aiohttp takes none in an address beside a header."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password of the address, which then go in place of the key."""
        parts = urlsplit(self.base_url)
        return None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))

    def check(self) -> None:
        """Raises `InputError` where this is no address."""
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise InputError("the base URL is not an http(s) address", hint="like --base-url http://127.0.0.1:8000/v1")

    @cached_property
    def redact(self) -> Redactor:
        """The filter for every message."""
        parts = urlsplit(self.base_url)
        secrets = [self.key, parts.username or "", parts.password or ""]
        secrets += [os.environ.get(name, "") for name in ("OPENAI_API_KEY", "HF_TOKEN")]
        secrets += [value for _, value in parse_qsl(parts.query)]
        return Redactor.of(*secrets, *map(unquote, secrets))
