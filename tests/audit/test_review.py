"""The page for decisions: complete, from nowhere else, and deaf to what stands in the data."""

from __future__ import annotations

import base64
import html
import re
from hashlib import sha256

from fewshot.audit import audit
from fewshot.audit.review import page
from fewshot.records import Example
from tests.audit.legends import SIX, marked

DIRTY = marked(SIX.replace("|(B)", "(B)").replace("|(C)", "(C)").replace("|(E)", "(E)"))


def rendered(*examples: Example) -> str:
    return page(audit(examples, "panelization"), examples, "data <x>.jsonl")


def test_every_finding_stands_there_with_both_sides() -> None:
    content = rendered(DIRTY)
    for finding in audit([DIRTY], "panelization"):
        assert f'data-name="{finding.name}"' in content
    assert "A  0–" in content
    assert "B  " in content
    assert "<mark>(B) Graph represents" in content
    assert "merged_panels 2" in content


def test_changes_come_first() -> None:
    changes = re.findall(r'data-change="(\d)"', rendered(DIRTY, marked("|GFP binds.", "A", id="b")))
    assert changes == sorted(changes, reverse=True)
    assert "0" in changes


def test_only_its_own_style_and_script_may_run() -> None:
    content = rendered(DIRTY)
    policy = html.unescape(re.findall(r'Security-Policy" content="([^"]+)"', content)[0])
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", content, re.DOTALL)
        assert base64.b64encode(sha256(inline.encode()).digest()).decode() in policy
    assert not re.search(r"""(?:src|href)\s*=\s*["']""", content)


def test_texts_of_others_are_text() -> None:
    evil = marked(
        '|(A) <script>alert(1)</script> {{ 7*7 }} "onload=x \x1b[2J\u202e. (B) Gel. |(C) Gel.',
        "A C",
        id='"><img src=x>',
    )
    content = rendered(evil)
    assert "<script>alert" not in content
    assert "{{ 7*7 }}" in content
    assert "<img" not in content
    assert "\x1b" not in content
    assert "\u202e" not in content
    assert content.count("<script>") == 1


def test_no_finding_is_a_page_too() -> None:
    assert "Findings in data &lt;x&gt;.jsonl" in page([], [], "data <x>.jsonl")
