"""All guesses about tokens: how many a prompt has, how many an answer needs. No tokenizer can be fetched offline."""

from __future__ import annotations

from math import ceil

from fewshot.records import Request

_BYTES_PER_TOKEN = 4
"""Of English, in the usual vocabularies: for estimates, which are marked as such."""

_ANSWER_TOKENS_PER_BYTE = 0.6
"""Room for an answer, by the length of its source. Dense biomedical text takes 2.5 bytes a token (0.4 tokens a byte,
to copy it); tags, keys and labels take as much again as half of that where every fifth word is an entity."""

_DENSE_BYTES_PER_TOKEN = 2.5
"""Of dense biomedical text: for what must not be more than it says, a prompt that has to fit."""

_NAMED_TOKENS_PER_BYTE = 0.3
"""Room for an answer that names and does not copy (list, json, sentence), by the length of its source."""

_ROOM = 128
"""Tokens beside that: what a short source needs all the same (its tags, the end marker, a code fence)."""


def answer_tokens(text: str) -> int:
    """Room for an answer, from the length of the source: one bound for all formats, as a tagged copy needs it.

    It only ends what would not end by itself: a list or a sentence is shorter, and stops before.

    >>> answer_tokens("x" * 1000)
    728
    """
    return ceil(_bytes(text) * _ANSWER_TOKENS_PER_BYTE) + _ROOM


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
    """The room that the answer to a request needs at least: a tagged copy that of the text and its tags.

    `max_tokens` may be more: it ends what would not end by itself.
    """
    if request.format == "copy_tag":
        return answer_tokens(request.query.text)
    return ceil(_bytes(request.query.text) * _NAMED_TOKENS_PER_BYTE) + _ROOM


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))  # JSON can smuggle half a surrogate pair in
