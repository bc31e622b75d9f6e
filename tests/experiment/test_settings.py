"""Settings: what is said, kept and told apart."""

from __future__ import annotations

import pytest

from fewshot.errors import InputError
from fewshot.experiment.differences import differences
from fewshot.experiment.settings import Settings


def test_what_is_written_to_toml_is_read_again() -> None:
    settings = Settings(task="ner", labels=("GENEPROD",), extra={"n": 1}, shots=2, base_url="http://h/v1")
    assert Settings.from_toml(settings.to_toml()) == settings


def test_keys_of_other_versions_are_left_alone() -> None:
    assert Settings.from_toml({"task": "ner", "flavour": 3}).task == "ner"


def test_differences_name_what_differs_and_leave_pace_out() -> None:
    old = Settings(task="ner", shots=2)
    assert differences(old, Settings(task="ner", shots=3, concurrency=64)) == ["shots: 2 → 3"]
    assert differences(old, Settings(task="ner", shots=2, labels=("X", "Y"))) == ["labels: not set → X,Y"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"shots": -1}, "--shots must be at least 0"),
        ({"limit": 0}, "--limit must be at least 1"),
        ({"max_tokens": 0}, "--max-tokens must be at least 1"),
        ({"concurrency": 0}, "--concurrency must be at least 1"),
        ({"temperature": 2.5}, "--temperature must lie between 0 and 2"),
    ],
)
def test_values_out_of_range_are_refused(broken: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Settings(task="ner", **broken)  # type: ignore[arg-type]
