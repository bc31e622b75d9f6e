"""All guesses about tokens: how many a prompt has, how many an answer needs. No tokenizer can be fetched offline.

A prompt of 1,000 UTF-8 bytes has about 250 tokens (what `--dry-run` prints), hardly ever more than 400 (what has to fit
into `--context`) and never more than 1,000 and a frame (what a budget reserves).
"""

from __future__ import annotations

from math import ceil

from fewshot import formats
from fewshot.records import Request
from fewshot.text.tokens import BYTES_PER_TOKEN, DENSE_BYTES_PER_TOKEN, utf8_bytes

TOKENS_PER_BYTE = 1 / BYTES_PER_TOKEN
"""Tokens a UTF-8 byte of a prompt, before a server has counted any."""

_TURN_TOKENS = 8
"""Tokens that a chat template writes around a turn (role markers, line breaks). A judgement, not a measurement."""

_TEMPLATE_TOKENS = 128
"""Tokens that a chat template writes around a conversation (a default system text, the opening of the answer). A
judgement with a wide margin: no bound is known for templates."""

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
    """Prompt tokens, estimated as UTF-8 bytes / 4."""
    return ceil(_prompt_bytes(request) / BYTES_PER_TOKEN)


def most_tokens(request: Request) -> float:
    """Prompt tokens, estimated so that there are hardly ever more."""
    return _prompt_bytes(request) / DENSE_BYTES_PER_TOKEN + _TURN_TOKENS * len(request.turns or ())


def bound(request: Request) -> int:
    """Prompt tokens, never more: no byte-level tokenizer makes more tokens of a text than it has UTF-8 bytes. A JSON
    schema counts as part of the prompt, for some servers write it into the prompt.

    >>> bound(Request("gpt3", None, "m", "completions", None, "p53 – µ", 9, 0.0))
    138
    """
    schema = 0 if request.schema is None else utf8_bytes(repr(request.schema))
    frame = _TEMPLATE_TOKENS + _TURN_TOKENS * len(request.turns or ())
    return _prompt_bytes(request) + schema + frame


def needed_tokens(request: Request) -> int:
    """The room that the answer to a request needs at least, as its format says: a tagged copy that of the text and its
    tags.

    `max_tokens` may be more: it ends what would not end by itself.
    """
    return _room(request.query.text, formats.get(request.format, request.scheme.kind).room)


def _room(text: str, per_byte: float) -> int:
    return ceil(utf8_bytes(text) * per_byte) + _ROOM


def _prompt_bytes(request: Request) -> int:
    return sum(map(utf8_bytes, [request.prompt or "", *(turn.content for turn in request.turns or ())]))
