"""Requests by reference: what requests have in common is written once, and a line holds what is its own.

    {"part": "5d…", "same": {"backend": "gpt3", "endpoint": …, "model": …, "temperature": 0.0, …}}
    {"part": "08…", "turns": [{"role": "system", "content": "You annotate …"}]}
    {"part": "c1…", "turns": [{"role": "user", "content": "Legend: …"}, {"role": "assistant", "content": "…"}]}
    {"key": "3f…", …, "request": {"same": "5d…", "before": ["08…", "c1…"],
                                  "turns": [{"role": "user", "content": "Legend: p53 blot"}],
                                  "max_tokens": 47, "sample": 0}, …}

A *part* is named by the beginning of its own digest, and stands in the same file before the first line that refers to
it: lines may be shared and concatenated as before. `before` are the parts of a prompt up to the query: the instruction,
and each demonstration. A completions prompt is cut at its blocks, which a blank line joins. The whole request is made
of them again, and its digest is the key: a part that was changed is noticed as a changed request is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fewshot.cassette.as_json import request_to_json
from fewshot.files import digest, encoded
from fewshot.records import Request, Turn
from fewshot.schema import Json

PART = "part"
_DIGITS = 16  # 64 bits: among a million parts two are alike by chance once in 37 million files
_JOINT = "\n\n"
OWN = ("turns", "prompt", "max_tokens", "sample")
"""The fields that each request has for itself."""

Part = Callable[[str], object]
"""Gives the content of a part by its name; `None` if there is none."""


class Sharer:
    """Makes short requests of whole ones. It remembers the names of texts that it has seen."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, object], str] = {}

    def short(self, request: Request) -> tuple[Json, dict[str, Json]]:
        """Returns a request as its line holds it, and the parts that it refers to, by name."""
        row = request_to_json(request)
        parts: dict[str, Json] = {}
        same = {field: value for field, value in row.items() if field not in OWN}
        short: Json = {"same": self._name(("same", encoded(same)), {"same": same}, parts), "before": []}
        if request.turns is not None:
            *groups, last = _groups(request.turns)
            for group in groups:
                content = {"turns": [{"role": turn.role, "content": turn.content} for turn in group]}
                short["before"].append(self._name(("turns", group), content, parts))
            short["turns"] = [{"role": turn.role, "content": turn.content} for turn in last]
        else:
            *blocks, query = _blocks(request)
            short["before"] += [self._name(("prompt", block), {"prompt": block}, parts) for block in blocks]
            short["prompt"] = query
        return short | {"max_tokens": row["max_tokens"], "sample": row["sample"]}, parts

    def _name(self, known: tuple[str, object], content: Json, parts: dict[str, Json]) -> str:
        """The name of a part. `known`: what it holds, and of which kind: a block of a prompt may read like settings."""
        name = self._names.get(known)
        if name is None:
            name = self._names[known] = name_of(content)
        parts[name] = content
        return name


def _groups(turns: Sequence[Turn]) -> list[tuple[Turn, ...]]:
    """The turns of a prompt, cut behind the instruction and behind each answer that it shows; the last is the query."""
    groups: list[tuple[Turn, ...]] = []
    start = 0
    for at, turn in enumerate(turns):
        if turn.role != "user" or at == len(turns) - 1:
            groups.append(tuple(turns[start : at + 1]))
            start = at + 1
    return groups or [()]


def _blocks(request: Request) -> Sequence[str]:
    """The blocks of a prompt, if they are known and it is made of them; else the prompt whole."""
    prompt = request.prompt or ""
    return request.blocks if request.blocks and _JOINT.join(request.blocks) == prompt else (prompt,)


def name_of(content: Json) -> str:
    """Returns the name of a part: the beginning of its digest."""
    return digest(content)[:_DIGITS]


def named(row: object) -> list[str]:
    """Returns the names of the parts that a recorded request refers to; none if it is whole."""
    if not isinstance(row, Mapping) or not is_short(row):
        return []
    before = row.get("before")
    names = [row["same"], *(before if isinstance(before, list) else [])]
    return [name for name in names if isinstance(name, str)]


def is_short(row: object) -> bool:
    """Whether a recorded request refers to parts."""
    return isinstance(row, Mapping) and "same" in row


def whole(row: Mapping[str, Any], part: Part) -> Json:
    """Returns the whole request that a short one stands for; the fields in the order of `request_to_json`.

    Raises:
        ValueError: it is none, or refers to a part that is not there; says which.
    """
    same = _content(row.get("same"), part, "same", dict)
    before = row.get("before")
    if not isinstance(before, list):
        raise ValueError("before must be a list of parts")
    prompt: Json = {}
    if "turns" in row:
        turns = [turn for name in before for turn in _content(name, part, "turns", list)]
        own = row["turns"]
        prompt["turns"] = [*turns, *(own if isinstance(own, list) else [own])]
    else:
        blocks = [_content(name, part, "prompt", str) for name in before]
        if not isinstance(row.get("prompt"), str):
            raise ValueError("prompt must be a text")
        prompt["prompt"] = _JOINT.join([*blocks, row["prompt"]])
    given = {**same, **prompt, "max_tokens": row.get("max_tokens"), "sample": row.get("sample")}
    return {field: given[field] for field in dict.fromkeys((*_ORDER, *given)) if field in given}


_ORDER = (
    "backend", "endpoint", "model", "api", "turns", "prompt", "max_tokens", "temperature", "stop", "seed", "sample",
    "schema", "extra",
)  # fmt: skip


def _content(name: object, part: Part, field: str, kind: type) -> Any:
    content = part(name) if isinstance(name, str) else None
    if not isinstance(content, Mapping):
        raise ValueError(f"it refers to the part {str(name)[:80]!r}, which the file does not hold")
    if not isinstance(content.get(field), kind):
        raise ValueError(f"the part {name} has no {field}")
    return content[field]
