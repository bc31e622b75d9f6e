"""A page on which a person accepts or rejects changes; it saves the decisions that `--fix --decisions` applies.

    html = page(findings, examples, "legends.jsonl")

One file without anything from elsewhere: a policy in its head (CSP) allows its own style and script, by their digests,
and nothing more. Texts of others are escaped by Jinja, and control characters in them are shown.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from fewshot.audit.finding import Change, Finding, counts
from fewshot.records import Example
from fewshot.text.visible import one_line, shortened, visible

_HERE = Path(__file__).parent
_AROUND = 240
"""Characters of the text that are shown on either side of a place."""
_QUOTED = 100
MOST = 2000
"""Findings on a page; a browser keeps up with some thousands."""


def page(findings: Sequence[Finding], examples: Sequence[Example], source: str) -> str:
    """The page as HTML: the findings that propose a change first, in their order, then the others."""
    from jinja2 import Environment, FileSystemLoader

    style, script = ((_HERE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    by_id = {example.id: example for example in examples}
    ordered = sorted(findings, key=lambda finding: finding.change is None)[:MOST]
    template = Environment(loader=FileSystemLoader(_HERE), autoescape=True).get_template("page.html.jinja")
    return template.render(
        source=one_line(source),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'",
        style=style,
        script=script,
        counts=counts(findings),
        left_out=len(findings) - len(ordered),
        findings=[_shown(finding, by_id) for finding in ordered],
    )


def _digest(content: str) -> str:
    """A source expression of CSP level 2: the digest of an inline style or script."""
    return f"sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}"


def _shown(finding: Finding, examples: Mapping[str, Example]) -> dict[str, Any]:
    """What the template needs of a finding."""
    text = examples[finding.id].text if finding.id in examples else ""
    start, end = (finding.start, finding.end) if finding.end is not None else (0, 0)
    start = start or 0
    end = min(end or 0, start + 4 * _AROUND)
    return {
        "name": finding.name,
        "id": one_line(finding.id),
        "kind": finding.kind,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "reason": one_line(finding.reason),
        "confidence": finding.confidence,
        "before": visible(text[max(0, start - _AROUND) : start]),
        "marked": visible(text[start:end]),
        "after": visible(text[end : end + _AROUND]),
        "gold": list(_items(finding.change, text, removed=True)),
        "proposed": list(_items(finding.change, text, removed=False)),
        "has_change": finding.change is not None,
    }


def _items(change: Change | None, text: str, *, removed: bool) -> Iterator[str]:
    """The items of one side of a change, a line each."""
    if change is None:
        return
    for item in change.remove if removed else change.add:
        if change.field == "text":
            yield visible(f"{item['text']!r}")
        elif "start" in item:
            label = ", ".join(item["labels"]) if "labels" in item else item.get("label", "")
            quote = shortened(text[item["start"] : item.get("end", item["start"])], _QUOTED)
            yield one_line(f"{label or '–'}  {item['start']}–{item.get('end', '')}  {quote}")
        else:
            yield one_line(", ".join(f"{key} {value}" for key, value in item.items()))
