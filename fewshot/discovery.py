"""Plugins by file name: the name of a module in its package is its registration.

The file `fewshot/tasks/ner.py` is the task `ner`; it is imported when it is chosen. Another package adds a plugin by
an entry point (group `fewshot.tasks`, name, `module:ATTRIBUTE`); entry points are looked up only for names that are
not ours, because reading them takes longer than `fewshot --help` may.

>>> "ner" in names("fewshot.tasks")
True
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from fewshot.errors import InputError

_DOCSTRING = '"""'


@cache
def names(package: str) -> tuple[str, ...]:
    """Returns our own names in `package`, sorted, without importing any of them.

    `pkgutil.iter_modules` would do the same, but imports `inspect`, which takes a third of `fewshot --help`.
    """
    spec = find_spec(package)
    module_names = set()
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for entry in os.scandir(folder):
            name, _, suffix = entry.name.partition(".")
            is_module = suffix == "py" or (not suffix and os.path.exists(f"{entry.path}/__init__.py"))  # noqa: PTH110
            if is_module and not name.startswith("_"):
                module_names.add(name)
    return tuple(sorted(module_names))


def summary(package: str, name: str) -> str:
    """Returns the first line of a module's docstring, read from its file without importing it.

    >>> summary("fewshot.tasks", "ner")
    'NER: which entities does the legend name?'
    """
    spec = find_spec(f"{package}.{name}")
    if spec is None or spec.origin is None:
        return ""
    with open(spec.origin, encoding="utf-8") as file:  # noqa: PTH123  (importing pathlib takes as long as all the rest)
        return file.readline().strip().removeprefix(_DOCSTRING).removesuffix(_DOCSTRING)


def load(package: str, name: str, attribute: str) -> object:
    """Returns `attribute` of the module `name` in `package`, or the object of another package's entry point `name`.

    Raises:
        InputError: `name` is unknown; the message lists the known names and the nearest one.
        AttributeError: Our module has no such attribute.
    """
    if name in names(package):
        return getattr(import_module(f"{package}.{name}"), attribute)
    # Ours come first: another package cannot replace them.
    for entry in _entry_points(package):
        if entry.name == name:
            return entry.load()
    noun = package.rpartition(".")[2].removesuffix("s")
    others = (entry.name for entry in _entry_points(package))
    raise unknown(noun, name, (*names(package), *others))


def unknown(noun: str, name: str, known: Iterable[str]) -> InputError:
    """Returns the error for an unknown name, with the nearest known one.

    >>> print(unknown("task", "nerd", ["ner", "causal"]))
    unknown task 'nerd' (known: ner, causal); did you mean 'ner'?
    """
    from difflib import get_close_matches

    known = list(known)
    by_lower = {k.lower(): k for k in reversed(known)}
    # A judgement, below difflib's default of 0.6: the names are short, so that one slip changes much of them.
    near = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.5)
    hint = f"did you mean {by_lower[near[0]]!r}?" if near else None
    return InputError(f"unknown {noun} {name!r} (known: {', '.join(known)})", hint=hint)


def _entry_points(group: str):  # type: ignore[no-untyped-def]  # importlib.metadata is slow to import
    from importlib.metadata import entry_points

    return entry_points(group=group)
