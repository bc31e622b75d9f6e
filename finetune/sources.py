"""The examples that a model is trained on, selected by and tested with: one data set with three splits.

    "EMBO/sd-nlp-non-tokenized" NER      hub:EMBO/sd-nlp-non-tokenized:NER, its own splits
    panelization_task.csv other          recognised by its targets
    mine.jsonl ner                       its splits, or --split-fractions by article (0.8 0.1 0.1)

A data set with splits of its own that is used completely is predicted from its original file; anything else is
written to the model folder as `data.jsonl`, so that the run that follows reads exactly the same examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from fewshot import data, discovery, tasks
from fewshot.data import study_csv
from fewshot.errors import DataError, InputError
from fewshot.origin import places, splitting
from fewshot.origin.opening import is_read_once
from fewshot.records import Example, Value
from fewshot.tasks import Task
from finetune.arguments import Arguments

TRAIN, VALIDATION, TEST = "train", "validation", "test"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Source:
    """The examples of a training. `place`: the `--data` from which a run reads the same examples; `None`: none yet."""

    task: Task
    labels: tuple[str, ...]
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    digest: str
    place: str | None
    notices: tuple[str, ...] = ()

    def every(self) -> Iterable[Example]:
        """Yields all examples, each with its split."""
        for split, examples in ((TRAIN, self.train), (VALIDATION, self.validation), (TEST, self.test)):
            yield from (replace(example, split=split) for example in examples)


def name_of(said: str, task: str) -> str:
    """Returns a data set as `--data` names it: a bare `OWNER/NAME` that is not a file is one of the hub."""
    if not data.is_path(said) or places.exists(said) or said.count("/") != 1 or Path(said).suffix:
        return said
    name = data.with_config(said, tasks.get(task).kind)
    if name is None:
        raise InputError(f"{said} has nothing for task {task}", hint=f"{task} needs SourceData XML, a CSV or JSONL")
    return name


def task_of(arguments: Arguments) -> str:
    """Returns the task. `other` is recognised from the targets of the study's CSV, and stays `other` for raw pairs."""
    if arguments.task != OTHER:
        if arguments.task not in tasks.names():
            raise discovery.unknown("task", arguments.task, (*tasks.names(), OTHER))
        return arguments.task
    return study_csv.StudyCsvReader(**csv_options(arguments)).task_of(arguments.data) or OTHER


def csv_options(arguments: Arguments) -> dict[str, Any]:
    """Returns the options of the CSV reader."""
    options: dict[str, Any] = {"skip_lines": arguments.skip_lines}
    return options | ({"delimiter": arguments.delimiter} if arguments.delimiter else {})


def read(arguments: Arguments, task_name: str, *, seed: int) -> Source:
    """Reads the data of a training.

    Raises:
        InputError: The data does not exist or has no labelled examples, or a label is unknown.
    """
    task = tasks.get(task_name)
    place = name_of(arguments.data, task_name)
    said: list[str] = []
    examples = _read(arguments, place, task_name, said)
    labelled = [example for example in examples if task.gold(example) is not None]
    if not labelled:
        raise InputError(f"{place} has no example labelled for {task_name}")
    splits, notices = _splits(labelled, arguments, seed, place)
    for split, name in ((VALIDATION, arguments.validation_data), (TEST, arguments.test_data)):
        if name is not None:
            splits[split] = _of_file(_beside(name, task, arguments), name, task, split)
    extra = [example for name in arguments.extra_data for example in _extra(_beside(name, task, arguments))]
    train = [*splits[TRAIN], *extra]
    if arguments.limit is not None:
        order = list(train)
        Random(f"limit {seed}").shuffle(order)
        train = order[: arguments.limit]
    seen = (*labelled, *extra, *splits[VALIDATION], *splits[TEST])
    present = {label for example in seen for label in task.labels(_gold(task, example))}
    labels, warnings = tasks.resolve_labels(task, arguments.labels, sorted(present))
    made_here = arguments.split_fractions is not None or not any(example.split for example in examples)
    special = arguments.skip_lines or arguments.delimiter not in (None, study_csv.DELIMITER)
    whole = arguments.test_data or (None if made_here or special or is_read_once(place) else place)
    return Source(
        task,
        labels,
        tuple(train),
        tuple(splits[VALIDATION]),
        tuple(splits[TEST]),
        data.digest(examples),
        whole,
        (*said, *notices, *warnings),
    )


def _gold(task: Task, example: Example) -> Value:
    return task.gold(example) or task.empty()


def _read(arguments: Arguments, place: str, task_name: str, said: list[str]) -> list[Example]:
    if not arguments.skip_lines and not arguments.delimiter:
        return data.read(place, task_name, options=arguments.reading, said=said)
    if Path(place).suffix.lower() != ".csv" or not Path(place).is_file():
        raise InputError(f"--skip-lines and --delimiter need a CSV; {place} is not one")
    examples = study_csv.StudyCsvReader(**csv_options(arguments)).read(data.Origin(place), task_name)
    if not examples:
        raise DataError("holds no examples", path=place)
    return examples


def _beside(name: str, task: Task, arguments: Arguments) -> list[Example]:
    """Returns the labelled examples of another source, read with those options that fit it."""
    examples = data.read(name, task.name, options=data.options_for(name, arguments.reading))
    return [example for example in examples if task.gold(example) is not None]


def _of_file(labelled: Sequence[Example], name: str, task: Task, split: str) -> list[Example]:
    """Returns a split from a source of its own: all of it or, if it has splits, the split of that name."""
    chosen = [example for example in labelled if example.split in (None, split)]
    if not chosen:
        raise InputError(f"{name} has nothing labelled for {task.name} in split {split}")
    return chosen


def _extra(labelled: Sequence[Example]) -> list[Example]:
    """Returns more training examples: all of a source or, if it has splits, its train split."""
    return [example for example in labelled if example.split in (None, TRAIN)]


def _splits(
    examples: Sequence[Example], arguments: Arguments, seed: int, place: str
) -> tuple[dict[str, list[Example]], list[str]]:
    """Returns the three splits, the data's own or shares of its articles, and notices."""
    own = any(example.split for example in examples)
    if (arguments.validation_data or arguments.test_data) and not own and arguments.split_fractions is None:
        return {TRAIN: list(examples), VALIDATION: [], TEST: []}, []
    if own and arguments.split_fractions is None:
        known = (TRAIN, VALIDATION, TEST)
        strange = sorted({str(e.split) for e in examples if e.split not in known})
        if strange:
            raise InputError(f"{place} has a split {strange[0]!r}", hint=f"splits are {', '.join(known)}")
        return {split: [e for e in examples if e.split == split] for split in known}, []
    shares = arguments.split_fractions or splitting.USUAL
    splits: dict[str, list[Example]] = {TRAIN: [], VALIDATION: [], TEST: []}
    for example, split in zip(examples, splitting.split_by(examples, shares, seed=seed), strict=True):
        splits[split].append(example)
    reason = "" if arguments.split_fractions else f"{place} has no splits: "
    counts = " / ".join(str(len(rows)) for rows in splits.values())
    return splits, [f"{reason}split by article into train / validation / test: {counts} examples"]
