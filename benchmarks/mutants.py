"""Do the tests notice? Plants faults in the code, one at a time, and counts those that some test finds.

    python -m benchmarks.mutants [--count 150] [--seed 0] [--packages metrics,engine] [--jobs 2] [--json FILE]

cosmic-ray writes the mutants (`<` becomes `<=`, `and` becomes `or`, 3 becomes 4, a loop runs zero times, …). A seeded
sample is drawn: places in the code first, then one of the mutants of each place. Each mutant is tested in a copy of the
repository by the fast tests that concern its package (`TESTS`), until the first one fails. It prints the share killed
and every survivor with its line. A survivor is a missing test, or equivalent: the program does the same
(docs/testing.md names them).
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

ROOT = Path(__file__).parents[1]

TESTS: Mapping[str, Sequence[str]] = {
    "metrics": ("tests/metrics", "tests/scoring", "tests/tasks", "tests/experiment"),
    "text": ("tests/text", "tests/scoring", "tests/formats", "tests/backends/rules", "tests/prompt"),
    "formats": ("tests/formats", "tests/scoring", "tests/prompt"),
    "scoring": ("tests/scoring", "tests/experiment"),
    "cassette": ("tests/cassette", "tests/experiment"),
    "experiment": ("tests/experiment", "tests/scoring", "tests/report"),
    "engine": ("tests/engine", "tests/experiment"),
}
"""The tests that concern a package, its own first; before them come the examples in the docstrings of the module."""

_SWAPS = (
    ("Binary", "Add Sub"), ("Binary", "Sub Add"), ("Binary", "Mul Div"), ("Binary", "Div Mul"),
    ("Binary", "FloorDiv Mul"), ("Binary", "Mod Mul"), ("Binary", "BitOr BitAnd"), ("Binary", "BitAnd BitOr"),
    ("Comparison", "Eq NotEq"), ("Comparison", "NotEq Eq"), ("Comparison", "Is IsNot"), ("Comparison", "IsNot Is"),
    ("Comparison", "Lt LtE"), ("Comparison", "LtE Lt"), ("Comparison", "Gt GtE"), ("Comparison", "GtE Gt"),
    ("Comparison", "Lt Gt"), ("Comparison", "LtE Gt"), ("Comparison", "Gt Lt"), ("Comparison", "GtE Lt"),
    ("Unary", "Delete Not"), ("Unary", "Delete USub"),
)  # fmt: skip
OPERATORS = (
    *(f"core/Replace{sort}Operator_{'_'.join(names.split())}" for sort, names in _SWAPS),
    "core/AddNot", "core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue", "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd", "core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak",
    "core/ExceptionReplacer", "core/NumberReplacer", "core/RemoveDecorator", "core/ZeroIterationForLoop",
)  # fmt: skip
"""cosmic-ray has 200 operators. Left out are those that Python itself refuses (`text ** text`) or hides (`==` for `is`
between small numbers): any test that reaches the line kills the first, none the second."""

_SLACK = 15.0
"""Seconds that a mutant gets beside three times what the tests take without it: a busy machine is not a hang."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the file, its line, what was done, and the file's new text."""

    path: str
    line: int
    operator: str
    was: str
    now: str
    code: str

    @property
    def package(self) -> str:
        """The package of `fewshot/` it lies in."""
        return self.path.split("/")[1]

    @property
    def tests(self) -> tuple[str, ...]:
        """What pytest is given."""
        module = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"tests/test_docstrings.py::test_examples[{module}]", *TESTS[self.package]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}  {self.was}  →  {self.now}"


def sample(packages: Iterable[str], count: int, seed: int) -> list[Mutant]:
    """So many mutants of different places, drawn by seed, in the order of files and lines."""
    chance = random.Random(seed)
    places: dict[tuple[str, tuple[int, int]], list[tuple[str, int]]] = {}
    for package in packages:
        for path in sorted((ROOT / "fewshot" / package).rglob("*.py")):
            for place, operator, occurrence in _places(path):
                key = (path.relative_to(ROOT).as_posix(), place)
                places.setdefault(key, []).append((operator, occurrence))
    order = sorted(places)
    chance.shuffle(order)
    drawn: list[Mutant] = []
    for key in order:
        if len(drawn) == count:
            break
        name, (line, _) = key
        mutant = _mutant(name, line, *chance.choice(places[key]))
        if mutant is not None:
            drawn.append(mutant)
    return sorted(drawn, key=lambda mutant: (mutant.path, mutant.line))


def _places(path: Path) -> Iterator[tuple[tuple[int, int], str, int]]:
    """`((line, column), operator, occurrence)` of every mutant of a file."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator

    nodes = list(ast_nodes(get_ast_from_path(path)))
    for name in OPERATORS:
        operator = get_operator(name)()
        positions = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            yield start, name, occurrence


def _mutant(path: str, line: int, operator: str, occurrence: int) -> Mutant | None:
    """The mutant, or `None` where nothing that runs differs: annotations, protocols, flags of dataclasses."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = (ROOT / path).read_text("utf-8")
    try:
        code = mutate_code(source, get_operator(operator)(), occurrence)
    except AttributeError:  # `except package.Error:` is more than cosmic-ray's ExceptionReplacer can read
        return None
    if code is None or _meaning(code) == _meaning(source):
        return None
    old, new = source.splitlines(), code.splitlines()
    return Mutant(path, line, operator.rpartition("/")[2], old[line - 1].strip(), new[line - 1].strip(), code)


