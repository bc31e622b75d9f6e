"""The two sets of tested versions: that for `--backend gliner` differs where it must, and lacks nothing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDER = {"huggingface-hub", "transformers"}
"""What the gliner library wants older than we have it."""


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    found = (line.partition("==") for line in lines if line and not line.startswith("#"))
    return {package.lower().replace("_", "-"): version for package, _, version in found}


def test_the_versions_for_gliner_are_ours_but_for_two() -> None:
    ours, theirs = pins("constraints.txt"), pins("constraints-gliner.txt")
    differ = {name for name in theirs if name in ours and ours[name] != theirs[name].removesuffix("+cpu")}
    assert differ == OLDER


def test_everything_that_both_install_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for wanted, file in (
        (project["dependencies"], "constraints.txt"),
        ([*project["dependencies"], *project["optional-dependencies"]["gliner"]], "constraints-gliner.txt"),
    ):
        names = {re.split(r"[\[>=<]", line)[0].lower().replace("_", "-") for line in wanted}
        assert names <= set(pins(file)), file
