"""Prices: sourced, dated, editable, and never 0 for what nobody knows."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from fewshot.backends.gpt3 import DEFAULT_MODEL
from fewshot.engine import prices
from fewshot.engine.prices import find
from fewshot.errors import DataError

API = "https://api.openai.com/v1/chat/completions"
LOCAL = "http://127.0.0.1:8000/v1/chat/completions"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("FEWSHOT_PRICES", str(path))
    return path


@pytest.fixture(autouse=True)
def _nobody_s_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEWSHOT_PRICES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_every_bundled_price_has_a_date_and_a_source() -> None:
    table = tomllib.loads(prices.BUNDLED.read_text("utf-8"))
    rows = [(model, row) for host in table.values() for model, row in host.items()]
    assert len(rows) >= 5
    for model, row in rows:
        assert row.keys() == {"input", "output", "date", "source"}, model
        assert 0 < row["input"] < row["output"] < 1000, model
        assert date(2026, 1, 1) <= row["date"], model
        assert row["source"].startswith("https://"), model


def test_the_default_model_has_a_price() -> None:
    price = find(DEFAULT_MODEL, API)
    assert price is not None
    assert price.of(1_000_000, 0) == price.input
    assert price.of(0, 500_000) == price.output / 2
    assert "per million tokens (2026-" in str(price)


def test_what_nobody_knows_has_no_price() -> None:
    assert find("gpt-99", API) is None
    assert find(DEFAULT_MODEL, LOCAL) is None, "the same name on another server is not sold there"
    assert find(DEFAULT_MODEL, None) is None
    assert find(DEFAULT_MODEL, API, {"service_tier": "priority"}) is None
    assert find(DEFAULT_MODEL, API, {"service_tier": "default"}) is not None


def test_the_user_s_own_file_wins(own: Path) -> None:
    own.write_text(
        f'["api.openai.com"."{DEFAULT_MODEL}"]\ninput = 7\noutput = 8.5\n'
        '["127.0.0.1".tiny]\ninput = 0\noutput = 0\n[any.m]\ninput = 1\noutput = 2\ndate = 2026-11-25\n'
    )
    price = find(DEFAULT_MODEL, API)
    assert price is not None
    assert (price.input, price.output, price.date, price.source) == (7, 8.5, "no date", str(own))
    tiny, anywhere = find("tiny", LOCAL), find("m", LOCAL)
    assert tiny is not None
    assert tiny.of(10**9, 10**9) == 0, "said to be free"
    assert anywhere is not None
    assert anywhere.date == "2026-11-25"
    assert find("gpt-4.1", API) is not None, "the bundled ones are still there"


def test_the_usual_place_of_the_user_s_own_file(tmp_path: Path) -> None:
    path = tmp_path / "config" / "fewshot" / "prices.toml"
    assert prices.own_file() == path
    path.parent.mkdir(parents=True)
    path.write_text("[any.m]\ninput = 1\noutput = 2\n")
    assert find("m", LOCAL) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[any.m]\ninput = 1\n", "any.m: output must be dollars"),
        ("[any.m]\ninput = -1\noutput = 1\n", "any.m: input must be dollars"),
        ('[any.m]\ninput = "1"\noutput = 1\n', "any.m: input must be dollars"),
        ("[any]\nm = 3\n", "any.m: input must be dollars"),
        ("[any", "cannot be read"),
    ],
)
def test_a_broken_table_is_named(own: Path, text: str, said: str) -> None:
    own.write_text(text)
    with pytest.raises(DataError, match=said) as caught:
        find("m", LOCAL)
    assert str(own) in str(caught.value)


def test_a_named_file_that_is_not_there(own: Path) -> None:
    with pytest.raises(DataError, match="FEWSHOT_PRICES names it"):
        find("m", LOCAL)
