"""What tells systems of one name apart, and no more than that."""

from __future__ import annotations

from typing import Any

from fewshot.report.naming import labelled
from fewshot.report.rows import Row


def row(name: str, **settings: Any) -> Row:
    return Row(name, "prompted", (), (), (), settings)


def test_what_follows_from_other_settings_is_left_out_where_they_are_enough() -> None:
    rows = [
        row("gpt-6", shots=0, labelled=0),
        row("gpt-6", shots=3, labelled=4560),
        row("MiniLM", shots=None, labelled=10),
        row("MiniLM", shots=None, labelled=50),
    ]
    labels = [one.label for one in labelled(rows)]
    assert labels[:2] == ["gpt-6 (0 shots)", "gpt-6 (3 shots)"]
    assert labels[2].endswith("labelled 10)")
    assert labels[3].endswith("labelled 50)")


def test_it_stays_where_nothing_else_tells_two_apart() -> None:
    rows = [row("gpt-6", shots=3, labelled=60), row("gpt-6", shots=3, labelled=120), row("rules", shots=3, labelled=60)]
    assert [one.label for one in labelled(rows)] == ["gpt-6 (labelled 60)", "gpt-6 (labelled 120)", "rules"]
