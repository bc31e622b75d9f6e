"""Every span of gold, and every span that gold lacks, by what a model thinks of it that has not seen its article.

    folds    [a c] [b e] [d]        articles, in five parts
    model 1  learns b d e           and reads a and c: the out-of-fold probability of each of their spans

A span is as probable as its least probable word: a boundary is wrong at one word. (Wang and Mueller 2022 do the same
for whole sentences; their token scores are what cleanlab computes: https://arxiv.org/abs/2210.03920.)
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fewshot import data, tasks
from fewshot.audit.finding import Certainty, Change, Finding, at
from fewshot.audit.propositions import of
from fewshot.errors import InputError, MissingExtraError, RunFolderError
from fewshot.records import Example, Span
from fewshot.tasks import Task, spans_of

if TYPE_CHECKING:
    from fewshot.models.word_probabilities import Reading, Word

STEPS = 600
"""Training steps of a fold, for the tiny tagger of the package (docs/audit.md: what more bring)."""

_DOUBTED, _SUGGESTED = 0.05, 0.95
"""Probability below which a span of gold, and above which one that it lacks, is a finding."""
_LIKELY = 0.99


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A span with its out-of-fold probability. `in_gold`: gold has it; else the model alone names it."""

    example: Example
    span: Span
    probability: float
    in_gold: bool

    @property
    def suspicion(self) -> float:
        """How likely gold is wrong here: 1 minus the probability of its own span, that of a span that it lacks."""
        return 1.0 - self.probability if self.in_gold else self.probability


@dataclass(frozen=True, slots=True)
class Fit:
    """What is fitted: the base model (a name or folder), how many parts, how many training steps each."""

    model: str
    folds: int = 5
    steps: int = STEPS


def folds(examples: Sequence[Example], number: int) -> list[list[Example]]:
    """The examples in parts of like size, no article in two of them; the same data give the same parts.

    Raises:
        InputError: there are fewer articles than parts.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.group].append(example)
    if number < 2 or len(groups) < number:
        raise InputError(f"--folds {number} needs at least two parts and as many articles (there are {len(groups)})")
    ordered = sorted(groups.values(), key=lambda group: (-len(group), _digest(group[0].group)))
    parts: list[list[Example]] = [[] for _ in range(number)]
    for group in ordered:
        min(parts, key=len).extend(group)
    return parts


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def scored(
    examples: Sequence[Example], task_name: str, fit: Fit, folder: Path, say: Callable[[str], object]
) -> Iterator[ScoredSpan]:
    """Yields all spans with their out-of-fold probabilities (`out_of_fold`, which says what it raises)."""
    for reading in out_of_fold(examples, task_name, fit, folder, say):
        yield from spans(reading, tasks.get(task_name))


def out_of_fold(
    examples: Sequence[Example], task_name: str, fit: Fit, folder: Path, say: Callable[[str], object]
) -> Iterator[Reading]:
    """Trains a model a fold in `folder`, and yields each labelled example as the model that has not seen it reads it.

    Raises:
        InputError: the task cannot be tagged, or too few examples are labelled for it.
        MissingExtraError: torch or transformers is not installed.
        RunFolderError: a training failed.
    """
    task = tasks.get(task_name)
    if task.tagging is None or task.of_entities:
        raise InputError(
            f"--cross-fit trains taggers, which cannot do {task_name}", hint="use it for entities or panels"
        )
    for name in ("torch", "transformers", "accelerate"):
        if find_spec(name) is None:
            raise MissingExtraError(f"{name}, which --cross-fit needs,", extra="local")
    from fewshot.models.word_probabilities import readings

    labelled = [example for example in examples if task.gold(example) is not None]
    parts = folds(labelled, fit.folds)
    folder.mkdir(parents=True, exist_ok=True)
    for number, held_out in enumerate(parts):
        say(f"fold {number + 1} of {fit.folds}: {fit.model} learns {task_name}, {fit.steps} steps")
        model = folder / f"fold-{number + 1}"
        _train([e for part in parts if part is not held_out for e in part], task, fit, model)
        yield from readings(model, held_out)


def _train(examples: Sequence[Example], task: Task, fit: Fit, model: Path) -> None:
    """A process of its own: `fewshot` never imports `finetune`, and torch's memory is given back after each fold."""
    source = model.with_name(f"{model.name}.jsonl")
    data.write([replace(example, split="train") for example in examples], source, "jsonl")
    flags: dict[str, object] = {
        "--task": task.name, "--kind": "tagger", "--data": source, "--base-model": fit.model, "--max_steps": fit.steps,
        "--per_device_train_batch_size": 16, "--learning_rate": 2e-3, "--lr_scheduler_type": "cosine",
        "--warmup_steps": fit.steps // 10, "--max_input_length": 128, "--save_strategy": "no", "--logging_steps": 100,
        "--disable_tqdm": True, "--output_dir": model,
    }  # fmt: skip
    words = [str(word) for pair in flags.items() for word in pair]
    command = [sys.executable, "-m", "finetune", *words, "--do_train", "--overwrite_output_dir"]
    process = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if process.returncode:
        raise RunFolderError(f"training {model.name} ended with exit code {process.returncode}: see the lines above")


def spans(reading: Reading, task: Task) -> Iterator[ScoredSpan]:
    """The spans of gold, and those that the model alone names."""
    example = reading.example
    gold = task.gold(example)
    right = spans_of(gold) if gold is not None else ()
    starts = task.tagging == "starts"
    for span in right:
        yield ScoredSpan(example, span, probability(span, reading, starts=starts), in_gold=True)
    keys = {proposition.key for proposition in of(right, example.text)}
    for span in reading.spans:
        if next(of((span,), example.text)).key not in keys:
            yield ScoredSpan(example, span, span.confidence or 0.0, in_gold=False)


def probability(span: Span, reading: Reading, *, starts: bool) -> float:
    """How probable a tagger finds a span: the least of its words' probabilities; of a panel, that of its first word.
    0 for a span without a word, or with a label that the model does not know."""
    inside = [word for word in reading.words if word.start < span.end and span.start < word.end]
    if not inside:
        return 0.0
    number = {name: at for at, name in enumerate(reading.names)}
    if f"B-{span.label}" not in number or inside[0].start < span.start:
        return 0.0
    first = inside[0].probabilities[number[f"B-{span.label}"]]
    rest: Sequence[Word] = () if starts else inside[1:]
    return min([first, *(word.probabilities[number[f"I-{span.label}"]] for word in rest)])


def find(scored_spans: Sequence[ScoredSpan]) -> list[Finding]:
    """The spans that the models doubt or suggest, the surest first."""
    found = []
    for one in scored_spans:
        if one.in_gold and one.probability <= _DOUBTED:
            reason = f"gold's span has out-of-fold probability {one.probability:.3f}"
            found.append(_finding(one, "doubted_span", reason))
        elif not one.in_gold and one.probability >= _SUGGESTED:
            reason = f"a model that has not seen the article names it, with probability {one.probability:.3f}"
            found.append(_finding(one, "suggested_span", reason))
    return sorted(found, key=lambda finding: -(finding.confidence or 0.0))


def _finding(one: ScoredSpan, kind: str, reason: str) -> Finding:
    item = next(of((one.span,), one.example.text)).item
    change = None
    if item is not None:
        change = Change("entities", (item,) if one.in_gold else (), () if one.in_gold else (item,))
    certainty: Certainty = "likely" if one.suspicion >= _LIKELY else "possible"
    return at(
        one.example, kind, "warning", one.span.start, one.span.end, certainty, reason, change, one.suspicion
    )  # fmt: skip
