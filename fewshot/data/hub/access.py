"""The lines of a data set's files, also of those inside a zip.

    rows(path, "hub:me/x/test.jsonl", "test")   →   ("test", Where("hub:me/x/test.jsonl", 1, …), {"words": …}), …

Zips are read in memory, entry by entry, and never unpacked: a path inside one means nothing to us.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from fewshot.data.hub.layout import SPLITS
from fewshot.errors import DataError, FewshotError, Where
from fewshot.files import MOST_BYTES, decoded, json_values, most_bytes

UNPACKED = 1 << 30
"""Bytes of a zip's entries in all, 1 GiB: no such data set is near it."""
MOST_RATIO = 100
"""Unpacked to packed bytes: JSON of words and tags has 10 to 40, a bomb up to 1,000."""
_SMALL = 1 << 24
"""Bytes, 16 MiB, below which the ratio does not matter."""


def rows(path: Path, name: str, split: str | None) -> Iterator[tuple[str | None, Where, object]]:
    """`(split, location, JSON value)` of every line that is not blank, of a .jsonl or of all .jsonl in a .zip.

    Raises:
        DataError: not a zip, an encrypted one, or one too large; a line that is not JSON.
    """
    if path.suffix != ".zip":
        with path.open("rb") as file:
            for number, row in json_values(decoded(file, name), name):
                yield split, Where(name, number, f"{PurePosixPath(name).name}:{number}"), row
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in _entries(archive, name):
                stem = PurePosixPath(entry.filename).stem
                location = f"{name}/{entry.filename}"
                with archive.open(entry) as file:
                    for number, row in json_values(decoded(file, location), location):
                        yield SPLITS[stem], Where(location, number, f"{stem}.jsonl:{number}"), row
    except FewshotError:
        raise
    except Exception as error:  # zipfile has many: unknown methods, garbled data, a broken directory
        said = " ".join(str(error).split())[:120]
        raise DataError(f"not a sound zip file ({said})", path=name, hint="remove it from the cache") from error


def _entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The split files of a zip, in the order train, validation, test."""
    order = list(SPLITS)
    found = []
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if path.suffix == ".jsonl" and path.stem in SPLITS and "__MACOSX" not in path.parts:
            found.append(entry)
    if not found:
        raise DataError("holds no train.jsonl, eval.jsonl or test.jsonl", path=name)
    if any(entry.flag_bits & 1 for entry in found):
        raise DataError("is encrypted", path=name)
    unpacked, packed = (sum(sizes) for sizes in zip(*((e.file_size, e.compress_size) for e in found), strict=True))
    most = most_bytes(min(UNPACKED, max(_SMALL, MOST_RATIO * packed)))
    if unpacked > most:
        raise DataError(f"would unpack to {unpacked:,} bytes", path=name, hint=f"{MOST_BYTES}=N allows more")
    return sorted(found, key=lambda entry: order.index(PurePosixPath(entry.filename).stem))
