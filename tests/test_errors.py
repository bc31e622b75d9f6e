"""The error tree: every message says what, where and what to do."""

from __future__ import annotations

from fewshot import errors


def test_every_error_is_in_the_drawn_tree() -> None:
    drawn = errors.__doc__ or ""
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.FewshotError):
            assert name in drawn, f"{name} is missing from the tree in the module's docstring"


def test_exit_codes() -> None:
    assert errors.InputError("x").exit_code == 2
    assert errors.ReplayError("x").exit_code == 2
    assert errors.IncompleteError("x").exit_code == 3


def test_a_place_is_told_as_far_as_it_is_known() -> None:
    assert str(errors.DataError("bad", path="f", line=7, id="x")) == "f:7 (id x): bad"
    assert str(errors.DataError("bad", line=7)) == "line 7: bad"
    assert str(errors.DataError("bad", id="x", hint="mend it")) == "id x: bad; mend it"
    assert "pip install 'fewshot[local]'" in str(errors.MissingExtraError("torch", extra="local"))
