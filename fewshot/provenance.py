"""Where a score comes from: the signature that makes it comparable, and what `run.toml` keeps.

The signature holds all that a score depends on and nothing else (no clock, no path of this machine); package
versions and times are in `run.toml`.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from fewshot import __version__
from fewshot.answers import Answers
from fewshot.data import DEMO_CAPTION
from fewshot.evaluation import SCORING, ids_digest
from fewshot.plan import Plan
from fewshot.prompt import PromptBuilder
from fewshot.runs import DEMONSTRATIONS, GOLD, RunFolder

_PACKAGES = ("fewshot", "openai", "huggingface_hub", "rapidfuzz", "numpy", "pandas")


class Answerer(Protocol):
    """Whoever predictions come from: a backend, or a file."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file of predictions, named by its content."""

    name: str
    model: str

    @classmethod
    def of_file(cls, path: Path) -> Source:
        """Name and digest of a file."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        return cls("external", f"{path.name}@{digest}")


def signature(made: Plan, answerer: Answerer, answers: Answers | None = None) -> dict[str, Any]:
    """All that makes a score comparable, in the order in which it is printed."""
    settings = made.settings
    shots = answers.shots if answers else ()
    mean = sum(shots) / len(shots) if shots else 0
    shown = any(shots)
    prompted = answers is not None and answers.prompt is not None
    return {
        "task": made.task.name,
        "data": made.digest[:16],
        "split": settings.split,
        "ids": ids_digest(made.scored),
        "labels": list(made.labels),
        "format": _format(made, answerer) if answers else settings.format,
        "prompt": answers.prompt.prompt.digest[:16] if answers and answers.prompt else None,
        "shots": {"asked": made.pick.shots, "mean": round(mean, 4), "least": min(shots, default=0)}
        if made.prompted
        else None,
        "labelled": _labelled(made, answerer),
        "selector": made.pick.selector if shown else None,
        "seed": settings.seed,
        "groups": "given" if made.grouped else "none",
        "backend": answerer.name,
        "model": answerer.model,
        "endpoint": answers.prompt.endpoint if answers and answers.prompt else None,
        "api": getattr(answerer, "api", None) if prompted else None,
        "temperature": settings.temperature if prompted else None,
        "max_tokens": (settings.max_tokens or "auto") if prompted else None,
        "context": settings.context if prompted else None,
        "samples": settings.samples if prompted else 1,
        "decoder": getattr(answerer, "digest", None),
        "entities": _entities(made),
        "extra": dict(settings.extra),
        "adapted": answers.adapted if answers else {},
        "scoring": SCORING,
    }


def begin(folder: RunFolder, made: Plan, answerer: Answerer, builder: PromptBuilder | None = None) -> None:
    """Writes what is known before the first request. A folder that was begun before keeps its start."""
    folder.create()
    started = folder.run().get("run", {}).get("started") if folder.exists() else None
    folder.write_run(_table(made, answerer, builder) | {"run": {"started": started or _now(), "complete": False}})
    folder.write_examples(GOLD, made.examples)
    if made.settings.entities is not None:
        folder.write_entities(made.given)


def end(folder: RunFolder, made: Plan, answers: Answers) -> None:
    """Adds what the run took to `run.toml`, and the demonstrations that its prompts showed."""
    table = folder.run()
    started = datetime.fromisoformat(table["run"]["started"])
    ended = datetime.now(UTC)
    table["run"] = {
        "started": table["run"]["started"],
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": max(0.0, round((ended - started).total_seconds(), 3)),  # clocks jump
        "complete": answers.complete,
        "asked": answers.asked,
        "recorded": answers.replayed,
        "retries": answers.stats.retries,
        "pushbacks": answers.stats.pushbacks,
        "maybe_paid_twice": answers.stats.maybe_twice,
    }
    table["usage"] = usage(answers)
    table["failed"] = dict(answers.failed)
    folder.write_examples(DEMONSTRATIONS, answers.demonstrations)
    folder.write_run(table)


def usage(answers: Answers) -> dict[str, Any]:
    """Tokens and seconds of the answers, as their servers told them; what nobody told is left out."""
    found = [c for c in answers.completions if c.prompt_tokens is not None or c.completion_tokens is not None]
    table: dict[str, Any] = {}
    if found:
        table["prompt_tokens"] = sum(c.prompt_tokens or 0 for c in found)
        table["completion_tokens"] = sum(c.completion_tokens or 0 for c in found)
        table["tokens"] = table["prompt_tokens"] + table["completion_tokens"]
    if answers.prompt is not None and answers.prompt.endpoint is not None and answers.completions:
        table |= _cost(answers, complete=len(found) == len(answers.completions))
    if answers.completions:
        seconds = sum(c.seconds for c in answers.completions)
        table["seconds_per_example"] = round(seconds / len(answers.completions), 6)
    elif answers.seconds is not None and answers.asked:
        table["seconds_per_example"] = round(answers.seconds / answers.asked, 6)
    return table


def _cost(answers: Answers, *, complete: bool) -> dict[str, Any]:
    """Dollars of all the answers, without discounts; "unknown", never 0, where the price or the tokens are."""
    price = answers.price
    if price is None or not complete:
        return {"cost_usd": "unknown"}
    spent = sum(price.of(c.prompt_tokens or 0, c.completion_tokens or 0) for c in answers.completions)
    return {"cost_usd": round(spent, 6), "price": str(price)}


def _table(made: Plan, answerer: Answerer, builder: PromptBuilder | None) -> dict[str, Any]:
    """The tables of `run.toml` that do not change while a run goes on."""
    settings = made.settings
    plan = {
        "system": system(answerer),
        "backend": answerer.name,
        "model": answerer.model,
        "endpoint": builder.endpoint if builder else None,
        "api": getattr(answerer, "api", None),
        "task": made.task.name,
        "format": _format(made, answerer),
        "decoder": getattr(answerer, "digest", None),
        "shots": made.pick.shots if made.prompted else None,
        "selector": made.pick.selector,
        "labels": list(made.labels),
        "asked_labels": list(settings.labels),
        "labelled": _labelled(made, answerer),
        "digest": made.digest,
        "n": len(made.examples),
        "caption": DEMO_CAPTION if settings.data == "demo" else None,
    }
    return {
        "settings": settings.to_toml(),
        "plan": plan,
        "prompt": builder.prompt.to_dict() if builder else {},
        "versions": _versions(),
    }


def system(answerer: Answerer) -> str:
    """The name of a row: backend and model, said once where they say the same.

    >>> system(Source("gpt3", "gpt-6-luna")), system(Source("rules", "rules-1"))
    ('gpt3 gpt-6-luna', 'rules-1')
    """
    if answerer.model.startswith(answerer.name) or answerer.name == "external":
        return answerer.model.partition("@")[0]
    return f"{answerer.name} {answerer.model}"


def _format(made: Plan, answerer: Answerer) -> str:
    """The format of the answers: a local model has its own."""
    return getattr(answerer, "format", None) or made.format_name


def _labelled(made: Plan, answerer: Answerer) -> int | None:
    """Examples with labels at the system's disposal: of a local model, those that it was trained on."""
    return made.labelled if made.prompted else getattr(answerer, "labelled", None)


def _entities(made: Plan) -> str | None:
    """Where the entities of a ROLES question come from: the gold, or a digest of what a run predicted."""
    if made.task.kind != "roles":
        return None
    if made.settings.entities is None:
        return "gold"
    return "predicted:" + hashlib.sha256(repr(sorted(made.given.items())).encode()).hexdigest()[:8]


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "fewshot": __version__}
    for name in _PACKAGES[1:]:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
