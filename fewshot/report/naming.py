"""How systems are called: by their models, and, where two models have one name, by the settings that tell them apart.

SmolLM2-135M-Instruct            the last part of a path; an API's name as it is
SmolLM2-135M-Instruct (3 shots)  beside a row of the same name with 0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fewshot.files import digest

if TYPE_CHECKING:
    from fewshot.report.rows import Row

_DERIVED = ("labelled", "backend", "prompt", "decoder", "adapted", "scoring", "api", "groups")
"""Settings that nobody sets by themselves: they follow from others, and are shown where they do not."""


def varying(rows: Iterable[Row]) -> list[str]:
    """Returns the settings that differ between systems, in the order of the signature.

    A value that does not apply to a system (`None`) differs from nothing, and what follows from name and other settings
    is left out; both are returned where nothing else tells two rows apart.
    """
    systems = [row for row in rows if row.kind != "nothing"]
    keys = dict.fromkeys(key for row in systems for key in row.settings)
    chosen = [key for key in keys if key not in _DERIVED and _differs(systems, key)]
    for key in keys:
        apart: dict[str, set[str]] = {}
        for row in systems:
            same = digest([row.name, *(row.settings.get(name) for name in chosen)])
            apart.setdefault(same, set()).add(digest(row.settings.get(key)))
        if any(len(values) > 1 for values in apart.values()):
            chosen.append(key)
    return sorted(chosen, key=list(keys).index)


def telling(rows: Iterable[Row]) -> list[str]:
    """Returns those of the settings that tell rows of the same name apart."""
    systems = [row for row in rows if row.kind != "nothing"]
    found = []
    for key in varying(systems):
        names: dict[str, set[str]] = {}
        for row in systems:
            names.setdefault(row.name, set()).add(digest(row.settings.get(key)))
        if any(len(values) > 1 for values in names.values()):
            found.append(key)
    return found


def _differs(systems: Sequence[Row], key: str) -> bool:
    return len({digest(v) for row in systems if (v := row.settings.get(key)) not in (None, {}, ())}) > 1


def named(rows: Sequence[Row]) -> list[Row]:
    """Rows with the names of their models: of a path the last part, as long as no other model has the same."""
    models = {run.model for row in rows for run in row.runs if run.kind == "local"}
    short = Counter(model.rpartition("/")[2] for model in models)

    def name(row: Row) -> str:
        model = row.runs[0].model
        last = model.rpartition("/")[2]
        return last if row.kind == "local" and last and short[last] == 1 else model

    return [row if row.name else replace(row, name=name(row)) for row in rows]


def labelled(rows: Sequence[Row]) -> list[Row]:
    """Rows with labels that are unique."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(row.name, []).append(row)
    keys = telling(rows)
    apart = {name: _apart(of_name, keys) for name, of_name in alike.items()}
    labels = [f"{row.name} ({described(row, apart[row.name])})" if apart[row.name] else row.name for row in rows]
    again = Counter(labels)
    return [
        replace(row, label=label if again[label] == 1 else f"{label} [{row.runs[0].folder.path}]")
        for row, label in zip(rows, labels, strict=True)
    ]


def _apart(alike: Sequence[Row], keys: Sequence[str]) -> Sequence[str]:
    """Those of the settings that tell rows of one name apart: without those that follow from others, where that is
    enough."""
    if len(alike) == 1:
        return []
    plain = [key for key in keys if key not in _DERIVED]
    return plain if len({described(row, plain) for row in alike}) == len(alike) else keys


def described(row: Row, keys: Iterable[str]) -> str:
    """Returns settings in words.

    `3 shots, list`; `seed 0, 1, 2`
    """
    return ", ".join(_in_words(key, row.settings.get(key)) for key in keys)


def _in_words(key: str, value: Any) -> str:
    if key == "shots":
        return f"{shown(value)} shots"
    return shown(value) if isinstance(value, str) else f"{key} {shown(value)}"


def shown(value: Any) -> str:
    """Returns a setting as it is displayed.

    >>> shown((0, 2, 3)), shown({"effort": "low"}), shown(None), shown(0.5), shown(3060)
    ('0, 2, 3', 'effort=low', '–', '0.5', '3,060')
    """
    if value is None or value in ((), {}):
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={shown(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
