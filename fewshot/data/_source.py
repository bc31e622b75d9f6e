"""What `--data` and `--demos` name: the bundled corpus, a file or folder, a data set of the hub.

>>> Source("demo").is_bundled, Source("legends.jsonl").is_here
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fewshot.data import DEMO_CAPTION, digest, read
from fewshot.errors import InputError
from fewshot.origin import places
from fewshot.origin.opening import is_read_once
from fewshot.records import Example

BUNDLED = "demo"
TRAIN = "train"
"""The split that demonstrations come from."""


@dataclass(frozen=True)
class Dataset:
    """The examples of a source, in its order. `source` is for messages; `notices`: what its reader decided."""

    source: str
    examples: Sequence[Example]
    notices: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of what the examples say."""
        return digest(self.examples)

    @property
    def has_splits(self) -> bool:
        """Whether the records name splits (all do, or none)."""
        return any(example.split is not None for example in self.examples)

    def split(self, name: str) -> list[Example]:
        """The examples of a split; all of them if the source has no splits.

        Raises:
            InputError: the source has splits, but not this one.
        """
        splits = sorted({example.split for example in self.examples if example.split is not None})
        if not splits:
            return list(self.examples)
        if name not in splits:
            raise InputError(f"{self.source} has no split {name!r} (it has {', '.join(splits)})")
        return [example for example in self.examples if example.split == name]

    def pool(self) -> list[Example]:
        """The examples that demonstrations come from, if the source is given for that: its train split, or all."""
        return [example for example in self.examples if example.split == TRAIN or not self.has_splits]


@dataclass(frozen=True, slots=True)
class Source:
    """A source by its name, and options of its reader. Nothing is read before it is asked for."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_bundled(self) -> bool:
        """Whether this is the corpus that comes with the package."""
        return self.name == BUNDLED

    @property
    def is_here(self) -> bool:
        """Whether it can be read without a connection, and again."""
        try:
            return self.is_bundled or (not is_read_once(self.name) and places.exists(self.name))
        except (OSError, ValueError):  # no permission, or no name of a file
            return False

    @property
    def caption(self) -> str | None:
        """What every table of this data must say; `None`: nothing."""
        return DEMO_CAPTION if self.is_bundled else None

    def read(self, task: str | None = None, *, format: str | None = None) -> Dataset:
        """Its examples (`fewshot.data.read`).

        Raises:
            InputError, DataError: it cannot be read.
        """
        said: list[str] = []
        examples = read(self.name, task, format=format, options=self.options, said=said)
        return Dataset(self.name, examples, tuple(said))
