"""Refuses settings that hold a secret: `--model` and `--extra` stand in `run.toml`, in every answer and every score.

    --extra api_key=sk-…                    what it is called, or looks like
    --key-env K --extra user=$K             the value that a server is sent as its key or in a header, in any form

One check, for `run`, `--dry-run` and `--replay`, before anything is read, sent or written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from fewshot.errors import InputError
from fewshot.servers.address import redactor
from fewshot.text import secrets

if TYPE_CHECKING:
    from fewshot.experiment.settings import Settings
    from fewshot.servers.secrets import Redactor

_HINT = "it would be recorded; keys go into OPENAI_API_KEY, HF_TOKEN, --key-env NAME or --header-env NAME=VARIABLE"
_SENT = "a key or the value of a header"


def refuse_secrets(settings: Settings | Mapping[str, Any]) -> None:
    """Refuses a key or a password in `extra` and `model`.

    Args:
        settings: Settings, or new ones by field name, as the user gives them. `key_env` and `headers` among them say
            what else is a secret.

    Raises:
        InputError: one of them holds a secret, which the message does not repeat.
    """
    if not isinstance(settings, Mapping):
        settings = {f.name: getattr(settings, f.name) for f in fields(settings)}
    model, extra = settings.get("model"), settings.get("extra")
    if not model and not extra:
        return
    sent = _sent(settings)
    if isinstance(model, str) and (what := secrets.in_name(model) or _held(sent, model)):
        raise InputError(f"--model holds {what}", hint=_HINT)
    for key, value in extra.items() if isinstance(extra, Mapping) else ():
        if what := secrets.in_json({key: value}) or _held(sent, repr({key: value})):
            name = "" if secrets.in_text(str(key)) or sent.holds(str(key)) else f" {key}"
            raise InputError(f"--extra{name} holds {what}", hint=_HINT)


def _sent(values: Mapping[str, Any]) -> Redactor:
    """What the server is sent to admit us."""
    variable, headers = values.get("key_env"), values.get("headers")
    key = os.environ.get(variable, "") if isinstance(variable, str) else ""
    named = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {}
    return redactor(key, headers=named)


def _held(sent: Redactor, text: str) -> str | None:
    return _SENT if sent.holds(text) else None
