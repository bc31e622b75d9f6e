"""The same surface with different labels: the rare one is doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from fewshot.audit.checks.entities.edges import as_json
from fewshot.audit.checks.entities.surfaces import Key, Usage, key
from fewshot.audit.finding import Change, Finding, at
from fewshot.records import Example

_TIMES = 3
"""The usual label must be so many times as frequent as the doubtful one."""


def find(examples: Sequence[Example], usages: Mapping[Key, Usage]) -> Iterator[Finding]:
    """The entities whose surface usually has another label."""
    mixed = {surface: usage for surface, usage in usages.items() if len(usage.labels) > 1}
    if not mixed:
        return
    for example in examples:
        for span in example.entities or ():
            usage = mixed.get(key(span.cut(example.text)))
            if usage is None:
                continue
            usual, often = max(usage.labels.items(), key=lambda item: (item[1], item[0]))
            rare = usage.labels[span.label]
            if usual == span.label or often < _TIMES * rare:
                continue
            change = Change("entities", (as_json(span),), (as_json(replace(span, label=usual)),))
            reason = f"labelled {usual} {often} times, {span.label} {rare} times"
            confidence = (often + 0.5) / (often + rare + 1)
            yield at(example, "label_conflict", "warning", span.start, span.end, "possible", reason, change, confidence)
