"""A line about gold beside every score: how many of the scored examples the audit doubts.

    12 of 60 scored examples have findings: see `fewshot audit legends.jsonl --task panelization`

Whoever reads a score should know whether gold can be trusted, without asking.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from fewshot.cli import _terminal
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


def print_clean(folders: Sequence[Path]) -> None:
    """Prints the main score of each run once more without the doubtful examples, and on repaired gold (`compare
    --clean`): whether the ranking changes, and how far a score moves beyond its interval.

    Raises:
        RunFolderError: a folder is not a finished run.
    """
    from fewshot import tasks
    from fewshot.audit.cleaning import AS_IT_IS, CLEAN, changed_ranks, readings, table
    from fewshot.experiment import record
    from fewshot.experiment.folder import RunFolder
    from fewshot.experiment.signature import Signature

    runs = [RunFolder(folder) for folder in folders]
    scores = runs[0].scores()
    task, signature, gold = tasks.get(scores.task), Signature.of(scores), runs[0].examples()
    systems = {}
    for run in runs:
        name = record.read(run).plan.system or run.path.name
        systems[name if name not in systems else str(run.path)] = run.predictions(task.kind, gold)
    grouped = signature.values.get("groups") == "given"
    found = readings(task, gold, systems, labels=signature.labels, score=task.headline[0], grouped=grouped)
    sizes = {reading.gold: reading.n for reading in found}
    columns, rows = table(found)
    _terminal.table(columns, rows, title=f"{task.headline[0]}: {sizes[CLEAN]} of {sizes[AS_IT_IS]} examples are clean")
    same = "another" if changed_ranks(found) else "the same"
    _terminal.line(f"On clean and on repaired gold the systems stand in {same} order.")
