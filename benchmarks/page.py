"""How large a page is, how fast it opens and filters in a real browser, and a picture of it.

    fewshot demo --generate 1000 --out k.jsonl && sed -i 's/"split": "train"/"split": "test"/' k.jsonl
    for f in copy_tag list json; do for s in 0 3; do
      fewshot run --task ner --data k.jsonl --demos fewshot/corpus/demo.jsonl --shots $s --format $f --out runs/k-$f-$s
    done; done
    fewshot open runs/k-* --out k.html --no-browser && python -m benchmarks.page k.html
    python -m benchmarks.page runs/demo/report.html --picture docs/images --part ner

Needs the extra `dev` and Debian's chromium. The goals for 1,000 legends × 6 systems: under 3 MB, open in under 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

READY = "html[data-ready]"


def measured(browser: Any, page: Path, rounds: int) -> dict[str, float]:
    """Returns bytes, and the median seconds until the page is ready and until a filter has done its work."""
    opening, filtering = [], []
    for _ in range(rounds):
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        began = time.perf_counter()
        tab.goto(page.resolve().as_uri())
        tab.wait_for_selector(READY)
        opening.append(time.perf_counter() - began)
        began = time.perf_counter()
        tab.locator(".part:visible input[type=search]").fill("western blot")
        filtering.append(time.perf_counter() - began)
        tab.close()
    return {
        "bytes": page.stat().st_size,
        "open": statistics.median(opening),
        "filter": statistics.median(filtering),
        "load": os.getloadavg()[0],
    }


def picture(browser: Any, page: Path, folder: Path, part: str) -> None:
    """Writes the table and the first pictures of a part, and the first lines of its first example."""
    folder.mkdir(parents=True, exist_ok=True)
    tab = browser.new_page(viewport={"width": 1180, "height": 1120})
    tab.goto(f"{page.resolve().as_uri()}#part/{part}")
    tab.wait_for_selector(READY)
    for section, height, name in ((".when", 860, "report.png"), (".how", 690, "report-examples.png")):
        tab.set_viewport_size({"width": 1180, "height": height})
        tab.locator(f".part:visible {section}").evaluate("section => section.scrollIntoView()")
        tab.screenshot(path=folder / name)


def main() -> None:
    """Prints the measures, or writes pictures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, metavar="DIR", help="write pictures there, measure nothing")
    parser.add_argument("--part", default="", help="--picture: the task that is shown")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("FEWSHOT_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        if args.picture:
            picture(browser, args.page, args.picture, args.part)
        else:
            print(json.dumps(measured(browser, args.page, args.rounds)))
        browser.close()


if __name__ == "__main__":
    main()
