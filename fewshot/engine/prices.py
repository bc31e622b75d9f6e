"""What tokens cost: a small table edited by hand, overridden by the user's own.

    price = find("gpt-6-luna", "https://api.openai.com/v1/chat/completions")
    price.of(prompt_tokens=1_000_000, completion_tokens=0)               # 0.1 dollars

A model that is in neither table has an unknown price, `None`, never 0.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fewshot.errors import DataError

WHERE = (
    "put it into ~/.config/fewshot/prices.toml or the file that FEWSHOT_PRICES names, or give --price-in, --price-out"
)
"""What to do about an unknown price."""

BUNDLED = Path(__file__).with_name("prices.toml")
ANY = "any"
"""The host of an entry that holds for every server."""

_LONGEST_REASON = 120  # characters of a parser's message
_MILLION = 1_000_000
_STANDARD_TIERS = ("auto", "default", "standard", None)
"""Values of OpenAI's `service_tier` that are billed at the prices of the table."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million prompt (`input`) and completion (`output`) tokens; when and where they were read (no date:
    given on the command line)."""

    input: float
    output: float
    date: str
    source: str

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Returns the dollars for so many tokens, without discounts.

        >>> Price(2.0, 8.0, "2026-06-21", "").of(1000, 500)
        0.006
        """
        return (self.input * prompt_tokens + self.output * completion_tokens) / _MILLION

    @property
    def batch(self) -> Price:
        """The price of the same tokens through a Batch endpoint: half, as at OpenAI and Anthropic (November 2026). A
        provider that takes off less costs more than is said here."""
        return replace(self, input=self.input / 2, output=self.output / 2, source=f"{self.source}, half in batches")

    def __str__(self) -> str:
        read = ", ".join(filter(None, (self.date, self.source)))
        return f"${self.input:g} in, ${self.output:g} out per million tokens ({read})"


def own_file() -> Path | None:
    """Returns the path of the user's table: `$FEWSHOT_PRICES`, else `~/.config/fewshot/prices.toml`; `None` if there
    is no home directory (a container started as a user that it does not know)."""
    named = os.environ.get("FEWSHOT_PRICES")
    if named:
        return Path(named)
    config = os.environ.get("XDG_CONFIG_HOME")
    try:
        return Path(config or Path.home() / ".config", "fewshot", "prices.toml")
    except RuntimeError:
        return None


def find(model: str, endpoint: str | None, extra: Mapping[str, Any] | None = None) -> Price | None:
    """Returns the price of a model at an endpoint, or `None` if it is unknown.

    The same model has other prices at other hosts and, if `extra` sets one, at another `service_tier`.

    Raises:
        DataError: A table is malformed; names the file.
    """
    host = urlsplit(endpoint or "").hostname
    if host is None or (extra or {}).get("service_tier") not in _STANDARD_TIERS:
        return None
    for path in filter(None, (own_file(), BUNDLED)):
        table = _read(path)
        for section in (host, ANY):
            models = table.get(section, {})
            if isinstance(models, dict) and model in models:
                return _price(models[model], f"{section}.{model}", path)
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if path != BUNDLED and os.environ.get("FEWSHOT_PRICES"):
            raise DataError("no such file (FEWSHOT_PRICES names it)", path=path) from None
        return {}
    except PermissionError:
        # A home directory that is not ours (`sudo -u nobody`) may hold no table of ours either.
        if not os.environ.get("FEWSHOT_PRICES") and not os.access(path.parent, os.X_OK):
            return {}
        raise DataError("cannot be read: permission denied", path=path) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path) from None
    except RecursionError:
        raise DataError("cannot be read: nested too deeply", path=path) from None
    except ValueError as error:
        raise DataError(f"cannot be read: {str(error)[:_LONGEST_REASON]}", path=path) from None


def _price(entry: Any, name: str, path: Path) -> Price:
    values = entry if isinstance(entry, dict) else {}
    for key in ("input", "output"):
        value = values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise DataError(f"{name}: {key} must be dollars for a million tokens", path=path)
    day = values.get("date")
    day_text = day.isoformat() if isinstance(day, date) else str(day or "no date")
    return Price(float(values["input"]), float(values["output"]), day_text, str(values.get("source") or path))
