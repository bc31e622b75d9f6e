"""What is wrong in a data set: findings, each with a place, a quotation and, where one is known, the change to make.

    audit(examples, "ner")             findings, the gravest first
    repair(examples, "ner")            the examples with every certain change made, and the changes (`audit.repair`)
    clean_ids(examples, "ner")         those without a finding that touches scores (`audit.cleaning`)

Findings are data: nothing here raises because a data set is bad.
"""

from __future__ import annotations

from collections.abc import Sequence

from fewshot import tasks
from fewshot.audit import checks
from fewshot.audit.finding import SEVERITIES, Finding
from fewshot.records import Example


def audit(examples: Sequence[Example], task: str | None = None, *, quick: bool = False) -> list[Finding]:
    """Returns what is doubtful about examples, the gravest first, then what is surest, then in their order.

    `task`: only what matters for it, and for every task; `None`: everything. `quick`: without the checks that take
    longer, those for copies.

    Raises:
        InputError: there is no such task.
    """
    kind = None if task is None else tasks.get(task).kind
    findings: list[Finding] = []
    looked_for = [check for check in checks.of_kind(kind) if check.quick or not quick]
    for example in examples:
        for check in looked_for:
            findings.extend(check.each(example))
    doubtful = {found.id for found in findings if found.severity == "error"}
    for check in looked_for:
        findings.extend(check.across(examples, doubtful))
    return ordered(findings, examples)


def ordered(findings: Sequence[Finding], examples: Sequence[Example]) -> list[Finding]:
    """Returns findings with the gravest first, then the surest, then in the order of the examples."""
    place = {example.id: number for number, example in enumerate(examples)}
    return sorted(
        findings,
        key=lambda found: (
            SEVERITIES.index(found.severity), -(found.confidence or 0.0), place.get(found.id, -1), found.start or 0,
        ),
    )  # fmt: skip
