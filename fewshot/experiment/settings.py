"""Every setting of a run, in one frozen record. The command line fills it, `run.toml` keeps it.

>>> Settings(task="ner").shots is None   # decided when the data is known: 3, or 0 without a train split
True
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, TypedDict, get_args

from fewshot import backends
from fewshot.errors import InputError, UnknownSettingError
from fewshot.experiment import typed
from fewshot.experiment.secrecy import refuse_secrets
from fewshot.prompt import definitions
from fewshot.records import Api, Mentions

DEFAULT_SHOTS = 3

Check: TypeAlias = Literal["warn", "error", "off"]
"""What happens if the right answer of a demonstration cannot be read back: a line, an error, nothing."""

_LEAST = {"shots": 0, "reasoning_tokens": 0} | dict.fromkeys(
    ("limit", "samples", "max_tokens", "context", "concurrency", "batch_tokens"), 1
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `fewshot run` is asked to do. `None` means "not given": the run decides and records what it took.

    `reading`: options of the reader of the data, `from` its format (`fewshot.data.options`).
    `labels`: these only; `definitions`: labels of the user's own and what they mean, added to those of the data.
    `headers`: by name, sent to the server beside ours. Their values are keys: in no `repr`, and in `run.toml` empty.

    Raises:
        InputError: a value is of another type, or out of range.
    """

    task: str
    backend: str = "rules"
    model: str | None = None
    base_url: str | None = None
    api: Api | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_env: str | None = None
    data: str = "demo"
    reading: Mapping[str, str] = field(default_factory=dict)
    split: str = "test"
    demos: str | None = None
    shots: int | None = None
    selector: str = "nearest"
    embedder: str | None = None
    prompt: str | None = None
    format: str | None = None
    labels: tuple[str, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    mentions: Mentions | None = None
    entities: str | None = None
    unlabelled: bool = False
    limit: int | None = None
    seed: int = 0
    temperature: float = 0.0
    samples: int = 1
    max_tokens: int | None = None
    reasoning_tokens: int | None = None
    context: int | None = None
    concurrency: int = 8
    rpm: float | None = None
    tpm: float | None = None
    timeout: float | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    give_up_after: float = 300.0
    grace: float = 10.0
    batch: bool = False
    batch_poll: float = 30.0
    decoder: str | None = None
    draft: str | None = None
    device: str | None = None
    batch_tokens: int | None = None
    threshold: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    failed_as_empty: bool = False
    examples_check: Check = "warn"

    def __post_init__(self) -> None:
        for f in fields(self):
            typed.check(_flag(f.name), getattr(self, f.name), str(f.type))
        typed.as_json("--extra", self.extra)
        object.__setattr__(self, "definitions", definitions.own(self.definitions))
        object.__setattr__(self, "backend", backends.own_name(self.backend))  # an alias is recorded as what it names
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise InputError(f"{_flag(name)} must be at least {least}, not {value}")
        for name in ("rpm", "tpm", "timeout", "budget_usd", "budget_tokens", "give_up_after", "batch_poll"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise InputError(f"{_flag(name)} must be more than 0, not {value}")
        for name in ("price_in", "price_out", "grace"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"{_flag(name)} must be at least 0, not {value}")
        if (self.price_in is None) != (self.price_out is None):
            raise InputError("--price-in and --price-out go together: dollars for a million prompt and answer tokens")
        self._check_choices()

    def _check_choices(self) -> None:
        if self.api not in (None, *get_args(Api)):
            raise InputError(f"--api must be chat or completions, not {self.api}")
        if self.decoder not in (None, "copy", "generate", "ct2", "head"):
            raise InputError(f"--decoder must be copy, generate, ct2 or head, not {self.decoder}")
        if self.draft not in (None, "encoder", "copy", "none"):
            raise InputError(f"--draft must be encoder, copy or none, not {self.draft}")
        if self.mentions not in (None, *get_args(Mentions)):
            raise InputError(f"--mentions must be every or once, not {self.mentions}")
        if self.examples_check not in get_args(Check):
            raise InputError(f"--examples-check must be warn, error or off, not {self.examples_check}")
        for name, most in (("temperature", 2), ("threshold", 1)):
            if not 0 <= (getattr(self, name) or 0) <= most:
                raise InputError(f"--{name} must lie between 0 and {most}, not {getattr(self, name)}")
        if self.samples > 1 and not self.temperature:
            raise InputError(
                f"--samples {self.samples} at temperature 0 are all the same answer", hint="add --temperature 0.7"
            )

    def given(self) -> dict[str, Any]:
        """The settings that are given (not `None`), as plain values."""
        table = asdict(self)
        table["labels"] = list(self.labels)
        table["reading"] = dict(self.reading) or None
        table["definitions"] = self.definitions or None
        table["headers"] = sorted(self.headers) or None  # names alone
        if not self.batch:  # folders of before keep their bytes
            table["batch"] = table["batch_poll"] = None
        return {key: value for key, value in table.items() if value is not None}

    def to_toml(self) -> dict[str, Any]:
        """A TOML table, without the settings that are not given. `extra` is JSON, since TOML has no null; the URL of a
        server is without credentials."""
        table = self.given() | {"extra": typed.as_json("--extra", self.extra)}
        if self.base_url is not None:
            table["base_url"] = without_credentials(self.base_url)
        return table

    @classmethod
    def from_toml(cls, table: Mapping[str, Any]) -> Settings:
        """The settings of a `run.toml`; keys of other versions are ignored.

        Raises:
            InputError: the table names no task, or a value is of another type or out of range.
        """
        if not isinstance(table.get("task"), str):
            raise InputError("the settings name no task")
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in table.items() if key in known}
        labels = values.get("labels", [])
        values["labels"] = tuple(labels) if isinstance(labels, list) else labels
        if isinstance(values.get("extra"), str):  # a table before version 3
            values["extra"] = _parsed(values["extra"])
        values["headers"] = {str(name): "" for name in values.get("headers", ())}
        return cls(**values)


class Keywords(TypedDict, total=False):
    """The settings as keywords of `run` and `replay`: the fields of `Settings` beside the task, all optional."""

    backend: str
    model: str | None
    base_url: str | None
    api: Api | None
    headers: Mapping[str, str]
    key_env: str | None
    data: str
    reading: Mapping[str, str]
    split: str
    demos: str | None
    shots: int | None
    selector: str
    embedder: str | None
    prompt: str | None
    format: str | None
    labels: str | Collection[str] | Mapping[str, str | None]
    definitions: Mapping[str, str]
    mentions: Mentions | None
    entities: str | None
    unlabelled: bool
    limit: int | None
    seed: int
    temperature: float
    samples: int
    max_tokens: int | None
    reasoning_tokens: int | None
    context: int | None
    concurrency: int
    rpm: float | None
    tpm: float | None
    timeout: float | None
    budget_usd: float | None
    budget_tokens: int | None
    price_in: float | None
    price_out: float | None
    give_up_after: float
    grace: float
    batch: bool
    batch_poll: float
    decoder: str | None
    draft: str | None
    device: str | None
    batch_tokens: int | None
    threshold: float | None
    extra: Mapping[str, Any]
    failed_as_empty: bool
    examples_check: Check


def with_changes(caller: str, settings: str | Settings, changes: Mapping[str, Any]) -> Settings:
    """The settings of a task (or other settings) with some of them changed. `caller`: whom errors name.

    >>> with_changes("run", Settings(task="ner", shots=0), {"shots": 2}).shots
    2

    Raises:
        UnknownSettingError: a change names no setting.
        InputError: a value is out of range, or holds a secret.
    """
    known = [f.name for f in fields(Settings)]
    for name in changes:
        if name not in known:
            raise UnknownSettingError(caller, name, known)
    values = dict(changes)
    if "labels" in values:
        values |= declared(values["labels"], values.get("definitions", {}))
    refuse_secrets(values)
    return Settings(task=settings, **values) if isinstance(settings, str) else replace(settings, **values)


PACE = frozenset({
    "concurrency", "rpm", "tpm", "timeout", "budget_usd", "budget_tokens", "price_in", "price_out", "give_up_after",
    "grace", "draft", "device", "batch_tokens", "examples_check", "headers", "key_env", "batch", "batch_poll",
})  # fmt: skip
"""Settings that change how fast and how far a run goes, or with which key, but not its results: a run may be continued
with others."""


def without_credentials(text: str) -> str:
    """A URL without user, password and query, which may hold keys; any other text unchanged.

    >>> without_credentials("http://me:pw@host:8000/v1?key=1"), without_credentials("a@b: ok")
    ('http://host:8000/v1', 'a@b: ok')
    """
    scheme, colon, rest = text.partition("://")
    if not (colon and scheme.isalnum()):
        return text
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}{colon}{host.rpartition('@')[2]}{slash}{path}"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def declared(labels: str | Iterable[str] | Mapping[str, str | None], defined: Mapping[str, str]) -> dict[str, Any]:
    """The settings that labels from Python say: one name, several in any collection, or names with what they mean
    (`None`: a name alone). Names alone are a choice, to which those with a meaning beside them belong.

    >>> declared({"GENEPROD": None, "DOSE": "amounts"}, {})
    {'labels': ('GENEPROD', 'DOSE'), 'definitions': {'DOSE': 'amounts'}}
    >>> declared({"DOSE": "amounts"}, {}), declared("GENEPROD", {})
    ({'labels': (), 'definitions': {'DOSE': 'amounts'}}, {'labels': ('GENEPROD',)})

    Raises:
        InputError: a label is defined here and in `defined`.
    """
    if not isinstance(labels, Mapping):
        return {"labels": (labels,) if isinstance(labels, str) else tuple(labels)}
    meant = {name: text for name, text in labels.items() if text is not None}
    if twice := [name for name in meant if name in defined]:
        raise InputError(f"label {twice[0]} is defined twice")
    return {"labels": tuple(labels) if len(meant) < len(labels) else (), "definitions": {**defined, **meant}}


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"extra is not JSON: {typed.shown(text)}") from None
