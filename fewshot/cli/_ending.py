"""How a run ends on screen: its scores, or why it is incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fewshot.cli import _doubts, _output, _terminal
from fewshot.errors import BlockedError, IncompleteError

if TYPE_CHECKING:
    from fewshot.experiment.running import EndedRun


def shown(
    done: EndedRun, *, as_json: bool = False, identical: bool = False, doubts: _doubts.Beside | None = None
) -> int:
    """Prints the scores of a run; returns the exit code. `identical`: says that a replay is. `doubts`: has looked at
    gold already.

    Raises:
        IncompleteError: it is incomplete; says why.
    """
    from fewshot import tasks

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
    _output.notice((doubts or _doubts.Beside()).of(done))
    return 0


def _failed(failures: Mapping[str, str]) -> str:
    """How many requests failed, and why the first did."""
    for id_, why in failures.items():
        return f"{len(failures)} requests failed for good, the one of {id_} with: {why}"
    return ""
