"""Gold, given entities, restriction and labels of every task; every headline is a score."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fewshot import tasks
from fewshot.errors import InputError
from fewshot.records import Example, Span


@pytest.mark.parametrize("name", tasks.names())
def test_headline_names_are_scores_and_empty_is_exact(name: str) -> None:
    task = tasks.get(name)
    example = Example("a", "a", "p53 blot")
    found = task.score([tasks.Case(example, task.empty(), task.empty())], task.known_labels)
    assert set(task.headline) <= set(found)
    assert found["exact.accuracy"] == 1
    assert task.gold(example) is None


def test_roles_gold_is_unlabelled_where_nobody_looked() -> None:
    task = tasks.get("roles")
    none, looked = Span(0, 3, "GENEPROD"), Span(4, 8, "GENEPROD", role="")
    bears = Span(4, 8, "GENEPROD", role="MEASURED_VAR")
    assay = Span(4, 8, "EXP_ASSAY", role="MEASURED_VAR")
    assert task.gold(Example("a", "a", "p53 blot", entities=(none,))) is None
    assert task.gold(Example("a", "a", "p53 blot", entities=(none, looked))) == ()
    assert task.gold(Example("a", "a", "p53 blot", entities=(none, bears))) == (bears,)
    assert task.gold(Example("a", "a", "p53 blot", entities=(assay,))) == ()
    assert task.given(Example("a", "a", "p53 blot", entities=(none, bears))) == (none, Span(4, 8, "GENEPROD"))


def test_labels_are_those_present_in_known_order() -> None:
    ner = tasks.get("ner")
    assert tasks.ordered(ner, ["Z", "DISEASE", "A", "GENEPROD"]) == ("GENEPROD", "DISEASE", "A", "Z")
    assert tasks.resolve_labels(ner, ["all"], ["Z"]) == (("Z",), [])
    labels, warned = tasks.resolve_labels(ner, ["SMALL_MOL"], ["SMALL_MOLECULE", "GENEPROD"])
    assert labels == ("SMALL_MOLECULE",)
    assert len(warned) == 1
    with pytest.raises(InputError, match="did you mean 'GENEPROD'"):
        tasks.resolve_labels(ner, ["GENPROD"], [])


def test_importing_the_tasks_does_not_import_numpy() -> None:
    code = "import sys, fewshot.tasks; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
