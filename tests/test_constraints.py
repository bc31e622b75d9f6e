"""The two sets of tested versions: that for `--backend gliner` differs where it must, and lacks nothing."""

from __future__ import annotations

import ast
import re
import sys
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


COME_WITH = {
    "aiohttp": "openai",
    "httpx2": "openai",
    "yarl": "openai",
    "safetensors": "transformers",
    "tokenizers": "transformers",
}
"""What a package that we ask for brings along, and we import too."""


def test_everything_that_is_imported_is_asked_for() -> None:
    """A clean environment holds what pyproject asks for, and not what a developer happens to have."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    declared = {re.split(r"[\[>=<]", line)[0].lower().replace("-", "_") for line in wanted}
    own = {"fewshot", "finetune", *sys.stdlib_module_names}
    strange = {
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("fewshot", "finetune")
        for path in (ROOT / package).rglob("*.py")
        for name in _imported(ast.parse(path.read_text("utf-8")))
        if name not in own and COME_WITH.get(name, name).lower() not in declared
    }
    assert strange == set()


def _imported(tree: ast.AST) -> set[str]:
    """The packages that a module imports when it runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
