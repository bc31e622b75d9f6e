"""The doors through which foreign text comes in, found by discovery.

    answer copy_tag/ner      an answer, read by `fewshot.scoring.reading`: every format × task
    legend rules/ner         a legend, answered by every backend that answers without a server, key or weights
    data conll               a file, read by every data reader, as every task, and written by every writer

`door.send(text)` takes the text in and returns what is wrong with the result, one line a fault. A `FewshotError` is a
refusal, and right; every other exception is a fault. A format, task, reader or backend that is added is a door at once.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import cast, get_args
from unittest import mock

from benchmarks.hostile import HOLE, LEGEND
from fewshot import backends, data, formats, tasks
from fewshot.backends import Options, PromptedBackend
from fewshot.errors import FewshotError
from fewshot.records import (
    PANEL,
    Completion,
    Example,
    Hypothesis,
    Member,
    Mentions,
    Request,
    Scheme,
    Span,
    Value,
)
from fewshot.scoring.reading import read_answer
from fewshot.tasks import Task

Take = Callable[[str], list[str]]


class Late(BaseException):
    """An input took more CPU time than it may. Not an `Exception`: nothing on the way may handle it."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raises `Late` where the block takes more CPU time, here and in the kernel on our behalf."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Late

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # one that rings this late would end the process


@dataclass(frozen=True)
class Door:
    """One of them.

    Attributes:
        name: What it is: the sort, then which one.
        send: Takes a text in; returns what is wrong with the result.
        shapes: Where a payload stands in a text, by name: each holds `HOLE`. They are well formed as they are.
        reads: How often a text is read when it is sent: times are those of one of them.
    """

    name: str
    send: Take = field(repr=False)
    shapes: Mapping[str, str]
    reads: int = 1


