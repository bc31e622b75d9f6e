"""Labels on words that gold leaves bare everywhere else.

"cells" 212 times nothing, once CHEMICAL        the one is doubtful
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fewshot.audit.checks.entities.edges import as_json
from fewshot.audit.checks.entities.surfaces import Key, Usage, key
from fewshot.audit.finding import Change, Finding, at
from fewshot.records import Example

_TIMES = 10
"""So many bare mentions for each labelled one, and more, make the labelled one doubtful."""


def find(examples: Sequence[Example], usages: Mapping[Key, Usage]) -> Iterator[Finding]:
    """The entities whose surface hardly ever is one."""
    doubtful = {surface for surface, usage in usages.items() if len(usage.bare) >= _TIMES * usage.labels.total()}
    if not doubtful:
        return
    for example in examples:
        for span in example.entities or ():
            surface = key(span.cut(example.text))
            if surface not in doubtful:
                continue
            often, rare = len(usages[surface].bare), usages[surface].labels.total()
            reason = f"labelled {rare} times, bare {often} times"
            change, confidence = Change("entities", (as_json(span),)), (often + 0.5) / (often + rare + 1)
            place = span.start, span.end
            yield at(example, "spurious_mention", "warning", *place, "possible", reason, change, confidence)
