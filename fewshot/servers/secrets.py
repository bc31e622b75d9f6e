"""Takes secrets out of texts: keys, tokens, passwords, values of headers, in every form in which they are sent.

>>> redact = Redactor.of("sk-1234", "me:p w")
>>> redact("key SK-1234, header Basic bWU6cCB3, url me%3Ap%20w, at http://me:pw@host/v1\\nis wrong")
'key ***, header Basic ***, url ***, at http://host/v1 is wrong'

A text is redacted first and cut afterwards: the first half of a key is a secret as well. What merely looks like a key,
`fewshot.text.secrets` knows.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, quote_plus

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@|(?<=[\w/])\?\w+=[^\s'\"<>]*")  # in any URL, in any text
_HIDDEN = "***"

LONGEST_MESSAGE = 300
"""Characters of a message: three lines of a terminal; proxies answer with whole pages. A judgement."""

NO_KEY = "none"
"""What servers that need no key are sent as one. Not a secret."""

_SURELY_SECRET = 5
"""From this many characters on a secret is taken out of the middle of words as well. A judgement."""

_SURELY_NO_NAME = 8
"""Characters of a secret that is looked for in the name of a model and in parameters, which would be refused for a key
like "bloom". A judgement."""

_SHORTEST_SECRET = 2
"""Characters. A single letter is not taken out: it says nothing, and stands in every text."""

_SHORTEST_IN_BASE64 = 3
"""Characters of a secret that is looked for in base64: four characters there. Shorter ones are parts of words."""


@dataclass(frozen=True)
class Redactor:
    """Removes secrets from a text.

    >>> Redactor.of("sk-1234")("key sk-1234 at http://me:pw@host/v1\\nis wrong")
    'key *** at http://host/v1 is wrong'
    """

    secrets: tuple[str, ...] = field(repr=False)
    words: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, *secrets: str, words: Iterable[str] = ()) -> Redactor:
        """Returns a redactor for these secrets. `words`: those that may be words (`false` as the value of a header):
        they are taken out of messages, and not out of answers."""
        kept = {s.strip() for s in secrets} - {NO_KEY}
        words = {word.strip() for word in words} - kept - {NO_KEY}
        both = sorted((s for s in kept | words if len(s) >= _SHORTEST_SECRET), key=lambda s: (-len(s), s))
        return cls(tuple(both), frozenset(words))

    def __call__(self, text: str) -> str:
        """Returns the text on one line, without secrets, shortened to 300 characters."""
        text = " ".join(self.without_secrets(_CREDENTIALS.sub("", text)).split())
        return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"

    def without_secrets(self, text: str) -> str:
        """Returns the text without any form of any secret, otherwise unchanged."""
        for found in self._in(text):
            text = found.pattern.sub(_HIDDEN, text)
        return text

    def answer(self, text: str, sent: str) -> str:
        """Returns an answer without the secrets that a server echoes into it.

        `sent`: what the server was asked. A short password may be a word of the legend, and then of the answer, which
        must stay as it is: what stands in the question is not a secret, since the question is recorded.
        """
        for found in self._in(text):
            if not self._may_be_a_word(found.secret) and not found.pattern.search(sent):
                text = found.pattern.sub(_HIDDEN, text)
        return text

    def holds(self, text: str) -> bool:
        """Returns whether a text holds any form of a secret of 8 characters or more that is not a mere word."""
        known = (s for s in self._in(text) if len(s.secret) >= _SURELY_NO_NAME and s.secret not in self.words)
        return any(found.pattern.search(text) for found in known)

    def _may_be_a_word(self, secret: str) -> bool:
        return secret in self.words or len(secret) < _SURELY_SECRET

    def _in(self, text: str) -> Iterator[_Secret]:
        """Yields the secrets that a text may hold. Every answer is looked through, hardly any holds one: finding
        strings is a hundred times faster than the patterns."""
        compact = "".join(text.split()).lower()
        return (secret for secret in self._secrets if any(form in compact for form in secret.forms))

    @cached_property
    def _secrets(self) -> tuple[_Secret, ...]:
        return tuple(map(_Secret.of, self.secrets))


@dataclass(frozen=True, slots=True)
class _Secret:
    """A secret, its forms (in lower case, without white space), and a pattern that finds them: longest first, in any
    case, folded over lines."""

    secret: str = field(repr=False)
    forms: tuple[str, ...] = field(repr=False)
    pattern: re.Pattern[str] = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> _Secret:
        """Returns the forms of a secret."""
        forms = sorted({form for raw in _forms(secret) if (form := "".join(raw.split()))}, key=lambda f: (-len(f), f))
        found = "|".join(r"\s*+".join(map(re.escape, form)) for form in forms)
        if len(secret) < _SURELY_SECRET:  # a word or a number of its own
            found = rf"(?<![^\W_])(?:{found})(?![^\W_])"
        return cls(secret, tuple({form.lower() for form in forms}), re.compile(found, re.IGNORECASE))


def _forms(secret: str) -> Iterator[str]:
    """Yields a secret as it is sent or shown: itself, as base64 (Basic), `repr`, JSON, percent, HTML."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield repr(secret)[1:-1]
    yield repr(raw)[2:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    for safe in ("", "/", "/:@!$&'()*+,;="):
        yield quote(raw, safe=safe)
    yield quote_plus(raw)
    yield html.escape(secret)
    if len(raw) >= _SHORTEST_IN_BASE64:
        yield b64encode(raw).decode().rstrip("=")
        yield urlsafe_b64encode(raw).decode().rstrip("=")
