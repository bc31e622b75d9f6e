"""The demo's fine-tuned systems: the tiny models of the package, trained on the bundled corpus.

    train split + generated legends ──► python -m finetune ──► model folder ──► fewshot run --backend local

They learn from generated legends too, whose names are disguised (`fewshot.demo.synthesis.disguise`; the generator's
lexicon holds no surface of the bundled test split); `labelled` counts both. A tagger cannot write a hypothesis, so
CAUSAL has no such system. The trained weights travel in the package (`fewshot/corpus/fine-tuned/`, in half precision);
`fewshot demo --train` trains them anew, and `python -m benchmarks.demo_models` puts those into the package.
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
"""Figures generated for training, and their seed. Judgements."""

_NEEDED_TO_PREDICT = ("torch", "transformers")
_NEEDED_TO_TRAIN = (*_NEEDED_TO_PREDICT, "accelerate")


@dataclass(frozen=True, slots=True)
class TunedRun:
    """A run of a fine-tuned model, and its name in the demo's table."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training, which takes at most 45 s on two cores that do nothing else."""

    task: str
    base: str
    kind: str
    steps: int
    rate: float
    window: int
    """Tokens of one window: short windows teach more in the same time."""

    @property
    def name(self) -> str:
        """The name of its folder, and of the model in the package: `ner-tiny-bart`."""
        return f"{self.task}-{self.base}"


BATCH = 16  # examples; a judgement
INTERRUPTED = 130  # exit code after Ctrl-C
RECIPES = (
    Recipe("panelization", "tiny-bart", "seq2seq", steps=280, rate=3e-3, window=96),
    Recipe("panelization", "tiny-tagger", "tagger", steps=600, rate=2e-3, window=128),
    Recipe("ner", "tiny-bart", "seq2seq", steps=300, rate=3e-3, window=96),
    Recipe("ner", "tiny-tagger", "tagger", steps=600, rate=2e-3, window=128),
    Recipe("causal", "tiny-bart", "seq2seq", steps=400, rate=3e-3, window=336),
)


def missing(*, train: bool) -> str | None:
    """Returns a line that names what must be installed before models can predict (or train), or `None`."""
    absent = [name for name in (_NEEDED_TO_TRAIN if train else _NEEDED_TO_PREDICT) if find_spec(name) is None]
    if not absent:
        return None
    return f"no fine-tuned rows: {absent[0]} is not installed (pip install 'fewshot[local]')"


def generate_training_data(out: Path) -> Path:
    """Writes the generated legends that the models also learn from; returns the file."""
    path, random = out / "generated.jsonl", Random(SEED)
    out.mkdir(parents=True, exist_ok=True)
    data.write([disguised(example, random) for example in synthesis.generate(GENERATED, seed=SEED)], path, "jsonl")
    return path


def runs(
    task: str, out: Path, extra: Path | None, say: Callable[[str], object], *, limit: int | None = None
) -> Iterator[TunedRun]:
    """Yields the run of each model of a task on the bundled test split.

    Args:
        task: The name of the task.
        out: The folder for runs and trained models.
        extra: Generated legends to train with; `None`: the models of the package predict.
        say: Called with a line before each training.
        limit: The first N examples only.

    Raises:
        RunFolderError: A training ended with an error.
    """
    for recipe in RECIPES:
        if recipe.task != task:
            continue
        model = recipe.name
        if extra is not None:
            model = str(out / "models" / recipe.name)
            say(f"{recipe.base} learns {task}: {recipe.steps} steps")
            _train(recipe, Path(model), extra)
        folder = out / recipe.name
        if RunFolder(folder).exists():
            shutil.rmtree(folder)
        run(Settings(task=task, backend="local", model=model, limit=limit), out=folder)
        yield TunedRun(folder, f"{recipe.base} fine-tuned")


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
    arguments = [str(word) for pair in flags.items() for word in pair]
    # A process of its own: `fewshot` never imports `finetune`, and torch's memory is given back after each training.
    command = [sys.executable, "-m", "finetune", *arguments, "--do_train", "--overwrite_output_dir"]
    process = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if process.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if process.returncode:
        raise RunFolderError(f"training {recipe.name} ended with exit code {process.returncode}: see the lines above")
