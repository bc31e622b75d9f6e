"""What makes a score comparable: made, named, printed and compared here and nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fewshot.experiment.answers import Answers
from fewshot.experiment.plan import Plan
from fewshot.records import Example
from fewshot.scoring import SCORING


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


def ids_digest(examples: Iterable[Example]) -> str:
    """SHA-256 (16 hex digits) of the scored ids, in order: two runs are comparable where it is the same."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(example.id.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]


def signature_id(signature: Mapping[str, Any]) -> str:
    """Eight hex digits that stand for a signature in a table."""
    text = json.dumps(signature, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def signature_line(signature: Mapping[str, Any]) -> str:
    """A signature as one line of text, `key:value` joined by `|` (the form that sacrebleu made known).

    >>> signature_line({"task": "ner", "labels": ["GENEPROD", "CELL_TYPE"], "seed": 0})
    'task:ner|labels:GENEPROD,CELL_TYPE|seed:0'
    """
    return "|".join(f"{key}:{_short(value)}" for key, value in signature.items())


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_short(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
