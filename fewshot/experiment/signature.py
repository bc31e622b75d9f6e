"""What makes a score comparable: made, named, printed and compared here and nowhere else.

A signature holds everything that a score depends on and nothing else (no clock, no path of this machine); package
versions and times are in `run.toml`.

>>> signature = Signature({"task": "ner", "labels": ["GENEPROD", "CELL_TYPE"], "seed": 0})
>>> signature.line
'task:ner|labels:GENEPROD,CELL_TYPE|seed:0'
>>> signature.conflicts(Signature({"task": "ner", "labels": ["GENEPROD"], "seed": 1}))
['labels']
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fewshot.experiment import prediction_files
from fewshot.experiment.plan import EXTERNAL, Plan
from fewshot.records import Api, Example
from fewshot.scoring import SCORING, Scores

COMPARED = ("task", "data", "ids", "labels")
"""What the signatures of compared runs must share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who answers, as far as a score depends on it. `None`: does not apply.

    `decoder`: digest of a local model and of how it is decoded; `labelled`: the labelled examples that it was trained
    on; `prompt`: digest of the wording. `prompted` systems have an `api`, and an `endpoint` if there is a server.
    """

    name: str
    model: str
    prompted: bool = False
    endpoint: str | None = None
    api: Api | None = None
    prompt: str | None = None
    format: str | None = None
    decoder: str | None = None
    labelled: int | None = None

    @classmethod
    def of_file(cls, path: Path) -> Identity:
        """The maker of a file of predictions, named by the file and its content."""
        return cls(name=EXTERNAL, model=f"{path.name}@{prediction_files.digest(path)[:8]}")

    @property
    def system(self) -> str:
        """The name of a row: backend and model, once if they say the same.

        >>> Identity(name="gpt3", model="gpt-6-luna").system, Identity(name="rules", model="rules-1").system
        ('gpt3 gpt-6-luna', 'rules-1')
        """
        if self.model.startswith(self.name) or self.name == EXTERNAL:
            return self.model.partition("@")[0]
        return f"{self.name} {self.model}"


@dataclass(frozen=True, slots=True)
class Signature:
    """The facts behind a score, in the order in which they are printed."""

    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def make(
        cls, plan: Plan, identity: Identity, *, shots: Sequence[int] = (), adapted: Mapping[str, str] | None = None
    ) -> Signature:
        """The signature of a run. `shots`: demonstrations shown, by example; `adapted`: what servers made us change."""
        settings, prompted = plan.settings, identity.prompted
        mean = sum(shots) / len(shots) if shots else 0
        return cls(
            {
                "task": plan.task.name,
                "data": plan.digest[:16],
                "split": settings.split,
                "ids": ids_digest(plan.scored),
                "labels": list(plan.question.labels),
                "format": identity.format,
                "mentions": plan.question.mentions if prompted and plan.task.finds_entities else None,
                "prompt": identity.prompt,
                "shots": {"asked": plan.shots, "mean": round(mean, 4), "least": min(shots, default=0)}
                if plan.prompted
                else None,
                "labelled": plan.labelled if plan.prompted else identity.labelled,
                "selector": plan.chooser.selector if any(shots) else None,
                "seed": settings.seed,
                "groups": "given" if plan.grouped else "none",
                "backend": identity.name,
                "model": identity.model,
                "endpoint": identity.endpoint,
                "api": identity.api,
                "temperature": settings.temperature if prompted else None,
                "max_tokens": (settings.max_tokens or "auto") if prompted else None,
                "context": settings.context if prompted else None,
                "samples": settings.samples if prompted else 1,
                "decoder": identity.decoder,
                "entities": _entities(plan),
                "extra": dict(settings.extra),
                "adapted": dict(adapted or {}),
                "scoring": SCORING,
            }
        )

    @classmethod
    def of(cls, scores: Scores) -> Signature:
        """The signature that stands in `scores.json`."""
        return cls(scores.signature)

    @property
    def id(self) -> str:
        """Eight hex digits that stand for the signature in a table."""
        text = json.dumps(dict(self.values), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]  # a label may hold half a pair

    @property
    def line(self) -> str:
        """The signature as one line, `key:value` joined by `|` (the form that sacrebleu made known)."""
        return "|".join(f"{key}:{_short(value)}" for key, value in self.values.items())

    @property
    def shots(self) -> float | None:
        """The mean number of demonstrations shown; `None` for systems that are not prompted."""
        shots = self.values.get("shots")
        return shots.get("mean") if isinstance(shots, Mapping) else None

    @property
    def labelled(self) -> int | None:
        """The number of labelled examples at the system's disposal; `None`: not known."""
        count = self.values.get("labelled")
        return count if isinstance(count, int) else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in use."""
        return tuple(self.values.get("labels") or ())

    def conflicts(self, other: Signature) -> list[str]:
        """The facts in which two signatures must agree and do not: their scores say nothing about each other."""
        return [name for name in COMPARED if self.values.get(name) != other.values.get(name)]


def ids_digest(examples: Iterable[Example]) -> str:
    """SHA-256 (16 hex digits) of the scored ids, in order: two runs are comparable if it is the same."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(example.id.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]


def _entities(plan: Plan) -> str | None:
    """Where the entities of a ROLES question come from: the gold, or a digest of what a run predicted."""
    if not plan.task.of_entities:
        return None
    if plan.settings.entities is None:
        return "gold"
    return "predicted:" + hashlib.sha256(repr(sorted(plan.given.items())).encode()).hexdigest()[:8]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_short(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
