"""Texts as vectors, by a BERT-like encoder: the mean over a text's tokens, at length 1.

    encoder = open_encoder("models/encoder/all-MiniLM-L6-v2")       # `make encoder` puts it there
    encoder.digest, encoder.vectors(["(A) Blot of p53."]).shape     # ("3f2a…", (1, 384))

Two texts are as alike as the product of their vectors (the cosine). A text longer than the encoder reads is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewshot.errors import InputError, MissingExtraError

_BATCH = 32
_LONGEST = 512


@dataclass(slots=True)
class Encoder:
    """An encoder whose weights are read when the first vector is wanted. `digest`: of its files."""

    folder: Path
    digest: str
    _loaded: tuple[Any, Any] | None = field(default=None, repr=False)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row a text, in their order; batches are of texts of like length."""
        import torch

        from fewshot.models import model_folder

        tokenizer, model = self._load()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows: dict[int, NDArray[np.float32]] = {}
        longest = min(_LONGEST, model_folder.places(model.config) or _LONGEST)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            asked = tokenizer(
                [texts[i] for i in batch], padding=True, truncation=True, max_length=longest, return_tensors="pt"
            )
            with torch.inference_mode():
                hidden = model(**asked).last_hidden_state
            mask = asked["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            vectors = torch.nn.functional.normalize(mean.float(), dim=1).numpy()
            rows.update(zip(batch, vectors, strict=True))
        return np.stack([rows[i] for i in range(len(texts))]).astype(np.float32)

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from fewshot.models import model_folder

            model, tokenizer = model_folder.load(self.folder, "AutoModel")
            if getattr(model.config, "is_encoder_decoder", False):
                raise InputError(
                    f"--embedder {self.folder} is not an encoder", hint="take a BERT-like one: make encoder"
                )
            self._loaded = tokenizer, model.eval()
        return self._loaded


@lru_cache(maxsize=2)
def open_encoder(name: str) -> Encoder:
    """The encoder of that folder or hub name.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        InputError: no such model.
    """
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise MissingExtraError(f"{package}, which --embedder needs,", extra="local")
    from fewshot.models import model_folder

    folder = model_folder.resolve(name)
    return Encoder(folder, model_folder.digest(folder))
