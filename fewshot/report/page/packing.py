"""Examples as numbers, so that thousands of spans fit into a page; `assets/data.js` makes the same records of them.

    {"value": [{"start": 4, "end": 7, "label": "GENEPROD"}, {"start": 12, "end": 16, "label": "GENEPROD"}]}
    {"value": [4, 3, 0, 5, 4, 0]}        and  features: [{"label": "GENEPROD"}]

A span is three numbers: the gap to the one before, its length, and which of the part's features it has (label, role,
letters, how it was grounded). Confidences stand beside the spans, in thousandths. A fault names its parts by their
places in the gold value and in the answer; a name without a place is counted behind the answer's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fewshot.report.page.document import FAULTS

_KINDS = {kind: place for place, kind in enumerate(FAULTS)}
_Json = Mapping[str, Any]


class Packer:
    """Packs the examples of one part; `features` grows with them."""

    def __init__(self) -> None:
        self.features: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}

    def packed(self, example: _Json) -> dict[str, Any]:
        """Returns an example of `examples.examples` with its values and faults as numbers."""
        gold = example["gold"]
        answers = [
            {**answer, **self._value(answer["value"]), "faults": _faults(answer, gold)} for answer in example["answers"]
        ]
        return {**example, "gold": self._value(gold)["value"], "answers": answers}

    def _value(self, value: Any) -> dict[str, Any]:
        """A value under its key, and beside it the confidences, if it has some. A hypothesis stays as it is."""
        if not isinstance(value, list):
            return {"value": value}
        numbers: list[int] = []
        end = 0
        for span in value:
            numbers += [span["start"] - end, span["end"] - span["start"], self._feature(span)]
            end = span["end"]
        sure = [round(1000 * span["confidence"]) if "confidence" in span else None for span in value]
        return {"value": numbers} | ({"sure": sure} if any(one is not None for one in sure) else {})

    def _feature(self, span: _Json) -> int:
        feature = {key: item for key, item in span.items() if key not in ("start", "end", "confidence")}
        key = repr(feature)
        if key not in self._places:
            self._places[key] = len(self.features)
            self.features.append(feature)
        return self._places[key]


def _faults(answer: _Json, gold: Any) -> list[list[Any]]:
    """Faults as `[kind, places in gold, places in the answer]`, with a 0 behind them where no score counts them."""
    ours, theirs = _places(gold), _places(answer["value"])
    unplaced = {(member["label"], member["text"]): place for place, member in enumerate(answer["unplaced"])}
    found = []
    for fault in answer["faults"]:
        predicted = [
            theirs[_key(part)] if _key(part) in theirs else len(theirs) + unplaced[part["label"], part["text"]]
            for part in fault["predicted"]
        ]
        row = [_KINDS[fault["kind"]], [ours[_key(part)] for part in fault["gold"]], predicted]
        found.append(row if fault["scored"] else [*row, 0])
    return found


def _places(value: Any) -> dict[tuple[Any, ...], int]:
    return {_key(part): place for place, part in enumerate(_parts(value))}


def _parts(value: Any) -> Sequence[_Json]:
    """The parts of a value in order; those of a hypothesis with their role."""
    if isinstance(value, Mapping):
        return [{**member, "role": role} for role, members in value.items() for member in members]
    return value or []


def _key(part: _Json) -> tuple[Any, ...]:
    """What tells a part from others of its value: where it lies, or which name it is."""
    if "start" in part:
        return part["start"], part["end"]
    return part.get("role"), part["label"], part["text"]
