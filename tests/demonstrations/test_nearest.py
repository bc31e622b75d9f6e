"""The most similar examples, the most similar last; by words or by the vectors of an encoder."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fewshot.demonstrations import Pool
from fewshot.demonstrations._similarity import Lexical, best_first, words
from fewshot.demonstrations._vectors import Embedded, Vectors
from fewshot.errors import InputError, MissingExtraError
from fewshot.models import encoder as encoders
from fewshot.models.encoder import Encoder
from fewshot.records import Example

TEXTS = (
    "Western blot of p53 in HeLa cells treated with nutlin.",
    "Survival of mice after tumour injection.",
    "Western blot of actin in yeast.",
    "Immunofluorescence of p53 in HeLa cells.",
    "Growth curves of yeast at 30 degrees.",
)
EXAMPLES = [Example(f"d{i}", f"g{i}", text) for i, text in enumerate(TEXTS)]
QUERY = Example("q", "q", "Blot of p53 in HeLa lysates.")


def shown(query: Example, shots: int, **more: Any) -> list[str]:
    return [demo.id for demo in Pool(EXAMPLES, seed=0, selector="nearest", **more).pick(query, shots).demonstrations]


def test_the_most_similar_is_last() -> None:
    assert shown(QUERY, 3) == ["d2", "d3", "d0"]
    assert shown(QUERY, 1) == ["d0"]


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    assert shown(Example("q", "q", "yeast of in degrees"), 1) == ["d4"]


def test_the_query_of_the_pool_s_own_article_is_passed_over() -> None:
    pool = [*EXAMPLES, Example("own", "q", QUERY.text), Example("copy", "other", QUERY.text)]
    choice = Pool(pool, seed=0, selector="nearest").pick(QUERY, 1)
    assert [demo.id for demo in choice.demonstrations] == ["d0"]
    assert (choice.excluded_same_group, choice.excluded_near_duplicates) == (1, 1)


def test_a_prompt_that_is_too_long_gives_up_the_least_similar() -> None:
    pool = Pool(EXAMPLES, seed=0, selector="nearest")
    three = pool.pick(QUERY, 3).demonstrations
    assert [demo.id for demo in pool.fewer(three)] == ["d3", "d0"]


def test_texts_without_a_word() -> None:
    pool = Pool([Example("a", "a", "…"), Example("b", "b", "---")], seed=0, selector="nearest")
    assert {demo.id for demo in pool.pick(QUERY, 2).demonstrations} == {"a", "b"}
    assert shown(Example("q", "q", "…"), 2) == shown(Example("q2", "q2", "!!"), 2)


def test_words_are_those_of_legends() -> None:
    assert words("(A) TNFα–null; 5\u2009µM_x") == ["a", "tnfα", "null", "5", "µm", "x"]


def test_a_word_that_is_repeated_in_the_query_counts_once() -> None:
    alike = Lexical(TEXTS)
    assert alike.scores("p53 p53 blot").tolist() == alike.scores("blot p53").tolist()


def test_best_first_is_a_stable_order_of_all() -> None:
    draw = np.random.default_rng(0)
    scores = draw.integers(0, 9, 500).astype(np.float32)
    expected = sorted(range(500), key=lambda i: (-scores[i], i))
    assert list(best_first(scores)) == expected


# By vectors


@dataclass
class Letters:
    """An encoder that counts letters, and how often it is asked."""

    digest: str = "0123456789abcdef"
    asked: list[str] = field(default_factory=list)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        rows = np.array([[text.lower().count(letter) for letter in "abcxyz"] for text in texts], dtype=np.float32)
        found: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
        return found


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    made = Letters()
    monkeypatch.setattr(encoders, "open_encoder", lambda name: made)
    monkeypatch.setattr("fewshot.demonstrations._vectors.open_encoder", lambda name: made)
    return made


def test_an_embedder_decides_by_its_vectors_and_is_in_the_signature(letters: Letters, tmp_path: Path) -> None:
    pool = [Example("d0", "g0", "aaa b"), Example("d1", "g1", "xyz xyz"), Example("d2", "g2", "abc abc")]
    chosen = Pool(pool, seed=0, selector="nearest", embedder="/models/mini", vectors=tmp_path)
    assert [demo.id for demo in chosen.pick(Example("q", "q", "cab"), 2).demonstrations] == ["d0", "d2"]
    assert chosen.selector == "nearest(mini@01234567)"
    assert Pool(pool, seed=0, selector="nearest").selector == "nearest"


def test_vectors_are_kept_by_model_and_text(letters: Letters, tmp_path: Path) -> None:
    first = Embedded(["abc", "xyz"], "any", tmp_path).cosines("ax")
    assert letters.asked == ["abc", "xyz", "ax"]
    again = Embedded(["abc", "xyz"], "any", tmp_path).cosines("ax")
    assert letters.asked == ["abc", "xyz", "ax"], "all of them are in the file"
    assert again.tolist() == first.tolist()
    letters.digest = "another"
    Embedded(["abc"], "any", tmp_path)
    assert letters.asked[3:] == ["abc"], "another model's vectors are others"
    assert {path.name for path in tmp_path.iterdir()} == {"0123456789abcdef.bin", "another.bin"}


def test_a_torn_file_of_vectors_is_repaired(letters: Letters, tmp_path: Path) -> None:
    Embedded(["abc", "xyz"], "any", tmp_path)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-5])
    made = Vectors(letters, tmp_path)  # type: ignore[arg-type]
    whole = made.of(["abc", "xyz", "b"])
    assert letters.asked[2:] == ["xyz", "b"]
    assert Vectors(letters, tmp_path).of(["b", "xyz", "abc"]).tolist() == whole[[2, 1, 0]].tolist()  # type: ignore[arg-type]
    assert letters.asked[2:] == ["xyz", "b"]


def test_a_folder_that_cannot_be_written(letters: Letters, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write vectors"):
        Embedded(["abc"], "any", tmp_path / "file")


def test_a_selector_without_use_for_an_embedder_says_so() -> None:
    with pytest.raises(InputError, match="cannot use --embedder; use --selector diverse or nearest"):
        Pool(EXAMPLES, seed=0, selector="random", embedder="x")


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "find_spec", lambda name: None if name == "torch" else SimpleNamespace())
    encoders.open_encoder.cache_clear()
    with pytest.raises(MissingExtraError, match=r"torch.*pip install 'fewshot\[local\]'"):
        Pool(EXAMPLES, seed=0, selector="nearest", embedder="x").pick(QUERY, 1)


def test_by_words_no_torch_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def guarded(name: str, *rest: Any, **more: Any) -> Any:
        assert not name.startswith(("torch", "transformers")), f"{name} is imported"
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", guarded)
    assert shown(QUERY, 1) == ["d0"]


@pytest.mark.local
def test_a_real_encoder_is_mean_pooled_and_padding_changes_nothing(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertModel, BertTokenizerFast

    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "p53", "blot", "of"]))
    BertTokenizerFast(vocab=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=12,
    )  # fmt: skip
    model = BertModel(config).eval()
    model.save_pretrained(tmp_path)
    encoder = encoders.open_encoder(str(tmp_path))
    assert isinstance(encoder, Encoder)
    alone = encoder.vectors(["blot of p53"])
    beside = encoder.vectors(["of " * 40, "blot of p53"])
    np.testing.assert_allclose(beside[1], alone[0], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(beside, axis=1), 1, atol=1e-6)
    ids = torch.tensor([[2, 6, 7, 5, 3]])
    with torch.inference_mode():
        mean = model(ids).last_hidden_state[0].mean(0)
    np.testing.assert_allclose(alone[0], (mean / mean.norm()).numpy(), atol=1e-5)
