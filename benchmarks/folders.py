"""Doors of folders that others hand over: run folders and model folders. See `benchmarks.doors`.

run folder made/ner/run.toml            a file of a run of two examples, which is then replayed, rescored, shown …
run folder gpt3-ner-json/run.toml       the same of a run of an earlier version (`tests/folders`)
model folder bart/config.json           a file of a model of one layer, which then answers
model folder bart/model.safetensors     the header of its weights; `bytes`: all of the file; a pickle

Folders are small, so that thousands of inputs take minutes: runs of two examples, models of one layer and d = 16.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import fewshot
from benchmarks.doors import Door, faults_of
from fewshot import cli, tasks
from fewshot.backends import Options, open_backend
from fewshot.experiment.replaying import replay
from fewshot.experiment.rescoring import rescore
from fewshot.records import Example, Hypothesis
from fewshot.report.compare import compare
from fewshot.servers.transport import Connection, Reply

RUNS = Path(__file__).parents[1] / "tests" / "folders"
_URL = "http://127.0.0.1:1/v1"
_FOUND = '{"entities": [{"text": "p53", "label": "GENEPROD"}]}'
_ANSWER = {
    "choices": [{"message": {"content": _FOUND}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 900, "completion_tokens": 12},
}  # fmt: skip
_SHORT = Example("short", "short", "(A) Blot of p53 in HeLa.")


def run_doors(folder: Path) -> Iterator[Door]:
    """The files of runs, recorded by this version and by earlier ones. `folder`: where they are made and copied to."""
    made = [(f"made/{name}", path) for name, path in _runs(folder / "made")]
    earlier = [(path.name, path) for path in sorted(RUNS.iterdir()) if path.is_dir()]
    for name, run in (*made, *made, *made, *earlier):  # the small ones more often
        files = {path.name: path.read_bytes() for path in sorted(run.iterdir()) if path.is_file()}
        for file, content in files.items():
            if content:
                send = partial(_used, folder / f"used-{name.replace('/', '-')}", files, file)
                yield Door(f"run folder {name}/{file}", send, {"as it is": content.decode()})


def _runs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Runs of two examples: of the rules for each task, and of a server."""
    small: dict[str, Any] = {"limit": 2, "shots": 1, "examples_check": "off"}
    for task in tasks.names():
        fewshot.run(task, backend="rules", out=folder / task, **small)
        yield task, folder / task
    server: dict[str, Any] = {
        "backend": "gpt3",
        "base_url": _URL,
        "model": "m",
        "format": "json",
        "extra": {"top_p": 0.9},
    }
    with mock.patch.object(Connection, "send", _answered):
        fewshot.run("ner", out=folder / "server", **small, **server)
        more: dict[str, Any] = {"samples": 2, "temperature": 0.5, "labels": ("GENEPROD",)}
        fewshot.run("ner", out=folder / "samples", **small, **server, **more)
    yield from ((name, folder / name) for name in ("server", "samples"))


async def _answered(*_: object, **__: object) -> Reply:
    return Reply(200, {}, json.dumps(_ANSWER).encode())


def _used(folder: Path, files: Mapping[str, bytes], name: str, text: str) -> list[str]:
    """Puts a changed file into a run, and does with it one of the things that a user does."""
    folder.mkdir(exist_ok=True)
    changed = {**files, name: text.encode("utf-8", "surrogatepass")}
    for file, content in changed.items():
        (folder / file).write_bytes(content)
    uses: tuple[Callable[[], object], ...] = (
        lambda: rescore(folder),
        lambda: replay(folder),
        lambda: compare([folder], kinds=True).markdown(),
        lambda: _shown(folder),
    )
    try:
        uses[zlib.crc32(changed[name]) % len(uses)]()
    finally:
        lost = (folder / "responses.jsonl").read_bytes() != changed["responses.jsonl"]
    return ["responses.jsonl was changed"] if lost else []


def _shown(folder: Path) -> None:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        cli.main(["show", str(folder)])
        cli.main(["show", str(folder), next(iter(_ids(folder)), "x")])


def _ids(folder: Path) -> Iterator[str]:
    for line in (folder / "predictions.jsonl").read_bytes().splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("id"), str) and "\0" not in row["id"]:
            yield row["id"].encode("utf-8", "replace").decode()


