"""Pictures of a page as SVG: hand-drawn by templates, so that they follow the page's colours and stay a few kilobytes.

    svg = drawn("forest", Forest.of(rows, title="Scores"))       to stand in a page, coloured by its style sheet
    alone(svg)                                                    to stand in a paper: with colours of its own

matplotlib would write each picture's colours and fonts into it, with a `style` on every mark that the page's policy
forbids. Shapes and letters tell marks apart, colour only helps: pictures are read in grey, too.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot.text.visible import one_line, shortened

if TYPE_CHECKING:
    from jinja2 import Environment

_ASSETS = Path(__file__).parent.parent / "assets"
STYLE = "charts.css"


def drawn(template: str, picture: Any) -> str:
    """Returns a picture as an SVG element, drawn by `templates/NAME.svg.j2`."""
    return _environment().get_template(f"{template}.svg.j2").render(picture=picture, p=picture)


def alone(svg: str) -> str:
    """Returns an SVG file: the element with the style sheet of pictures, its colours those of the light page."""
    head, rest = svg.split(">", 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>\n<style>{paper_style()}</style>{rest}\n'


def fitted(name: str, most: int) -> str:
    """Returns a name as it stands in a picture, of at most so many characters."""
    return shortened(one_line(name), most)


@cache
def paper_style() -> str:
    """Returns the style sheet of pictures with light colours in place of the page's variables, which other programs do
    not know."""
    page = (_ASSETS / "page.css").read_text("utf-8")
    light = dict(re.findall(r"(--[\w-]+):\s*(?:light-dark\()?(#[0-9a-f]{3,6})", page))
    style = (_ASSETS / STYLE).read_text("utf-8")
    return re.sub(r"var\((--[\w-]+)\)", lambda found: light[found[1]], style)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: Any) -> Any:
    """A value as it enters a picture: numbers with one decimal of a pixel, texts on one line."""
    if isinstance(value, float):
        return f"{value:.1f}".rstrip("0").rstrip(".")
    return value if hasattr(value, "__html__") or not isinstance(value, str) else one_line(value)
