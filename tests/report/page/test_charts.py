"""Pictures: where things lie, that nothing escapes from a name, and files that stand for themselves."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from lxml import etree

from fewshot.report.page.charts import alone, bars, curves, drawn, forest, matrix, paper_style, scatter
from fewshot.report.page.charts.scale import Scale, log_ticks, short, ticks
from tests.conftest import Golden

HOSTILE = '</title><script>attacked</script>\u202e & "x'


def pictures(name: str = "rules-2") -> dict[str, Any]:
    """One picture of each kind."""
    estimates = [
        forest.Estimate("A", name, 0.63, 0.59, 0.68, "program", True, ".630 [.59, .68]", (0.6, 0.65)),
        forest.Estimate("B", "tiny-tagger", 0.9, None, None, "local", False, ".900"),
    ]
    points = [
        scatter.Point("A", name, 0.01, 0.63, 0.59, 0.68, "program"),
        scatter.Point("B", "SmolLM2", 3.2, 0.2, None, None, "prompted"),
    ]
    lines = [
        curves.Curve("A", name, [curves.Point(10, 0.4, 0.3, 0.5), curves.Point(1000, 0.8, 0.75, 0.84)]),
        curves.Curve("B", "SmolLM2", [curves.Point(0, 0.5, 0.4, 0.6)], "prompted", level=True),
    ]
    return {
        "forest": forest.Forest.of(estimates, title=name, unit="f1"),
        "differences": forest.Forest.of(estimates, title=name, unit="difference", difference=True),
        "scatter": scatter.Scatter.of(points, title=name, x_unit="USD", y_unit="f1"),
        "curves": curves.Curves.of(
            lines, title=name, x_unit="labels", y_unit="f1", crossing=curves.Crossing(60, 20, 200, "60 (20–200)"),
            anchors=[curves.Anchor(0.9, name)],
        ),
        "bars": bars.Bars.of([("A", name)], ["missed", "made up"], [{"missed": 12}], title=name),
        "matrix": matrix.Matrix.of(["GENE", name], ["GENE", "missed"], [[9, 1], [0, 3]], title=name),
    }  # fmt: skip


def template(name: str) -> str:
    return "forest" if name == "differences" else name


@pytest.mark.parametrize("name", pictures())
def test_golden(name: str, golden: Golden) -> None:
    golden.check(f"charts/{name}.svg", alone(drawn(template(name), pictures()[name])))


@pytest.mark.parametrize("name", pictures())
def test_a_name_is_text(name: str) -> None:
    root = etree.fromstring(alone(drawn(template(name), pictures(HOSTILE)[name])).encode())
    assert not root.findall(".//{*}script")
    assert any("<script>" in (text or "") for text in root.itertext()) or "<script>" in root.get("aria-label", "")
    assert "\u202e" not in etree.tostring(root, encoding="unicode")


def test_no_mark_has_a_style_of_its_own() -> None:
    """The policy of the page forbids them, and dark mode could not change them."""
    for name, picture in pictures().items():
        assert " style=" not in drawn(template(name), picture)


def test_a_picture_alone_knows_no_variable() -> None:
    assert "var(" not in paper_style()


def test_intervals_lie_around_their_value() -> None:
    first = pictures()["forest"].lines[0]
    assert first.x_low < first.x < first.x_high
    assert pictures()["forest"].lines[1].x_low is None


def test_the_front_leaves_out_who_is_beaten() -> None:
    points = [
        scatter.Point(letter, "", x, y) for letter, x, y in (("A", 2, 0.5), ("B", 1, 0.5), ("C", 3, 0.4), ("D", 9, 0.9))
    ]
    assert [points[place].letter for place in scatter.front(points)] == ["B", "D"]


def test_names_of_curves_do_not_overlap() -> None:
    same = [curves.Curve(letter, letter, [curves.Point(10, 0.5), curves.Point(100, 0.8)]) for letter in "ABCDEFGH"]
    drawn_curves = curves.Curves.of(same, title="t", x_unit="n", y_unit="f1")
    heights = sorted(path.name_y for path in drawn_curves.paths)
    assert all(low + 15 < high for low, high in pairwise(heights))
    assert heights[-1] <= drawn_curves.bottom + 0.1


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.3, 0.31), (0.62, 0.65), (0, 1e-9), (5, 5)])
def test_ticks_lie_within(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 1 <= len(found) <= 12
    assert all(low - 1e-12 <= tick <= high + 1e-12 for tick in found)


@pytest.mark.parametrize(("low", "high"), [(3, 4560), (0.00002, 3), (40, 90)])
def test_ticks_of_logarithms(low: float, high: float) -> None:
    found = log_ticks(low, high)
    assert len(found) >= 1
    assert all(low <= tick <= high * 1.001 for tick in found)
    assert len({short(tick) for tick in found}) == len(found)


def test_what_lies_outside_stands_at_the_edge() -> None:
    assert Scale(1, 10, 0, 100, log=True)(1000) == 100
