"""The decoders of BART and T5, as `ragged` calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fewshot.models.ragged import Attention, Family


def family_of(model: Any) -> Family | None:
    """How to run this model's decoder, by the `model_type` that the configuration names (BioBART is BART, SciFive T5);
    `None`: it is of no family that is known here."""
    kind = model.config.model_type
    if kind == "bart":
        return Bart(model)
    return T5Family(model) if kind == "t5" else None


class Bart:
    """Learned positions, normalization behind each sub-layer (Lewis et al. 2020)."""

    def __init__(self, model: Any) -> None:
        self._model, self._decoder = model, model.get_decoder()
        self.layers = [_BartLayer(layer) for layer in self._decoder.layers]
        attention = self._decoder.layers[0].self_attn
        self.heads, self.scale = attention.num_heads, attention.scaling

    def embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        places = self._decoder.embed_positions
        words = self._decoder.embed_tokens(ids)
        at = torch.nn.functional.embedding(positions + places.offset, places.weight)
        embedded: Tensor = self._decoder.layernorm_embedding(words + at)
        return embedded

    def bias(self, distance: Tensor) -> Tensor | None:
        return None

    def finish(self, x: Tensor) -> Tensor:
        return x

    def head(self) -> tuple[Tensor, Tensor | None]:
        return self._model.lm_head.weight, self._model.final_logits_bias[0]


class _BartLayer:
    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self.own, self.cross = (
            Attention(q=block.q_proj, k=block.k_proj, v=block.v_proj, o=block.out_proj)
            for block in (layer.self_attn, layer.encoder_attn)
        )

    def attend(self, x: Tensor, attention: Callable[[Attention, Tensor], Tensor], which: str) -> Tensor:
        own = which == "own"
        norm = self._layer.self_attn_layer_norm if own else self._layer.encoder_attn_layer_norm
        normed: Tensor = norm(x + attention(self.own if own else self.cross, x))
        return normed

    def feed(self, x: Tensor) -> Tensor:
        layer = self._layer
        normed: Tensor = layer.final_layer_norm(x + layer.fc2(layer.activation_fn(layer.fc1(x))))
        return normed


class T5Family:
    """Relative positions, normalization before each sub-layer, no scaling of scores (Raffel et al. 2020)."""

    scale = 1.0

    def __init__(self, model: Any) -> None:
        self._model, self._decoder = model, model.get_decoder()
        self.layers = [_T5Layer(block) for block in self._decoder.block]
        self._first = self._decoder.block[0].layer[0].SelfAttention
        self.heads = self._first.n_heads
        self._by_distance = torch.empty(0)

    def embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        embedded: Tensor = self._decoder.embed_tokens(ids)
        return embedded

    def bias(self, distance: Tensor) -> Tensor | None:
        most = int(distance.max()) + 1
        if self._by_distance.shape[0] < most:
            self._by_distance = self._table(most + most // 2)
        return self._by_distance[distance.clamp(min=0)].permute(0, 3, 1, 2)

    def _table(self, count: int) -> Tensor:
        """The bias of each distance back, `[distance, head]`: that of the last of `count` tokens, nearest first."""
        back: Tensor = self._first.compute_bias(1, count, past_seen_tokens=count - 1)[0, :, 0]
        return back.flip(-1).T

    def finish(self, x: Tensor) -> Tensor:
        finished: Tensor = self._decoder.final_layer_norm(x)
        scaled = self._model.config.scale_decoder_outputs
        return finished * self._model.model_dim**-0.5 if scaled else finished

    def head(self) -> tuple[Tensor, Tensor | None]:
        return self._model.lm_head.weight, None


class _T5Layer:
    def __init__(self, block: Any) -> None:
        self._layers = {"own": block.layer[0], "cross": block.layer[1]}
        self._feed = block.layer[-1]
        self.own, self.cross = (
            Attention(q=part.q, k=part.k, v=part.v, o=part.o)
            for part in (block.layer[0].SelfAttention, block.layer[1].EncDecAttention)
        )

    def attend(self, x: Tensor, attention: Callable[[Attention, Tensor], Tensor], which: str) -> Tensor:
        block = self.own if which == "own" else self.cross
        return x + attention(block, self._layers[which].layer_norm(x))

    def feed(self, x: Tensor) -> Tensor:
        fed: Tensor = self._feed(x)
        return fed
