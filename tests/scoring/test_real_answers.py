"""Answers as models and servers are reported to send them (`../shared/cases`), with the value that is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot import formats, tasks
from fewshot.records import Completion, Example, Scheme
from fewshot.scoring.reading import read_answer
from fewshot.tasks import spans_of

CASES = Path(__file__).parents[3] / "shared/cases/answers.jsonl"
LINES = CASES.read_text("utf-8").split("\n") if CASES.exists() else []
ROWS: list[dict[str, Any]] = [json.loads(line) for line in LINES if line]

pytestmark = pytest.mark.skipif(not ROWS, reason="../shared/cases is not here")


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_reported_answer_is_read_for_what_it_says(row: dict[str, Any]) -> None:
    task = tasks.get(row["task"])
    labels = dict.fromkeys((*task.known_labels, *(entity["label"] for entity in row.get("entities") or ())))
    prediction = read_answer(
        Completion(row["answer"]),
        Example(row["id"], row["id"], row["text"]),
        format=formats.get(row["format"], task.kind),
        scheme=Scheme(task.kind, tuple(labels)),
        task=task,
    )
    spans = spans_of(prediction.value)
    if row.get("panels") is not None:
        panels = [(panel["start"], panel["end"], tuple(panel.get("labels") or ())) for panel in row["panels"]]
        assert [(span.start, span.end, span.labels or ()) for span in spans] == panels
    else:
        entities = sorted((entity["start"], entity["end"], entity["label"]) for entity in row["entities"])
        assert [(span.start, span.end, span.label) for span in spans] == entities
