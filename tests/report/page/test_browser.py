"""The page in a real browser: what a reader does, what it must never do. Each test starts from a page on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.page.conftest import ATTACK, Opener

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_it_opens_without_a_complaint_or_a_request(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        visible = page.tab.locator(".part:visible")
        assert visible.count() == 1
        assert visible.locator(".verdict").first.inner_text().count(" ") > 3
        page.tab.locator(".parts a").nth(1).click()
        page.tab.wait_for_function("document.querySelector('.part:not([hidden])').dataset.task === 'panelization'")
        assert page.complaints == []
        assert page.requests == [real_page.resolve().as_uri()]


def test_the_table_is_sorted_by_a_click_on_a_header(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        table = page.tab.locator(".part:visible table.systems")
        header = table.locator("th[aria-sort]").filter(has_text="strict.micro.f1")

        def order() -> list[float]:
            cells = table.locator(":scope > tbody").evaluate_all(
                "(bodies, at) => bodies.map((body) => Number(body.rows[0].cells[at].dataset.value))",
                header.evaluate("th => th.cellIndex"),
            )
            return [float(value) for value in cells]

        header.locator("button").click()
        assert header.get_attribute("aria-sort") == "descending"
        assert order() == sorted(order(), reverse=True)
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == "ascending"
        assert order() == sorted(order())


def test_a_row_unfolds_its_labels(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        button = page.tab.locator(".part:visible .unfold").first
        more = page.tab.locator(".part:visible tr.more").first
        assert not more.is_visible()
        button.click()
        assert button.get_attribute("aria-expanded") == "true"
        assert more.get_by_text("strict.label.GENEPROD").is_visible()


@pytest.mark.parametrize(("format", "holds"), [("CSV", "system,"), ("LaTeX", r"\toprule"), ("Markdown", "| --- |")])
def test_the_table_is_copied(real_page: Path, opened: Opener, format: str, holds: str) -> None:
    with opened(real_page, permissions=["clipboard-read", "clipboard-write"]) as page:
        button = page.tab.locator(f".part:visible [data-copy={format}]")
        button.click()
        page.tab.wait_for_function(
            "name => document.querySelector(`[data-copy=${name}]`).textContent === 'Copied'", arg=format
        )
        assert holds in page.tab.evaluate("navigator.clipboard.readText()")


def test_filters_leave_what_they_say(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        part = page.tab.locator(".part:visible")
        every = part.locator(".rows a").count()
        part.locator("select[name=kind]").select_option("copied")
        kept = part.locator(".rows a").count()
        assert 0 < kept < every
        assert part.locator(".count").inner_text() == f"{kept} of {every} examples"
        part.get_by_role("button", name="Clear").click()
        assert part.locator(".rows a").count() == every
        part.locator("input[type=search]").fill("no legend has these words")
        assert part.locator(".rows a").count() == 0
        assert part.get_by_text("No example passes these filters.").is_visible()


def test_a_number_of_the_duel_lists_its_examples(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        part = page.tab.locator(".part:visible")
        button = part.locator("[data-first='0'][data-second='1']")
        wanted = int(button.inner_text())
        button.click()
        assert part.locator(".rows a").count() == wanted > 0


def test_an_example_has_a_link_of_its_own(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        link = page.tab.locator(".part:visible .rows a").nth(3)
        wanted, href = link.locator(".id").text_content(), str(link.get_attribute("href"))
        link.click()
        page.tab.wait_for_function(
            "id => document.querySelector('.part:not([hidden]) h4').textContent === id", arg=wanted
        )
    with opened(real_page, hash=href) as page:
        assert page.tab.locator(".part:visible h4").inner_text() == wanted


def test_keys_go_through_the_examples(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        part = page.tab.locator(".part:visible")
        ids = part.locator(".rows .id").all_text_contents()
        part.locator(".rows a").first.focus()
        for wanted in (ids[1], ids[2]):
            page.tab.keyboard.press("j")
            page.tab.wait_for_function(
                "id => document.querySelector('.part:not([hidden]) h4').textContent === id", arg=wanted
            )
        page.tab.keyboard.press("k")
        page.tab.wait_for_function(
            "id => document.querySelector('.part:not([hidden]) h4').textContent === id", arg=ids[1]
        )
        page.tab.keyboard.press("/")
        assert page.tab.evaluate("document.activeElement.type") == "search"
        page.tab.keyboard.type("jk")  # are letters now
        assert part.locator("input[type=search]").input_value() == "jk"


def test_marks_lie_below_their_words(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        part = page.tab.locator(".part:visible")
        mark = part.locator(".lanes .mark.gold").first.bounding_box()
        word = page.tab.evaluate(
            """() => {
              const text = document.querySelector(".part:not([hidden]) .legend-text").firstChild;
              const range = document.createRange();
              const start = text.data.indexOf("SNAP29");
              range.setStart(text, start); range.setEnd(text, start + 6);
              const {left, width, bottom} = range.getBoundingClientRect();
              return {left, width, bottom};
            }"""
        )
        assert mark["x"] == pytest.approx(word["left"], abs=2)
        assert mark["width"] == pytest.approx(word["width"], abs=3)
        assert 0 <= mark["y"] - word["bottom"] < 6


def test_what_is_missed_is_drawn_and_named(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        part = page.tab.locator(".part:visible")
        assert part.locator(".lanes .mark.missed[title='missed: GENEPROD']").count() > 0
        lanes = part.locator(".lanes b").count()
        part.locator(".toggles input").last.uncheck()
        assert 0 < part.locator(".lanes b").count() < lanes
        part.locator(".pane summary").filter(has_text="as a table").click()
        assert part.locator(".spans .said.missed").first.inner_text() == "− missed"


def test_on_paper_marks_lie_below_their_words(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        lines = page.tab.locator(".part:visible .paper .legend")
        assert lines.count() > 3
        text = lines.nth(1).locator(".legend-text").bounding_box()
        mark = lines.nth(1).locator(".mark.gold").first.bounding_box()
        assert text["x"] <= mark["x"] <= text["x"] + text["width"]
        assert -4 < mark["y"] - (text["y"] + text["height"]) < 10
        page.tab.evaluate("dispatchEvent(new Event('afterprint'))")
        assert lines.count() == 0


def test_prompt_answer_and_unplaced_names_are_there(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        part = page.tab.locator(".part:visible")
        last = part.locator(".answer").last
        last.get_by_text("Raw answer").click()
        assert "GENEPROD" in last.locator("pre").first.inner_text()
        last.get_by_text("Raw prompt").click()
        assert "You annotate named entities" in last.locator("pre").nth(1).inner_text()
        assert part.get_by_text("Named, and found nowhere in the legend").is_visible()


def test_a_hypothesis_is_a_table_of_sets(real_page: Path, opened: Opener) -> None:
    with opened(real_page, hash="#part/causal") as page:
        rows = page.tab.locator(".part:visible .hypothesis tbody th").all_inner_texts()
        assert rows == ["interventions", "observations", "assays"]


def test_a_picture_is_saved_as_a_file_of_its_own(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        with page.tab.expect_download() as download:
            page.tab.locator(".part:visible [data-svg]").first.click()
        text = Path(download.value.path()).read_text()
        assert text.startswith("<svg")
        assert "<style>" in text
        assert "var(--" not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colour_scheme_until_the_button(real_page: Path, opened: Opener, scheme: Any) -> None:
    def is_dark() -> bool:
        colour = page.tab.evaluate("getComputedStyle(document.body).backgroundColor")
        return int(re.findall(r"\d+", colour)[0]) < 128

    with opened(real_page, color_scheme=scheme) as page:
        assert is_dark() == (scheme == "dark")
        page.tab.locator("#theme").click()
        assert is_dark() == (scheme == "light")


def test_nothing_is_wider_than_a_phone(real_page: Path, opened: Opener) -> None:
    with opened(real_page, viewport={"width": 375, "height": 800}, is_mobile=True) as page:
        assert page.tab.evaluate("document.documentElement.scrollWidth") <= 375
        assert page.tab.locator(".part:visible .lanes .mark").first.is_visible()


def test_it_is_printed(real_page: Path, opened: Opener) -> None:
    with opened(real_page) as page:
        assert page.tab.pdf(format="A4")[:5] == b"%PDF-"
        page.tab.emulate_media(media="print")
        part = page.tab.locator(".part:visible")
        assert not part.locator(".side").is_visible()
        assert part.locator("svg.chart").first.is_visible()
        assert part.locator(".legend").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_axe_finds_nothing_serious(real_page: Path, opened: Opener, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    view = {"width": width, "height": 900}
    with opened(real_page, color_scheme=scheme, viewport=view, bypass_csp=True) as page:
        page.tab.locator(".part:visible .unfold").first.click()
        found = axe.run(page.tab).response["violations"]
        serious = [
            (one["id"], one["impact"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []


@pytest.fixture
def attacked(hostile_page: Path, opened: Opener) -> Iterator[Any]:
    with opened(hostile_page) as page:
        yield page


def test_hostile_texts_are_texts(attacked: Any, hostile_page: Path) -> None:
    part = attacked.tab.locator(".part:visible")
    for row in range(part.locator(".rows a").count()):
        part.locator(".rows a").nth(row).click()
        for fold in part.locator(".pane details > summary").all():
            fold.click()
    assert attacked.tab.evaluate("window.attacked") is None
    assert attacked.tab.locator("main img, main script:not([type]), main textarea, main iframe").count() == 0
    assert attacked.tab.evaluate(
        "[...document.querySelectorAll('a, [onclick]')].every((one) => one.getAttribute('href')?.startsWith('#'))"
    )
    assert ATTACK in part.locator(".rows .id").first.text_content()
    assert attacked.complaints == []
    assert attacked.requests == [hostile_page.resolve().as_uri()]


def test_no_bidi_control_is_obeyed(attacked: Any) -> None:
    part = attacked.tab.locator(".part:visible")
    part.locator(".rows a").nth(1).click()
    part.locator(".legend-text", has_text=r"\u202e").wait_for()  # the click shows another legend a moment later
    assert r"\u202e" in part.locator(".legend-text").inner_text()
    found = attacked.tab.evaluate(
        r"""() => {
          const controls = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029]/;
          const attributes = [...document.querySelectorAll("*")].flatMap((one) => [...one.attributes]);
          return controls.test(document.body.innerText) || attributes.some((one) => controls.test(one.value));
        }"""
    )
    assert not found


def test_offsets_beyond_the_basic_plane(attacked: Any) -> None:
    """A letter of two UTF-16 units stands before the second name: what is marked is what Python counted."""
    part = attacked.tab.locator(".part:visible")
    part.locator(".rows a").nth(1).click()
    part.locator(".pane summary").filter(has_text="as a table").click()
    names = part.locator(".spans th[scope=row]")
    names.first.wait_for()  # the table is made when the fold has opened
    assert "cells" in names.all_inner_texts()


def test_what_the_page_may_do_is_nothing(attacked: Any) -> None:
    """Even a script that got in could load, send or run nothing: the policy is tried, not read."""
    blocked = attacked.tab.evaluate(
        """async () => {
          const tried = {};
          const attempt = async (name, act) => {
            try { await act(); tried[name] = "done"; } catch (error) { tried[name] = error.name; }
          };
          await attempt("script", () => {
            const script = document.createElement("script");
            script.textContent = "window.attacked = 2";
            document.body.append(script);
          });
          await attempt("html", () => { document.body.innerHTML = "<b>x</b>"; });
          await attempt("fetch", () => fetch("https://example.org/"));
          tried.attacked = window.attacked;
          return tried;
        }"""
    )
    assert blocked["html"] == "TypeError"
    assert blocked["fetch"] == "TypeError"
    assert blocked.get("attacked") is None
