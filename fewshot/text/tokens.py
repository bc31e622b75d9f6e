"""Bytes and tokens of a text: the figures behind all guesses about tokens, since no tokenizer can be fetched offline.

A text of 1,000 UTF-8 bytes has about 250 tokens, a dense one 400, and none has more than 1,000.
"""

from __future__ import annotations

BYTES_PER_TOKEN = 4
"""UTF-8 bytes a token of English, in the usual vocabularies (OpenAI's rule of thumb: four characters a token). For
estimates, which are marked as such."""

DENSE_BYTES_PER_TOKEN = 2.5
"""UTF-8 bytes a token of dense biomedical text (docs/architecture.md): for what has to fit."""


def utf8_bytes(text: str) -> int:
    """The length of a text in UTF-8 bytes. Half of a surrogate pair counts three, as many as the sign � that a server
    may read in its place.

    >>> utf8_bytes("µM"), utf8_bytes("\\ud83d")
    (3, 3)
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