class _Meaning(ast.NodeTransformer):
    """What is left of a module without that which changes nothing that it does."""

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]  # cosmic-ray takes a bare `*` for a product
        node.defaults = [*node.defaults, *(value for value in node.kw_defaults if value is not None)]
        node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        hidden = {"field": ("init", "repr"), "zip": ("strict",)}.get(ast.unparse(node.func), ())  # guards never fire
        node.keywords = [keyword for keyword in node.keywords if keyword.arg not in hidden]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(value="")
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if any(isinstance(name, ast.Name) and name.id == "TYPE_CHECKING" for name in ast.walk(node.test)):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if any(ast.unparse(base) == "Protocol" for base in node.bases):
            return ast.Pass()  # read by people and by mypy
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "dataclass":
                decorator.keywords = []
        return self.generic_visit(node)


def _meaning(code: str) -> str | None:
    """A module's syntax tree as text, without annotations; `None` where Python cannot read it."""
    try:
        return ast.dump(_Meaning().visit(ast.parse(code)))
    except SyntaxError:
        return None


class Copy:
    """A copy of the repository in which one mutant after the other is tested."""

    def __init__(self, folder: Path, python: str) -> None:
        self.root, self.python = folder, python
        for name in ("fewshot", "finetune", "prompts", "tests", "benchmarks"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "CONTRIBUTING.md"):
            shutil.copy(ROOT / name, folder / name)

    def passes(self, tests: Sequence[str], timeout: float | None = None) -> bool | None:
        """Whether the tests pass here; `None`: they did not end in time."""
        command = [self.python, "-m", "pytest", "-x", "-q", "-m", "not slow and not local", "--hypothesis-seed=0"]
        clean = {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        tested = subprocess.Popen(
            [*command, *tests],
            cwd=self.root,
            env=os.environ | clean,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return tested.wait(timeout) == 0
        except subprocess.TimeoutExpired:
            os.killpg(tested.pid, signal.SIGKILL)
            tested.wait()
            return None
        finally:
            shutil.rmtree(self.root / ".hypothesis", ignore_errors=True)  # no mutant learns from the one before

    def survives(self, mutant: Mutant, timeout: float) -> bool:
        """Whether no test that concerns a mutant finds it. Tests that never end have found it."""
        path = self.root / mutant.path
        original = path.read_text("utf-8")
        try:
            path.write_text(mutant.code, "utf-8")
            return self.passes(mutant.tests, timeout) is True
        finally:
            path.write_text(original, "utf-8")


def run(mutants: Sequence[Mutant], *, jobs: int, python: str) -> list[Mutant]:
    """The survivors. Several are tested at a time, each in a copy of its own."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(Copy(Path(folder, str(number)), python))
        limits = _limits({mutant.package for mutant in mutants}, copies)

        def survives(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                lives = copy.survives(mutant, limits[mutant.package])
            finally:
                copies.put(copy)
            print(f"{'SURVIVED' if lives else 'killed  '} {mutant}", flush=True)
            return lives

        return [mutant for mutant, lives in zip(mutants, pool.map(survives, mutants), strict=True) if lives]


def _limits(packages: Iterable[str], copies: SimpleQueue[Copy]) -> dict[str, float]:
    """Seconds a mutant gets, by package: from how long its tests take where nothing is broken."""
    limits = {}
    copy = copies.get()
    for package in sorted(packages):
        began = time.monotonic()
        if copy.passes(TESTS[package]) is not True:
            sys.exit(f"the tests of {package} fail without a mutant: {' '.join(TESTS[package])}")
        limits[package] = 3 * (time.monotonic() - began) + _SLACK
    copies.put(copy)
    return limits


def report(mutants: Sequence[Mutant], survivors: Sequence[Mutant]) -> dict[str, Any]:
    """Counts by package, the score, the survivors."""
    planted = Counter(mutant.package for mutant in mutants)
    lived = Counter(mutant.package for mutant in survivors)
    return {
        "mutants": len(mutants),
        "killed": len(mutants) - len(survivors),
        "score": round(1 - len(survivors) / max(1, len(mutants)), 4),
        "packages": {name: [count - lived[name], count] for name, count in sorted(planted.items())},
        "survivors": [str(mutant) for mutant in survivors],
    }


def main() -> None:
    """Prints the score and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--packages", default=",".join(TESTS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the tests")
    parser.add_argument("--list", action="store_true", help="say which mutants would be tested, and test none")
    parser.add_argument("--json", type=Path, help="write the result here as well")
    args = parser.parse_args()
    began = time.monotonic()
    mutants = sample(args.packages.split(","), args.count, args.seed)
    if args.list:
        print(*mutants, sep="\n")
        return
    found = report(mutants, run(mutants, jobs=args.jobs, python=args.python))
    found["seconds"] = round(time.monotonic() - began)
    print(json.dumps(found, ensure_ascii=False, indent=2))
    if args.json:
        args.json.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
