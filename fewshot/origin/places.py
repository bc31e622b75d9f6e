"""Which files a source means: a glob, a folder of train, devel and test files; and the split that a file's name tells.

>>> [split_of(name) for name in ("train.tsv", "CDR_DevelopmentSet.PubTator.txt", "NCBItestset.txt", "latest.tsv")]
['train', 'validation', 'test', None]
"""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from fewshot.origin import label
from fewshot.origin.opening import STDIN

LOOKED_AT = 1000
"""Files of a folder that are looked at to see what it holds: at once even on a slow disk."""
_OF_EACH = 5
"""Files of an ending that are opened for that."""
_WORDS = {"train": "train(?:ing)?", "validation": "dev(?:el(?:opment)?)?|val(?:id(?:ation)?)?|eval(?:uation)?",
          "test": "test(?:ing)?"}  # fmt: skip
SPLITS = tuple(_WORDS)
_BEGINS = r"(?:(?<![A-Za-z])|(?<=[A-Z])(?=[a-z])|(?<=[a-z])(?=[A-Z]))"
_NAMES = {
    split: re.compile(rf"{_BEGINS}(?i:{words})(?i:set)?(?:(?![A-Za-z])|(?=[A-Z]))") for split, words in _WORDS.items()
}


def split_of(name: str) -> str | None:
    """The split that the name of a file or folder tells: `train`, `validation` or `test`."""
    return next((split for split, pattern in _NAMES.items() if pattern.search(name)), None)


def is_glob(source: str) -> bool:
    """Whether a source is a pattern: no file or folder has this very name, and it holds `*`, `?` or `[`."""
    return glob.has_magic(source) and not Path(source).exists()


def exists(source: str) -> bool:
    """Whether a path, a pattern or standard input names anything."""
    return source == STDIN or Path(source).exists() or (is_glob(source) and bool(files_of(source)))


def files_of(source: str) -> list[Path]:
    """The files of a pattern or a folder, sorted; hidden ones are left out."""
    every = map(Path, glob.iglob(source, recursive=True))  # noqa: PTH207  (Path.glob refuses absolute patterns)
    found = every if is_glob(source) else _in_folder(Path(source))
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def first_files(source: str) -> list[Path]:
    """Some of the first files of a folder or pattern, a few of each ending, sorted."""
    found = iter(files_of(source)) if is_glob(source) else _in_folder(Path(source))
    counts: Counter[str] = Counter()
    kept: list[Path] = []
    for path in islice(found, LOOKED_AT):
        counts[path.suffix.lower()] += 1
        if counts[path.suffix.lower()] <= _OF_EACH:
            kept.append(path)
    return sorted(kept)


def split_in(path: Path, source: str) -> str | None:
    """The split of one file among several: as its name tells, else the nearest folder's below the source."""
    root = Path(source) if Path(source).is_dir() else Path()
    folders = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else path.parts[:-1]
    found = (split_of(name) for name in (label(path), *reversed(folders)))
    return next((split for split in found if split is not None), None)


def prefix_of(path: Path, paths: Sequence[Path]) -> str:
    """What tells a file from the others of the same name: "" or its folder with a slash."""
    same = sum(label(other) == label(path) for other in paths)
    return f"{path.parent.name}/" if same > 1 else ""


def _in_folder(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.name.startswith(".") and path.is_file())
