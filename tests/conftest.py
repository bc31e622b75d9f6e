"""What all tests share: the flag that writes golden files anew, and property tests without a clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("fewshot", deadline=None)  # a busy machine is no failure
settings.load_profile("fewshot")

GOLDEN = Path(__file__).parent / "golden"


class Golden:
    """Compares bytes with a file under `tests/golden`; with `--rewrite-golden` it writes them instead."""

    def __init__(self, *, rewrite: bool) -> None:
        self._rewrite = rewrite

    def check(self, name: str, text: str) -> None:
        """Fails where the file `name` does not hold exactly `text`."""
        path = GOLDEN / name
        if self._rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        if not path.is_file():
            pytest.fail(f"{path} is missing: look at the text, then run pytest with --rewrite-golden")
        assert path.read_bytes().decode() == text, f"{path.name} differs (meant? pytest --rewrite-golden)"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write tests/golden anew from what the code says")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(rewrite=bool(request.config.getoption("--rewrite-golden")))
