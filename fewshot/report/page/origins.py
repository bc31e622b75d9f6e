"""Where a row's numbers come from, and the commands that get them again.

>>> from fewshot.experiment.plan import EXTERNAL
from fewshot.experiment.settings import Settings
>>> command(Settings(task="ner", shots=2, labels=("GENEPROD", "TISSUE"), data="my legends.jsonl"))
"fewshot run --task ner --data 'my legends.jsonl' --shots 2 --labels GENEPROD,TISSUE"
"""

from __future__ import annotations

import json
import shlex
from dataclasses import MISSING, Field, fields
from typing import Any

from fewshot import backends, data
from fewshot.experiment.plan import EXTERNAL
from fewshot.experiment.settings import Settings
from fewshot.report.page.document import Origin
from fewshot.report.runs import FinishedRun


def origin_of(run: FinishedRun) -> Origin:
    """Returns where a row comes from."""
    recorded, folder = run.recorded, str(run.folder.path)
    seconds = recorded.run.seconds
    lasted = "" if seconds is None else f", {seconds:,.0f} s" if seconds >= 1 else ", less than a second"
    return Origin(
        folder=folder,
        signature=run.signature.id,
        line=run.signature.line,
        again=command(recorded.settings),
        replay=shlex.join(["fewshot", "run", "--replay", folder]),
        settings=[(name, _text(value)) for name, value in recorded.settings.to_toml().items()],
        versions=[(name, str(version)) for name, version in recorded.versions.items()],
        when=f"{recorded.run.started}{lasted}" if recorded.run.started else "",
    )


def command(settings: Settings) -> str:
    """Returns the command line of a run with these settings; settings that have their default are left out, and the
    values of headers, which are keys, are for the reader to fill in."""
    given = [field.name for field in fields(Settings) if not _is_default(field, getattr(settings, field.name))]
    if settings.backend == EXTERNAL:
        kept = [name for name in given if name in ("task", "reading", "split", "labels", "format")]
        start = ["fewshot", "evaluate", "--predictions", str(settings.model), "--data", settings.data]
    else:  # a program may set what the command line refuses
        idle = backends.unheeded(settings.backend, given) if settings.backend in backends.names() else []
        kept, start = [name for name in given if name not in idle], ["fewshot", "run"]
    return shlex.join([*start, *(word for name in kept for word in _words(name, settings))])


def _words(name: str, settings: Settings) -> list[str]:
    """A setting as words of a command line."""
    value: Any = settings.to_toml().get(name)
    flag = f"--{name.replace('_', '-')}"
    if name == "headers":
        return [word for header in value for word in ("--header-env", f"{header}=VARIABLE")]
    if name == "extra":
        return [word for key, item in settings.extra.items() for word in (flag, f"{key}={json.dumps(item)}")]
    if name == "reading":
        flags = {key: option.flag for key, option in data.options().items()} | {data.FORMAT: "--from"}
        return [word for key, item in settings.reading.items() for word in (flags.get(key, f"--{key}"), item)]
    if name == "definitions":
        alone = [label for label in settings.labels if label not in settings.definitions]
        return ["--labels", *alone, *(f"{label}={text}" for label, text in settings.definitions.items())]
    if name == "labels":
        return [] if settings.definitions else [flag, ",".join(settings.labels)]
    return [flag] if isinstance(value, bool) else [flag, str(value)]


def _is_default(field: Field[Any], value: object) -> bool:
    if field.default is not MISSING:
        return bool(value == field.default)
    return field.default_factory is not MISSING and bool(value == field.default_factory())


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
