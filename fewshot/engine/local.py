"""Local models: the same cassette, without a prompt. A line's key covers model, decoder, text and given entities.

outcome = predict(examples, backend, cassette, kind="entities")
outcome.predictions                                                      # {"fig-1": Prediction(…), …}
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
from fewshot.records import OF_ENTITIES, Example, Kind, Prediction
from fewshot.schema import prediction_from_json, prediction_to_json


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions by example id.

    Attributes:
        predictions: One for every example.
        computed: Texts that the model read in this session.
        replayed: Examples whose prediction was already recorded.
        seconds: The time of this session.
        times: Seconds of each example, where they are recorded.
    """

    predictions: dict[str, Prediction]
    computed: int
    replayed: int
    seconds: float
    times: tuple[float, ...] = ()


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
    """Returns a prediction for every example: recorded ones from the cassettes, the others from the model.

    Each new prediction is recorded as it comes.

    Args:
        examples: Examples with the same text and given entities are predicted once.
        backend: The model.
        cassette: Where predictions are looked up first and recorded.
        kind: What the task predicts.
        reuse: A second cassette to look predictions up in; lines that are used are copied into `cassette`.
        strict: Predictions come from recordings only.
        listen: Called with the `Progress`, several times a second.

    Raises:
        ReplayError: `strict`, and a prediction is not recorded.
        DataError: A recorded prediction does not fit its text.
        RunFolderError: The cassette cannot be written.
    """
    counter = Counter(len(examples), listen)
    texts = {example.id: example.text for example in examples}
    predictions: dict[str, Prediction] = {}
    times: list[float] = []
    missing: dict[str, list[Example]] = {}  # key → examples that share it
    for example in examples:
        key = local_key(example, backend, kind)
        if key not in cassette and reuse is not None and key in reuse and not cassette.readonly:
            cassette.copy(key, reuse)
        recorded = cassette.get(key) or (reuse.get(key) if reuse is not None else None)
        if recorded is not None and recorded.prediction is not None:
            row = recorded.prediction | {"id": example.id}
            predictions[example.id] = prediction_from_json(row, kind, texts, Where(cassette.path))
            times += [] if recorded.seconds is None else [recorded.seconds]
            counter.replayed()
        else:
            missing.setdefault(key, []).append(example)
    if strict and missing:
        searched = cassette if reuse is None else reuse
        first = next(iter(missing.values()))[0].id
        raise ReplayError(
            f"{searched.path} has no prediction of {backend.name} for {first}",
            hint=f"--reuse {searched.path.parent} predicts only what is missing",
        )
    if missing:
        keys = {twins[0].id: key for key, twins in missing.items()}  # the model sees only one of equal examples
        for prediction in backend.predict([twins[0] for twins in missing.values()]):
            key = keys[prediction.id]
            row = prediction_to_json(prediction, kind)
            cassette.append_prediction(key, prediction.id, row, seconds=prediction.seconds)
            times += [] if prediction.seconds is None else [prediction.seconds]
            # Read back from JSON, so that a run and its replay score the same numbers to the last digit.
            reread = prediction_from_json(row, kind, texts)
            counter.sent()
            for example in missing[key]:
                predictions[example.id] = replace(reread, id=example.id)
                counter.answered()
    counter.tell()
    now = counter.now()
    return Predicted(predictions, now.sent, now.replayed, now.seconds, tuple(times))


def local_key(example: Example, backend: LocalBackend, kind: Kind) -> str:
    """Returns the key of a local model's line: the SHA-256 of canonical JSON of the model's digest, the text and,
    for tasks that predict roles, the given entities."""
    given: list[Any] | None = None
    if kind in OF_ENTITIES:
        given = [[span.start, span.end, span.label] for span in example.entities or ()]
    return digest({"digest": backend.digest, "text": example.text, "given": given})
