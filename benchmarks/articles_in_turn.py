"""Leave-one-article-out on real legends: train on all articles but one, predict that one, score all predictions.

    python -m benchmarks.articles_in_turn runs/demo/models/panelization-tiny-{bart,tagger}
    python -m benchmarks.articles_in_turn MODEL… --data ../shared/data/panelization/legends.jsonl --steps 100 --bf16

Each MODEL is a folder that `fewshot finetune` wrote for other data; its training is continued on the train split of
the bundled corpus and the other articles. Rows: `rules`, which learns nothing; each MODEL as it is; each MODEL after
more training. The score is the task's main one, over all examples and by article. Unknown flags are passed to the
training.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fewshot import data, tasks
from fewshot.experiment.folder import RunFolder
from fewshot.models import model_folder
from fewshot.records import Example, Prediction
from fewshot.scoring import evaluate
from fewshot.tasks import Task

LEGENDS = Path("../shared/data/panelization/legends.jsonl")


class Row(NamedTuple):
    """A system: its predictions for all examples, and the seconds of its training."""

    name: str
    predictions: Sequence[Prediction]
    seconds: float = 0.0


def run(task: Task, out: Path, *flags: object) -> list[Prediction]:
    """Runs `fewshot run` with these flags and returns its predictions."""
    command = [sys.executable, "-m", "fewshot", "run", "--task", task.name, *map(str, flags), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    folder = RunFolder(out)
    return folder.predictions(task.kind, folder.examples())


def trained_on(model: Path, folds: Mapping[str, Path], out: Path, flags: Sequence[str]) -> Row:
    """Continues the training of a model, for each article on all others, and predicts that article."""
    task = tasks.get(task_of(model))
    predictions: list[Prediction] = []
    began = time.perf_counter()
    for article, fold in folds.items():
        folder = out / model.name / article
        command = [sys.executable, "-m", "finetune", "--from_local_checkpoint", str(model), "--task", task.name,
                   "--data", "demo", "--extra_data", str(fold / "others.jsonl"), "--output_dir", str(folder),
                   "--do_train", "--save_strategy", "no", "--overwrite_output_dir", "--disable_tqdm", "True",
                   *flags]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    for article, fold in folds.items():
        folder = out / model.name / article
        asked = ("--backend", "local", "--model", folder, "--data", fold / "held_out.jsonl")
        predictions += run(task, out / "runs" / f"{model.name}-{article}", *asked)
    return Row(f"{model.name}, trained further", predictions, seconds)


def task_of(model: Path) -> str:
    """Returns the task that a model was trained for."""
    manifest = model_folder.read_manifest(model)
    if manifest is None:
        raise SystemExit(f"{model} has no fewshot.json")
    return manifest.task


def write_folds(examples: Iterable[Example], out: Path) -> dict[str, Path]:
    """Writes `held_out.jsonl` and `others.jsonl` for each article; returns the folders."""
    articles: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        articles[example.group].append(example)
    folds = {}
    for article, held_out in articles.items():
        folds[article] = out / "folds" / article
        folds[article].mkdir(parents=True, exist_ok=True)
        others = [example for group, found in articles.items() if group != article for example in found]
        data.write(held_out, folds[article] / "held_out.jsonl", "jsonl")
        data.write(others, folds[article] / "others.jsonl", "jsonl")
    return folds


def scored(task: Task, examples: Sequence[Example], row: Row) -> list[float]:
    """Returns the task's main score over all examples, then for each article."""
    main = task.headline[0]

    def score(asked: Sequence[Example]) -> float:
        found = {prediction.id: prediction for prediction in row.predictions}
        labels = sorted({label for example in examples for label in task.labels(task.gold(example) or ())})
        chosen = [found[example.id] for example in asked]
        return evaluate(task, asked, chosen, labels=tuple(labels), signature={}).scores[main]

    groups = dict.fromkeys(example.group for example in examples)
    return [score(examples), *(score([e for e in examples if e.group == group]) for group in groups)]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.articles_in_turn", description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, default=LEGENDS)
    parser.add_argument("--out", type=Path, default=Path("runs/articles"))
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--batch", type=int, default=16)
    args, more = parser.parse_known_args(argv)
    name = task_of(args.models[0])
    task = tasks.get(name)
    examples = [example for example in data.read(str(args.data), name) if task.gold(example) is not None]
    folds = write_folds(examples, args.out)
    flags = ["--max_steps", str(args.steps), "--learning_rate", str(args.rate), "--lr_scheduler_type", "cosine",
             "--warmup_steps", str(args.steps // 10), "--per_device_train_batch_size", str(args.batch),
             *more]  # fmt: skip
    print(f"| system | {task.headline[0]} | {' | '.join(folds)} | training, s |")
    print("|---" * (len(folds) + 3) + "|")
    show(task, examples, Row("rules", run(task, args.out / "runs" / "rules", "--data", args.data)))
    for model in args.models:
        asked = ("--backend", "local", "--model", model, "--data", args.data)
        show(task, examples, Row(f"{model.name}, as it is", run(task, args.out / "runs" / model.name, *asked)))
        show(task, examples, trained_on(model, folds, args.out, flags))


def show(task: Task, examples: Sequence[Example], row: Row) -> None:
    """Prints a row."""
    figures = " | ".join(f"{score:.3f}" for score in scored(task, examples, row))
    print(f"| {row.name} | {figures} | {f'{row.seconds:.0f}' if row.seconds else ''} |", flush=True)


if __name__ == "__main__":
    main()
