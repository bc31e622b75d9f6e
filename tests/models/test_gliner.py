"""GLiNER with the real library and a tiny model: exact offsets, texts of any length, whole folders and broken ones.

The library wants an older transformers than ours: `make gliner` runs these tests in an environment of its own.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fewshot import data
from fewshot.errors import FewshotError, InputError
from fewshot.records import Example, Prediction, Span

pytest.importorskip("gliner", reason="the gliner library has an environment of its own: make gliner")

from fewshot.models import gliner, gliner_folder
from fewshot.models.gliner import Gliner, in_words
from tests.models import tiny_gliner
from tests.models.tiny_gliner import BERT, WORDS
from tests.servers.hub_server import HubServer, Repo

pytestmark = pytest.mark.local
MEANT = {"ANTIBODY": "antibodies, with their clone", "DOSE": "amounts with a unit"}
LONG = sorted(data.read("demo"), key=lambda example: -len(example.text))[:4]
SHORT = "(A) Blot with anti-p53 (DO-1), then 5 µM nutlin-3; β-actin 🧬 below."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with gliner_folder.quiet():
        return tiny_gliner.save(tmp_path_factory.mktemp("gliner") / "tiny")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "model"))


def loaded(folder: Path | str, **changes: Any) -> Gliner:
    with gliner_folder.whole(str(folder)) as place:
        model = gliner_folder.load(str(folder), place, "cpu")
    return Gliner(model, changes.pop("words", MEANT), **changes)


def predicted(found: Gliner, *examples: Example) -> dict[str, tuple[Span, ...]]:
    return {p.id: spans(p) for p in found.predict(examples)}


def spans(prediction: Prediction) -> tuple[Span, ...]:
    assert isinstance(prediction.value, tuple)
    return prediction.value


@contextmanager
def digest(folder: Path) -> Iterator[str]:
    with gliner_folder.whole(str(folder)) as place:
        yield gliner_folder.digest(place)


def test_a_text_that_fits_is_what_the_library_finds(made: Path) -> None:
    found = loaded(made)
    direct = found.model.inference([SHORT], MEANT, threshold=0.5)[0]
    assert direct, "random weights that find nothing test nothing"
    expected = sorted((e["start"], e["end"], e["label"]) for e in direct)
    (value,) = predicted(found, Example("a", "a", SHORT)).values()
    assert [(span.start, span.end, span.label) for span in value] == expected
    for span, entity in zip(value, sorted(direct, key=lambda e: e["start"]), strict=True):
        assert span.cut(SHORT) == entity["text"]
        assert span.confidence == pytest.approx(entity["score"], abs=1e-5)


def test_long_texts_are_read_to_their_end(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(made, threshold=0.3)
    lengths: list[int] = []
    real = found.model.inference

    def watched(texts: list[str], *args: Any, **more: Any) -> Any:
        lengths.extend(len(found._split(text)) for text in texts)
        return real(texts, *args, **more)

    monkeypatch.setattr(found.model, "inference", watched)
    values = predicted(found, *LONG)
    assert max(lengths) <= WORDS, "the library would cut it without a word"
    assert len(lengths) > 2 * len(LONG)
    for example in LONG:
        value = values[example.id]
        assert value[-1].start > len(example.text) * 0.8, "spans up to the end of the text"
        for span in value:
            assert span.cut(example.text) == span.cut(example.text).strip() != ""
            assert span.label in MEANT
            assert span.confidence is not None
            assert 0.3 <= span.confidence <= 1
        assert all(left.end <= right.start for left, right in pairwise(value))


@pytest.mark.parametrize("text", ["", "  \n ", "p53", "\u2009(A)\u2009", "a" * 3000, "🧬 " * 200])
def test_any_text(made: Path, text: str) -> None:
    for span in predicted(loaded(made, threshold=0.0), Example("a", "a", text))["a"]:
        assert span.cut(text) == span.cut(text).strip() != ""


def test_batches_and_the_order_of_texts_change_nothing(made: Path) -> None:
    one, all_ = loaded(made, batch_tokens=1), loaded(made, batch_tokens=100_000)
    alone, together = predicted(one, *LONG), predicted(all_, *reversed(LONG))
    for id_, value in alone.items():
        assert [(s.start, s.end, s.label) for s in value] == [(s.start, s.end, s.label) for s in together[id_]]


def test_the_threshold_and_the_words_decide(made: Path) -> None:
    few, many = loaded(made, threshold=0.9), loaded(made, threshold=0.1)
    example = LONG[0]
    assert len(predicted(few, example)[example.id]) < len(predicted(many, example)[example.id])
    other = loaded(made, words=MEANT | {"ANTIBODY": "mice"}, threshold=0.3)
    same = loaded(made, threshold=0.3)
    assert predicted(other, example) != predicted(same, example), "labels are asked for in words"


def test_an_encoder_with_few_places_gets_windows_that_fit(tmp_path: Path) -> None:
    """BERT has places for 128 tokens, labels included: the library would cut, or fail with an index."""
    with gliner_folder.quiet():
        found = loaded(tiny_gliner.save(tmp_path / "bert", backbone=BERT), threshold=0.2)
    text = " ".join(f"Zqxjkvbwpg{n} was measured xyzzyqwv{n}." for n in range(60))
    pieces = found.pieces(Example("a", "a", text))
    assert max(piece.size for piece in pieces) <= 128
    assert len(pieces) > len(found._split(text)) / WORDS + 1, "cut by tokens, not by words"
    assert predicted(found, Example("a", "a", text))["a"]
    with pytest.raises(InputError, match=r"2 labels take \d+ tokens of the 128 .*define labels in fewer words"):
        Gliner(found.model, {"A": "xyzzyqwv " * 80, "B": "b"})


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


@pytest.mark.parametrize("more", [{"span_mode": "token_level"}, {"num_rnn_layers": 0, "span_mode": "markerV1"}])
def test_other_heads(more: dict[str, Any], tmp_path: Path) -> None:
    with gliner_folder.quiet():
        found = loaded(tiny_gliner.save(tmp_path / "model", **more), threshold=0.2)
    for example in LONG[:2]:
        for span in predicted(found, example)[example.id]:
            assert span.cut(example.text).strip()


def test_labels_with_an_encoder_of_their_own(tmp_path: Path) -> None:
    """A bi-encoder, as `Ihor/gliner-biomed-bi-*`: as it is saved today, and without what it can take from encoders."""
    labels = tmp_path / "labels"
    rows = tiny_gliner.save_encoder(labels, BERT)
    with gliner_folder.quiet():
        whole = tiny_gliner.save(tmp_path / "bi", labels_encoder=str(labels), num_rnn_layers=0)
    assert rows["model_type"] == "bert"
    expected = predicted(loaded(whole, threshold=0.2), LONG[0])
    assert expected[LONG[0].id]
    shutil.rmtree(whole / "labels_tokenizer")
    tiny_gliner.change(whole, whole, labels_encoder_config=None)
    assert predicted(loaded(whole, threshold=0.2), LONG[0]) == expected


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


def test_labels_that_are_called_the_same() -> None:
    assert in_words("SMALL_MOLECULE") == "small molecule"
    assert in_words("X", ": nothing before it") == "x"
    with pytest.raises(FewshotError, match=r'A and B are both asked for as .Genes., *; *define one: B="…"|A and B are'):
        gliner.check_words({"A": "genes", "B": "Genes"})
