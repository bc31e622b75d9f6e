"""Where a score comes from: the signature that makes it comparable, and what `run.toml` keeps.

The signature holds all that a score depends on and nothing else (no clock, no path of this machine); package
versions and times are in `run.toml`.
"""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Any

from fewshot import __version__
from fewshot.data import DEMO_CAPTION
from fewshot.experiment.answers import Answers
from fewshot.experiment.folder import DEMONSTRATIONS, GOLD, RunFolder
from fewshot.experiment.plan import Plan
from fewshot.experiment.signature import Answerer, _format, _labelled, system
from fewshot.prompt import PromptBuilder

_PACKAGES = ("fewshot", "openai", "huggingface_hub", "rapidfuzz", "numpy", "pandas")


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
