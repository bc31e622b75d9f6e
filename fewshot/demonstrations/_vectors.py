"""Similarity by an encoder's vectors, which are kept on disk: each text is encoded only once.

runs/vectors/3f2a….bin      one file per model (named by its digest): the number of dimensions (4 bytes), then one
                            record per text: its SHA-256 (32 bytes) and its vector (little-endian float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fewshot.errors import InputError
from fewshot.models.encoder import Encoder, open_encoder

_KEY = 32  # bytes of a SHA-256
_AT_ONCE = 2048  # texts that are encoded before they are written: what an interruption can lose (a judgement)
_HEADER = 4  # bytes of the number of dimensions
_FLOAT = 4  # bytes of a float32


class Embedded:
    """Cosines between vectors (the encoder's vectors have length 1)."""

    def __init__(self, texts: Sequence[str], embedder: str, folder: Path) -> None:
        self._vectors = Vectors(open_encoder(embedder), folder)
        self._pool = self._vectors.of(texts)

    def scores(self, text: str) -> NDArray[np.float32]:
        """Returns the cosines: `nearest` uses them as well."""
        return self.cosines(text)

    def cosines(self, text: str) -> NDArray[np.float32]:
        """Returns the cosine with each text of the pool, shape (size of the pool,)."""
        cosines: NDArray[np.float32] = self._pool @ self._vectors.of([text])[0]
        return cosines


class Vectors:
    """The vectors of one encoder, in memory and in its file. A torn last record is ignored and overwritten."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._file = folder / f"{encoder.digest}.bin"
        self._known: dict[bytes, NDArray[np.float32]] = {}
        self._size = 0

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one vector per text, shape (texts, dimensions); encodes only texts that are not known yet."""
        if not self._known:
            self._read()
        keys = [sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        todo = list(missing.items())
        for start in range(0, len(todo), _AT_ONCE):
            part = todo[start : start + _AT_ONCE]
            vectors = self._encoder.vectors([text for _, text in part])
            self._known.update(zip((key for key, _ in part), vectors, strict=True))
            self._append([key for key, _ in part], vectors)
        return np.stack([self._known[key] for key in keys])

    def _read(self) -> None:
        """Reads the whole records of the file, if there is one."""
        if not self._file.exists():
            return
        raw = self._file.read_bytes()
        dimensions = int.from_bytes(raw[:_HEADER], "little")
        record = _KEY + _FLOAT * dimensions
        if not dimensions or len(raw) < _HEADER + record:
            return
        whole = (len(raw) - _HEADER) // record
        rows = np.frombuffer(raw, dtype=np.uint8, count=whole * record, offset=_HEADER).reshape(whole, record)
        vectors = rows[:, _KEY:].copy().view("<f4").astype(np.float32)
        self._known = {row[:_KEY].tobytes(): vector for row, vector in zip(rows, vectors, strict=True)}
        self._size = _HEADER + whole * record

    def _append(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Writes records behind the last whole one."""
        records = b"".join(key + vector.astype("<f4").tobytes() for key, vector in zip(keys, vectors, strict=True))
        head = b"" if self._size else int(vectors.shape[1]).to_bytes(_HEADER, "little")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("r+b" if self._file.exists() else "w+b") as file:
                file.truncate(self._size)
                file.seek(self._size)
                file.write(head + records)
        except OSError as error:
            raise InputError(f"cannot write vectors to {self._file}: {error.strerror}") from None
        self._size += len(head + records)
