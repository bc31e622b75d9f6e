"""List what there is to choose from: tasks, backends, formats, selectors.

fewshot list tasks
"""

from __future__ import annotations

import argparse

_KINDS = {
    "tasks": "fewshot.tasks",
    "backends": "fewshot.backends",
    "formats": "fewshot.formats",
    "selectors": "fewshot.demonstrations",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot list`."""
    parser.add_argument("kind", choices=tuple(_KINDS))


def main(args: argparse.Namespace) -> int:
    """Prints a name a line, with the first line of its module's docstring."""
    from fewshot import discovery

    package = _KINDS[args.kind]
    names = discovery.names(package)
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:{width}}  {discovery.summary(package, name)}")
    return 0
