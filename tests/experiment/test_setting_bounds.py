"""The least and the most that a setting may be, and one step beyond."""

from __future__ import annotations

from typing import Any

import pytest

from fewshot.errors import InputError
from fewshot.experiment.settings import Settings, without_credentials


@pytest.mark.parametrize(
    ("name", "legal", "refused"),
    [
        ("shots", [0, 1], [-1]), ("limit", [1], [0, -1]), ("samples", [1], [0]), ("max_tokens", [1], [0]),
        ("context", [1], [0]), ("concurrency", [1, 1000], [0]), ("batch_tokens", [1], [0]),
        ("temperature", [0.0, 2.0, 1], [-0.1, 2.1, float("nan")]), ("rpm", [0.1], [0, -1, float("inf"), float("nan")]),
        ("tpm", [1.0], [0]), ("timeout", [0.1], [0, float("inf")]), ("budget_usd", [0.01], [0, -1]),
        ("budget_tokens", [1], [0]), ("decoder", [None, "copy", "generate", "head"], ["beam"]),
        ("draft", [None, "encoder", "copy", "none"], ["generate", ""]),
    ],
)  # fmt: skip
def test_what_a_setting_may_be(name: str, legal: list[Any], refused: list[Any]) -> None:
    for value in legal:
        assert getattr(Settings(task="ner", **{name: value}), name) == value
    for value in refused:
        with pytest.raises(InputError, match=f"--{name.replace('_', '-')} must"):
            Settings(task="ner", **{name: value})


@pytest.mark.parametrize(("samples", "temperature", "legal"), [(2, 0.1, True), (2, 0.0, False), (1, 0.0, True)])
def test_several_samples_need_a_temperature(samples: int, temperature: float, legal: bool) -> None:
    if legal:
        Settings(task="ner", samples=samples, temperature=temperature)
        return
    with pytest.raises(InputError, match=f"--samples {samples} at temperature 0"):
        Settings(task="ner", samples=samples, temperature=temperature)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://me:pw@h:1/v1?key=1", "http://h:1/v1"), ("https://h", "https://h"), ("http://h/a@b", "http://h/a@b"),
        ("http://k@h/v1", "http://h/v1"), ("http://a@b@h/v1", "http://h/v1"), ("plain?x=1", "plain?x=1"),
        ("a b://me@h", "a b://me@h"), ("://me@h", "://me@h"), ("hub:EMBO/x@y", "hub:EMBO/x@y"), ("", ""),
    ],
)  # fmt: skip
def test_an_address_is_kept_without_its_secrets(text: str, kept: str) -> None:
    assert without_credentials(text) == kept
