"""The demo's fine-tuned rows: the tiny models that come with the package, trained while you wait.

    corpus's train split + generated legends ──► python -m finetune ──► model folder ──► fewshot run --backend local

They learn from the bundled corpus and from generated legends whose names are disguised
(`fewshot.demo.synthesis.disguise`; no surface of the bundled test split is in the generator's lexicon); the table's
column `labelled` counts both. A tagger cannot write a hypothesis: CAUSAL has no such row.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

from fewshot import data
from fewshot.demo import synthesis
from fewshot.demo.synthesis.disguise import disguised
from fewshot.errors import RunFolderError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings

GENERATED, SEED = 3000, 7
"""Figures that are made for training, and the seed they are made from."""

_NEEDS = ("torch", "transformers", "accelerate")


@dataclass(frozen=True, slots=True)
class Row:
    """A run of the demo's table, and its name there."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training: at most 45 seconds on two cores."""

    task: str
    base: str
    kind: str
    steps: int
    rate: float
    window: int
    """Tokens that are read at once: short windows teach more in the same time."""

    @property
    def name(self) -> str:
        """Its folder below the demo's: `ner-tiny-bart`."""
        return f"{self.task}-{self.base}"


BATCH = 16
RECIPES = (
    Recipe("panelization", "tiny-bart", "seq2seq", steps=280, rate=3e-3, window=96),
    Recipe("panelization", "tiny-tagger", "tagger", steps=600, rate=2e-3, window=128),
    Recipe("ner", "tiny-bart", "seq2seq", steps=300, rate=3e-3, window=96),
    Recipe("ner", "tiny-tagger", "tagger", steps=600, rate=2e-3, window=128),
    Recipe("causal", "tiny-bart", "seq2seq", steps=400, rate=3e-3, window=336),
)


def missing() -> str | None:
    """What must be installed before a model can be trained; `None`: nothing."""
    absent = [name for name in _NEEDS if find_spec(name) is None]
    if not absent:
        return None
    return f"no fine-tuned rows: {absent[0]} is not installed (pip install 'fewshot[local]')"


def generated(out: Path) -> Path:
    """Writes the generated legends that the models also learn from."""
    path, random = out / "generated.jsonl", Random(SEED)
    out.mkdir(parents=True, exist_ok=True)
    data.write([disguised(example, random) for example in synthesis.generate(GENERATED, seed=SEED)], path, "jsonl")
    return path


def runs(task: str, out: Path, extra: Path, say: Callable[[str], object]) -> Iterator[Row]:
    """Trains the models of a task, with the examples in `extra`, and yields the run of each on the bundled test split.

    Raises:
        RunFolderError: a training ended in an error.
    """
    for recipe in RECIPES:
        if recipe.task == task:
            model = out / "models" / recipe.name
            say(f"{recipe.base} learns {task}: {recipe.steps} steps")
            _train(recipe, model, extra)
            folder = out / recipe.name
            if RunFolder(folder).exists():
                shutil.rmtree(folder)
            run(Settings(task=task, backend="local", model=str(model)), out=folder)
            yield Row(folder, f"{recipe.base} fine-tuned")


def _train(recipe: Recipe, model: Path, extra: Path) -> None:
    flags = {
        "--task": recipe.task,
        "--kind": recipe.kind,
        "--data": "demo",
        "--extra_data": extra,
        "--base-model": recipe.base,
        "--max_steps": recipe.steps,
        "--max_input_length": recipe.window,
        "--per_device_train_batch_size": BATCH,
        "--learning_rate": recipe.rate,
        "--lr_scheduler_type": "cosine",
        "--warmup_steps": recipe.steps // 10,
        "--save_strategy": "no",
        "--logging_steps": 50,
        "--disable_tqdm": not sys.stderr.isatty(),
        "--output_dir": model,
    }
    words = [str(word) for pair in flags.items() for word in pair]
    command = [sys.executable, "-m", "finetune", *words, "--do_train", "--overwrite_output_dir"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode:
        raise RunFolderError(f"training {recipe.name} ended with exit code {done.returncode}: see the lines above")
