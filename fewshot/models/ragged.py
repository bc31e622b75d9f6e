"""A decoder of the BART or T5 family over rows that advance on their own: the state that copy decoding needs.

    rows.step([[17, 4], [8]])        two tokens more for row 0, one for row 1  →  hidden states of the three, packed
    rows.crop([5, 9])                row 0 back to 5 tokens, row 1 to 9: numbers only, nothing is moved

`generate` keeps one length for a whole batch. Here every row has its own: keys and values lie in one buffer, a new
token is written at its row's own place, and what lies behind a row's length is masked and overwritten. The linear
layers, which are nearly all of the work, see only real tokens, packed; queries are padded for attention alone.

The layers are those of the model; what is written here anew is the order in which they are called. Tests compare with
the model's own forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

_ROOM, _MORE = 8, 4
"""Tokens of a new buffer beyond what is needed at once, which is nearly all of an answer; and the share (a quarter) by
which one that was too small grows beyond that."""

_FED = 1024
"""Tokens that go through a feed-forward layer together: it is four times as wide as the rest, twice."""


@dataclass(frozen=True, slots=True)
class Attention:
    """The four projections of an attention block."""

    q: Callable[[Tensor], Tensor]
    k: Callable[[Tensor], Tensor]
    v: Callable[[Tensor], Tensor]
    o: Callable[[Tensor], Tensor]


class Layer(Protocol):
    """One decoder layer: where it normalizes is its own business."""

    @property
    def own(self) -> Attention: ...
    @property
    def cross(self) -> Attention: ...

    def attend(self, x: Tensor, attention: Callable[[Attention, Tensor], Tensor], which: str) -> Tensor:
        """The sub-layer `which` (`own` or `cross`) around `attention`, with its residual."""
        ...

    def feed(self, x: Tensor) -> Tensor:
        """The feed-forward sub-layer, with its residual."""
        ...


class Family(Protocol):
    """What sets the families apart."""

    @property
    def layers(self) -> Sequence[Layer]: ...
    @property
    def heads(self) -> int: ...
    @property
    def scale(self) -> float:
        """What scores of attention are multiplied with."""
        ...

    def embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        """The first hidden states of some tokens at their places in the answer."""
        ...

    def bias(self, distance: Tensor) -> Tensor | None:
        """What is added to the scores of own attention: (rows, heads, queries, keys) from (rows, queries, keys)."""
        ...

    def finish(self, x: Tensor) -> Tensor:
        """From the last layer to what the head is multiplied with."""
        ...

    def head(self) -> tuple[Tensor, Tensor | None]:
        """The rows of the output head (a token each), and their bias."""
        ...


class Rows:
    """The decoder's state for a batch."""

    def __init__(self, family: Family, states: Tensor, mask: Tensor) -> None:
        """`states` (rows, source, width) from the encoder; `mask` (rows, source): 1 where there is a token."""
        self._family = family
        self._device, self._dtype = states.device, states.dtype
        self._mask = mask.bool()[:, None, None, :]
        self._cross = [
            (self._split(layer.cross.k(states)), self._split(layer.cross.v(states))) for layer in family.layers
        ]
        self.lengths: list[int] = [0] * states.shape[0]
        self._room = 0
        self._kept: list[tuple[Tensor, Tensor]] = []

    def step(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Feeds each row its tokens (none is fine); returns the hidden states (all tokens, width), row after row."""
        counts = [len(row) for row in tokens]
        widest = max(counts)
        self._reserve(max(length + count for length, count in zip(self.lengths, counts, strict=True)))
        index = _Index(tokens, self.lengths, self._device)
        keys = max(length + count for length, count in zip(self.lengths, counts, strict=True))
        mask = self._own_mask(index, widest, keys)
        x = self._family.embed(index.ids, index.positions)
        for number, layer in enumerate(self._family.layers):

            def own(block: Attention, y: Tensor, number: int = number) -> Tensor:
                k, v = self._kept[number]
                k[index.rows, :, index.positions] = self._heads(block.k(y))
                v[index.rows, :, index.positions] = self._heads(block.v(y))
                return block.o(self._attend(block.q(y), k[:, :, :keys], v[:, :, :keys], mask, index, widest))

            def cross(block: Attention, y: Tensor, number: int = number) -> Tensor:
                return block.o(self._attend(block.q(y), *self._cross[number], self._mask, index, widest))

            x = layer.attend(layer.attend(x, own, "own"), cross, "cross")
            x = torch.cat([layer.feed(x[at : at + _FED]) for at in range(0, len(x), _FED)])
        self.lengths = [length + count for length, count in zip(self.lengths, counts, strict=True)]
        return self._family.finish(x)

    def crop(self, lengths: Sequence[int]) -> None:
        """Forgets what lies behind these lengths."""
        self.lengths = [min(old, new) for old, new in zip(self.lengths, lengths, strict=True)]

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with these rows only."""
        chosen = torch.tensor(rows, device=self._device)
        self._mask = self._mask[chosen]
        self._cross = [(k[chosen], v[chosen]) for k, v in self._cross]
        self._kept = [(k[chosen], v[chosen]) for k, v in self._kept]
        self.lengths = [self.lengths[row] for row in rows]

    def _reserve(self, needed: int) -> None:
        if needed <= self._room:
            return
        room = needed + (needed // _MORE if self._kept else _ROOM)
        heads, width = self._family.heads, self._cross[0][0].shape[-1]
        shape = (len(self.lengths), heads, room, width)
        kept, self._kept = self._kept, []
        for _ in self._family.layers:
            k, v = (torch.zeros(shape, device=self._device, dtype=self._dtype) for _ in range(2))
            if kept:  # a layer's old buffer is gone before the next one's new one is made
                k[:, :, : self._room], v[:, :, : self._room] = kept.pop(0)
            self._kept.append((k, v))
        self._room = room

    def _own_mask(self, index: _Index, widest: int, keys: int) -> Tensor:
        """Each token sees its row up to itself; with the family's bias, if it has one."""
        lengths = torch.tensor(self.lengths, device=self._device)
        places = lengths[:, None] + torch.arange(widest, device=self._device)
        distance = places[:, :, None] - torch.arange(keys, device=self._device)
        seen = distance >= 0
        bias = self._family.bias(distance)
        if bias is None:
            return seen[:, None]
        return bias.masked_fill(~seen[:, None], float("-inf"))

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, index: _Index, widest: int) -> Tensor:
        """Attention of packed queries: padded to a rectangle, and packed again."""
        heads = self._family.heads
        padded = q.new_zeros(k.shape[0], widest, heads, k.shape[-1])
        padded[index.rows, index.columns] = self._heads(q)
        attended = scaled_dot_product_attention(padded.transpose(1, 2), k, v, mask, scale=self._family.scale)
        return attended.transpose(1, 2)[index.rows, index.columns].flatten(1)

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], self._family.heads, -1)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self._family.heads, -1).transpose(1, 2)


class _Index:
    """Where each packed token belongs: its row, its place among the new ones, its place in the answer."""

    def __init__(self, tokens: Sequence[Sequence[int]], lengths: Sequence[int], device: torch.device) -> None:
        counts = torch.tensor([len(row) for row in tokens])
        rows = torch.repeat_interleave(torch.arange(len(tokens)), counts)
        columns = torch.arange(len(rows)) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
        self.ids = torch.tensor([token for row in tokens for token in row]).to(device)
        self.rows, self.columns = rows.to(device), columns.to(device)
        self.positions = (columns + torch.tensor(lengths)[rows]).to(device)
