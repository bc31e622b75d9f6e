"""A linear layer on the encoder that says the tags at once, as a token classifier does: the first draft of an answer.

    model folder    model.safetensors         the encoder-decoder, as transformers writes and reads it
                    draft_head.safetensors    weight (classes, width), bias (classes); `draft_head` in `fewshot.json`

It is trained with the model (`finetune --draft-loss`), costs nothing beside it, and decides nothing: copy decoding
checks what it says (`drafts.Guessing`). Asked alone (`--decoder head`) it is a tagger inside the same network. A loaded
model carries it as `model.draft_head`; its classes are those of a tagger for the same labels (`tagging`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fewshot.errors import InputError
from fewshot.models import tagging
from fewshot.models.drafts import Draft, Drafter
from fewshot.models.manifest import DRAFT_HEAD, Manifest
from fewshot.models.source_tokens import SourceTokens
from fewshot.records import Span

_NAME = "draft_head"  # the attribute of a model


@dataclass(frozen=True, slots=True)
class DraftHead:
    """The head of one model. `names`: its classes; `before`: the tokens that the model reads before each source."""

    linear: nn.Linear
    names: Sequence[str]
    scheme: tagging.TagScheme
    before: int

    @torch.inference_mode()
    def spans(
        self, states: Tensor, sources: Sequence[SourceTokens], going_on: Sequence[bool] | None = None
    ) -> list[tuple[Span, ...]]:
        """The spans of each source. `states` (rows, tokens, width): the encoder's; `going_on`: whether text stands
        before a source."""
        scores = self.linear(states).float().softmax(-1).cpu()
        rows = [row[self.before : self.before + len(source)] for row, source in zip(scores, sources, strict=True)]
        return [
            self.scheme.read(source, row, self.names, given=(), goes_on=goes_on)
            for source, row, goes_on in zip(sources, rows, going_on or [False] * len(rows), strict=True)
        ]


class Guessing(Drafter):
    """Expects what the head says. `labels`: those of the decoder, in its order."""

    def __init__(self, head: DraftHead, labels: Sequence[str]) -> None:
        self._head, self._number = head, {label: number for number, label in enumerate(labels)}

    def drafts(self, states: Tensor, sources: Sequence[SourceTokens]) -> list[Draft]:
        """Drafts with the spans that begin and end between tokens."""
        made = []
        for source, spans in zip(sources, self._head.spans(states, sources), strict=True):
            draft = Draft(source, told=True)
            for span in spans:
                place = source.find(span)
                if place is not None and span.label in self._number:
                    draft.expect(*place, self._number[span.label])
            made.append(draft)
        return made


def of(model: Any, manifest: Manifest, before: int) -> DraftHead | None:
    """The head that a model carries, if it has one."""
    linear = getattr(model, _NAME, None)
    if linear is None:
        return None
    scheme, names = _classes(manifest)
    return DraftHead(linear, names, scheme, before)


def add(model: Any, manifest: Manifest) -> None:
    """Puts a new head on a model, all zeros: it starts without an opinion, and no random number is drawn for it."""
    _, names = _classes(manifest)
    with torch.device("meta"):
        linear = nn.Linear(_width(model), len(names), dtype=model.dtype)
    linear = linear.to_empty(device=model.device)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    setattr(model, _NAME, linear)


def load(folder: Path, model: Any, manifest: Manifest) -> None:
    """Puts the head of a model folder on its model, if the manifest names one.

    Raises:
        InputError: its file is missing, broken, of other classes or another width, or holds no finite numbers.
    """
    if manifest.draft_head is None:
        return
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / manifest.draft_head
    if not hasattr(model, _NAME):
        add(model, manifest)
    linear = getattr(model, _NAME)  # the same one, if there is one: an optimizer may hold its weights
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read ({str(error)[:120]})", hint="is it a whole model folder?") from None
    wanted = {name: tuple(tensor.shape) for name, tensor in linear.state_dict().items()}
    if {name: tuple(tensor.shape) for name, tensor in weights.items()} != wanted:
        raise InputError(f"{path}: is not the head of this model", hint="is it the fewshot.json of this model?")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()):
        raise InputError(f"{path}: holds numbers that are not finite", hint="train the model again")
    linear.load_state_dict(weights)


@contextmanager
def apart(model: Any, folder: Path | None = None) -> Iterator[None]:
    """Takes the head off a model while transformers writes it, so that its own file holds what its class declares; and
    writes the head into the same folder. A model without a head is left as it is."""
    linear = getattr(model, _NAME, None)
    if linear is None:
        yield
        return
    delattr(model, _NAME)
    try:
        yield
    finally:
        setattr(model, _NAME, linear)
    if folder is not None:
        from safetensors.torch import save_file

        save_file({name: tensor.contiguous() for name, tensor in linear.state_dict().items()}, folder / DRAFT_HEAD)


def logits(model: Any, states: Tensor) -> Tensor:
    """What the head of a model says in training: (rows, tokens, classes) of the encoder's states."""
    scores: Tensor = getattr(model, _NAME)(states)
    return scores


def _classes(manifest: Manifest) -> tuple[tagging.TagScheme, list[str]]:
    from fewshot import tasks

    scheme = tagging.of_task(tasks.get(manifest.task))
    return scheme, scheme.classes(manifest.labels)


def _width(model: Any) -> int:
    return int(model.get_input_embeddings().weight.shape[1])
