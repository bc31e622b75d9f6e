"""All guesses about tokens: how many a prompt has, how many an answer needs. No tokenizer can be fetched offline."""

from __future__ import annotations

from math import ceil

from fewshot import formats
from fewshot.records import Request

_BYTES_PER_TOKEN = 4
"""Of English, in the usual vocabularies: for estimates, which are marked as such."""

_DENSE_BYTES_PER_TOKEN = 2.5
"""Of dense biomedical text: for what must not be more than it says, a prompt that has to fit."""

_ROOM = 128
"""Tokens beside that: what a short source needs all the same (its tags, the end marker, a code fence)."""


def answer_tokens(text: str, room: float = formats.COPIED_ROOM) -> int:
    """Room for an answer, from the length of the source: one bound for all formats, as a tagged copy needs it, or more
    where a format says that it needs more (`room`, tokens per byte).

    It only ends what would not end by itself: a list or a sentence is shorter, and stops before.

    >>> answer_tokens("x" * 1000), answer_tokens("x" * 1000, room=0.3), answer_tokens("x" * 1000, room=2.0)
    (728, 728, 2128)
    """
    return _room(text, max(room, formats.COPIED_ROOM))


def estimate_tokens(request: Request) -> int:
    """Prompt tokens, estimated as UTF-8 bytes / 4 (no tokenizer can be fetched offline)."""
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    return ceil(sum(map(_bytes, texts)) / _BYTES_PER_TOKEN)


def most_tokens(request: Request) -> float:
    """Prompt tokens, estimated so that there are hardly ever more."""
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    frame = 8 * len(request.turns or ())  # what a chat template puts around a turn
    return sum(map(_bytes, texts)) / _DENSE_BYTES_PER_TOKEN + frame


def needed_tokens(request: Request) -> int:
    """The room that the answer to a request needs at least, as its format says: a tagged copy that of the text and its
    tags.

    `max_tokens` may be more: it ends what would not end by itself.
    """
    return _room(request.query.text, formats.get(request.format, request.scheme.kind).room)


def _room(text: str, per_byte: float) -> int:
    return ceil(_bytes(text) * per_byte) + _ROOM


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))  # JSON can smuggle half a surrogate pair in
