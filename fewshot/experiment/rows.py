"""What stands in the files of a run folder, checked: the folder may be someone else's."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from fewshot.cassette import sharing
from fewshot.errors import Where
from fewshot.records import Kind, Prediction
from fewshot.schema import prediction_from_json
from fewshot.scoring import Scores


def scores_from_json(row: object) -> Scores:
    """The scores in a JSON value. The folder may be someone else's, so every type is checked.

    Raises:
        KeyError, TypeError: a value is missing, or of another type.
    """
    if not isinstance(row, dict):
        raise TypeError("it is not an object")
    kinds: dict[str, tuple[type, ...]] = {
        "task": (str,), "signature": (dict,), "complete": (bool,), "n": (int,), "failed": (int,), "scores": (dict,),
    }  # fmt: skip
    values = {key: row[key] for key in Scores.__dataclass_fields__}
    for key, kind in kinds.items():
        if not isinstance(values[key], kind) or (kind == (int,) and isinstance(values[key], bool)):
            raise TypeError(f"{key} must be {kind[0].__name__}, not {str(values[key])[:40]!r}")
    labels, shots = values["signature"].get("labels"), values["signature"].get("shots")
    if labels is not None and not (isinstance(labels, list) and all(isinstance(label, str) for label in labels)):
        raise TypeError(f"signature.labels must be a list of names, not {str(labels)[:40]!r}")
    if isinstance(shots, dict) and any(isinstance(n, bool) or not isinstance(n, int | float) for n in shots.values()):
        raise TypeError(f"signature.shots must hold numbers, not {str(shots)[:40]!r}")
    for name, value in values["scores"].items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise TypeError(f"the score {name[:40]} must be a number, not {str(value)[:40]!r}")
    return Scores(**values)


def prediction_at(row: dict[str, Any], kind: Kind, texts: Mapping[str, str], where: Where) -> Prediction:
    """A line of `predictions.jsonl`, its output, problems and fidelity checked as well."""
    output, problems, fidelity = row.get("output"), row.get("problems"), row.get("fidelity")
    outputs = output if isinstance(output, list) else [] if output is None else [output]
    if not all(isinstance(text, str) for text in outputs):
        where.fail("output must be a string or a list of strings")
    if problems is not None and not (
        isinstance(problems, dict) and all(isinstance(n, int) and not isinstance(n, bool) for n in problems.values())
    ):
        where.fail("problems must be counts by kind")
    if fidelity is not None and (isinstance(fidelity, bool) or not isinstance(fidelity, int | float)):
        where.fail("fidelity must be a number")
    return prediction_from_json(row, kind, texts, where)


def request_at(row: dict[str, Any], where: Where, parts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The recorded request of a line, made whole of the `parts` before it, and checked as far as it is shown."""
    request = row.get("request")
    if request is None:
        return None
    if sharing.is_short(request):
        try:
            request = sharing.whole(request, parts.get)
        except ValueError as error:
            where.fail(str(error))
    turns = request.get("turns", []) if isinstance(request, dict) else None
    if not isinstance(turns, list) or not all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in turns
    ):
        where.fail("request must be an object with turns of role and content")
    return dict(request)
