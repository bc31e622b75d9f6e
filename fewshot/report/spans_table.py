"""All spans of a run as rows, gold and predicted, with their words: what `fewshot export` writes and pandas shows.

    id     group    label     text         start  end  side       status          confidence  match
    fig-3  10.1/x   GENEPROD  p53          20     23   both       right           0.97        exact
    fig-3  10.1/x   GENEPROD  p53 protein  40     51   predicted  wrong_boundary
    fig-3  10.1/x   GENEPROD  p53          40     43   gold       wrong_boundary

`side` says where a row comes from: `both` (right), `gold`, `predicted`. Rows with `side` other than `gold` are the
prediction, rows with `side` other than `predicted` the gold. `status` is `right`, a kind of fault
(`fewshot.scoring.faults`), or `predicted` where nothing is labelled. A name without a place in the text, and a member
of a hypothesis, has no offsets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fewshot.records import Example, Hypothesis, Prediction, Span
from fewshot.report.inspection import Inspection
from fewshot.report.marking import PREDICTED, RIGHT, name_of
from fewshot.scoring.faults import Part

Side = Literal["both", "gold", "predicted"]


@dataclass(frozen=True, slots=True)
class SpanRow:
    """One span of one legend; `letters` are those of a panel."""

    id: str
    group: str
    label: str
    role: str | None
    letters: str | None
    text: str
    start: int | None
    end: int | None
    side: Side
    status: str
    confidence: float | None
    match: str | None

    def to_json(self) -> dict[str, Any]:
        """The row as JSON, keys in the order of the columns."""
        return asdict(self)


COLUMNS = tuple(SpanRow.__dataclass_fields__)


def rows(inspection: Inspection) -> Iterator[SpanRow]:
    """Yields the rows of a run: legends in the order of the data, spans in the order of the text."""
    for id_, example in inspection.examples.items():
        prediction = inspection.predictions.get(id_)
        answered = inspection.answered(id_)
        facts = _facts(prediction)
        if answered is None:
            found = [_row(example, part, "predicted", PREDICTED, facts) for part in predicted(example, prediction)]
        else:
            found = [_row(example, part, "both", RIGHT, facts) for part in answered.hits]
            for fault in answered.faults:
                found += [_row(example, part, "gold", fault.kind, {}) for part in fault.gold]
                found += [_row(example, part, "predicted", fault.kind, facts) for part in fault.predicted]
        yield from sorted(found, key=lambda row: (row.start is None, row.start or 0, row.end or 0))


_Facts = Mapping[int, Span]


def _facts(prediction: Prediction | None) -> _Facts:
    """The predicted spans by their start, for confidence and match. No two of a value share a character; the end of a
    panel is cut before a tail in scoring, so that it is not always that of the prediction."""
    if prediction is None or isinstance(prediction.value, Hypothesis):
        return {}
    return {span.start: span for span in prediction.value}


def predicted(example: Example, prediction: Prediction | None) -> list[Part]:
    """Returns what was predicted for an example, in parts; nothing if its request failed."""
    if prediction is None:
        return []
    if isinstance(prediction.value, Hypothesis):
        return [Part.of_member(member, role) for role, members in prediction.value.roles() for member in members]
    return [Part.of_span(span, example.text) for span in prediction.value]


def _row(example: Example, part: Part, side: Side, status: str, facts: _Facts) -> SpanRow:
    span = None if part.start is None else facts.get(part.start)
    return SpanRow(
        id=example.id,
        group=example.group,
        label=part.label,
        role=part.role,
        letters=None if part.letters is None else name_of(part),
        text=part.text,
        start=part.start,
        end=part.end,
        side=side,
        status=status,
        confidence=span.confidence if span is not None else None,
        match=span.match if span is not None else None,
    )
