"""Training in several processes (docs/finetuning.md): `torchrun` starts `python -m finetune` as it stands, and two
processes take the steps of one with twice the batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.local, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
NAMES = ("p53", "MDM2", "ATG5", "LC3")


def examples(path: Path) -> None:
    """Legends of different lengths: the halves of a batch have different numbers of labels."""
    rows = []
    for number in range(32):
        name = NAMES[number % 4]
        text = f"(A) Western blot of {name} in cells{' and of the same cells' * (number % 5)}."
        start = text.index(name)
        split = "train" if number < 24 else "validation"
        entities = [{"start": start, "end": start + len(name), "label": "GENEPROD"}]
        rows.append({"id": f"r{number}", "text": text, "split": split, "entities": entities})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def losses(folder: Path, *launcher: str, batch: int) -> list[float]:
    """The losses of three steps."""
    words = ["--task", "ner", "--kind", "tagger", "--base_model", "tiny-tagger", "--data", str(folder / "in.jsonl")]
    words += ["--do_train", "--max_steps", "3", "--logging_steps", "1", "--learning_rate", "1e-3", "--seed", "3"]
    words += ["--eval_strategy", "no", "--save_strategy", "no", "--use_cpu", "true"]
    out = folder / f"batch-{batch}"
    words += ["--per_device_train_batch_size", str(batch), "--output_dir", str(out)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", *launcher, "finetune", *words]
    ran = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    history = json.loads((out / "trained.json").read_text())
    return [row["loss"] for row in history if "loss" in row]


def test_two_processes_take_the_steps_of_one_with_twice_the_batch(tmp_path: Path) -> None:
    examples(tmp_path / "in.jsonl")
    one = losses(tmp_path, batch=8)
    launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    two = losses(tmp_path, *launcher, batch=4)
    assert len(one) == 3
    assert two == pytest.approx(one, rel=1e-5)
