r"""The words of a command line before a parser sees them: they are text, and hold no secret.

fewshot run --api-key sk-…                  the value of an unknown flag is not repeated
fewshot run --data "$OPENAI_API_KEY"        refused: settings are recorded in the run folder
fewshot run --split $'\xff'                 refused: not UTF-8, so no file of the run could hold it
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from fewshot.errors import InputError
from fewshot.text import secrets

_MAY_HOLD_SECRETS = frozenset({"--base-url", "--header", "--hub_token", "--hub-token", "--push_to_hub_token"})
"""Flags whose values are sent and never recorded."""

_TAKES_FLAGS = frozenset({"--train-flags"})
"""Flags whose value is flags of another command."""

_NAME = r"--[A-Za-z][A-Za-z_-]{1,39}"
_AMBIGUOUS = r"(?s)(ambiguous option: [^\s=]{1,60})=.*(?= could match )"

SET_IN_ENVIRONMENT = "keys are read from the environment: set OPENAI_API_KEY or HF_TOKEN"


def check(argv: Sequence[str]) -> None:
    """Checks all words of a command line.

    Raises:
        InputError: a word is not UTF-8, or holds a secret; the secret is not repeated.
    """
    known = secrets.known(_variables(argv))
    flag = ""
    for number, word in enumerate(argv, 1):
        own, equals, _ = word.partition("=")
        name = own if word.startswith("--") and equals else flag
        after = f" (after {name})" if name and _is_name(name) else ""
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise InputError(f"argument {number}{after} is not UTF-8: '{shown}'") from None
        what = None if name in _MAY_HOLD_SECRETS else secrets.surely_in(word, known)
        if what is not None:
            raise InputError(f"argument {number}{after} holds {what}", hint=SET_IN_ENVIRONMENT)
        flag = own if word.startswith("--") and not equals else ""
    command = next((word for word in argv if not word.startswith("-")), "")
    if command and (what := secrets.in_name(command)):
        raise InputError(f"the command is {what}", hint=SET_IN_ENVIRONMENT)


def with_hyphens(argv: Sequence[str]) -> list[str]:
    """The words with hyphens in the names of flags: `--max_tokens` is `--max-tokens`.

    >>> with_hyphens(["run", "--max_tokens=5", "--data", "my_file.jsonl"])
    ['run', '--max-tokens=5', '--data', 'my_file.jsonl']
    """
    words = []
    for word in argv:
        name, equals, value = word.partition("=")
        words.append(name.replace("_", "-") + equals + value if re.fullmatch(_NAME, name) else word)
    return words


def with_their_flags(argv: Sequence[str]) -> list[str]:
    """The words with flags that are a value joined to the flag whose value they are: argparse takes a word that begins
    with a hyphen and holds no space for a flag of its own.

    >>> with_their_flags(["sweep", "--train-flags", "--bf16", "--json"])
    ['sweep', '--train-flags=--bf16', '--json']
    """
    words: list[str] = []
    for word in argv:
        if word.startswith("--") and words and words[-1].replace("_", "-") in _TAKES_FLAGS:
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words


def without_flag(argv: Sequence[str], name: str | None) -> list[str]:
    """The words without a flag and its values. `name`: as argparse names it, with all its forms.

    >>> without_flag(["run", "--shots", "x", "--json"], "--shots")
    ['run', '--json']
    """
    forms = (name or "").split("/")
    words, dropping = [], False
    for word in argv:
        if word.startswith("-"):
            flag, equals, _ = word.partition("=")
            dropping = flag in forms and not equals
            if flag in forms:
                continue
        elif dropping:
            continue
        words.append(word)
    return words


def unrecognized(words: Sequence[str], flags: Sequence[str] = ()) -> str:
    """What is wrong with words that no flag takes, with the nearest of `flags`. What stands behind an unknown flag may
    be a key: it is left out.

    >>> unrecognized(["--api-key", "hunter2", "--shotz=3"], ["--shots", "--seed"])
    'unrecognized arguments: --api-key …, --shotz=… (did you mean --shots?)'
    """
    from difflib import get_close_matches

    shown: list[str] = []
    for word in words:
        name, equals, _ = word.partition("=")
        if _is_name(name):
            nearest = get_close_matches(name[2:], [flag[2:] for flag in flags], n=1)
            shown.append(name + ("=…" if equals else "") + (f" (did you mean --{nearest[0]}?)" if nearest else ""))
        elif shown and shown[-1].startswith("-"):
            if "…" not in shown[-1]:
                flag, space, hint = shown[-1].partition(" ")
                shown[-1] = f"{flag} …{space}{hint}"
        else:
            shown.append(_stray(word))
    return f"unrecognized arguments: {', '.join(shown)}"


def without_value(message: str) -> str:
    """A message of argparse without the value that it repeats of a flag that it does not know.

    >>> without_value("ambiguous option: --e=hunter2 could match --extra, --embedder")
    'ambiguous option: --e could match --extra, --embedder'
    """
    return re.sub(_AMBIGUOUS, r"\1", message)


def _variables(argv: Sequence[str]) -> list[str]:
    """The environment variables that the command line says hold a secret: `--key-env NAME`, `--header-env X=NAME`."""
    return [value.rpartition("=")[2] for flag, value in pairwise(argv) if flag.endswith("-env")]


def _is_name(word: str) -> bool:
    return bool(re.fullmatch(_NAME, word)) and secrets.in_name(word.lstrip("-")) is None


def _stray(word: str) -> str:
    if word.startswith("-"):
        return f"{word[:2]}…"  # `-kVALUE` is a flag and its value
    return "…" if secrets.in_name(word) else repr(word)
