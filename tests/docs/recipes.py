"""What a reader would type: the fenced blocks of a page, and the commands in them.

    blocks(page)[0].language         sh: commands · console: commands behind `$`, with what they print · python
    Block.commands                   [Command("fewshot list tasks", printed="causal …")]

A comment above a fence says why its commands are not typed here:

    <!-- not typed: needs a GPU -->
    <!-- typed by tests/servers/test_recipes.py -->

At the top of a page, `<!-- page not typed: … -->` and `<!-- page typed by … -->` hold for all of its fences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TYPED = ("sh", "console", "python")
PAGES = (ROOT / "README.md", ROOT / "AGENTS.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PAGE = re.compile(r"\A<!-- page (?P<mark>not typed: [^\n]+|typed by [^\n]+) -->")
_MARK = re.compile(r"<!-- (?P<mark>not typed: [^\n]+|typed by [^\n]+) -->\s*\Z")


@dataclass(frozen=True)
class Command:
    """One command, its continued lines joined. `printed`: what a `console` block shows below it, `None` in others."""

    text: str
    printed: str | None = None


@dataclass(frozen=True)
class Block:
    """One fenced block. `mark`: the comment above it, or that of its page; `section`: the heading above it."""

    language: str
    body: str
    mark: str | None
    line: int
    section: str

    @property
    def typed(self) -> bool:
        """Whether its commands are typed by `test_recipes.py`."""
        return self.language in TYPED and self.mark is None

    @property
    def commands(self) -> list[Command]:
        """The commands of a block, in order."""
        return _session(self.body) if self.language == "console" else [Command(line) for line in _lines(self.body)]


def blocks(page: Path) -> list[Block]:
    """Returns the fenced blocks of a page."""
    text = page.read_text("utf-8")
    whole = _PAGE.search(text)
    found = []
    for fence in _FENCE.finditer(text):
        mark = whole or _MARK.search(text[: fence.start()])
        line = text.count("\n", 0, fence.start()) + 1
        section = _HEADING.findall(text[: fence.start()])[-1]
        found.append(Block(fence["language"], fence["body"], mark["mark"] if mark else None, line, section))
    return found


def unfenced(page: Path) -> str:
    """Returns a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def _lines(body: str) -> list[str]:
    """The lines of a block, those that end in a backslash joined with the next; neither comments nor empty lines."""
    joined = re.sub(r"\\\n\s*", "", body)
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _session(body: str) -> list[Command]:
    """The commands of a session: `$ ` begins one, what follows is what it prints."""
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    found = []
    for part in parts:
        words = re.match(r"(?:.*\\\n)*.*\n?", part)
        typed = words[0] if words else part
        found.append(Command(" ".join(_lines(typed)), part[len(typed) :]))
    return found
