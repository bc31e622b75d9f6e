"""What a sweep leaves: `sweep.md`, `sweep.csv`, `sweep.json`, `curves.svg`, and the page with its curves."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.report import markdown, page
from fewshot.report.comparison import Comparison
from fewshot.report.page import pictures
from fewshot.report.page.charts import alone
from fewshot.report.page.charts.curves import Crossing
from fewshot.report.page.charts.curves import Curve as Drawn
from fewshot.report.page.charts.curves import Point as Dot
from fewshot.report.page.contents import document, part
from fewshot.report.page.document import Document, Picture, letter
from fewshot.sweep import words
from fewshot.sweep.curves import Curve, Learned


def write(found: Learned, compared: Comparison, out: Path) -> None:
    """Writes everything. `compared`: the systems that the page shows in detail.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    said = words.sentences(found)
    text = "\n\n".join([markdown.text(words.table(found), {}), *map(markdown.escaped, said)]) + "\n"
    drawn = picture(found)
    texts = {
        "sweep.md": text,
        "sweep.csv": _csv(found),
        "sweep.json": json.dumps(to_json(found), ensure_ascii=False, indent=1) + "\n",
        "curves.svg": alone(drawn.svg),
    }
    for name, content in texts.items():
        files.write(out / name, content, error=RunFolderError)
    page.write(shown(compared, drawn, said), out / page.NAME)


def shown(compared: Comparison, drawn: Picture, said: list[str]) -> Document:
    """Returns the page: that of a comparison, with the curves and what they say first."""
    whole = document([], title="How many labels until fine-tuning wins?")
    one = part(compared, when=[drawn])
    return replace(whole, parts=[replace(one, verdict=[*said, *one.verdict])])


def picture(found: Learned) -> Picture:
    """Returns the learning curves, with the crossover of the model that wins first."""
    curves = [*found.shown, *found.trained]  # in the order of the table: letters agree
    drawn = [_drawn(curve, letter(place)) for place, curve in enumerate(curves)]
    first = found.crossovers.get(found.earliest or "")
    crossing = None
    if first is not None and first.size is not None:
        low, high = (end.size for end in (first.gaps[0], first.gaps[-1]))
        known = first.why is None
        crossing = Crossing(
            first.size,
            (first.low if first.low is not None else low) if known else None,
            (first.high if first.high is not None else high) if known else None,
            words.estimate(first),
            found.level.points[0].fold.mean if found.level is not None else None,
        )
    unit = f"labelled {words.unit(found)} at a system's disposal"
    return pictures.learning_curves(drawn, found.score, unit=unit, crossing=crossing)


def _drawn(curve: Curve, sign: str) -> Drawn:
    dots = [
        Dot(float(point.size), point.fold.mean, point.fold.interval.low, point.fold.interval.high)
        for point in curve.points
    ]
    return Drawn(sign, curve.title, dots, kind=curve.kind, level=curve.kind != "local")


def to_json(found: Learned) -> dict[str, Any]:
    """Returns everything, unrounded."""
    return {
        "task": found.comparison.task.name,
        "score": found.score,
        "level": None if found.level is None else found.level.name,
        "curves": [
            {
                "system": curve.name,
                "kind": curve.kind,
                "points": [
                    {
                        "labelled": point.size,
                        "score": point.fold.mean,
                        "low": point.fold.interval.low,
                        "high": point.fold.interval.high,
                        "deviation_over_seeds": point.fold.deviation,
                        "seeds": point.fold.seeds,
                        "runs": [str(run.folder.path) for run in point.row.runs],
                    }
                    for point in curve.points
                ],
            }
            for curve in (*found.shown, *found.trained)
        ],
        "crossovers": {name: asdict(one) for name, one in found.crossovers.items()},
        "program": None if found.program is None else found.program.name,
        "past_the_program": {name: asdict(one) for name, one in found.past_the_program.items()},
        "missing": found.missing,
        "sentences": words.sentences(found),
    }


def _csv(found: Learned) -> str:
    import pandas as pd

    rows = [
        {"system": curve["system"], "kind": curve["kind"], **{k: v for k, v in point.items() if k != "runs"}}
        for curve in to_json(found)["curves"]
        for point in curve["points"]
    ]
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
