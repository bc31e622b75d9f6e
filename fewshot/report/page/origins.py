"""Where a row's numbers come from, and the commands that get them again.

>>> from fewshot.experiment.settings import Settings
>>> command(Settings(task="ner", shots=2, labels=("GENEPROD", "TISSUE"), data="my legends.jsonl"))
"fewshot run --task ner --data 'my legends.jsonl' --shots 2 --labels GENEPROD,TISSUE"
"""

from __future__ import annotations

import json
import shlex
from dataclasses import MISSING, fields
from typing import Any

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
    shown = settings.to_toml()
    words = ["fewshot", "run"]
    for field in fields(Settings):
        if field.name not in shown or _is_default(field, getattr(settings, field.name)):
            continue
        flag, value = f"--{field.name.replace('_', '-')}", shown[field.name]
        if field.name == "headers":
            words += [word for name in value for word in ("--header-env", f"{name}=VARIABLE")]
        elif field.name == "extra":
            words += [word for key, item in settings.extra.items() for word in ("--extra", f"{key}={json.dumps(item)}")]
        elif isinstance(value, bool):
            words.append(flag)
        else:
            words += [flag, ",".join(value) if isinstance(value, list) else f"{value}"]
    return shlex.join(words)


def _is_default(field: Any, value: object) -> bool:
    default = (
        field.default_factory() if field.default is MISSING and field.default_factory is not MISSING else field.default
    )
    return bool(value == default)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