def example() -> Example:
    """An example with a value for every task; one of its names is `HOLE`."""
    entities = [
        Span(at, at + len(name), label, role=role)
        for name, label, role in (
            ("p53", "GENEPROD", "MEASURED_VAR"), ("MDM2", "GENEPROD", "CONTROLLED_VAR"), (HOLE, "CELL_LINE", ""),
        )
        for at in [LEGEND.index(name)]
    ]  # fmt: skip
    starts = [LEGEND.index(mark) for mark in ("(A)", "(B, C)", "D Imm", "(E–G)")]
    ends = [*(start - 1 for start in starts[1:]), len(LEGEND)]
    letters = [("A",), ("B", "C"), ("D",), ("E", "F", "G")]
    panels = [Span(a, b, PANEL, labels=names) for a, b, names in zip(starts, ends, letters, strict=True)]
    members = [Member(span.label, span.cut(LEGEND)) for span in entities]
    return Example(
        id="hostile/1", group="hostile", text=LEGEND, panels=tuple(panels), inline_labels=(), entities=tuple(entities),
        hypothesis=Hypothesis(tuple(members[:1]), tuple(members[1:2]), (Member("EXP_ASSAY", HOLE),)),
    )  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A task asked in a format."""

    task: Task
    format_name: str
    mentions: Mentions

    @property
    def scheme(self) -> Scheme:
        """What the format is told."""
        return Scheme(self.task.kind, self.task.known_labels, self.task.given(example()), self.mentions)

    def parse(self, text: str, of: Example) -> list[str]:
        """What is wrong with what an answer is read as."""
        scheme = replace(self.scheme, given=self.task.given(of))
        form = formats.get(self.format_name, self.task.kind)
        read = read_answer(Completion(text), of, format=form, scheme=scheme, task=self.task)
        faults = faults_of(read.value, of.text, self.task.known_labels)
        if read.fidelity is not None and not 0 <= read.fidelity <= 1:
            faults.append(f"fidelity {read.fidelity}")
        return faults

    def rendered(self) -> str:
        """A right answer about the example."""
        value = self.task.gold(example())
        form = formats.get(self.format_name, self.task.kind)
        return "" if value is None else form.render(LEGEND, value, self.scheme)


def faults_of(value: Value, text: str, labels: Iterable[str] = ()) -> list[str]:
    """What every value that we read must be, and this one is not: spans in the text, in order, apart, never empty, no
    white space at their edges; members with a text; labels that were asked for."""
    known = set(labels)
    if isinstance(value, Hypothesis):
        members = [member for _, role in value.roles() for member in role]
        faults = [f"a member without a text: {member}" for member in members if not member.text.strip()]
        return faults + [f"a label nobody asked for: {m}" for m in members if known and m.label not in known]
    faults = []
    before = 0
    for span in value:
        surface = span.cut(text)
        if not 0 <= span.start < span.end <= len(text):
            faults.append(f"out of the text: {span}")
        elif surface != surface.strip():
            faults.append(f"white space at an edge: {span} {surface!r}")
        if span.start < before:
            faults.append(f"overlaps, or is out of order: {span}")
        labelled = span.label if span.role is None else span.role
        if known and labelled not in known and span.label not in known:
            faults.append(f"a label nobody asked for: {span}")
        before = span.end
    return faults


def questions() -> Iterator[Question]:
    """Every task in every format that can carry its values, with names at every mention and once."""
    for task_name in tasks.names():
        task = tasks.get(task_name)
        for name in formats.names():
            if not formats.can_carry(name, task.kind):
                continue
            named_once = task.kind == "entities" and formats.get(name, task.kind).names_once
            for mentions in get_args(Mentions) if named_once else ("every",):
                yield Question(task, name, mentions)


def answer_doors() -> Iterator[Door]:
    """Answers about a usual legend, and about one that repeats the same signs."""
    usual = example()
    for question in questions():
        name = f"answer {question.format_name}/{question.task.name}"
        name += "" if question.mentions == "every" else f"/{question.mentions}"
        right = question.rendered()
        shapes = {"alone": HOLE, "in an answer": right, "in a word": right.replace(HOLE, f"a{HOLE}a")}
        for label in question.task.known_labels[:1]:
            shapes |= {"in a line": f"{label}: {HOLE}", "in a tag": f"<{label}>{HOLE}</{label}>"}
            shapes |= {"in a thought": f"<think>{HOLE}</think>{label}: p53"}
        yield Door(name, partial(question.parse, of=usual), shapes)
        yield Door(f"{name} of a like legend", partial(_of_a_like_legend, question), {"alone": HOLE})


def _of_a_like_legend(question: Question, text: str) -> list[str]:
    like = replace(Example("like", "like", text), entities=_given(text))
    return question.parse(text, like)


_LONGEST_NAME = 40  # characters; a longer entity is found by comparing it at every sign of a text that repeats it


def _given(text: str) -> tuple[Span, ...]:
    """The first words of a text as entities whose roles are asked for."""
    spans, at = [], 0
    for word in text[:2000].split()[:20]:
        start = text.index(word, at)
        at = start + min(len(word), _LONGEST_NAME)
        spans.append(Span(start, at, "GENEPROD", role="MEASURED_VAR"))
    return tuple(spans)


def legend_doors() -> Iterator[Door]:
    """Legends, as backends read them that need nothing but the text."""
    for name in backends.names():
        for task_name in tasks.names():
            task = tasks.get(task_name)
            if not backends.is_prompted(name):
                continue
            try:
                backend = backends.open_backend(name, Options(task=task_name))
            except FewshotError:  # wants a key, a model or an address
                continue
            backend = cast("PromptedBackend", backend)
            if backend.endpoint is None:
                send = partial(_answered, backend, task)
                yield Door(
                    f"legend {name}/{task_name}",
                    send,
                    {"alone": HOLE, "in a legend": LEGEND, "in a word": f"(A) a{HOLE}a."},
                )


def _answered(backend: PromptedBackend, task: Task, text: str) -> list[str]:
    query = replace(Example("hostile/2", "hostile", text), entities=_given(text))
    scheme = Scheme(task.kind, task.known_labels, task.given(query))
    request = Request(
        backend.name, None, backend.model, backend.api, (), None, max_tokens=100, temperature=0.0, task=task.name,
        format=task.default_format, scheme=scheme, demonstrations=(example(),), query=query,
    )  # fmt: skip
    answer = asyncio.run(backend.answer(request))
    return Question(task, task.default_format, "every").parse(answer.text, query)


_XML = (
    f'<article doi="10.1/x"><fig id="1"><label>Figure 1</label><p>All of it.</p>'
    f'<sd-panel panel_id="9"><p><b>(A)</b> Blot of <sd-tag category="entity" entity_type="protein" role="assayed">p53'
    f'</sd-tag> in {HOLE} <sd-tag category="assay" entity_type="" role="">blot</sd-tag></p></sd-panel></fig></article>'
)
_TAGGED = {
    "words": ["p53", HOLE, "blot"],
    "labels": ["B-GENEPROD", "O", "B-EXP_ASSAY"],
    "is_category": [1, 0, 0],
    "text": f"p53 {HOLE} blot",
}
_HUB_FILE = "token_classification/ner/test.jsonl"

_JATS = (
    '<article><front><article-meta><article-id pub-id-type="doi">10.1/x</article-id></article-meta></front><body>'
    f'<fig id="F1"><label>Figure 1</label><caption><title>p53.</title><p>Blot of {HOLE}.</p></caption></fig>'
    "</body></article>"
)

_WELL_FORMED: Mapping[str, Mapping[str, str]] = {
    "jats": {"in a record": _JATS},
    "sourcedata_xml": {"in a record": _XML},
    "hub": {"in a record": json.dumps(_TAGGED) + "\n"},
    "text": {"in a record": LEGEND},
    "study_csv": {
        "in a target": f'subset,input_text,output_text\ntrain,"Blot of p53.","<GENEPROD>{HOLE}</GENEPROD>"\n',
        "in tags": f'subset,input_text,output_text\ntrain,"Blot of p53.","Blot of {HOLE} p53."\n',
    },
}
"""Files of formats that have no writer, or more than a writer writes. A new format needs no line here."""


_WRITTEN = 100
"""Examples of a hostile file that are written in every format: brat writes two files each."""


def data_doors(folder: Path) -> Iterator[Door]:
    """Files, as readers read them. `folder`: where they are written."""
    for name in data.readable():
        shapes = {"alone": HOLE, **_written(name, folder), **_WELL_FORMED.get(name, {})}
        if "in a record" in shapes:
            shapes["behind a record"] = shapes["in a record"].replace(HOLE, "cells") + HOLE
        path = folder / f"hostile-{name}{min(data.reader(name).suffixes, default='')}"
        yield Door(f"data {name}", partial(_read, name, path, folder), shapes, reads=1 + len(tasks.names()))


def _written(name: str, folder: Path) -> dict[str, str]:
    """What a format's own writer makes of the example, for every task that it can hold."""
    if name not in data.writable():
        return {}
    kinds = data.writer(name).kinds
    chosen: list[str | None] = [task for task in tasks.names() if tasks.get(task).kind in kinds]
    shapes = {}
    for number, task in enumerate(chosen or [None]):
        path = folder / f"written-{name}"
        data.write([example()], path, name, task)
        path = _of_folder(path, name, folder) if path.is_dir() else path
        shapes[f"in a record of {task}" if number else "in a record"] = path.read_text("utf-8")
    return shapes


