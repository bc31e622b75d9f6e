"""The run folder: what a run leaves behind, and all that a replay, a comparison or a report needs.

    runs/rules-panelization-3shot-1f2e3d4c/
      run.toml              every setting, what it resolved to, digests, versions, when and how long (`record`)
      gold.jsonl            the examples of the run as read
      demonstrations.jsonl  the examples that prompts showed
      entities.jsonl        the entities that were given (roles end to end), copied from their run
      responses.jsonl       the cassette (fewshot/cassette)
      predictions.jsonl     a line an example, in data order
      scores.json           scores and the signature that makes them comparable

Predictions and scores carry no clock time, so that a replay writes the same bytes.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot import files
from fewshot.errors import RunFolderError, Where
from fewshot.records import Example, Kind, Prediction, Span
from fewshot.schema import example_from_json, example_to_json, prediction_from_json, prediction_to_json
from fewshot.scoring import Scores

RUN, GOLD, DEMONSTRATIONS = "run.toml", "gold.jsonl", "demonstrations.jsonl"
RESPONSES, PREDICTIONS, SCORES = "responses.jsonl", "predictions.jsonl", "scores.json"
ENTITIES = "entities.jsonl"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One folder under `runs/`. Nothing is read before it is asked for."""

    path: Path

    @property
    def responses(self) -> Path:
        """The cassette's file."""
        return self.path / RESPONSES

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / RUN).exists()

    def holds(self, name: str) -> bool:
        """Whether a file of the folder is there."""
        return (self.path / name).exists()

    def create(self) -> None:
        """Makes the folder.

        Raises:
            RunFolderError: it holds other things than a run, or cannot be written.
        """
        if self.path.exists() and not self.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise RunFolderError(f"{self.path} exists but is not a run folder", hint="choose another --out")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"cannot make {self.path}: {error.strerror}", hint="choose another --out") from None

    def toml(self) -> dict[str, Any]:
        """The tables of `run.toml`, unchecked (`record.read` checks them).

        Raises:
            RunFolderError: there is none, or it is not TOML.
        """
        text = self.text(RUN)
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RunFolderError(f"{self.path / RUN}: {error}") from None

    def write_toml(self, table: Mapping[str, Any]) -> None:
        """Writes `run.toml`."""
        import tomli_w

        self._write(RUN, tomli_w.dumps(table))

    def write_examples(self, name: str, examples: Iterable[Example]) -> None:
        """Writes `gold.jsonl` or `demonstrations.jsonl`."""
        self._write(name, files.json_lines(map(example_to_json, examples)))

    def write_predictions(self, predictions: Sequence[Prediction], kind: Kind) -> None:
        """Writes `predictions.jsonl`, in the order given (that of the data)."""
        self._write(PREDICTIONS, predictions_text(predictions, kind))

    def write_entities(self, entities: Mapping[str, tuple[Span, ...]]) -> None:
        """Writes `entities.jsonl`."""
        rows = (Prediction(id=key, value=spans) for key, spans in entities.items())
        self._write(ENTITIES, predictions_text(rows, "entities"))

    def write_scores(self, scores: Scores) -> None:
        """Writes `scores.json`."""
        self._write(SCORES, scores_text(scores))

    def examples(self, name: str = GOLD) -> list[Example]:
        """The examples of `gold.jsonl` or `demonstrations.jsonl`."""
        return [example_from_json(row, where) for row, where in self._rows(name)]

    def predictions(self, kind: Kind, examples: Iterable[Example]) -> list[Prediction]:
        """The predictions, read against the texts they are about."""
        texts = {example.id: example.text for example in examples}
        return [prediction_from_json(row, kind, texts, where) for row, where in self._rows(PREDICTIONS)]

    def spans(self, name: str, examples: Iterable[Example]) -> dict[str, tuple[Span, ...]]:
        """Predicted entities by id, of those examples that both sides have."""
        texts = {example.id: example.text for example in examples}
        rows = ((row, where) for row, where in self._rows(name) if row.get("id") in texts)
        predictions = (prediction_from_json(row, "entities", texts, where) for row, where in rows)
        return {p.id: p.value for p in predictions if isinstance(p.value, tuple)}

    def scores(self) -> Scores:
        """What `scores.json` says.

        Raises:
            RunFolderError: there is none (the run was not finished), or it is broken.
        """
        try:
            row = json.loads(self.text(SCORES))
            return Scores(**{key: row[key] for key in Scores.__dataclass_fields__})
        except (ValueError, KeyError, TypeError) as error:
            raise RunFolderError(f"{self.path / SCORES} is broken: {error}", hint="run it again") from None

    def shown(self) -> dict[str, tuple[str, ...]]:
        """For each example the ids of the demonstrations that its recorded prompt showed."""
        rows = self._rows(RESPONSES) if self.responses.exists() else ()
        return {row["id"]: tuple(row.get("demonstrations", ())) for row, _ in rows if "id" in row}

    def recorded_request(self, id: str) -> dict[str, Any] | None:
        """The request that was last recorded for an example, as `responses.jsonl` has it.

        Two examples with the same text may share a request: it stands there under the id of the first.
        """
        texts = {example.id: example.text for example in self.examples()}
        same = {other for other, text in texts.items() if text == texts.get(id)} | {id}
        rows = list(self._rows(RESPONSES)) if self.responses.exists() else []
        own = [row for row, _ in rows if row.get("id") == id] or [row for row, _ in rows if row.get("id") in same]
        return own[-1].get("request") if own else None

    def text(self, name: str) -> str:
        """The text of a file of the folder.

        Raises:
            RunFolderError: it is not there, or cannot be read.
        """
        try:
            return (self.path / name).read_text("utf-8")
        except FileNotFoundError:
            what = "holds an unfinished run" if self.exists() else "is not a run folder"
            raise RunFolderError(
                f"{self.path} {what} ({name} is missing)", hint="`fewshot run` makes and continues one"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise RunFolderError(f"cannot read {self.path / name}: {error}") from None

    def _rows(self, name: str) -> Iterator[tuple[dict[str, Any], Where]]:
        path = self.path / name
        for number, row in files.json_objects(self.text(name).splitlines(keepends=True), path):
            yield row, Where(path, number)

    def _write(self, name: str, text: str) -> None:
        files.write(self.path / name, text, error=RunFolderError)


def predictions_text(predictions: Iterable[Prediction], kind: Kind) -> str:
    """The exact text of `predictions.jsonl`."""
    return files.json_lines(prediction_to_json(prediction, kind) for prediction in predictions)


def scores_text(scores: Scores) -> str:
    """The exact text of `scores.json`."""
    return json.dumps(scores.to_json(), ensure_ascii=False, indent=2) + "\n"
