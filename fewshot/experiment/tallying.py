"""The counts of a finished run: those of `tallies.json`, or, where an older run has none, counted anew."""

from __future__ import annotations

from fewshot import tasks
from fewshot.errors import RunFolderError
from fewshot.experiment.answers import Answers
from fewshot.experiment.folder import TALLIES, RunFolder
from fewshot.experiment.plan import Plan
from fewshot.experiment.signature import Signature
from fewshot.scoring import Scores, tallies
from fewshot.scoring.tallies import Tallies


def tallies_of(folder: RunFolder, result: Scores) -> Tallies | None:
    """Returns the counts behind the scores of a run folder; `None` if its task keeps none.

    Without `tallies.json` they are counted anew from `gold.jsonl` and `predictions.jsonl`.

    Raises:
        RunFolderError: the file is broken, or is not that of these scores.
    """
    if folder.holds(TALLIES):
        kept = folder.tallies()
        if kept.task != result.task or any(kept.scores().get(name) != value for name, value in result.scores.items()):
            raise RunFolderError(
                f"{folder.path / TALLIES} holds other counts than those of scores.json",
                hint="remove it: they are counted anew from gold.jsonl and predictions.jsonl",
            )
        return kept
    task, signature = tasks.get(result.task), Signature.of(result)
    examples = folder.examples()
    return tallies.count(
        task,
        examples,
        folder.predictions(task.kind, examples),
        labels=signature.labels,
        grouped=signature.values.get("groups") == "given",
    )


def counted(plan: Plan, answers: Answers) -> Tallies | None:
    """Returns the counts of a run's answers; `None` if the task keeps none."""
    return tallies.count(
        plan.task, plan.examples, answers.predictions, labels=plan.question.labels, grouped=plan.grouped
    )
