"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import fewshot

NAMES = [
    module.name
    for module in pkgutil.walk_packages(fewshot.__path__, "fewshot.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:  # what `pip install 'fewshot[local]'` brings
        pytest.skip(f"needs {error.name}")
    result = doctest.testmod(module)
    assert result.failed == 0
