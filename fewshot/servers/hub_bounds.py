"""Bounds on what the hub sends: bytes and seconds of a listing, bytes of a file.

read_at_most("https://hub/api/models/a/b", 64 << 20, seconds=30)      its JSON object, or one clear line
hf_hub_download(…, tqdm_class=counting(32 << 30, "a/b/model.safetensors"))
"""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

from fewshot.errors import InputError
from fewshot.files import most_bytes
from fewshot.servers import hub_client

VARIABLE = "FEWSHOT_MOST_HUB_BYTES"
"""The environment variable that takes the place of both bounds."""

MOST_LISTING = 64 << 20
"""Bytes of a listing, unpacked: 64 MB. The longest have some 10,000 files, 1 MB."""

MOST_FILE = {"dataset": 1 << 30, "model": 32 << 30}
"""Bytes of a file. Our data sets have at most 200 MB; weights of a model that this machine can run fit in 32 GB."""


def read_at_most(url: str, most: int, *, seconds: float) -> dict[str, Any]:
    """The JSON object at an address of the hub, through huggingface_hub's own session (token, proxies, offline mode).

    Raises:
        InputError: it is larger than `most` (`FEWSHOT_MOST_HUB_BYTES`), or takes longer.
        Exception: those of huggingface_hub and its client, and `ValueError` for what is no JSON object.
    """
    http, utils = hub_client.library(), _utils()
    most = most_bytes(most, VARIABLE)
    until = monotonic() + seconds
    parts: list[bytes] = []
    size = 0
    with utils.get_session().stream("GET", url, headers=utils.build_hf_headers(), timeout=seconds) as reply:
        for part in reply.iter_bytes():
            size += len(part)
            if size > most:
                raise _too_large("its listing", most)
            if monotonic() > until:
                raise InputError(f"the hub did not answer in full within {seconds:g} s", hint="try again later")
            parts.append(part)
    headers = {name: value for name, value in reply.headers.items() if name.startswith("x-")}
    whole = http.Response(reply.status_code, headers=headers, content=b"".join(parts), request=reply.request)
    utils.hf_raise_for_status(whole)
    value = json.loads(whole.content)
    if not isinstance(value, dict):
        raise ValueError(f"a JSON {type(value).__name__}")
    return value


def counting(most: int, name: str) -> type[Any]:
    """A progress bar for `hf_hub_download` that ends a download of more bytes than `most` (`FEWSHOT_MOST_HUB_BYTES`).

    Raises, when it is made and when it is told of bytes:
        InputError: there are more.
    """
    most = most_bytes(most, VARIABLE)
    bar: type[Any] = _utils().tqdm

    class Counting(bar):  # type: ignore[misc]
        """Counts what is announced, and what comes."""

        def __init__(self, *arguments: Any, total: float | None = None, initial: float = 0, **options: Any) -> None:
            self.come = initial
            _check(max(total or 0, initial), most, name)
            super().__init__(*arguments, total=total, initial=initial, **options)

        def update(self, n: float | None = 1) -> bool | None:
            self.come += n or 0
            _check(self.come, most, name)
            shown: bool | None = super().update(n)
            return shown

    return Counting


def _utils() -> Any:
    """huggingface_hub's public utilities, which it does not declare as exported."""
    from huggingface_hub import utils

    return utils


def _check(size: float, most: int, name: str) -> None:
    if size > most:
        raise _too_large(name[:160], most)


def _too_large(what: str, most: int) -> InputError:
    return InputError(f"{what}: the hub sends more than {most:,} bytes", hint=f"{VARIABLE}=N allows more")
