"""Puts the models of `fewshot demo --train` into the package, in half precision.

    fewshot demo --train --out runs/demo
    python -m benchmarks.demo_models runs/demo/models

Each `models/<task>-<base>` becomes `fewshot/corpus/fine-tuned/<task>-<base>`: weights as float16 (they are computed
with in float32), the rest as it is, without paths of this machine in the manifest.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from fewshot.demo.fine_tuned import RECIPES
from fewshot.models import model_folder

WEIGHTS = "model.safetensors"


def shipped(source: Path, out: Path) -> int:
    """Writes a trained model as it is shipped; returns the bytes of its folder."""
    from safetensors.torch import load_file, save_file

    if out.exists():
        shutil.rmtree(out)
    shutil.copytree(source, out, ignore=shutil.ignore_patterns(WEIGHTS, "README.md", "checkpoint-*"))
    weights = {name: weight.half().contiguous() for name, weight in load_file(source / WEIGHTS).items()}
    save_file(weights, out / WEIGHTS, metadata={"format": "pt"})
    (out / WEIGHTS).chmod(0o644)
    path = out / model_folder.MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    manifest["settings"]["extra_data"] = [Path(name).name for name in manifest["settings"]["extra_data"]]
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return sum(file.stat().st_size for file in out.iterdir())


def main() -> None:
    """Copies every model of the demo's recipes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", type=Path, help="the folder that `fewshot demo --train` wrote")
    parser.add_argument("--out", type=Path, default=model_folder.FINE_TUNED)
    args = parser.parse_args()
    for recipe in RECIPES:
        size = shipped(args.models / recipe.name, args.out / recipe.name)
        print(f"{recipe.name}: {size:,} bytes")


if __name__ == "__main__":
    main()
