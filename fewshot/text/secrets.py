r"""Secrets in texts that are recorded or printed: keys that we know, and what looks like one.

    --extra api_key=sk-…                     the name and the value both say that it is a key
    --model sk-proj-…                        a key in the place of a model
    --extra cb=http://me:PASSWORD@host/      a password in a URL

A key belongs in the environment. What is given as a setting stands in `run.toml`, `responses.jsonl` and `scores.json`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

_START = r"""(?:^|(?<=[\s=:"'`,;(\[{?&<]))"""
"""Where a key can begin. Not behind a slash: `runs/sk-learn-baseline` is a path."""

# The prefixes that providers document. The least lengths are judgements: real keys have 20 characters and more, but
# keys of own gateways are chosen freely.
_KEY = (
    r"(?:sk-[\w-]{8,}|(?:sk|pk|rk|fw|csk)_[A-Za-z0-9]{16,}|(?:rk|csk)-[\w-]{16,}|hf_[A-Za-z0-9]{12,}|gsk_[A-Za-z0-9]{8,}|AIza[\w-]{12,}|xai-[\w-]{12,}|nvapi-[\w-]{12,}"
    r"|pplx-[\w-]{12,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|r8_[A-Za-z0-9]{16,}"
    r"|AKIA[0-9A-Z]{16}|eyJ[\w-]{16,}\.[\w-]{16,}\.[\w-]{8,})"
)
_BEHIND_A_SLASH = r"(?<=/)(?:sk|rk)-[\w-]{0,40}?(?<![A-Za-z0-9])(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16,}"
_BEARER = r"(?<![A-Za-z0-9])Bearer +(?=[A-Za-z._~+/-]{0,200}\d)[A-Za-z0-9._~+/-]{8,}"
_LOOKS_LIKE_KEY = f"{_START}{_KEY}|{_BEHIND_A_SLASH}|{_BEARER}"
_SURELY_KEY = _START + r"(?=[\w-]{0,200}\d)(?:sk-|hf_|gsk_|AIza|xai-|gh[pousr]_)[\w-]{20,}"
"""For words that may as well be a file: `sk-baseline.jsonl` is none."""

_NAMED = (
    r"(?i)(?:api[-_ ]?key|token|authorization|password|passwd|secret)[\"']?\s{0,3}[=:]\s{0,3}[\"']?"
    r"(?:(?:bearer|basic|token)\s{1,3})?[A-Za-z0-9+/_.~-]{16,}"
    r"|\b(?:bearer|basic)\s{1,3}[A-Za-z0-9+/_.~-]{16,}"
)
_SECRET_NAME = (
    r"(?i)(?:.{0,40}[-_.])?(?:(?:api|access|secret|private|subscription|auth|account)[-_]?key|apikey|authorization|bearer"
    r"|password|passwd|pwd|secret|client[-_]?secret|credentials?"
    r"|(?:access|auth|api|bearer|id|refresh|session|hf|hub)[-_]?token)"
)
_TOKEN_NAME = r"(?i:token|key)"
_TOKEN = r"[A-Za-z0-9+/_.=~-]{16,}"
_UNBROKEN = r"(?=[A-Za-z]{0,200}\d)(?=\d{0,200}[A-Za-z])[A-Za-z0-9]{32,}"  # Azure's keys; no model's name
_URL = r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>]{1,4000}"

_VARIABLES = frozenset(("KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD"))
"""Last words of the names of environment variables that hold secrets: OPENAI_API_KEY, HF_TOKEN, AZURE_OPENAI_KEY …"""

_SHORTEST = 8  # characters: a shorter value may stand in an ordinary word ("none", "dummy", "true")


def known(variables: Iterable[str] = ()) -> dict[str, str]:
    """Secret → what it is, from the environment. `variables`: further variables that hold one.

    Besides variables with telling names: each value of `OPENAI_CUSTOM_HEADERS`, and the credentials of
    `OPENAI_BASE_URL`. Longest first, so that a secret that holds another is replaced whole.
    """
    secrets: dict[str, str] = {}
    names = {*variables, *(name for name in os.environ if name.removesuffix("S").rpartition("_")[2] in _VARIABLES)}
    for name in sorted(names):
        value = os.environ.get(name, "").strip()
        for part in (value, *value.splitlines()):
            secrets.setdefault(part.strip(), f"the value of {name}")
    for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines():
        secrets.setdefault(line.partition(":")[2].strip(), "a value of OPENAI_CUSTOM_HEADERS")
    for part in _credentials(os.environ.get("OPENAI_BASE_URL", "")):
        secrets.setdefault(part, "a password of OPENAI_BASE_URL")
    kept = sorted((item for item in secrets.items() if len(item[0]) >= _SHORTEST), key=lambda item: -len(item[0]))
    return dict(kept)


def looks_like_a_key(text: str) -> bool:
    """Whether a text holds what looks like the key of a service.

    >>> looks_like_a_key("sk-proj-0123456789abcdef"), looks_like_a_key("runs/sk-learn-baseline")
    (True, False)
    """
    return re.search(_LOOKS_LIKE_KEY, text) is not None


def hidden(text: str) -> str:
    """A message without the secrets that we know and without what looks like a key.

    >>> hidden("unknown backend 'sk-0123456789abcdef'")
    "unknown backend '***'"
    """
    for secret in known():
        text = text.replace(secret, "***")
    return re.sub(_LOOKS_LIKE_KEY, "***", text)


def surely_in(word: str, secrets: Mapping[str, str]) -> str | None:
    """Which secret a word of the command line holds, whatever flag it follows; `None` if it holds none.

    >>> surely_in("sk-proj-0123456789abcdef0123", {}), surely_in("runs/sk-learn-baseline", {})
    ('what looks like a key', None)
    """
    for secret, what in secrets.items():
        if secret in word:
            return what
    return "what looks like a key" if len(word) > 20 and re.search(_SURELY_KEY, word) else None


def in_text(text: str) -> str | None:
    """Which secret a value holds that will be recorded; `None` if it holds none.

    >>> in_text("http://me:pass-word@host/v1"), in_text("gpt-6-luna")
    ('a URL with a password', None)
    """
    for secret, what in known().items():
        if secret in text:
            return what
    if looks_like_a_key(text) or re.search(_NAMED, text):
        return "what looks like a key"
    if any(True for url in re.findall(_URL, text) for _ in _credentials(url)):
        return "a URL with a password"
    return None


def in_name(text: str) -> str | None:
    """As `in_text`, for the name of a model: an unbroken run of 32 letters and digits is a key too."""
    return in_text(text) or ("what looks like a key" if re.fullmatch(_UNBROKEN, text) else None)


def in_json(value: object, name: str = "") -> str | None:
    """Which secret a JSON value holds, at any depth; `name`: of the value.

    >>> in_json({"headers": [{"Authorization": "Bearer x"}]}), in_json({"stop_token": "</s>", "top_p": 0.9})
    ('what looks like a key', None)
    """
    waiting: list[tuple[str, object]] = [(name, value)]  # a list, not recursion: the value may be nested deeply
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(str(key), inner) for key, inner in value.items()]
            waiting += [("", str(key)) for key in value]
        elif isinstance(value, list | tuple):
            waiting += [(name, inner) for inner in value]
        elif isinstance(value, str) and (what := _in_named(name, value)):
            return what
    return None


def _in_named(name: str, value: str) -> str | None:
    named = bool(value.strip()) and bool(re.fullmatch(_SECRET_NAME, name))
    named = named or bool(re.fullmatch(_TOKEN_NAME, name) and re.fullmatch(_TOKEN, value))
    return in_text(value) or ("what looks like a key" if named else None)


def _credentials(url: str) -> Iterator[str]:
    """Yields the password of a URL (or its user, if there is no password), and values of a query that name a secret."""
    if not url:
        return
    from urllib.parse import parse_qsl, unquote, urlsplit  # here: `fewshot --help` does without

    try:
        parts = urlsplit(url)
        userinfo = parts.netloc.rpartition("@")[0]
        query = parse_qsl(parts.query)
    except ValueError:
        return
    if userinfo:
        user, colon, password = userinfo.partition(":")
        yield unquote(password if colon else user)
    for key, value in query:
        if re.fullmatch(_SECRET_NAME, key) or re.fullmatch(_TOKEN_NAME, key) or key.lower() in {"sig", "signature"}:
            yield value
