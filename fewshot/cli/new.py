"""Write a new task, format, backend, selector or data format, with its test, to start from.

    fewshot new task chemicals                        # in a checkout: fewshot/tasks/, tests/tasks/, prompts/
    fewshot new format brackets --out my-brackets     # a package of its own, registered once it is installed

The module works unchanged and passes its test. No file is overwritten.
"""

from __future__ import annotations

import argparse
import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.files import CORPUS

SKELETONS = CORPUS / "skeletons"
_PACKAGES = {
    "task": "fewshot.tasks",
    "format": "fewshot.formats",
    "backend": "fewshot.backends",
    "selector": "fewshot.demonstrations",
    "data": "fewshot.data",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_IMPORT = re.compile(r"(?:from|import) (\w+)\S*")


@dataclass(frozen=True, slots=True)
class _New:
    """A module to write: `name` for our `package`, in a plugin of its own, or here if `plugin` is `None`."""

    kind: str
    name: str
    package: str
    plugin: str | None

    @property
    def module(self) -> str:
        """The full name of the new module."""
        return f"{self.plugin or self.package}.{self.name}"

    def text(self, skeleton: str) -> str:
        """A skeleton with its names filled in; the imports of a test are grouped as ruff groups them."""
        words = self.name.replace("_", " ")
        values = {
            "name": self.name,
            "words": words,
            "TITLE": words.upper(),
            "Class": "".join(word.capitalize() for word in self.name.split("_")),
            "module": self.module,
            "package": self.plugin or "",
            "distribution": (self.plugin or "").replace("_", "-"),
            "group": self.package,
            "noun": discovery.noun(self.package),
        }
        filled = Template((SKELETONS / f"{skeleton}.txt").read_text("utf-8")).substitute(values)
        return _grouped(filled, self.module.partition(".")[0]) if skeleton.endswith("_test.py") else filled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot new`."""
    parser.add_argument("kind", choices=tuple(_PACKAGES))
    parser.add_argument("name", metavar="NAME", help="as --task, --format, --backend, --selector or --from name it")
    parser.add_argument("--out", type=Path, metavar="DIR", help="a package of its own, in this folder")


def main(args: argparse.Namespace) -> int:
    """Writes the files and names them."""
    from fewshot.cli import _output, _terminal

    package = _PACKAGES[args.kind]
    _check_name(args.name, package)
    new = _New(args.kind, args.name, package, None if args.out is None else f"fewshot_{args.name}")
    texts = _in_checkout(new) if args.out is None else _in_plugin(new, args.out)
    _write(texts)
    for path in texts:
        _terminal.line(str(path))
    _output.notice(_next_steps(new, args.out))
    return 0


def _check_name(name: str, package: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise InputError(f"{name!r} cannot be the name of a module", hint="lower-case letters, digits, _")
    if name in discovery.names(package):
        raise InputError(f"{discovery.noun(package)} {name!r} exists already", hint="choose another name")


def _in_checkout(new: _New) -> dict[Path, str]:
    """Returns path → text, beside our own files."""
    folder = new.package.rpartition(".")[2]
    if not (Path("fewshot", folder).is_dir() and Path("tests").is_dir() and Path("prompts").is_dir()):
        raise InputError("this folder is not a checkout of fewshot", hint="--out DIR writes a package of its own")
    return {
        Path("fewshot", folder, f"{new.name}.py"): new.text(f"{new.kind}.py"),
        Path("tests", folder, f"test_{new.name}.py"): new.text(f"{new.kind}_test.py"),
        **_prompt(new, Path("prompts")),
    }


def _in_plugin(new: _New, out: Path) -> dict[Path, str]:
    """Returns path → text of a package that registers by an entry point."""
    inside = out / str(new.plugin)
    docstring = f"The {discovery.noun(new.package)} `{new.name}` for fewshot."
    return {
        out / "pyproject.toml": new.text("pyproject.toml"),
        inside / "__init__.py": f'"""{docstring}"""\n',
        inside / "py.typed": "",
        inside / f"{new.name}.py": new.text(f"{new.kind}.py"),
        out / "tests" / f"test_{new.name}.py": new.text(f"{new.kind}_test.py"),
        **_prompt(new, inside / "prompts"),
    }


def _prompt(new: _New, folder: Path) -> Mapping[Path, str]:
    """Returns path → text of the prompt, which only a task has."""
    skeleton = f"{new.kind}.prompt"
    return {folder / f"{new.name}.txt": new.text(skeleton)} if (SKELETONS / f"{skeleton}.txt").is_file() else {}


def _write(texts: Mapping[Path, str]) -> None:
    """Writes all files, or none if one of them exists already."""
    for path in texts:
        if path.exists():
            raise InputError(f"{path} exists already: nothing was written", hint="choose another name or --out")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be written ({error.strerror})") from None


def _grouped(text: str, own: str) -> str:
    """Returns a test with its imports in ruff's order: other packages, then `own`, the package of the file.

    >>> print(_grouped("from mine.x import FORMAT\\nfrom fewshot.records import Span\\n", "mine").strip())
    from fewshot.records import Span
    <BLANKLINE>
    from mine.x import FORMAT
    """
    lines = text.splitlines(keepends=True)
    ours = ("pytest", "fewshot", own)
    numbers = [i for i, line in enumerate(lines) if (match := _IMPORT.match(line)) and match[1].startswith(ours)]
    if not numbers:
        return text
    first, last = numbers[0], numbers[-1]
    imports = [lines[i] for i in numbers]
    theirs = _in_order(line for line in imports if _root(line) != own)
    mine = _in_order(line for line in imports if _root(line) == own)
    return "".join([*lines[:first], *theirs, *(["\n"] if theirs and mine else []), *mine, *lines[last + 1 :]])


def _root(line: str) -> str:
    match = _IMPORT.match(line)
    return match[1] if match else ""


def _in_order(imports: Iterable[str]) -> list[str]:
    """`import x` before `from x`, each by module name."""
    return sorted(imports, key=lambda line: (line.startswith("from"), line.split()[1]))


def _next_steps(new: _New, out: Path | None) -> list[str]:
    plural = "data" if new.kind == "data" else f"{new.kind}s"
    if out is not None:
        return [f"pip install -e {out} installs it; then `fewshot list {plural}` shows it, and pytest {out} tests it"]
    folder = new.package.rpartition(".")[2]
    steps = [f"`fewshot list {plural}` shows it, and pytest tests/{folder}/test_{new.name}.py tests it"]
    if new.kind in ("task", "format"):
        steps.append("pytest tests/prompt --rewrite-golden keeps the bytes of its prompts")
    return steps
