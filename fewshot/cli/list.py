"""List the names to choose from: tasks, backends, formats, selectors, data formats, checks of an audit.

fewshot list tasks
"""

from __future__ import annotations

import argparse

_PACKAGES = {
    "tasks": "fewshot.tasks",
    "backends": "fewshot.backends",
    "formats": "fewshot.formats",
    "selectors": "fewshot.demonstrations",
    "data": "fewshot.data",
    "checks": "fewshot.audit.checks",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot list`."""
    parser.add_argument("kind", choices=tuple(_PACKAGES))


def main(args: argparse.Namespace) -> int:
    """Prints one name per line, with the first line of its docstring and, for a plugin, its package."""
    from fewshot import discovery
    from fewshot.cli import _terminal

    package = _PACKAGES[args.kind]
    names = discovery.names(package)
    width = max(map(len, names), default=0)
    for name in names:
        plugin = discovery.plugins(package).get(name)
        _terminal.line(f"{name:{width}}  {discovery.summary(package, name)}{f'  [{plugin.source}]' if plugin else ''}")
    return 0
