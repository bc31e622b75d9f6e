"""Folders of GLiNER models, with the real library and tiny models: whole ones, bare ones, broken ones, hostile ones.

The library wants an older transformers than ours: `make gliner` runs these tests in an environment of its own.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fewshot.errors import InputError
from fewshot.records import Example

pytest.importorskip("gliner", reason="the gliner library has an environment of its own: make gliner")

from fewshot.models import gliner_folder
from tests.models import tiny_gliner
from tests.models.tiny_gliner import BERT, LONG, MEANT, SHORT, WORDS, loaded, predicted
from tests.servers.hub_server import HubServer, Repo

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with gliner_folder.quiet():
        return tiny_gliner.save(tmp_path_factory.mktemp("gliner") / "tiny")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "model"))


@contextmanager
def digest(folder: Path) -> Iterator[str]:
    with gliner_folder.whole(str(folder)) as place:
        yield gliner_folder.digest(place)


@pytest.mark.parametrize("safe", [True, False], ids=["safetensors", "bin"])
def test_what_a_folder_lacks_comes_from_its_encoder(safe: bool, tmp_path: Path) -> None:
    with gliner_folder.quiet():
        whole = tiny_gliner.save(tmp_path / "whole", safe=safe)
    bare = tiny_gliner.as_published(whole, tmp_path / "bare", f"{whole}-encoder")
    example = LONG[0]
    expected = predicted(loaded(whole, threshold=0.3), example)
    assert predicted(loaded(bare, threshold=0.3), example) == expected
    with digest(bare) as first, digest(bare) as again:
        assert first == again, "whatever the temporary folder is called"
    (tmp_path / "whole-encoder" / "config.json").write_text('{"vocab_size": 99}')
    with pytest.raises(InputError):
        loaded(bare)


def test_a_folder_as_the_first_models_of_the_hub_are(tmp_path: Path) -> None:
    """Weights and a short configuration; the encoder has a SentencePiece model alone (reading it needs protobuf)."""
    import torch
    from gliner import GLiNER, GLiNERConfig

    tiny_gliner.save_as_deberta_v3(tmp_path / "encoder")
    short = {"model_name": str(tmp_path / "encoder"), "max_width": 4, "max_len": WORDS, "hidden_size": 32,
             "dropout": 0.0, "span_mode": "markerV0", "subtoken_pooling": "first", "max_types": 25}  # fmt: skip
    with gliner_folder.quiet():
        torch.manual_seed(0)
        model = GLiNER.from_config(GLiNERConfig(**short), backbone_from_pretrained=False)
    published = tmp_path / "published"
    published.mkdir()
    torch.save(model.model.state_dict(), published / "pytorch_model.bin")
    (published / "gliner_config.json").write_text(json.dumps(short))
    direct = model.inference([SHORT], MEANT, threshold=0.1)[0]
    value = predicted(loaded(published, threshold=0.1), Example("a", "a", SHORT))["a"]
    assert [(s.start, s.end, s.label) for s in value] == sorted((e["start"], e["end"], e["label"]) for e in direct)


def test_from_the_hub_with_its_encoder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import _cache_manager

    for module in (constants, _cache_manager):
        monkeypatch.setattr(module, "HF_HUB_CACHE", str(tmp_path / "cache"))
    bare = tiny_gliner.as_published(made, tmp_path / "bare", "owner/encoder-v3")
    encoder = Repo.of_folder(Path(f"{made}-encoder"))
    weights = {"pytorch_model.bin": b"never asked for", "model.py": b"nor this"}
    repos = {"models/owner/gliner_tiny-v2.1": Repo.of_folder(bare), "models/owner/encoder-v3": encoder}
    with HubServer(repos | {"models/owner/encoder-v3": Repo({**encoder.files, **weights})}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        found = loaded("owner/gliner_tiny-v2.1", threshold=0.3)
        assert not [path for path in server.paths if "encoder-v3/resolve" in path and path.endswith((".bin", ".py"))]
        with pytest.raises(InputError, match=f"owner/encoder-v3 holds no {gliner_folder.GLINER_CONFIG}"):
            loaded("owner/encoder-v3")
    example = LONG[1]
    assert predicted(found, example) == predicted(loaded(made, threshold=0.3), example)
    assert predicted(loaded("owner/gliner_tiny-v2.1", threshold=0.3), example), "from the cache, the hub gone"


CODE = {"auto_map": {"AutoModel": "owner/evil--modeling.Evil"}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"words_splitter_type": "spacy"}, "words_splitter_type 'spacy' is not read"),
        ({"labels_decoder": "gpt2"}, "writes its labels itself"),
        ({"relations_layer": "dot"}, "finds relations"),
        ({"precomputed_prompts_mode": True}, "has labels of its own"),
        ({"hidden_size": 10**9}, "hidden_size is 1000000000"),
        ({"encoder_config": CODE}, "wants to run code"),
        ({"deep": [{"er": CODE}]}, "wants to run code"),
        ({"encoder_config": None, "model_name": 3}, "names no encoder"),
        ({"encoder_config": None, "model_name": "/nowhere"}, "no such model folder"),
        ({"hidden_size": 16}, "size mismatch|another shape|cannot be loaded"),
        ({"num_rnn_layers": 0}, "holds weights that the model of its configuration has no place for: rnn"),
        ({"encoder_config": {"model_type": "nothing"}}, "cannot be loaded"),
    ],
    ids=str,
)
def test_a_configuration_that_is_refused(change: dict[str, Any], says: str, folder: Path) -> None:
    tiny_gliner.change(folder, folder, **change)
    with pytest.raises(InputError, match=says) as caught:
        loaded(folder)
    assert "\n" not in str(caught.value)


def test_code_of_an_encoder_or_a_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    tokenizer = folder / "tokenizer_config.json"
    row = json.loads(tokenizer.read_text())
    tokenizer.write_text(json.dumps(row | {"auto_map": {"AutoTokenizer": ["evil.Evil", None]}}))
    with pytest.raises(InputError, match="wants to run code"):
        loaded(folder)
    tokenizer.write_text(json.dumps(row))
    encoder = tmp_path / "encoder"
    config = tiny_gliner.save_encoder(encoder, BERT)
    (encoder / "config.json").write_text(json.dumps(config | CODE))
    tiny_gliner.change(folder, folder, encoder_config=None, model_name=str(encoder))
    with pytest.raises(InputError, match="wants to run code"):
        loaded(folder)


def weights(folder: Path, change: Any) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    held = load_file(file)
    change(held)
    save_file(held, file)


def test_weights_that_do_not_fit(folder: Path) -> None:
    name = "prompt_rep_layer.0.weight"
    weights(folder, lambda held: held.update({name: held[name] * float("nan")}))
    with pytest.raises(InputError, match=f"no finite numbers .*{name}"):
        loaded(folder)
    weights(folder, lambda held: held.pop(name))
    with pytest.raises(InputError, match=f"lacks weights .*{name}"):
        loaded(folder)
    (folder / "model.safetensors").write_bytes(b"\0" * 20)
    with pytest.raises(InputError, match="cannot be loaded"):
        loaded(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="holds no weights"):
        loaded(folder)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('run')",)


def test_a_pickle_is_not_run(folder: Path) -> None:
    import torch

    (folder / "model.safetensors").unlink()
    torch.save({"evil": Evil()}, folder / "pytorch_model.bin", pickle_module=pickle)
    with pytest.raises(InputError, match="a pickle that wants to run code"):
        loaded(folder)


def test_the_digest_is_of_every_file(folder: Path) -> None:
    seen = set()
    for name in (None, "gliner_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        if name is not None:
            file = folder / name
            file.write_bytes(file.read_bytes() + (b" " if name.endswith(".json") else b"\0"))
        if name == "gliner_config.json":
            tiny_gliner.change(folder, folder, max_width=3)
        elif name == "tokenizer_config.json":
            file.write_text(json.dumps(json.loads(file.read_text()) | {"x": 1}))
        with digest(folder) as found:
            seen.add(found)
    assert len(seen) == 5
