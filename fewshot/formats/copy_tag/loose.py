"""Tags as models write them, rewritten as ours, for an answer that is not an exact copy if read by our own grammar.

    <GENEPROD id="1">   &lt;GENEPROD&gt;   `<GENEPROD>`   **<geneprod>**   \\<GENEPROD>       →   <GENEPROD>
    <CELL LINE>   <cell-line>   <CELL\\_LINE>                                               →   <CELL_LINE>
    <panel label="A">   <panel A>                                                          →   <panel>

What stands in the source as it stands in the answer is the source's own and stays. So does a tag behind a backslash
where the source holds one of our tags: there the backslash is our escape, elsewhere it is Markdown's.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fewshot.formats.copy_tag.tags import END, pattern
from fewshot.records import PANEL

_LEFT, _RIGHT = r"(?:<|&lt;|&#0{0,3}60;|&#[xX]3[cC];)", r"(?:>|&gt;|&#0{0,3}62;|&#[xX]3[eE];)"
_GAP = re.compile(r"[\s\\_-]+")
_PRINTED = r"(?:[ _-]?\(?[A-Za-z0-9]\)?)?"  # the letter of a panel, in its tag
_MOST_ATTRIBUTES = 200  # characters
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")  # Markdown lets every ASCII sign be escaped
_MOST_INSIDE = 200  # characters of a name in bold
_SIGNS = "`*_"
_MOST_SIGNS = 3  # "***" is bold and italic
_BEFORE, _BEHIND = re.compile(rf"[{_SIGNS}]{{0,{_MOST_SIGNS}}}$"), re.compile(rf"[{_SIGNS}]{{0,{_MOST_SIGNS}}}")


@lru_cache(maxsize=64)
def _loose(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A tag in any of these writings, or the end mark; every run in it is bounded."""
    names = "|".join(map(_spelled, sorted(labels, key=len, reverse=True))) or "(?!)"
    return re.compile(
        rf"\\?(?:{_LEFT}\s{{0,3}}\\?(?P<close>/?)\s{{0,3}}(?P<name>(?ai:{names}))"
        rf"(?P<more>\s[^<>]{{0,{_MOST_ATTRIBUTES}}}?)??\s{{0,3}}\\?{_RIGHT}|\[(?i:END)\\?\])"
    )


def _spelled(label: str) -> str:
    """A label whose parts may be joined by a space, a dash, an underscore (Markdown escapes it) or nothing."""
    parts = [re.escape(part) for part in _GAP.split(label) if part]
    return r"\\?[\s_-]?".join(parts) + (_PRINTED if label == PANEL else "")


def rewritten(answer: str, text: str, labels: tuple[str, ...]) -> str:
    """The answer in our own grammar, as far as it can be told; `text`: the source.

    >>> rewritten('Blot of `<CELL-LINE>` HeLa `</CELL-LINE>`', "Blot of HeLa", ("CELL_LINE",))
    'Blot of <CELL_LINE> HeLa </CELL_LINE>'
    """
    own = [match[2] is None for match in pattern(labels).finditer(text)]  # an end mark, or a tag
    parts: list[str] = []
    last = 0
    for match in _loose(labels).finditer(answer):
        name, written = match["name"], match[0].removeprefix("\\")
        escaped = len(written) < len(match[0])
        if (escaped and (name is None) in own) or (name is not None and not _is_tag(match, labels)):
            continue
        if not escaped and written in text:
            continue
        start, end = _undecorated(answer, match.start(), match.end(), last)
        tag = END if name is None else f"<{match['close']}{_label(name, labels)}>"
        parts += [answer[last:start], tag]
        last = end
    loose = _without_signs("".join([*parts, answer[last:]]), text, labels)
    return loose if own or "\\" in text else _ESCAPED.sub(r"\1", loose)


def _is_tag(match: re.Match[str], labels: tuple[str, ...]) -> bool:
    """Whether what follows the name are attributes; `<CELL LINE>` is not a CELL."""
    return not (match["more"] or "").strip() or "=" in match["more"] or labels == (PANEL,)


def _label(name: str, labels: tuple[str, ...]) -> str:
    """The label of that spelling, the one that differs least from it."""
    if name in labels:
        return name
    squeezed = {_GAP.sub("", label).lower(): label for label in reversed(labels)}
    exact = {label.lower(): label for label in reversed(labels)}
    return exact.get(name.lower()) or squeezed.get(_GAP.sub("", name).lower(), labels[0])


def _undecorated(answer: str, start: int, end: int, last: int) -> tuple[int, int]:
    """The extent of a tag with the backticks or stars around it, the same on either side."""
    before = _BEFORE.search(answer, max(last, start - _MOST_SIGNS), start)
    behind = _BEHIND.match(answer, end)
    if before is not None and behind is not None and before[0] == behind[0]:
        return start - len(before[0]), end + len(before[0])
    return start, end


def _without_signs(answer: str, text: str, labels: tuple[str, ...]) -> str:
    """Without the stars or backticks inside or outside of a pair of tags: `<X>**p53**</X>`, `**<X>p53</X>**`."""
    names = "|".join(map(re.escape, labels))
    opening, closing = rf"<(?:{names})>", rf"</(?:{names})>"
    signs, inner = rf"(?P<signs>[{_SIGNS}]{{1,{_MOST_SIGNS}}})", rf"(?P<inner>[^<>{_SIGNS}]{{1,{_MOST_INSIDE}}})"

    def plain(match: re.Match[str]) -> str:
        kept = match["left"] + match["inner"] + match["right"]
        return match[0] if match["signs"] + match["inner"] + match["signs"] in text else kept

    inside = rf"(?P<left>{opening}\s{{0,2}}){signs}{inner}(?P=signs)(?P<right>\s{{0,2}}{closing})"
    outside = rf"{signs}(?P<left>{opening}){inner}(?P<right>{closing})(?P=signs)"
    return re.sub(outside, plain, re.sub(inside, plain, answer))
