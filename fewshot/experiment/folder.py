"""The run folder: what a run leaves behind, and all that a replay, a comparison or a report needs.

    runs/rules-panelization-3shot-1f2e3d4c/
      run.toml              every setting, what it resolved to, digests, versions, when and how long (`record`)
      gold.jsonl            the examples of the run as read
      demonstrations.jsonl  the examples that prompts showed
      entities.jsonl        the entities that were given (roles end to end), copied from their run
      responses.jsonl       the cassette (fewshot/cassette)
      predictions.jsonl     a line an example, in data order
      tallies.json          the counts behind the scores, by article (fewshot/scoring/tallies)
      batch.json, batches/  of a run through a Batch endpoint: what was submitted (fewshot/engine/batch/state)
      scores.json           scores and the signature that makes them comparable; written last: it says "done"

Predictions and scores carry no clock time, so that a replay writes the same bytes.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewshot import files
from fewshot.cassette import sharing
from fewshot.engine.batch import state
from fewshot.errors import RunFolderError, Where
from fewshot.experiment.rows import prediction_at, request_at, scores_from_json
from fewshot.fields import string_at
from fewshot.records import Example, Kind, Prediction, Span
from fewshot.schema import example_from_json, example_to_json, prediction_to_json
from fewshot.scoring import Scores, tallies
from fewshot.scoring.tallies import Tallies

RUN, GOLD, DEMONSTRATIONS = "run.toml", "gold.jsonl", "demonstrations.jsonl"
RESPONSES, PREDICTIONS, SCORES = "responses.jsonl", "predictions.jsonl", "scores.json"
ENTITIES, TALLIES = "entities.jsonl", "tallies.json"
_LONGEST = 120  # characters of a parser's message
FILES = (RUN, GOLD, DEMONSTRATIONS, ENTITIES, RESPONSES, PREDICTIONS, TALLIES, SCORES, state.FILE, state.FOLDER)


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
        return self.holds(RUN)

    def holds(self, name: str) -> bool:
        """Whether a file of the folder is there.

        Raises:
            RunFolderError: the folder may not be looked at.
        """
        return files.exists(self.path / name, error=RunFolderError)

    def create(self) -> None:
        """Makes the folder, or makes sure that we may write into the one there.

        Raises:
            RunFolderError: it holds other things than a run, a file of the run is a link (a folder from someone else
                must not have us write into other files), or it cannot be written.
        """
        try:
            if self.path.exists() and not self.exists() and (not self.path.is_dir() or any(self._strangers())):
                raise RunFolderError(f"{self.path} exists but is not a run folder", hint="choose another --out")
            self.path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            reason = getattr(error, "strerror", None) or error
            raise RunFolderError(f"cannot make {self.path}: {reason}", hint="choose another --out") from None
        for name in FILES:
            if (self.path / name).is_symlink():
                raise RunFolderError(
                    f"cannot write {self.path / name}: it is a link, which is not followed",
                    hint="choose another --out, or put the file itself there",
                )

    def _strangers(self) -> Iterator[str]:
        """Names that are not of a run that was killed before it wrote `run.toml`."""
        for path in self.path.iterdir():
            begun = path.name == RESPONSES and not path.lstat().st_size
            if not begun and not files.LEFTOVER.fullmatch(path.name):
                yield path.name

    def sweep(self) -> None:
        """Removes what runs that were killed while they wrote have left behind. Call it under the lock only."""
        for path in list(self.path.iterdir()):
            if files.LEFTOVER.fullmatch(path.name) and not path.name.endswith(".lock"):
                with suppress(OSError):
                    path.unlink()

    def toml(self) -> dict[str, Any]:
        """The tables of `run.toml`, unchecked (`record.read` checks them).

        Raises:
            RunFolderError: there is none, or it is not TOML.
        """
        text = self.text(RUN)
        try:
            return tomllib.loads(text)
        except ValueError as error:  # TOMLDecodeError is one; so is what an integer of 5,000 digits raises
            raise RunFolderError(f"{self.path / RUN}: {str(error)[:_LONGEST]}") from None
        except RecursionError:
            raise RunFolderError(f"{self.path / RUN}: nested too deeply") from None

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

    def write_tallies(self, kept: Tallies | None) -> None:
        """Writes `tallies.json`; without counts (of a task that keeps none), one of an earlier scoring is removed."""
        if kept is not None:
            self._write(TALLIES, tallies.text_of(kept))
        elif self.holds(TALLIES):
            (self.path / TALLIES).unlink()

    def tallies(self) -> Tallies:
        """What `tallies.json` says.

        Raises:
            RunFolderError: there is none, or it is broken.
        """
        try:
            return tallies.read(self.text(TALLIES))
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:_LONGEST]
            raise RunFolderError(f"{self.path / TALLIES} is broken: {reason}", hint="remove it") from None

    def write_scores(self, scores: Scores) -> None:
        """Writes `scores.json`."""
        self._write(SCORES, scores_text(scores))

    def examples(self, name: str = GOLD) -> list[Example]:
        """The examples of `gold.jsonl` or `demonstrations.jsonl`."""
        return [example_from_json(row, where) for row, where in self._rows(name)]

    def predictions(self, kind: Kind, examples: Iterable[Example]) -> list[Prediction]:
        """The predictions, read against the texts they are about."""
        texts = {example.id: example.text for example in examples}
        return [prediction_at(row, kind, texts, where) for row, where in self._rows(PREDICTIONS)]

    def spans(self, name: str, examples: Iterable[Example]) -> dict[str, tuple[Span, ...]]:
        """Predicted entities by id, of those examples that both sides have."""
        texts = {example.id: example.text for example in examples}
        every = ((row, where, row.get("id")) for row, where in self._rows(name))
        rows = ((row, where) for row, where, id_ in every if not isinstance(id_, str) or id_ in texts)  # no id: refused
        predictions = (prediction_at(row, "entities", texts, where) for row, where in rows)
        return {p.id: p.value for p in predictions if isinstance(p.value, tuple)}

    def scores(self) -> Scores:
        """What `scores.json` says.

        Raises:
            RunFolderError: there is none (the run was not finished), or it is broken.
        """
        try:
            return scores_from_json(json.loads(self.text(SCORES)))
        except RecursionError:
            raise RunFolderError(f"{self.path / SCORES} is broken: nested too deeply", hint="run it again") from None
        except (ValueError, KeyError, TypeError) as error:
            reason = str(error)[:_LONGEST]
            raise RunFolderError(f"{self.path / SCORES} is broken: {reason}", hint="run it again") from None

    def shown(self) -> dict[str, tuple[str, ...]]:
        """For each example the ids of the demonstrations that its recorded prompt showed."""
        rows = self._rows(RESPONSES) if self.holds(RESPONSES) else ()
        shown = {}
        for row, where in rows:
            if "id" in row:
                ids = row.get("demonstrations", [])
                if not isinstance(row["id"], str):
                    where.fail("id must be a string")
                if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
                    where.fail("demonstrations must be a list of ids")
                shown[row["id"]] = tuple(ids)
        return shown

    def shown_examples(self) -> dict[str, tuple[Example, ...]]:
        """For each example the demonstrations that its prompt showed; examples of one text share a recorded prompt.

        Raises:
            RunFolderError: a demonstration is not in `demonstrations.jsonl`.
        """
        demonstrations = {example.id: example for example in self.examples(DEMONSTRATIONS)}
        shown = self.shown()
        # Ids and texts alone: what gold says of them is read by those who score.
        texts = {string_at(row, "id", where): string_at(row, "text", where) for row, where in self._rows(GOLD)}
        by_text = {text: shown[id_] for id_, text in texts.items() if id_ in shown}
        for id_, text in texts.items():
            if id_ not in shown and text in by_text:
                shown[id_] = by_text[text]
        for query, ids in shown.items():
            for id_ in ids:
                if id_ not in demonstrations:
                    raise RunFolderError(f"{self.path}: demonstration {id_!r} of {query!r} is not in {DEMONSTRATIONS}")
        return {query: tuple(demonstrations[id_] for id_ in ids) for query, ids in shown.items()}

    def recorded_request(self, id: str) -> dict[str, Any] | None:
        """The request that was last recorded for an example, as `responses.jsonl` has it.

        Two examples with the same text may share a request: it stands there under the id of the first.
        """
        texts = {example.id: example.text for example in self.examples()}
        same = {other for other, text in texts.items() if text == texts.get(id)} | {id}
        rows = list(self._rows(RESPONSES)) if self.holds(RESPONSES) else []
        own = [line for line in rows if line[0].get("id") == id]
        own = own or [line for line in rows if isinstance(line[0].get("id"), str) and line[0]["id"] in same]
        return request_at(*own[-1], {row["part"]: row for row, _ in rows if _is_part(row)}) if own else None

    def recorded_requests(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The id and the request of every line of `responses.jsonl` that has both, in order of arrival."""
        parts: dict[str, Any] = {}
        for row, where in self._rows(RESPONSES) if self.responses.exists() else ():
            if _is_part(row):  # before the first line that refers to it
                parts.setdefault(row["part"], row)
                continue
            request = request_at(row, where, parts)
            if request is not None and isinstance(row.get("id"), str):
                yield row["id"], request

    def text(self, name: str) -> str:
        """The text of a file of the folder.

        Raises:
            RunFolderError: it is not there, or cannot be read.
        """
        path = self.path / name
        try:
            if path.exists() and not path.is_file():  # a named pipe would be read for ever
                raise RunFolderError(f"cannot read {path}: it is not a file")
            return path.read_text("utf-8")
        except FileNotFoundError:
            what = "holds an unfinished run" if self.exists() else "is not a run folder"
            raise RunFolderError(
                f"{self.path} {what} ({name} is missing)", hint="`fewshot run` makes and continues one"
            ) from None
        except UnicodeDecodeError as error:
            raise RunFolderError(f"cannot read {path}: {error.reason} at byte {error.start}") from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise RunFolderError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None

    def _rows(self, name: str) -> Iterator[tuple[dict[str, Any], Where]]:
        path = self.path / name
        for number, row in files.json_objects(self.text(name).split("\n"), path):
            yield row, Where(path, number)

    def _write(self, name: str, text: str) -> None:
        files.write(self.path / name, text, error=RunFolderError)


def _is_part(row: Mapping[str, Any]) -> bool:
    """Whether a line of the cassette is what requests share (`fewshot/cassette/sharing.py`)."""
    return isinstance(row.get(sharing.PART), str) and "key" not in row


def predictions_text(predictions: Iterable[Prediction], kind: Kind) -> str:
    """The exact text of `predictions.jsonl`."""
    return files.json_lines(prediction_to_json(prediction, kind) for prediction in predictions)


def scores_text(scores: Scores) -> str:
    """The exact text of `scores.json`; with half of a surrogate pair in it, everything outside ASCII is escaped."""
    text = json.dumps(scores.to_json(), ensure_ascii=False, indent=2) + "\n"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return json.dumps(scores.to_json(), indent=2) + "\n"
    return text
