"""What `run.toml` keeps of a run, as one typed record: read once, validated, written whole.

    [settings]  as given        [plan]      what they resolved to      [prompt]  the wording
    [versions]  of packages     [run]       when, how long, how far    [usage]   tokens, cost
    [failed]    id → why        [training]  of a local model

Folders of other versions load: tables and keys that are missing have defaults, unknown ones are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

from fewshot.data._source import Source
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment import typed, versions
from fewshot.experiment.answers import Answers, System
from fewshot.experiment.folder import RUN, RunFolder
from fewshot.experiment.plan import Plan
from fewshot.experiment.settings import Settings, without_credentials
from fewshot.experiment.signature import Identity
from fewshot.experiment.usage import Usage
from fewshot.prompt.wording import ResolvedPrompt
from fewshot.records import Api, Training

VERSION = 3
"""Of the record. 1 (no `version` in the file): before 0.2.0; the same tables. 2: `extra` is a table."""

_TABLES = ("settings", "plan", "prompt", "versions", "training", "run", "usage")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What the settings resolved to (`[plan]`)."""

    task: str = ""
    system: str = ""
    backend: str = ""
    model: str = ""
    endpoint: str | None = None
    api: str | None = None
    format: str = ""
    decoder: str | None = None
    shots: int | None = None
    selector: str | None = None
    labels: list[str] = field(default_factory=list)
    asked_labels: list[str] = field(default_factory=list)
    labelled: int | None = None
    digest: str = ""
    demos: str | None = None
    n: int = 0
    caption: str | None = None

    @classmethod
    def of(cls, plan: Plan, identity: Identity) -> Resolved:
        """What a plan and the system that answers it say."""
        return cls(
            task=plan.task.name,
            system=identity.system,
            backend=identity.name,
            model=identity.model,
            endpoint=identity.endpoint,
            api=identity.api,
            format=identity.format or plan.question.format_name,
            decoder=identity.decoder,
            shots=plan.shots if plan.prompted else None,
            selector=plan.chooser.selector,
            labels=list(plan.question.labels),
            asked_labels=list(plan.settings.labels),
            labelled=plan.labelled if plan.prompted else identity.labelled,
            digest=plan.digest,
            demos=plan.demos,
            n=len(plan.examples),
            caption=Source(plan.settings.data).caption,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """When the run was and how far it came (`[run]`). `seconds`: from the first start to the last end, wall clock."""

    started: str = ""
    ended: str | None = None
    seconds: float | None = None
    complete: bool = False
    asked: int | None = None
    recorded: int | None = None
    retries: int | None = None
    pushbacks: int | None = None
    maybe_paid_twice: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A whole `run.toml`."""

    settings: Settings
    plan: Resolved
    prompt: ResolvedPrompt | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    run: Progress = field(default_factory=Progress)
    usage: Usage = field(default_factory=Usage)
    failed: Mapping[str, str] = field(default_factory=dict)
    version: int = VERSION

    @classmethod
    def begun(cls, plan: Plan, system: System, *, started: str | None = None) -> Recorded:
        """What is known before the first request. `started`: of a run that is continued."""
        return cls(
            settings=plan.settings,
            plan=Resolved.of(plan, system.identity),
            prompt=system.wording,
            versions=versions.used(plan),
            training=system.training,
            run=Progress(started=started or _now().isoformat(timespec="seconds")),
        )

    def ended(self, system: System, answers: Answers) -> Recorded:
        """The same with what the run took."""
        now = _now()
        seconds = (now - datetime.fromisoformat(self.run.started)).total_seconds()
        run = Progress(
            started=self.run.started,
            ended=now.isoformat(timespec="seconds"),
            seconds=max(0.0, round(seconds, 3)),  # the wall clock may jump back
            complete=answers.complete,
            asked=answers.asked,
            recorded=answers.recorded,
            retries=answers.stats.retries,
            pushbacks=answers.stats.pushbacks,
            maybe_paid_twice=answers.stats.maybe_twice,
        )
        return replace(self, run=run, usage=Usage.of(system, answers), failed=dict(answers.failed))

    def to_toml(self) -> dict[str, Any]:
        """The tables of `run.toml`. Settings and prompt are as they were given, so that a replay is of the same run;
        elsewhere credentials in URLs are left out, and so is what is not known (`None`)."""
        return {
            "version": VERSION,
            "settings": self.settings.to_toml(),
            "plan": _clean(asdict(self.plan)),
            "prompt": self.prompt.to_dict() if self.prompt else {},
            "versions": dict(self.versions),
            "training": _clean(asdict(self.training)),
            "run": _clean(asdict(self.run)),
            "usage": _clean(asdict(self.usage)),
            "failed": _clean(dict(self.failed)),
        }

    @classmethod
    def from_toml(cls, table: Mapping[str, Any]) -> Recorded:
        """The record in the tables of a `run.toml`.

        Raises:
            RunFolderError: a table is missing or mistyped, or it is of a later version.
        """
        version = table.get("version", 1)
        if isinstance(version, bool) or not isinstance(version, int) or version > VERSION:
            raise RunFolderError(
                f"is of version {str(version)[:40]}, this fewshot reads up to {VERSION}", hint="update fewshot"
            )
        tables = {name: _table(table, name) for name in _TABLES}
        try:
            return cls(
                settings=Settings.from_toml(tables["settings"]),
                plan=_typed(Resolved, tables["plan"], "plan"),
                prompt=ResolvedPrompt.from_dict(tables["prompt"]) if tables["prompt"] else None,
                versions={str(name): str(value) for name, value in tables["versions"].items()},
                training=_typed(Training, tables["training"], "training"),
                run=_typed(Progress, tables["run"], "run"),
                usage=_typed(Usage, tables["usage"], "usage"),
                failed={str(id_): str(why) for id_, why in _table(table, "failed").items()},
                version=version,
            )._checked()
        except (InputError, TypeError) as error:
            raise RunFolderError(str(error)) from None

    def _checked(self) -> Recorded:
        """The same, if what is a text has the form that it must have.

        Raises:
            InputError: it has not; names it.
        """
        if self.plan.api not in (None, *get_args(Api)):
            raise InputError(f"plan.api must be chat or completions, not {typed.shown(self.plan.api)}")
        try:
            known = not self.run.started or datetime.fromisoformat(self.run.started).tzinfo is not None
        except ValueError:
            known = False
        if not known:
            raise InputError(f"run.started must be a time with its zone, not {typed.shown(self.run.started)}")
        return self


def read(folder: RunFolder) -> Recorded:
    """The record of a run folder.

    Raises:
        RunFolderError: there is none, or it cannot be read; names the file.
    """
    table = folder.toml()
    try:
        return Recorded.from_toml(table)
    except RunFolderError as error:
        raise RunFolderError(f"{folder.path / RUN}: {error.message}", hint=error.hint) from None


def write(folder: RunFolder, recorded: Recorded) -> None:
    """Writes `run.toml`.

    Raises:
        RunFolderError: it cannot be written.
    """
    folder.write_toml(recorded.to_toml())


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = table.get(name, {})
    if not isinstance(value, Mapping):
        raise RunFolderError(f"{name} is not a table")
    return value


def _typed(cls: type[_T], table: Mapping[str, Any], name: str) -> _T:
    """A flat record from a table; keys of other versions are ignored, values of another type are refused."""
    known = {f.name: str(f.type) for f in fields(cls)}  # type: ignore[arg-type]
    values = {key: value for key, value in table.items() if key in known}
    for key, value in values.items():
        if not typed.fits(value, known[key]):
            raise RunFolderError(f"{name}.{key} must be {known[key]}, not {str(value)[:40]!r}")
    return cls(**values)


def _clean(value: Any) -> Any:
    """A value without credentials in URLs and without what is not known. Half of a surrogate pair (a server's error
    message may hold one) is escaped: what was paid for must not be lost because of it."""
    if isinstance(value, Mapping):
        return {_escaped(key): _clean(item) for key, item in value.items() if item is not None}
    return without_credentials(_escaped(value)) if isinstance(value, str) else value


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _now() -> datetime:
    return datetime.now(UTC)
