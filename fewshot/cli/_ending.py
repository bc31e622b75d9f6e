"""How a run ends on screen: its scores, or why it is incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fewshot.cli import _doubts, _output, _terminal
from fewshot.errors import BlockedError, IncompleteError

if TYPE_CHECKING:
    from fewshot.experiment.running import EndedRun


def shown(done: EndedRun, *, as_json: bool = False, identical: bool = False) -> int:
    """Prints the scores of a run; returns the exit code. `identical`: says that a replay is.

    Raises:
        IncompleteError: it is incomplete; says why.
    """
    from fewshot import tasks
    from fewshot.experiment import record

    _output.notice(done.notices)
    if as_json:
        _terminal.json_row({"folder": str(done.folder.path)} | done.result.to_json())
    else:
        _output.scores(done, headline=tasks.get(done.result.task).headline)
    if identical:
        _output.notice(["identical"])
    failed = _failed(done.failures)
    if not done.complete:
        why = done.stopped or failed or "not every request was answered"
        message = f"{done.folder.path} is incomplete: {why}"
        if done.blocked:
            raise BlockedError(message, hint="mend this; then the same command continues it")
        raise IncompleteError(message, hint="the same command continues it")
    if failed:
        _output.notice([f"scored as empty: {failed}"])
    if done.result.scores and done.asked:  # said once: it takes longer than to read a recorded run
        recorded = record.read(done.folder).settings
        _output.notice(_doubts.notice(done.gold, done.result.task, recorded.data))
    return 0


def _failed(failures: Mapping[str, str]) -> str:
    """How many requests failed, and why the first did."""
    for id_, why in failures.items():
        return f"{len(failures)} requests failed for good, the one of {id_} with: {why}"
    return ""
