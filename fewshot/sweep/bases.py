"""Models to fine-tune: which kind of model a name stands for, how fast it learns, with which flags.

>>> base_of("tiny-tagger").kind, base_of("tiny-tagger").rate
('tagger', 0.002)
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fewshot.errors import InputError
from fewshot.models import model_folder
from fewshot.models.model_folder import ModelKind

RATES: Mapping[ModelKind, float] = {"tagger": 2e-4, "seq2seq": 3e-4}
TINY_RATES: Mapping[ModelKind, float] = {"tagger": 2e-3, "seq2seq": 3e-3}
"""Learning rates of models that were trained before, and of the package's tiny ones. Judgements."""

OURS = frozenset({"task", "kind", "data", "limit", "base_model", "seed", "output_dir", "do_train", "do_predict"})
"""Flags of `fewshot finetune` that a sweep sets itself."""


@dataclass(frozen=True, slots=True)
class Base:
    """A model to fine-tune. `flags`: of `fewshot finetune`, beside those that a sweep sets; `rate`: of learning;
    `digest`: of a folder's files, which another training may write anew under the same name."""

    name: str
    kind: ModelKind
    rate: float
    flags: tuple[str, ...] = ()
    digest: str = ""

    @property
    def short(self) -> str:
        """The last part of its name."""
        return Path(self.name).name


def base_of(name: str, flags: Sequence[str] = ()) -> Base:
    """Returns the model of a name: a folder, a tiny model of the package, or one of the hub.

    Raises:
        InputError: there is no such model, or a flag is one that a sweep sets itself.
    """
    if taken := sorted(names_of(flags) & OURS):
        raise InputError(f"--train-flags: --{taken[0].replace('_', '-')} is for the sweep to set", hint="leave it out")
    folder = model_folder.resolve(name, weights=False)
    try:
        config = json.loads((folder / model_folder.CONFIG).read_bytes())
        writes = bool(config.get("is_encoder_decoder"))
    except (OSError, ValueError, RecursionError, AttributeError):
        raise InputError(f"{folder} has no {model_folder.CONFIG} that can be read: is it a model?") from None
    kind: ModelKind = "seq2seq" if writes else "tagger"
    rates = TINY_RATES if name in model_folder.bundled() else RATES
    held = model_folder.digest(folder) if Path(name).is_dir() else ""
    return Base(name, kind, rates[kind], tuple(flags), held)


def names_of(flags: Iterable[str]) -> frozenset[str]:
    """Returns the names of flags.

    >>> sorted(names_of(["--max-steps", "30", "--bf16"]))
    ['bf16', 'max_steps']
    """
    return frozenset(word.partition("=")[0].lstrip("-").replace("-", "_") for word in flags if word.startswith("--"))


def value_of(flags: Sequence[str], name: str) -> float | None:
    """Returns the number that is given to a flag, `--name N` or `--name=N`; `None`: not given.

    >>> value_of(["--max-steps=30"], "max_steps"), value_of(["--bf16"], "max_steps")
    (30.0, None)

    Raises:
        InputError: it is no positive number.
    """
    found = None
    for word, following in zip(flags, (*flags[1:], ""), strict=False):
        said, equals, value = word.partition("=")
        if said.startswith("--") and said.lstrip("-").replace("-", "_") == name:
            found = value if equals else following
    if found is None:
        return None
    try:
        number = float(found)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise InputError(f"--train-flags: --{name} takes a number above 0, not {found[:40]!r}")
    return number


def flags_of(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns flags by the model that they are for; `""`: for all.

    >>> flags_of(["--bf16", "tiny-bart=--max_steps 300"])
    {'': ('--bf16',), 'tiny-bart': ('--max_steps', '300')}

    Raises:
        InputError: quotes that are not closed, or no flags.
    """
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, rest = ("", "=", word) if word.lstrip().startswith("-") else word.partition("=")
        if not equals or not rest.lstrip().startswith("-"):
            raise InputError(f"--train-flags takes FLAGS or MODEL=FLAGS, not {word[:80]!r}")
        try:
            found[name] = (*found.get(name, ()), *shlex.split(rest))
        except ValueError as error:
            raise InputError(f"--train-flags {word[:80]!r}: {error}") from None
    return found
