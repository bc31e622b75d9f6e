"""Whether a replay gives what was recorded, byte for byte; and what another version of our scoring moved."""

from __future__ import annotations

from itertools import zip_longest

from fewshot.errors import ReplayError
from fewshot.experiment.answers import Answers
from fewshot.experiment.folder import PREDICTIONS, SCORES, RunFolder, predictions_text, scores_text
from fewshot.experiment.plan import Plan
from fewshot.scoring import Scores


def check_scoring(folder: RunFolder, plan: Plan, answers: Answers, scores: Scores) -> None:
    """Refuses to compare with scores of another version of our scoring.

    Raises:
        ReplayError: `scoring 1 → 2: …`, with what moved.
    """
    moved = movement(folder, plan, answers, scores)
    if moved:
        raise ReplayError(moved, hint=f"`fewshot rescore {folder.path}` scores the recorded answers anew")


def movement(folder: RunFolder, plan: Plan, answers: Answers, scores: Scores) -> str | None:
    """`scoring 1 → 2: …`: what another version of our scoring moved; `None`: the recorded scores are of this one."""
    recorded = folder.scores()
    before, now = (one.signature.get("scoring") for one in (recorded, scores))
    if before == now:
        return None
    lines = folder.text(PREDICTIONS).rstrip("\n").split("\n")  # not `splitlines`: JSON may hold U+2028 as it is
    texts = predictions_text(answers.predictions, plan.task.kind).rstrip("\n").split("\n")
    changed = sum(a != b for a, b in zip_longest(lines, texts))
    moved = [
        f"{name} {recorded.scores[name]:.3f} → {scores.scores[name]:.3f}"
        for name in plan.task.headline
        if name in recorded.scores and name in scores.scores and recorded.scores[name] != scores.scores[name]
    ]
    parts = [f"{changed} of {len(texts)} predictions differ", *(moved or ["no headline score moved"])]
    return f"scoring {before} → {now}: {'; '.join(parts)}"


def compare(folder: RunFolder, plan: Plan, answers: Answers, scores: Scores) -> None:
    """Compares predictions and scores with the recorded ones, byte for byte.

    Raises:
        ReplayError: they differ; shows the first difference.
    """
    for name, replayed in (
        (PREDICTIONS, predictions_text(answers.predictions, plan.task.kind)),
        (SCORES, scores_text(scores)),
    ):
        recorded = folder.text(name)
        if recorded == replayed:
            continue
        if recorded.count("\n") != replayed.count("\n"):
            before, now = recorded.count("\n"), replayed.count("\n")
            raise ReplayError(f"{folder.path / name} differs: recorded {before} lines and replayed {now}")
        pairs = zip(recorded.split("\n"), replayed.split("\n"), strict=True)
        line, old, new = next((i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b)
        at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        near = slice(max(0, at - 30), at + 40)  # characters around the difference: enough to find it in the file
        raise ReplayError(f"{folder.path / name}:{line} differs: recorded …{old[near]}… and replayed …{new[near]}…")
