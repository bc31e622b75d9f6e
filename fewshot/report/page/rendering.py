"""A document as one HTML file. Whatever a value says is text: escaped, control characters shown.

Templates are filled by Jinja2 with autoescape; every expression passes `visible` first, so that no name of a system and
no label can turn the direction of the line that it stands in. Styles and scripts are plain files of the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot.report.page.charts import paper_style
from fewshot.report.page.document import FAULTS, Document, Part
from fewshot.report.page.embedding import embedded, policy
from fewshot.report.page.packing import Packer
from fewshot.text.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_STYLES = ("page.css", "charts.css", "examples.css")
_SCRIPTS = (
    "dom.js",
    "data.js",
    "filters.js",
    "legend.js",
    "hypothesis.js",
    "detail.js",
    "browser.js",
    "tables.js",
    "start.js",
)


def html(document: Document) -> str:
    """Returns the page."""
    style, script = _joined(_STYLES), f'"use strict";(() => {{\n{_joined(_SCRIPTS)}}})();\n'
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            document=document,
            data=[embedded(_data(part)) for part in document.parts],
            style=style,
            script=script,
            picture_style=paper_style(),
            policy=policy(style, script),
        )
    )


def _data(part: Part) -> dict[str, Any]:
    """What the script of a page needs of a part."""
    packer = Packer()
    answers = [answer for example in part.examples for answer in example["answers"]]
    scored = {(fault["kind"], fault["scored"]) for answer in answers for fault in answer["faults"]}
    seen = {kind for kind, _ in scored}
    examples = [packer.packed(example) for example in part.examples]
    return {
        "task": part.task,
        "kind": part.kind,
        "systems": [{"letter": system.letter, "name": system.name} for system in part.systems],
        "labels": [{"name": label.name, "short": label.short} for label in part.labels],
        "kinds": [
            {"name": kind, "title": title, "sign": sign, "seen": kind in seen, "drawn": (kind, True) in scored}
            for kind, (title, sign) in FAULTS.items()
        ],
        "copies": dict(part.copies),
        "features": packer.features,
        "examples": examples,
    }


def _joined(names: tuple[str, ...]) -> str:
    return "".join((_HERE / "assets" / name).read_text("utf-8") for name in names)


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["asides"] = asides
    return environment


def asides(sentence: str) -> list[tuple[str, bool]]:
    """Returns a sentence in pieces, and of each whether it stands in parentheses: numbers that a headline tones down.

    >>> asides("Fine-tune for ner (+.616 (p .004)), now")
    [('Fine-tune for ner ', False), ('(+.616 (p .004))', True), (', now', False)]
    """
    pieces, depth, start = [], 0, 0
    for at, sign in enumerate(sentence):
        if sign == "(" and not depth:
            pieces.append((sentence[start:at], False))
            start = at
        depth += (sign == "(") - (sign == ")" and depth > 0)
        if sign == ")" and not depth and start < at and sentence[start] == "(":
            pieces.append((sentence[start : at + 1], True))
            start = at + 1
    return [piece for piece in (*pieces, (sentence[start:], False)) if piece[0]]


def _shown(value: Any) -> Any:
    """A value as it enters a template; what is marked as HTML of ours stays as it is."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else visible(value)
