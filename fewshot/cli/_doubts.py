"""A line about gold beside every score: how many of the scored examples the audit doubts.

    12 of 60 scored examples have findings: see `fewshot audit legends.jsonl --task panelization`

Whoever reads a score should know whether gold can be trusted, without asking.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from fewshot.records import Example
from fewshot.text.visible import shortened

_MOST = 2000
"""Examples that are looked at: some two seconds. Of more, a line would come late; `fewshot audit` looks at all."""
_LONGEST = 200


def notice(examples: Sequence[Example], task: str, source: str) -> list[str]:
    """The line; none where nothing is doubtful, or where there are too many examples to look at in passing.

    `source`: where the examples come from, as `--data` names it.
    """
    if not 0 < len(examples) <= _MOST:
        return []
    from fewshot.audit.cleaning import doubtful_ids

    doubtful = len(doubtful_ids(examples, task, quick=True))
    if not doubtful:
        return []
    command = f"fewshot audit {shlex.quote(shortened(source, _LONGEST))} --task {task}"
    return [f"{doubtful} of {len(examples)} scored examples have findings: see `{command}`"]
