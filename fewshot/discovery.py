"""Plugins by file name: the name of a module in its package is its registration.

The file `fewshot/tasks/ner.py` is the task `ner`; it is imported when it is chosen. Another package adds a module of
the same form by an entry point, in a group that is named after our package:

    [project.entry-points."fewshot.tasks"]
    chemicals = "fewshot_chemicals.chemicals"        # a module that holds TASK, as fewshot/tasks/ner.py does

Our own names come first, and a plugin never replaces one of them. Entry points are read only for names that are not
ours, and when all names are listed: importing `importlib.metadata` takes as long as the whole of `fewshot --help`.

>>> "ner" in names("fewshot.tasks")
True
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, cast

from fewshot.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints
    from pathlib import Path
    from types import ModuleType

_DOCSTRING = '"""'


class Plugin(NamedTuple):
    """A module that another package provides."""

    name: str
    module: str
    package: str
    version: str

    @property
    def source(self) -> str:
        """The package and its version, for messages."""
        return f"{self.package} {self.version}" if self.package else self.module


@cache
def own_names(package: str) -> tuple[str, ...]:
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


def names(package: str) -> tuple[str, ...]:
    """Returns all names in `package`: our own, sorted, then those of plugins, sorted. None of them is imported."""
    return (*own_names(package), *plugins(package))


@cache
def plugins(package: str) -> Mapping[str, Plugin]:
    """Returns the plugins of `package` by name, sorted; a plugin with one of our own names is left out.

    Raises:
        InputError: Two packages provide the same name.
    """
    found: dict[str, Plugin] = {}
    for entry in sorted(_entry_points().select(group=package), key=lambda entry: entry.name):
        package_and_version = (entry.dist.name, entry.dist.version) if entry.dist else ("", "")
        plugin = Plugin(entry.name, entry.module, *package_and_version)
        other = found.setdefault(entry.name, plugin)
        if other.module != plugin.module:
            raise InputError(
                f"{noun(package)} {entry.name!r} is provided twice, by {other.source} and {plugin.source}",
                hint="uninstall one of them",
            )
    return {name: plugin for name, plugin in found.items() if name not in own_names(package)}


def plugin(package: str, name: str) -> Plugin | None:
    """Returns the plugin of that name; `None` for our own names, for which no entry point is read, and unknown ones."""
    return None if name in own_names(package) else plugins(package).get(name)


@cache
def _entry_points() -> EntryPoints:
    """Returns the entry points of all installed packages, read once: that takes about 0.2 ms per package."""
    from importlib.metadata import entry_points

    return cast("EntryPoints", entry_points())


def module_name(package: str, name: str) -> str:
    """Returns the full name of the module that provides `name`, without importing it.

    Raises:
        InputError: `name` is unknown; the message lists the known names and the nearest one.
        AttributeError: Our module has no such attribute.
    """
    if name in own_names(package):
        return f"{package}.{name}"
    if name in plugins(package):
        return plugins(package)[name].module
    raise unknown(noun(package), name, names(package))


def module(package: str, name: str) -> ModuleType:
    """Imports and returns the module that provides `name`.

    Raises:
        InputError: `name` is unknown, or its plugin cannot be imported.
    """
    found = module_name(package, name)
    if name in own_names(package):
        return import_module(found)
    try:
        return import_module(found)
    except Exception as error:  # a plugin is code of others: whatever it raises, the user's next step is the same
        plugin = plugins(package)[name]
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{noun(package)} {name!r} of {plugin.source} cannot be imported ({why})", hint=f"mend or uninstall {found}"
        ) from error


def load(package: str, name: str, attribute: str) -> object:
    """Returns the object `attribute` of the module that provides `name`.

    Raises:
        InputError: As `module`; or the module has no such object.
    """
    found = module(package, name)
    if not hasattr(found, attribute):
        raise InputError(f"{noun(package)} {name!r}: {found.__name__} has no {attribute}")
    return getattr(found, attribute)


def optional(package: str, name: str, attribute: str) -> object | None:
    """Returns the object `attribute` of the module that provides `name`, or `None` if the module has no such object.

    Raises:
        InputError: As `module`.
    """
    return getattr(module(package, name), attribute, None)


def usable(package: str) -> Iterator[str]:
    """Yields the names whose modules can be imported, our own first: a broken plugin must not spoil a hint."""
    yield from own_names(package)
    for name in plugins(package):
        try:
            module(package, name)
        except InputError:
            continue
        yield name


def summary(package: str, name: str) -> str:
    """Returns the first line of a module's docstring, read from its file; imports a plugin's parent package at most.

    >>> summary("fewshot.tasks", "ner")
    'NER: which entities does the legend name?'
    """
    file = _file(package, name)
    if file is None:
        return ""
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123  (pathlib alone costs what the rest does)
        return opened.readline().strip().removeprefix(_DOCSTRING).removesuffix(_DOCSTRING)


def folder(package: str, name: str) -> Path | None:
    """Returns the folder of a plugin's module, where its prompts are; `None` for our own names and unknown ones."""
    from pathlib import Path

    if name in own_names(package) or name not in plugins(package):
        return None
    file = _file(package, name)
    return None if file is None else Path(file).parent


def _file(package: str, name: str) -> str | None:
    """Returns the file of the module that provides `name`; `None` if it cannot be found."""
    try:
        spec = find_spec(module_name(package, name))
    except Exception:  # find_spec imports a plugin's parent package, which may raise anything
        return None
    return None if spec is None or not spec.has_location else spec.origin


_NOUNS = {"fewshot.data": "data format", "fewshot.demonstrations": "selector"}


def noun(package: str) -> str:
    """Returns what a module of `package` is called in messages.

    >>> noun("fewshot.tasks"), noun("fewshot.data")
    ('task', 'data format')
    """
    return _NOUNS.get(package) or package.rpartition(".")[2].removesuffix("s")


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