_MANIFEST: dict[str, Any] = {
    "task": "ner", "format": "copy_tag", "kind": "seq2seq", "labels": ["GENEPROD", "EXP_ASSAY"], "source_template": "",
    "end": "[END]", "base_model": "tiny", "data": "", "labelled": 60, "max_input_length": 200, "max_target_length": 60,
    "truncate": False, "decoder": "copy", "generation": {}, "settings": {},
}  # fmt: skip
_CHANGED = ("fewshot.json", "config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json")


def model_doors(folder: Path) -> Iterator[Door]:
    """The files of a small model of each family. Nothing without the extra `local`."""
    if find_spec("torch") is None or find_spec("transformers") is None:
        return
    for family in ("bart", "t5"):
        model = folder / f"model-{family}"
        _made(family, model)
        files = {path.name: path.read_bytes() for path in sorted(model.iterdir())}
        used = folder / f"used-{family}"
        for file in _CHANGED:
            if file in files:
                send = partial(_predicted, used, files, file)
                yield Door(f"model folder {family}/{file}", send, {"as it is": files[file].decode()})
        weights = files["model.safetensors"]
        header = int.from_bytes(weights[:8], "little")
        send = partial(_with_header, used, files, weights[8 + header :])
        yield Door(f"model folder {family}/model.safetensors", send, {"header": weights[8 : 8 + header].decode()})
        if family == "bart":
            yield from _weights_doors(used, files)


def _weights_doors(folder: Path, files: Mapping[str, bytes]) -> Iterator[Door]:
    """Weights as bytes: a file of safetensors, and a zip with a pickle as torch writes it."""
    import torch
    from safetensors.torch import load

    stored = io.BytesIO()
    torch.save(load(files["model.safetensors"]), stored)
    for name, content in (("model.safetensors", files["model.safetensors"]), ("pytorch_model.bin", stored.getvalue())):
        rest = {file: old for file, old in files.items() if file != "model.safetensors"}
        send = partial(_predicted, folder, rest, name, encoding="latin-1")
        yield Door(f"model folder bart/{name} bytes", send, {"as it is": content.decode("latin-1")})


def _made(family: str, folder: Path) -> None:
    """Writes a model of one layer with random weights."""
    import torch

    from fewshot.models.vocabulary import extend
    from tests.models import tiny

    torch.manual_seed(0)
    tokenizer = tiny.bpe(300) if family == "bart" else tiny.unigram(300)
    layers = {"encoder_layers": 1, "decoder_layers": 1} if family == "bart" else {"num_layers": 1}
    widths = {"encoder_ffn_dim": 16, "decoder_ffn_dim": 16} if family == "bart" else {"d_ff": 16, "d_kv": 8}
    make = tiny.bart if family == "bart" else tiny.t5
    model = make(tokenizer, d_model=16, **layers, **widths)
    extend(tokenizer, model, written=tiny.tag_names(tiny.LABELS), texts=[_SHORT.text])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "fewshot.json").write_text(json.dumps(_MANIFEST, indent=2))


def _with_header(folder: Path, files: Mapping[str, bytes], tensors: bytes, text: str) -> list[str]:
    header = text.encode("utf-8", "surrogatepass")
    weights = len(header).to_bytes(8, "little") + header + tensors
    return _answers(folder, {**files, "model.safetensors": weights})


def _predicted(folder: Path, files: Mapping[str, bytes], name: str, text: str, *, encoding: str = "utf-8") -> list[str]:
    content = text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace")
    return _answers(folder, {**files, name: content})


_here: dict[Path, Mapping[str, bytes]] = {}
"""What lies in a folder: only what is another file since the last input is written."""


def _answers(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    folder.mkdir(exist_ok=True)
    before = _here.pop(folder, {})
    for file in before.keys() - files.keys():
        (folder / file).unlink()
    for file, content in files.items():
        if before.get(file) is not content:
            (folder / file).write_bytes(content)
    _here[folder] = files
    backend = open_backend("local", Options(task="ner", model=str(folder)))
    if backend.kind != "local":
        return [f"opened as {backend.kind}"]
    faults: list[str] = []
    for prediction in backend.predict([_SHORT]):
        value = prediction.value
        faults += faults_of(value if isinstance(value, Hypothesis) else tuple(value), _SHORT.text)
    return faults
