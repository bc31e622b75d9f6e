"""A finding: what is wrong where, how sure that is, and the change that would mend it.

>>> doubt = Finding("fig-1", "merged_panels", "error", 9, 18, "(B) Same.", "certain", "B begins inside panel A")
>>> doubt.name, doubt.to_json()["fix"]
('merged_panels-f25ddf12', None)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from fewshot.files import digest
from fewshot.records import Example
from fewshot.text.visible import shortened

Severity: TypeAlias = Literal["error", "warning", "note"]
"""Whether scores suffer: surely, perhaps, or not (what scoring ignores anyway, and what is merely unusual)."""

Certainty: TypeAlias = Literal["certain", "likely", "possible"]
"""How sure a finding and its change are. Only what is certain is changed by itself."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

Field: TypeAlias = Literal["panels", "entities", "hypothesis", "text", "split", "record"]
"""What of a record is changed; `record`: it is left out."""

Item: TypeAlias = Mapping[str, Any]

QUOTED = 80
"""Characters of a quotation."""


@dataclass(frozen=True, slots=True)
class Change:
    """Items of a record that are taken away, and those that take their place, as JSON has them.

    For `panels` and `entities` an item is a span; for `hypothesis` a member with its `part`; for `text` and `split`
    an object with `text` (and, for a text, `start`); for `record` an object with `id`.
    """

    field: Field
    remove: tuple[Item, ...]
    add: tuple[Item, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a finding and a patch carry it."""
        return {
            "field": self.field,
            "remove": [dict(item) for item in self.remove],
            "add": [dict(item) for item in self.add],
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that seems wrong with an example.

    Attributes:
        id: The example's.
        kind: A noun in snake case; docs/audit.md describes each.
        severity: What it does to scores.
        start: The offset in the example's text at which it begins; `None`: it is about the whole example.
        end: The offset behind its last character.
        quote: The text there, shortened; what else is meant where there is no place.
        certainty: How sure it is.
        reason: Why, in one sentence.
        change: What would mend it; `None`: nothing is proposed.
        confidence: 0 to 1, where it comes from counts or from a model; `None` elsewhere.
        other: The id of the example that this one is a copy of.
    """

    id: str
    kind: str
    severity: Severity
    start: int | None
    end: int | None
    quote: str
    certainty: Certainty
    reason: str
    change: Change | None = None
    confidence: float | None = None
    other: str | None = None

    @property
    def name(self) -> str:
        """The finding's own name; the same data give the same name."""
        return f"{self.kind}-{digest([self.id, self.kind, self.start, self.end, self.quote])[:8]}"

    @property
    def is_certain(self) -> bool:
        """Whether its change is made without asking."""
        return self.change is not None and self.certainty == "certain"

    def to_json(self) -> dict[str, Any]:
        """A line of `findings.jsonl`."""
        fix = None if self.change is None else {"certain": self.is_certain} | self.change.to_json()
        row: dict[str, Any] = {
            "finding": self.name, "id": self.id, "kind": self.kind, "severity": self.severity, "start": self.start,
            "end": self.end, "quote": self.quote, "certainty": self.certainty, "reason": self.reason, "fix": fix,
        }  # fmt: skip
        row |= {} if self.confidence is None else {"confidence": round(self.confidence, 4)}
        return row | ({} if self.other is None else {"other": self.other})


def at(
    example: Example,
    kind: str,
    severity: Severity,
    start: int,
    end: int,
    certainty: Certainty,
    reason: str,
    change: Change | None = None,
    confidence: float | None = None,
) -> Finding:
    """A finding about a place of an example's text, which it quotes."""
    quote = shortened(example.text[start:end], QUOTED)
    return Finding(example.id, kind, severity, start, end, quote, certainty, reason, change, confidence)


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each kind, the gravest and then the most frequent first."""
    tally: dict[tuple[int, str], int] = {}
    for finding in findings:
        key = SEVERITIES.index(finding.severity), finding.kind
        tally[key] = tally.get(key, 0) + 1
    ordered = sorted(tally.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    merged: dict[str, int] = {}
    for (_, kind), number in ordered:
        merged[kind] = merged.get(kind, 0) + number
    return merged
