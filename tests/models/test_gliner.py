"""GLiNER with the real library and a tiny model: exact offsets, texts of any length, labels in words.

The library wants an older transformers than ours: `make gliner` runs these tests in an environment of its own.
"""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fewshot.errors import FewshotError, InputError
from fewshot.records import Example

pytest.importorskip("gliner", reason="the gliner library has an environment of its own: make gliner")

from fewshot.models import gliner, gliner_folder
from fewshot.models.gliner import Gliner, in_words
from tests.models import tiny_gliner
from tests.models.tiny_gliner import BERT, LONG, MEANT, SHORT, WORDS, loaded, predicted

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with gliner_folder.quiet():
        return tiny_gliner.save(tmp_path_factory.mktemp("gliner") / "tiny")


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


def test_labels_that_are_called_the_same() -> None:
    assert in_words("SMALL_MOLECULE") == "small molecule"
    assert in_words("X", ": nothing before it") == "x"
    with pytest.raises(FewshotError, match=r'A and B are both asked for as .Genes., *; *define one: B="…"|A and B are'):
        gliner.check_words({"A": "genes", "B": "Genes"})
