"""In which settings two runs differ, as far as it matters for their results."""

from __future__ import annotations

import json
from dataclasses import fields

from fewshot.experiment.settings import PACE, Settings, without_credentials


def differences(old: Settings, new: Settings) -> list[str]:
    """`name: old → new` for every setting that differs and matters for the result."""
    return [
        f"{f.name.replace('_', '-')}: {_shown(f.name, old)} → {_shown(f.name, new)}"
        for f in fields(Settings)
        if f.name not in PACE and _recorded(f.name, old) != _recorded(f.name, new)
    ]


def _recorded(name: str, settings: Settings) -> object:
    """A setting as a run folder keeps it: what is compared and shown holds no credentials of a URL."""
    value = getattr(settings, name)
    if name == "extra":
        return json.dumps(dict(value), sort_keys=True)
    return without_credentials(value) if name == "base_url" and value is not None else value


def _shown(name: str, settings: Settings) -> str:
    value = getattr(settings, name)
    if value is None or value in ((), {}):
        return "not set"
    if name == "definitions":
        return ", ".join(f"{label}={text!r}" for label, text in value.items())
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(_recorded(name, settings))
