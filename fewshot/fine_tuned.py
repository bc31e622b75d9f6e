"""The demo's fine-tuned rows: the tiny models that come with the package, trained while you wait.

    corpus's train split + generated legends ──► python -m finetune ──► model folder ──► fewshot run --backend local

They learn from the bundled corpus and from generated legends (`fewshot.synthesis`: no surface of the bundled test
split); the table's column `labelled` counts both. A tagger cannot write a hypothesis: CAUSAL has no such row.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fewshot import data, synthesis
from fewshot.errors import RunFolderError
from fewshot.experiment import run
from fewshot.runs import RunFolder
from fewshot.settings import Settings

GENERATED, SEED = 1500, 7
"""Figures that are made for training, and the seed they are made from."""

_NEEDS = ("torch", "transformers", "accelerate")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training: at most 45 seconds on two cores."""

    task: str
    base: str
    kind: str
    steps: int
    batch: int
    rate: float

    @property
    def name(self) -> str:
        """Its folder below the demo's: `ner-tiny-bart`."""
        return f"{self.task}-{self.base}"


RECIPES = (
    Recipe("panelization", "tiny-bart", "seq2seq", steps=200, batch=8, rate=1e-3),
    Recipe("panelization", "tiny-tagger", "tagger", steps=200, batch=16, rate=1e-3),
    Recipe("ner", "tiny-bart", "seq2seq", steps=200, batch=8, rate=1e-3),
    Recipe("ner", "tiny-tagger", "tagger", steps=300, batch=16, rate=1e-3),
    Recipe("causal", "tiny-bart", "seq2seq", steps=200, batch=16, rate=1e-3),
)


def missing() -> str | None:
    """What must be installed before a model can be trained; `None`: nothing."""
    absent = [name for name in _NEEDS if find_spec(name) is None]
    if not absent:
        return None
    return f"no fine-tuned rows: {absent[0]} is not installed (pip install 'fewshot[local]')"


def runs(task: str, out: Path, say: Callable[[str], object]) -> Iterator[Path]:
    """Trains the models of a task and yields the run of each on the bundled test split.

    Raises:
        RunFolderError: a training ended in an error.
    """
    for recipe in RECIPES:
        if recipe.task == task:
            model = out / "models" / recipe.name
            say(f"{recipe.base} learns {task}: {recipe.steps} steps")
            _train(recipe, model, _generated(out))
            folder = out / recipe.name
            if RunFolder(folder).exists():
                shutil.rmtree(folder)
            run(Settings(task=task, backend="local", model=str(model)), out=folder)
            yield folder


def _generated(out: Path) -> Path:
    path = out / "generated.jsonl"
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        data.write(synthesis.generate(GENERATED, seed=SEED), path, "jsonl")
    return path


def _train(recipe: Recipe, model: Path, generated: Path) -> None:
    flags = {
        "--task": recipe.task,
        "--kind": recipe.kind,
        "--data": "demo",
        "--extra_data": generated,
        "--base-model": recipe.base,
        "--max_steps": recipe.steps,
        "--per_device_train_batch_size": recipe.batch,
        "--learning_rate": recipe.rate,
        "--lr_schedule": "cosine",
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
