"""What a run is identified by: for every setting, exactly what moves when it is changed.

Two runs that differ in one setting are compared: the keys of their signatures (is a score comparable?), the names of
their default folders and whether one folder takes both (is it the same run?), the fields of their requests (may a
recorded answer be taken?). A new setting fails here until the table says what it moves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from fewshot.backends import Options
from fewshot.errors import RunFolderError
from fewshot.experiment.replaying import replay
from fewshot.experiment.running import run
from fewshot.experiment.settings import Settings
from fewshot.records import Example, Prediction
from tests.recorded import answers
from tests.servers.batch_server import BatchServer

NAMES = [f.name for f in fields(Settings)]
GENES = ("p53", "p21", "ATM", "CHK")
DRUG = "nutlin"


@dataclass(frozen=True)
class Moves:
    """One setting, changed from that of a run with the settings `base` to `value`, and what moves with it.

    `signature`: keys; `request`: fields of the recorded requests; `folder`: whether it is another run, with a folder of
    its own. `key`: whether recorded answers are out of reach; by default as the requests say.
    """

    value: Any
    signature: set[str] = field(default_factory=set)
    request: set[str] = field(default_factory=set)
    folder: bool = True
    base: Mapping[str, Any] = field(default_factory=dict)
    key: bool | None = None


RULES = {"backend": "rules", "model": None, "base_url": None}
LOCAL = {"backend": "local", "model": "double", "base_url": None}
ROLES = RULES | {"task": "roles"}
SAMPLED = {"temperature": 0.7}

TABLE: Mapping[str, Moves] = {
    # What is asked
    "task": Moves("panelization", {"task", "labels", "mentions", "prompt"}, {"turns"}),
    "data": Moves("copy.jsonl"),  # the same records elsewhere: another run, whose scores may be compared
    "reading": Moves({"from": "jsonl"}),  # the same records, read as what they are
    "split": Moves("validation", {"split", "ids"}, {"turns"}),
    "demos": Moves("more.jsonl", {"labelled"}, {"turns"}),
    "shots": Moves(1, {"shots"}, {"turns"}),
    "selector": Moves("fixed", {"selector"}, {"turns"}),
    "embedder": Moves("models/letters", {"selector"}, {"turns"}),
    "prompt": Moves("mine.txt", {"prompt"}, {"turns"}),
    "mentions": Moves("once", {"mentions", "prompt"}, {"turns"}, base={"format": "list"}),
    "format": Moves("json", {"format", "prompt"}, {"turns", "schema"}),
    "labels": Moves(("GENEPROD",), {"labels", "prompt"}, {"turns"}),
    "definitions": Moves({"GENEPROD": "genes alone"}, {"prompt"}, {"turns"}),
    "entities": Moves("../entities", {"entities"}, {"turns"}, base=ROLES),
    "unlabelled": Moves(True, set(), {"turns"}),  # one more is asked, and not scored
    "limit": Moves(2, {"ids"}, {"turns"}),
    "max_tokens": Moves(77, {"max_tokens"}, {"max_tokens"}),
    "reasoning_tokens": Moves(500, {"adapted"}),  # what is sent: the key keeps the limit that is meant
    "context": Moves(100_000, {"context"}),  # everything fits: the same requests
    "samples": Moves(2, {"samples"}, {"sample"}, base=SAMPLED),
    # Of whom
    "backend": Moves("rules", {"backend", "model", "endpoint"}, {"backend", "model", "endpoint"}),
    "model": Moves("n", {"model"}, {"model"}),
    "base_url": Moves("other", {"endpoint"}, {"endpoint"}),
    "api": Moves("completions", {"api", "endpoint"}, {"api", "endpoint", "turns", "prompt", "stop"}),
    "seed": Moves(1, {"seed"}, {"seed", "turns"}, base={"selector": "random"}),
    "temperature": Moves(0.5, {"temperature"}, {"temperature"}),
    "extra": Moves({"top_p": 0.5}, {"extra"}, {"extra"}),
    "decoder": Moves("generate", {"decoder"}, base=LOCAL, key=True),
    "threshold": Moves(0.3, {"decoder"}, base=LOCAL | {"backend": "gliner"}, key=True),
    "failed_as_empty": Moves(True),
    # How fast and how far, and with which key: the same run, which may be continued so
    "headers": Moves({"X-Team": "figures"}, folder=False),
    "key_env": Moves("PATH", folder=False),
    "concurrency": Moves(1, folder=False),
    "rpm": Moves(60_000.0, folder=False),
    "tpm": Moves(60_000_000.0, folder=False),
    "timeout": Moves(30.0, folder=False),
    "budget_usd": Moves(5.0, folder=False),
    "budget_tokens": Moves(10**9, folder=False),
    "price_in": Moves(2.0, folder=False, base={"price_in": 1.0, "price_out": 1.0}),
    "price_out": Moves(2.0, folder=False, base={"price_in": 1.0, "price_out": 1.0}),
    "give_up_after": Moves(60.0, folder=False),
    "grace": Moves(1.0, folder=False),
    "batch": Moves(True, folder=False, base={"batch_poll": 0.02}),
    "batch_poll": Moves(1.0, folder=False),
    "draft": Moves("none", folder=False, base=LOCAL),
    "device": Moves("cuda", folder=False, base=LOCAL),
    "batch_tokens": Moves(99, folder=False, base=LOCAL),
    "examples_check": Moves("error", folder=False),
}


class LocalDouble:
    """A local model that says nothing, and remembers what it was shown."""

    kind: Literal["local"] = "local"
    name = "local"
    format = "copy_tag"
    labelled = 7
    notices = ()
    shown: tuple[Example, ...] = ()

    def __init__(self, options: Options) -> None:
        self.model = str(options.model)
        self.digest = f"weights:{options.local.decoder or 'copy'}:{options.local.threshold or 0.5}"

    def predict(self, examples: list[Example]) -> Iterator[Prediction]:
        LocalDouble.shown = tuple(examples)
        return (Prediction(example.id, ()) for example in examples)


class Letters:
    """An encoder that counts letters from the end of the alphabet: it finds others alike than words do."""

    digest = "0123456789abcdef"

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        return np.array([[1.0 + text.count("z"), text.count("y")] for text in texts], dtype=np.float32)


def records() -> Iterator[dict[str, Any]]:
    """Texts of one length, each with panels, entities and roles; a last one of the test split with nothing."""
    for split, words in (("train", ("blot", "gels", "cuts")), ("validation", ("mice",)), ("test", ("rats", "eyes"))):
        for number, word in enumerate(words):
            gene = GENES[number]
            text = f"(A) {word.title()} of {gene} with {DRUG} {word} {'z' * number}{'y' * (3 - number)} end."
            yield {
                "id": f"{split}-{number}",
                "text": text,
                "split": split,
                "panels": [{"labels": ["A"], "start": 0, "end": len(text)}],
                "entities": [
                    {"start": text.index(gene), "end": text.index(gene) + 3, "label": "GENEPROD",
                     "role": "MEASURED_VAR"},
                    {"start": text.index(DRUG), "end": text.index(DRUG) + 6, "label": "SMALL_MOLECULE",
                     "role": "CONTROLLED_VAR"},
                ],
            }  # fmt: skip
    third = "(A) Ears of CHK with nutlin ears zzz end."
    yield {"id": "test-2", "text": third, "split": "test", "panels": [{"labels": ["A"], "start": 0, "end": len(third)}],
           "entities": [{"start": 12, "end": 15, "label": "GENEPROD", "role": "MEASURED_VAR"},
                        {"start": 21, "end": 27, "label": "SMALL_MOLECULE", "role": "CONTROLLED_VAR"}]}  # fmt: skip
    yield {"id": "test-3", "text": "(A) Legs of p53 with nutlin legs yzy end.", "split": "test"}


def lay_out(folder: Path) -> None:
    """The files that settings name, with the same names in every folder."""
    folder.mkdir()
    rows = list(records())
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "data.jsonl").write_text(text)
    (folder / "copy.jsonl").write_text(text)
    more = [row | {"id": f"{row['id']}-more", "group": "m"} for row in rows if row["split"] in ("validation", "train")]
    (folder / "more.jsonl").write_text("".join(json.dumps(row | {"split": "train"}) + "\n" for row in more))
    (folder / "mine.txt").write_text("Find them.\n--- query\nText: $text\n--- answer\nTagged: $answer\n")
    prices = "[any.m]\ninput = 1.0\noutput = 1.0\ndate = 2026-11-01\nsource = 'test'\n"
    (folder / "prices.toml").write_text(prices)


@dataclass(frozen=True)
class Ended:
    """What lies on disk when a run has ended."""

    name: str
    signature: dict[str, Any]
    keys: frozenset[str]
    requests: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, path: Path) -> Ended:
        lines = answers(path / "responses.jsonl")
        return cls(
            path.name,
            json.loads((path / "scores.json").read_text())["signature"],
            frozenset(line["key"] for line in lines),
            tuple(sorted((line["request"] for line in lines if "request" in line), key=repr)),
        )

    def values(self, name: str) -> set[str]:
        """Every value that a field of the requests takes."""
        return {json.dumps(request.get(name, "absent"), sort_keys=True) for request in self.requests}


@pytest.fixture(scope="module")
def urls() -> Iterator[Mapping[str, str]]:
    with BatchServer(answers="[END]") as one, BatchServer(answers="[END]") as other:
        yield {"one": one.base_url, "other": other.base_url}


@pytest.fixture
def changed(
    request: pytest.FixtureRequest, urls: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Settings, Settings, Moves]:
    """A run's settings, and the same with the setting of this test's parameter changed."""
    name = request.param
    moves = TABLE.get(name)
    if moves is None:
        pytest.fail(f"the setting {name} is not in TABLE: which parts of a run's identity does it move?")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("FEWSHOT_PRICES", str(tmp_path / "base" / "prices.toml"))
    for backend in ("local", "gliner"):
        monkeypatch.setattr(f"fewshot.backends.{backend}.open_backend", LocalDouble)
    monkeypatch.setattr("fewshot.models.encoder.open_encoder", lambda name: Letters())
    monkeypatch.setattr("fewshot.demonstrations._vectors.open_encoder", lambda name: Letters())
    for side in ("base", "other"):
        lay_out(tmp_path / side)
    monkeypatch.chdir(tmp_path / "base")
    run(Settings(task="ner", data="data.jsonl", labels=("GENEPROD",)), out="../entities")
    given = {"task": "ner", "data": "data.jsonl", "backend": "gpt3", "model": "m", "base_url": urls["one"]}
    base = Settings(**(given | dict(moves.base)))
    value = urls.get(moves.value, moves.value) if name == "base_url" else moves.value
    return base, replace(base, **{name: value}), moves


def ended(settings: Settings) -> Ended:
    """What a run leaves in its default folder, which must be one."""
    run(settings)
    (path,) = (path.parent for path in Path("runs").glob("*/run.toml"))
    return Ended.of(path)


@pytest.mark.parametrize("changed", NAMES, indirect=True)
def test_what_a_setting_moves(
    changed: tuple[Settings, Settings, Moves], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, other, moves = changed
    was = ended(base)
    monkeypatch.chdir(tmp_path / "other")  # where nothing was run before
    now = ended(other)
    assert list(was.signature) == list(now.signature)
    assert {key for key in was.signature if was.signature[key] != now.signature[key]} == moves.signature
    assert {key for key in _fields(was, now) if was.values(key) != now.values(key)} == moves.request
    assert (was.keys != now.keys) == (bool(moves.request) if moves.key is None else moves.key)
    assert (was.name != now.name) == moves.folder


@pytest.mark.parametrize("changed", NAMES, indirect=True)
def test_which_settings_one_folder_takes(changed: tuple[Settings, Settings, Moves]) -> None:
    base, other, moves = changed
    done = run(base, out="one")
    if not moves.folder:
        assert run(other, out="one").result == done.result, "the run that is there"
        return
    name = next(f.name for f in fields(Settings) if getattr(base, f.name) != getattr(other, f.name)).replace("_", "-")
    with pytest.raises(RunFolderError, match=f"one holds a run of other settings .*{name}: "):
        run(other, out="one")


def test_the_table_names_no_setting_that_is_gone() -> None:
    assert set(TABLE) <= set(NAMES)


def test_the_same_settings_are_the_same_run(
    urls: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    found = []
    for side in ("base", "other"):
        lay_out(tmp_path / side)
        monkeypatch.chdir(tmp_path / side)
        found.append(ended(Settings(task="ner", data="data.jsonl", backend="gpt3", model="m", base_url=urls["one"])))
    assert found[0] == found[1]


def _fields(*ends: Ended) -> set[str]:
    return {name for end in ends for request in end.requests for name in request}


def test_other_demonstrations_under_the_same_path_are_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demos = tmp_path / "demos.jsonl"
    rows = [{"id": f"d{n}", "text": f"(A) Blot of {name}.", "entities": []} for n, name in enumerate(GENES)]
    demos.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = run("ner", limit=1, demos=str(demos), out="one")
    named = run("ner", limit=1, demos=str(demos)).folder.path
    assert run("ner", limit=1, demos=str(demos), out="one").result == first.result
    demos.write_text("".join(json.dumps(row) + "\n" for row in rows[1:]))
    with pytest.raises(RunFolderError, match=r"demos: .*demos.jsonl has changed since"):
        run("ner", limit=1, demos=str(demos), out="one")
    assert run("ner", limit=1, demos=str(demos)).folder.path != named
    assert replay("one").complete
    demos.unlink()
    assert replay("one", out="two").complete
    assert replay("one", out="two").complete
