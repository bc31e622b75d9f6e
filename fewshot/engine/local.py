"""Local models: the same cassette, no prompt. A line's key is model and decoder, text, and given entities.

found = predict(examples, backend, cassette, kind="entities")
    found.predictions                                                        # {"fig-1": Prediction(…), …}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fewshot.backends import LocalBackend
from fewshot.cassette import Cassette
from fewshot.engine.progress import Counter, Progress
from fewshot.errors import ReplayError, Where
from fewshot.files import digest
from fewshot.records import Example, Kind, Prediction
from fewshot.schema import prediction_from_json, prediction_to_json


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions by id. `asked`: texts that the model read in this session, in `seconds` all told."""

    predictions: dict[str, Prediction]
    asked: int
    replayed: int
    seconds: float


def predict(
    examples: Sequence[Example],
    backend: LocalBackend,
    cassette: Cassette,
    *,
    kind: Kind,
    reuse: Cassette | None = None,
    strict: bool = False,
    listen: Callable[[Progress], None] | None = None,
) -> Predicted:
    """Predictions by id: the recorded ones from the cassette (or from `reuse`), the others from the model, each
    recorded as it comes. `strict`: from recordings only.

    Raises:
        ReplayError: `strict`, and one is not recorded.
        DataError: a recorded prediction does not fit its text.
        RunFolderError: the cassette cannot be written.
    """
    counter = Counter(len(examples), listen)
    texts = {example.id: example.text for example in examples}
    found: dict[str, Prediction] = {}
    missing: dict[str, list[Example]] = {}
    for example in examples:
        name = local_key(example, backend, kind)
        if name not in cassette and reuse is not None and name in reuse and not cassette.readonly:
            cassette.copy(name, reuse)
        recorded = cassette.get(name) or (reuse.get(name) if reuse is not None else None)
        if recorded is not None and recorded.prediction is not None:
            row = recorded.prediction | {"id": example.id}
            found[example.id] = prediction_from_json(row, kind, texts, Where(cassette.path))
            counter.replayed()
        else:
            missing.setdefault(name, []).append(example)
    if strict and missing:
        tape = cassette if reuse is None else reuse
        first = next(iter(missing.values()))[0].id
        raise ReplayError(
            f"{tape.path} has no prediction of {backend.name} for {first}",
            hint=f"--reuse {tape.path.parent} predicts only what is missing",
        )
    if missing:
        names = {alike[0].id: name for name, alike in missing.items()}
        for prediction in backend.predict([alike[0] for alike in missing.values()]):
            name = names[prediction.id]
            row = prediction_to_json(prediction, kind)
            cassette.append_prediction(name, prediction.id, row)
            # Read back, so that a run and its replay see the same to the last digit.
            read = prediction_from_json(row, kind, texts)
            counter.asked()
            for example in missing[name]:
                found[example.id] = replace(read, id=example.id)
                counter.answered()
    counter.tell()
    now = counter.now()
    return Predicted(found, now.asked, now.replayed, now.seconds)


def local_key(example: Example, backend: LocalBackend, kind: Kind) -> str:
    """The key of a local line: SHA-256 of canonical JSON of the model's digest, the text and, where roles are
    asked for, the entities whose roles they are."""
    given: list[Any] | None = None
    if kind == "roles":
        given = [[span.start, span.end, span.label] for span in example.entities or ()]
    return digest({"digest": backend.digest, "text": example.text, "given": given})