def _of_folder(written: Path, name: str, folder: Path) -> Path:
    """The file of a written folder that the reader knows by its ending; the others are laid beside the hostile one."""
    known = data.reader(name).suffixes
    for file in (file for file in written.rglob("*") if file.is_file() and file.suffix not in known):
        shutil.copy(file, folder / f"hostile-{name}{file.suffix}")
    return next(file for file in written.rglob("*") if file.suffix in known)


def _read(name: str, path: Path, folder: Path, text: str) -> list[str]:
    """Reads a file as every task, checks the examples, and writes them in every format."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    faults: list[str] = []
    examples: Sequence[Example] = ()
    for task in (None, *tasks.names()):
        try:
            with _as_source(name, path) as source:
                examples = data.read(source, task, format=name)
        except FewshotError:
            continue
        for one in examples:
            values: tuple[Value, ...] = (one.panels or (), one.entities or (), one.hypothesis or Hypothesis())
            faults += [f"{name} as {task}: {fault}" for value in values for fault in faults_of(value, one.text)]
        data.digest(examples)
    with suppress(FewshotError):
        data.guess(str(path))
    for other in data.writable() if examples else ():
        with suppress(FewshotError):
            data.write(examples[:_WRITTEN], folder / f"converted-{other}", other)
        if data.writer(other).writes_folder:
            shutil.rmtree(folder / f"converted-{other}", ignore_errors=True)
    return faults


@contextmanager
def _as_source(name: str, path: Path) -> Iterator[str]:
    """The name under which a reader reads the file: a path, or a data set of a hub that holds it."""
    if not data.reader(name).prefix:
        yield str(path)
        return
    from fewshot.servers import hub

    listing = hub.Listing("1", (_HUB_FILE,), {})
    with (
        mock.patch.object(hub, "listing", return_value=listing),
        mock.patch.object(hub, "fetch", return_value=path),
    ):
        yield f"{data.reader(name).prefix}a/b:NER"
