"""Refusals in prose: the model states that it will not answer, without a finish reason such as `content_filter`.

>>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("Sorry, I cannot find any entities here.")
(True, False)
"""

from __future__ import annotations

import re

_OPENING = 400
"""Characters at the start of an answer that are searched for a refusal: one or two sentences."""

_SORRY = (
    r"(?:(?:i\s?['’]?\s?a?m|we\s?['’]?\s?a?re)\s(?:very\s|so\s|really\s)?sorry"
    r"|(?:i|we)\sapologi[sz]e|(?:my\s)?apologies|sorry|unfortunately|regrettably)"
)
_UNABLE = (
    r"(?:(?:i|we)\s(?:can\s?not|can\s?['’]\s?t|could\snot|couldn['’]t|will\snot|won['’]t|do\snot|don['’]t|must\sdecline"
    r"|decline)"
    r"|(?:i\s?['’]?\s?a?m|we\s?['’]?\s?a?re)\s(?:not\s(?:able|allowed|permitted|comfortable|in\sa\sposition)|unable)"
    r"|unable\sto|cannot\s(?:help|assist|comply|provide|process|fulfill?|do))"
)
_FORBIDDEN = r"(?:violat\w+|against\s(?:my|our|the)|not\s(?:possible|allowed|permitted|able))"
_AS_A_MODEL = r"as\s(?:an?\s)?(?:ai|artificial\sintelligence|(?:large\s)?language\smodel|text[-\s]based)\b"
_REFUSAL = re.compile(rf"(?:{_SORRY}\b.*(?:{_UNABLE}|{_FORBIDDEN})|{_UNABLE}|{_AS_A_MODEL})", re.IGNORECASE)
_FINDS_NOTHING = re.compile(
    rf"{_UNABLE}\s(?:able\s)?(?:to\s)?(?:find|see|identify|detect|locate|recogni[sz]e|spot)"
    r"\s(?:any|an|a|one|named|such|entit|gene|mention|panel)",
    re.IGNORECASE,
)
_FRAME = "`*_>#\"“‘'-"  # Markdown and quotes in front of the first word


def is_refusal(answer: str) -> bool:
    """Whether an answer begins with a refusal. "I cannot find any …" is not a refusal but an empty answer."""
    opening = " ".join(answer[: 4 * _OPENING].split()).lstrip(_FRAME + " ")[:_OPENING]
    return _REFUSAL.match(opening) is not None and _FINDS_NOTHING.search(opening) is None
