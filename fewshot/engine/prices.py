"""What tokens cost: a small table that is edited by hand, and the user's own on top of it.

    price = find("gpt-6-luna", "https://api.openai.com/v1/chat/completions")
    price.of(prompt_tokens=1_000_000, completion_tokens=0)               # 0.1 dollars

A model that is in neither table costs `None`, "unknown": never 0.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fewshot.errors import DataError

BUNDLED = Path(__file__).with_name("prices.toml")
ANY = "any"
_MILLION = 1_000_000
_STANDARD = ("auto", "default", "standard", None)


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens in and out; when that was read, and where."""

    input: float
    output: float
    date: str
    source: str

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Dollars for so many tokens, without any discount.

        >>> Price(2.0, 8.0, "2026-06-21", "").of(1000, 500)
        0.006
        """
        return (self.input * prompt_tokens + self.output * completion_tokens) / _MILLION

    def __str__(self) -> str:
        return f"${self.input:g} in, ${self.output:g} out per million tokens ({self.date}, {self.source})"


def own_file() -> Path:
    """The user's own table: the file that `FEWSHOT_PRICES` names, else `~/.config/fewshot/prices.toml`."""
    named = os.environ.get("FEWSHOT_PRICES")
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(named) if named else Path(config, "fewshot", "prices.toml")


def find(model: str, endpoint: str | None, extra: Mapping[str, Any] | None = None) -> Price | None:
    """The price of a model at an endpoint; `None`: nobody knows. Another service tier has another price.

    Raises:
        DataError: a table is broken; names the file.
    """
    host = urlsplit(endpoint or "").hostname
    if host is None or (extra or {}).get("service_tier") not in _STANDARD:
        return None
    for path in (own_file(), BUNDLED):
        table = _read(path)
        for where in (host, ANY):
            entry = table.get(where, {})
            if isinstance(entry, dict) and model in entry:
                return _price(entry[model], f"{where}.{model}", path)
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if path != BUNDLED and os.environ.get("FEWSHOT_PRICES"):
            raise DataError("no such file (FEWSHOT_PRICES names it)", path=path) from None
        return {}
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", path=path) from None


def _price(entry: Any, name: str, path: Path) -> Price:
    values = entry if isinstance(entry, dict) else {}
    for key in ("input", "output"):
        value = values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise DataError(f"{name}: {key} must be dollars for a million tokens", path=path)
    day = values.get("date")
    shown = day.isoformat() if isinstance(day, date) else str(day or "no date")
    return Price(float(values["input"]), float(values["output"]), shown, str(values.get("source") or path))
