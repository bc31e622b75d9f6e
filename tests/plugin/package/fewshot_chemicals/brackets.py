"""The source, copied, with tags of its own in it.

    Cells treated with [CHEMICAL: nutlin :CHEMICAL].

Offsets are found again by counting the characters that are not space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fewshot.formats import COPIED_ROOM, Format
from fewshot.records import Hypothesis, Kind, Parsed, Scheme, Span, Value


class Brackets(Format):
    """A copy: models that copy can write it."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    stop: tuple[str, ...] = ("\n\n",)
    copies = True
    room = COPIED_ROOM

    def tags(self, scheme: Scheme) -> Mapping[str, tuple[str, str]]:
        """`[LABEL:` and `:LABEL]`."""
        return {label: (f"[{label}:", f":{label}]") for label in scheme.labels}

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        """The copy; a tag stands between spaces."""
        if isinstance(value, Hypothesis):
            raise TypeError("brackets carries spans")
        parts, last = [], 0
        for span in sorted(value, key=lambda span: span.start):
            parts += [text[last : span.start], f"[{span.label}: {span.cut(text)} :{span.label}]"]
            last = span.end
        return "".join([*parts, text[last:]])

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        """The spans of an exact copy; of another answer nothing."""
        tags = {tag: label for label, pair in self.tags(scheme).items() for tag in pair}
        pattern = re.compile("|".join(map(re.escape, tags)) or "(?!)")
        plain = "".join(pattern.sub("", answer).split())
        places = [at for at, character in enumerate(text) if not character.isspace()]
        if plain != "".join(text.split()):
            return Parsed((), {"text_added": 1}, 0.0)
        spans, start, count, last = [], 0, 0, 0
        for found in pattern.finditer(answer):
            count += len("".join(answer[last : found.start()].split()))
            last = found.end()
            if found[0].startswith("["):
                start = count
            elif count > start:
                spans.append(Span(places[start], places[count - 1] + 1, tags[found[0]]))
                start = count
        return Parsed(tuple(spans), {}, 1.0)


FORMAT = Brackets()
