"""The run folder: what a run leaves behind, and all that a replay, a comparison or a report needs.

    runs/rules-panelization-3shot-1f2e3d4c/
      run.toml              every setting, what it resolved to, digests, versions, when and how long
      gold.jsonl            the examples of the run as read
      demonstrations.jsonl  the examples that prompts showed
      entities.jsonl        the entities that were given (roles end to end), copied from their run
      responses.jsonl       the cassette (fewshot/cassette.py)
      predictions.jsonl     a line an example, in data order
      scores.json           scores and the signature that makes them comparable

Predictions and scores carry no clock time, so that a replay writes the same bytes.
"""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot.errors import DataError, RunFolderError, Where
from fewshot.experiment.settings import Settings, without_credentials
from fewshot.files import encoded
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

    def create(self) -> None:
        """Makes the folder.

        Raises:
            RunFolderError: it holds other things than a run, or cannot be written.
        """
        if self.path.exists() and not self.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise RunFolderError(f"{self.path} is there and is no run folder", hint="choose another --out")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"cannot make {self.path}: {error.strerror}", hint="choose another --out") from None

    def write_run(self, table: Mapping[str, Any]) -> None:
        """`run.toml`. Credentials in URLs are left out."""
        import tomli_w

        self._replace(RUN, tomli_w.dumps(_without_credentials(table)))

    def write_examples(self, name: str, examples: Iterable[Example]) -> None:
        """`gold.jsonl` or `demonstrations.jsonl`."""
        self._replace(name, _jsonl(map(example_to_json, examples)))

    def write_predictions(self, predictions: Sequence[Prediction], kind: Kind) -> None:
        """`predictions.jsonl`, in the order given (that of the data)."""
        self._replace(PREDICTIONS, predictions_text(predictions, kind))

    def write_scores(self, scores: Scores) -> None:
        """`scores.json`."""
        self._replace(SCORES, scores_text(scores))

    def run(self) -> dict[str, Any]:
        """What `run.toml` says.

        Raises:
            RunFolderError: there is none, or it cannot be read.
        """
        text = self.text(RUN)
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RunFolderError(f"{self.path / RUN}: {error}") from None

    def settings(self) -> Settings:
        """The settings the run was asked for."""
        return Settings.from_toml(self.run().get("settings", {}))

    def examples(self, name: str = GOLD) -> list[Example]:
        """The examples of `gold.jsonl` or `demonstrations.jsonl`."""
        return [example_from_json(row, where) for row, where in self._rows(name)]

    def texts(self) -> dict[str, str]:
        """The texts of `gold.jsonl` by id, without looking at what is marked in them."""
        return {str(row.get("id")): str(row.get("text")) for row, _ in self._rows(GOLD)}

    def predictions(self, kind: Kind, examples: Iterable[Example]) -> list[Prediction]:
        """The predictions, read against the texts they are about."""
        texts = {example.id: example.text for example in examples}
        return [prediction_from_json(row, kind, texts, where) for row, where in self._rows(PREDICTIONS)]

    def spans(self, name: str, examples: Iterable[Example]) -> dict[str, tuple[Span, ...]]:
        """Predicted entities by id, of those examples that both sides have."""
        texts = {example.id: example.text for example in examples}
        rows = ((row, where) for row, where in self._rows(name) if row.get("id") in texts)
        found = (prediction_from_json(row, "entities", texts, where) for row, where in rows)
        return {p.id: p.value for p in found if isinstance(p.value, tuple)}

    def write_entities(self, entities: Mapping[str, tuple[Span, ...]]) -> None:
        """`entities.jsonl`."""
        rows = (Prediction(id=key, value=spans) for key, spans in entities.items())
        self._replace(ENTITIES, predictions_text(rows, "entities"))

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
        found = [row for row, _ in rows if row.get("id") == id] or [row for row, _ in rows if row.get("id") in same]
        return found[-1].get("request") if found else None

    def text(self, name: str) -> str:
        """The text of a file of the folder.

        Raises:
            RunFolderError: it is not there.
        """
        try:
            return (self.path / name).read_text("utf-8")
        except FileNotFoundError:
            what = "holds an unfinished run" if self.exists() else "is no run folder"
            raise RunFolderError(
                f"{self.path} {what} ({name} is missing)", hint="`fewshot run` makes and continues one"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise RunFolderError(f"cannot read {self.path / name}: {error}") from None

    def _rows(self, name: str) -> Iterable[tuple[dict[str, Any], Where]]:
        import jsonlines

        path = self.path / name
        reader = jsonlines.Reader(io.StringIO(self.text(name)))
        try:
            for number, row in enumerate(reader.iter(type=dict), 1):
                yield row, Where(path, number)
        except jsonlines.InvalidLineError as error:
            raise DataError("not a JSON object", path=path, line=error.lineno) from None

    def _replace(self, name: str, text: str) -> None:
        """Writes a file whole or not at all: a crash leaves the old one."""
        path = self.path / name
        beside = path.with_name(f".{name}.new")
        try:
            beside.write_text(text, "utf-8", newline="\n")
            beside.replace(path)
        except OSError as error:
            raise RunFolderError(f"cannot write {path}: {error.strerror}") from None


def predictions_text(predictions: Iterable[Prediction], kind: Kind) -> str:
    """The exact text of `predictions.jsonl`."""
    return _jsonl(prediction_to_json(prediction, kind) for prediction in predictions)


def scores_text(scores: Scores) -> str:
    """The exact text of `scores.json`."""
    return json.dumps(scores.to_json(), ensure_ascii=False, indent=2) + "\n"


def _jsonl(rows: Iterable[Mapping[str, Any]]) -> str:
    import jsonlines

    text = io.StringIO()
    with jsonlines.Writer(text, dumps=encoded) as writer:
        writer.write_all(rows)
    return text.getvalue()


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_credentials(item) for key, item in value.items() if item is not None}
    return without_credentials(value) if isinstance(value, str) else value
