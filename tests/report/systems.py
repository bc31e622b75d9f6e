"""Run folders of invented systems: each answers each entity of an invented corpus rightly with a given probability.

The answers are scored by the package; who gave them, what that cost and how long it took is then written into the
folder, so that a test needs no server, no model and no clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from fewshot.experiment import record
from fewshot.experiment.external import evaluate
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.usage import Usage
from fewshot.records import Training

NAMES = ("p53", "p21", "myc", "src")
LABELS = ("GENEPROD", "TISSUE")

ENDPOINT = "https://api.example.org/v1/chat/completions"
PROMPTED: Mapping[str, Any] = {
    "backend": "gpt3", "model": "gpt-6", "endpoint": ENDPOINT, "api": "chat", "format": "list", "prompt": "0a1b2c3d",
    "shots": {"asked": 3, "mean": 3.0, "least": 3}, "selector": "nearest", "labelled": 60, "temperature": 0.0,
    "max_tokens": "auto",
}  # fmt: skip
LOCAL: Mapping[str, Any] = {
    "backend": "local", "model": "models/tiny-tagger", "decoder": "00112233:labels", "format": "labels",
    "labelled": 3060, "shots": None,
}  # fmt: skip
PROGRAM: Mapping[str, Any] = {"backend": "rules", "model": "rules-2", "format": "list", "prompt": "0a1b2c3d"}


def corpus(articles: int, legends: int = 3, *, grouped: bool = True) -> list[dict[str, Any]]:
    """Legends with four entities each."""
    text = f"Blot of {', '.join(NAMES)}."
    entities = [
        {"start": text.index(name), "end": text.index(name) + len(name), "label": LABELS[at % 2]}
        for at, name in enumerate(NAMES)
    ]
    return [
        {"id": f"a{article}-f{legend}", "text": text, "entities": entities}
        | ({"group": f"10.1000/a{article}"} if grouped else {})
        for article in range(articles)
        for legend in range(legends)
    ]


def write(rows: Iterable[Mapping[str, Any]], path: str) -> None:
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@dataclass(frozen=True, kw_only=True)
class System:
    """A system. `right`: the probability that it finds an entity; `draw`: of its answers; `signature`: who it is."""

    right: float
    draw: int = 0
    signature: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    training: Training = field(default_factory=Training)

    def run(self, out: str, data: str = "gold.jsonl") -> Path:
        """Its finished run folder."""
        gold = [json.loads(line) for line in Path(data).read_text("utf-8").splitlines()]
        random = Random(self.draw)
        answers = [
            {"id": row["id"], "entities": [one for one in row["entities"] if random.random() < self.right]}
            for row in gold
        ]
        write(answers, f"{out}.answers.jsonl")
        folder = evaluate("ner", data=data, predictions=f"{out}.answers.jsonl", out=out).folder
        scores = folder.scores()
        folder.write_scores(replace(scores, signature={**scores.signature, **self.signature}))
        recorded = record.read(folder)
        model = str(self.signature.get("model", recorded.plan.model))
        plan = replace(recorded.plan, model=model)
        usage = Usage(**{key: value for key, value in asdict(self.usage).items() if value is not None})
        record.write(folder, replace(recorded, plan=plan, usage=usage, training=self.training))
        return folder.path


def without_tallies(path: Path) -> None:
    """Makes a run folder one of an older version."""
    (RunFolder(path).path / "tallies.json").unlink()
