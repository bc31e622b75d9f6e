"""A source text as token ids with offsets: the one place for training and for decoding.

    "(A) p53"  →  pieces "(" "A" ")" " p53"  →  ids  ⟨(⟩ ⟨A⟩ ⟨)⟩ ⟨ p⟩ ⟨53⟩      (byte-level BPE)
                                             spans 0–1 1–2 2–3 4–5 5–7

A tagged copy is these ids with the ids of tags put in between. Rendering the tagged text and tokenizing that gives
other ids (a tag changes how its neighbours are split), and a model trained so writes what the copy constraint forbids.

The text is cut at word and punctuation edges before a vocabulary sees it, so that nearly every edge of a gold span lies
between two tokens; `tagged` counts those that do not. A piece keeps the one space before it, as byte-level BPE and
SentencePiece do, so that the ids are nearly those that the model was pretrained on. What a vocabulary does not know is
a token like any other: offsets come from the pieces and not from decoding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fewshot.errors import InputError
from fewshot.records import Span

_PIECE = re.compile(r" ?(?:[^\W_]+|[^\w\s]|_)|\s")
_KEPT_PIECES = 1 << 16


@dataclass(frozen=True, slots=True)
class SourceTokens:
    """The tokens of a text. Token `i` is the characters `starts[i]:ends[i]`, without the space before it.

    `starts` and `ends` never fall. A token that is white space only has `starts[i] == ends[i]`; several tokens of one
    character (bytes of a rare letter) have its extent, and no tag may stand between them.
    """

    text: str
    ids: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    words: tuple[bool, ...] = ()  # whether a token is the first visible one of its piece (a word, a punctuation mark)

    def __len__(self) -> int:
        return len(self.ids)

    def opens(self, i: int) -> bool:
        """Whether a span may begin with token `i`: it is the first of a word or of punctuation, and no white space."""
        return self.words[i] and self.starts[i] < self.ends[i] and (i == 0 or self.ends[i - 1] <= self.starts[i])

    def closes(self, i: int) -> bool:
        """Whether a span may end with token `i`: it is not white space and no earlier byte of a letter."""
        last = i + 1 == len(self.ids)
        return self.starts[i] < self.ends[i] and (last or self.starts[i + 1] >= self.ends[i])

    def find(self, span: Span) -> tuple[int, int] | None:
        """The tokens `first:after` of a span; `None` where one of its edges falls inside a token."""
        first = next((i for i in self._at(self.starts, span.start) if self.opens(i)), None)
        last = next((i for i in self._at(self.ends, span.end) if self.closes(i)), None)
        if first is None or last is None or last < first:
            return None
        return first, last + 1

    def extent(self, first: int, after: int) -> tuple[int, int]:
        """The characters of the tokens `first:after`, without white space at the edges."""
        while after > first + 1 and self.starts[after - 1] == self.ends[after - 1]:
            after -= 1
        return self.starts[first], self.ends[after - 1]

    @staticmethod
    def _at(edges: Sequence[int], wanted: int) -> range:
        from bisect import bisect_left, bisect_right

        return range(bisect_left(edges, wanted), bisect_right(edges, wanted))


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tagged copy as ids. `unreachable`: spans with an edge inside a token, which no tag can mark."""

    ids: tuple[int, ...]
    unreachable: int


class SourceTokenizer:
    """Cuts texts into source tokens with the vocabulary of a Hugging Face tokenizer (a fast one: BPE, Unigram or
    WordPiece)."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._backend = _bare(tokenizer.backend_tokenizer)
        self._ids = lru_cache(maxsize=_KEPT_PIECES)(self._encode)
        self.before, self.after = _frame(tokenizer)

    def __call__(self, text: str) -> SourceTokens:
        """The tokens of a text, without any tokens around it."""
        ids: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        words: list[bool] = []
        for piece in _PIECE.finditer(text):
            at, begun = piece.start(), False
            for token, start, end in self._ids(piece[0]):
                ids.append(token)
                starts.append(at + start)
                ends.append(at + end)
                words.append(not begun and start < end)
                begun = begun or start < end
        return SourceTokens(text, tuple(ids), tuple(starts), tuple(ends), tuple(words))

    def framed(self, ids: Sequence[int]) -> list[int]:
        """Ids as a model reads and writes them: `<s> … </s>`, `… </s>` or `[CLS] … [SEP]`."""
        return [*self.before, *ids, *self.after]

    def text_ids(self, text: str) -> list[int]:
        """The ids of any other text (a prompt, an answer in a free format), cut as usual, added tokens included."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _encode(self, piece: str) -> tuple[tuple[int, int, int], ...]:
        """(id, start, end) of a piece's tokens, the white space at its front left out of the first extent."""
        encoding = self._backend.encode(piece, add_special_tokens=False)
        tokens = []
        for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            surface = piece[start:end]
            first = start + len(surface) - len(surface.lstrip())
            tokens.append((token, first, end if surface.strip() else first))
        return tuple(tokens)


def tagged(source: SourceTokens, spans: Sequence[Span], tags: Mapping[str, tuple[int, int]]) -> Tagged:
    """The copy of a source with the tags of `spans` in it. `tags`: the ids of the opening and the closing tag by label.

    Spans must not overlap.
    """
    ids: list[int] = []
    last = unreachable = 0
    for span in sorted(spans, key=lambda span: span.start):
        place = source.find(span)
        if place is None or place[0] < last:
            unreachable += 1
            continue
        opening, closing = tags[span.label]
        ids += [*source.ids[last : place[0]], opening, *source.ids[place[0] : place[1]], closing]
        last = place[1]
    return Tagged((*ids, *source.ids[last:]), unreachable)


def _frame(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special tokens that a tokenizer puts before and after a text.

    Raises:
        InputError: it does not know the simplest of texts.
    """
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    at = next((i for i in range(len(whole)) if bare and whole[i : i + len(bare)] == bare), None)
    if at is None:
        raise InputError("its tokenizer loses the letter a, or writes it otherwise inside a text")
    return tuple(whole[:at]), tuple(whole[at + len(bare) :])


def _bare(backend: Any) -> Any:
    """A tokenizer that reads a piece unchanged: no space put before it or taken from it, nothing put around it."""
    from tokenizers import Tokenizer

    table = json.loads(backend.to_str())
    table |= {"post_processor": None, "truncation": None, "padding": None}
    table["normalizer"] = _plain(table.get("normalizer"), "normalizers")
    table["pre_tokenizer"] = _plain(table.get("pre_tokenizer"), "pretokenizers")
    return Tokenizer.from_str(json.dumps(table))


def _plain(step: Any, parts: str) -> Any:
    """A step of a tokenizer without what it does at the edges of a text."""
    if step is None or step["type"] in ("WhitespaceSplit", "Whitespace", "Prepend", "Strip"):
        return None
    if step["type"] == "Sequence":
        kept = [plain for part in step[parts] if (plain := _plain(part, parts)) is not None]
        return step | {parts: kept} if kept else None
    if step["type"] == "Metaspace":
        return step | {"prepend_scheme": "never"}
    if step["type"] == "ByteLevel" and "add_prefix_space" in step:
        return step | {"add_prefix_space": False}
    return step
