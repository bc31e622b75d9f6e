"""Which ids were seen, in the space of a few bytes each: a file may have millions of records.

>>> seen = Ids()
>>> seen.first("f1", 1), seen.first("f2", 2), seen.first("f1", 7)
(None, None, 1)
"""

from __future__ import annotations

from array import array
from hashlib import blake2b

_LEAST = 1 << 10


class Ids:
    """A hash table of 64-bit digests, each with a number: at most 24 bytes an id. Of a million different ids two have
    the same digest once in 37 million files."""

    def __init__(self) -> None:
        self._digests = array("Q", bytes(8 * _LEAST))
        self._numbers = array("I", bytes(4 * _LEAST))
        self._count = 0

    def first(self, id: str, number: int) -> int | None:
        """The number (from 1) that an id came with before; `None`: it is new, and is kept with this number."""
        digest = int.from_bytes(blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1
        place = self._place(digest)
        if self._digests[place]:
            return self._numbers[place]
        self._digests[place], self._numbers[place] = digest, number
        self._count += 1
        if 2 * self._count > len(self._digests):
            self._grow()
        return None

    def _place(self, digest: int) -> int:
        """Where a digest lies, or would lie."""
        mask = len(self._digests) - 1
        place = digest & mask
        while self._digests[place] not in (0, digest):
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        digests, numbers = self._digests, self._numbers
        self._digests = array("Q", bytes(16 * len(digests)))
        self._numbers = array("I", bytes(8 * len(digests)))
        for digest, number in zip(digests, numbers, strict=True):
            if digest:
                place = self._place(digest)
                self._digests[place], self._numbers[place] = digest, number
