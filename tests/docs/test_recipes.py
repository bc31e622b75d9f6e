"""Every recipe of the README and of the documentation is typed: the README section by section, each in an empty folder
and with what stands there alone; other pages in a folder with the files that they name."""

from __future__ import annotations

import re
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import kitchen
from tests.docs.recipes import PAGES, ROOT, TYPED, Command, blocks, unfenced
from tests.docs.typist import Typist, agree
from tests.servers.batch_server import BatchServer
from tests.servers.tgi_server import TgiServer

NEEDS_TORCH = re.compile(r"finetune|--backend local|--embedder")


def _page(path: Path) -> object:
    typed = "\n".join(block.body for block in blocks(path) if block.typed)
    marks = [pytest.mark.local] if NEEDS_TORCH.search(typed) else []
    return pytest.param(path, marks=marks, id=str(path.relative_to(ROOT)))


README = ROOT / "README.md"
WITH_RECIPES = [path for path in PAGES if path != README and any(block.typed for block in blocks(path))]
PATHS = ["Install", *re.findall(r"^### (.+)$", README.read_text("utf-8"), re.MULTILINE)]


class Everything(BatchServer, TgiServer):
    """One server that plays all of them: chat, completions, TGI's routes, batches."""


@pytest.fixture
def server() -> Iterator[TgiServer]:
    with Everything() as started:
        yield started


@pytest.fixture
def typist(
    server: TgiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Typist:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-mine")
    monkeypatch.setenv("FEWSHOT_GPT3_MODEL", "gpt-6-luna")  # what OpenAI's own address has as its default
    monkeypatch.setenv("FEWSHOT_PRICES", str(kitchen.prices()))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(webbrowser, "open", lambda address: True)
    return Typist(server, monkeypatch, capfd)


@pytest.mark.slow
@pytest.mark.parametrize("page", [_page(path) for path in WITH_RECIPES])
def test_a_page_is_typed(page: Path, typist: Typist) -> None:
    names: dict[str, object] = {"__name__": "__page__"}
    for block in blocks(page):
        if not block.typed:
            continue
        kitchen.supply(block.body)
        if block.language == "python":
            exec(compile(block.body, f"{page.name}:{block.line}", "exec"), names)
            continue
        for command in block.commands:
            typist.types(command)


@pytest.mark.slow
@pytest.mark.local
@pytest.mark.parametrize("section", PATHS)
def test_a_path_of_the_readme_begins_in_an_empty_folder(section: str, typist: Typist) -> None:
    typed = [block for block in blocks(README) if block.section == section]
    assert typed
    for block in typed:
        assert block.typed
        for command in block.commands:
            typist.types(command)


def test_the_readme_has_the_five_paths_and_nothing_else_to_type() -> None:
    assert len(PATHS) == 6
    assert {block.section for block in blocks(README) if block.language in TYPED} == set(PATHS)


def test_no_command_stands_where_nobody_types_it() -> None:
    """Commands stand in blocks that say what they are, and what is not typed says why."""
    command = re.compile(r"^(?:\$ | {4,})?(?:fewshot|python -m (?:finetune|benchmarks)) [a-z]", re.MULTILINE)
    strays = []
    for page in PAGES:
        strays += [f"{page.name}: {found[0]}" for found in command.finditer(unfenced(page)) if found[0].startswith(" ")]
        for block in blocks(page):
            if block.language not in TYPED and block.mark is None and command.search(block.body):
                strays.append(f"{page.name}:{block.line}: a block in {block.language or 'no language'}")
    assert strays == []


def test_what_another_test_types_is_there() -> None:
    for page in PAGES:
        for block in blocks(page):
            if block.mark and block.mark.startswith("typed by"):
                test = ROOT / block.mark.removeprefix("typed by ")
                assert test.is_file(), block.mark
                assert page.name in test.read_text("utf-8"), f"{test.name} does not name {page.name}"


def test_every_benchmark_that_a_page_names_is_there() -> None:
    for page in PAGES:
        for name in re.findall(r"python -m benchmarks\.(\w+)", page.read_text("utf-8")):
            assert (ROOT / "benchmarks" / f"{name}.py").is_file(), f"{page.name}: benchmarks.{name}"


@pytest.mark.parametrize(
    ("printed", "shown", "agrees"),
    [
        ("one 1.5 s\ntwo\nthree\n", "one … s\n…\nthree\n", True),
        ("one\ntwo\n", "one\n", False),
        ("one\ntwo\n", "one\n…\n", True),
        ("one\n", "two\n", False),
    ],
)
def test_what_a_page_shows_is_compared(printed: str, shown: str, agrees: bool) -> None:
    assert agree(printed, shown) is agrees


def test_a_command_that_fails_is_noticed(typist: Typist) -> None:
    typist.types(Command("fewshot list tasks", "causal …\n…\n"))
    with pytest.raises(AssertionError, match="the page says"):
        typist.types(Command("fewshot list tasks", "chemicals\n"))
    for wrong in ("fewshot list task", "make nothing", "pip install '.[nothing]'", "fewshot list tasks | false"):
        with pytest.raises(AssertionError):
            typist.types(Command(wrong))


def test_few_are_not_typed() -> None:
    """A reason is no habit: whoever adds one looks at this number."""
    marks = [(page.name, block.mark) for page in PAGES for block in blocks(page) if block.language in TYPED]
    reasons = {(page, mark) for page, mark in marks if mark and mark.startswith("not typed")}
    assert len(reasons) <= NOT_TYPED, sorted(reasons)


NOT_TYPED = 15
