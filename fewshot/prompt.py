"""Template + demonstrations + query → `Request`. The wording lies in `prompts/`, one readable file a task.

    Mark every gene …             the system instruction; `$labels` becomes the definitions of the labels in use
    --- query
    Legend: $text                 what a user turn says (roles: `$entities` as well)
    --- answer
    Answer: $answer               how a completions prompt goes on; a chat answer is `$answer` alone

Legends go in byte for byte: what looks like a placeholder inside one is never expanded. Chat is a system turn and
alternating turns, without stop sequences (models that reason refuse them, and a chat answer ends by itself); a
completions prompt is one text that ends where the answer begins, with the format's stop sequences.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from fewshot import grounding
from fewshot.errors import DataError, InputError
from fewshot.formats import Format
from fewshot.records import Api, Example, Request, Scheme, Span, Turn
from fewshot.tasks import Task

_PART = re.compile(r"^--- (\w+) *\n", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$(\w+)")
_ALLOWED = {"system": {"labels"}, "query": {"text", "entities"}, "answer": {"answer"}}

_BYTES_PER_TOKEN = 4  # of English; used for estimates that are marked as such
_DEAR_BYTES_PER_TOKEN = 2.5  # of dense biomedical text, so that an answer that copies it has room
_ROOM = 128  # tokens, for tags, keys and the end marker


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt as it is written, before the labels are filled in."""

    name: str
    system: str
    query: str
    answer: str


@dataclass(frozen=True, slots=True)
class ResolvedPrompt:
    """A prompt with its labels filled in: all that a request takes from it, and what `run.toml` keeps."""

    name: str
    system: str
    query: str
    answer: str

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the wording."""
        text = json.dumps([self.system, self.query, self.answer], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, str]:
        """A TOML table."""
        return asdict(self)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> ResolvedPrompt:
        """The wording of a recorded run.

        Raises:
            InputError: a part is missing.
        """
        try:
            return cls(*(str(table[key]) for key in ("name", "system", "query", "answer")))
        except KeyError as error:
            raise InputError(f"the recorded prompt has no {error.args[0]!r}") from None


def folder() -> Path:
    """`prompts/`: inside the package where it is installed, beside it in a checkout."""
    inside = Path(__file__).parent / "prompts"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "prompts"


def load_template(task: str, format_name: str, *, file: Path | None = None) -> Template:
    """The template of a task, in the wording for a format where there is one.

    Raises:
        InputError: there is none.
        DataError: a part is missing or a placeholder unknown; names the file.
    """
    candidates = [file] if file else [folder() / f"{task}.{format_name}.txt", folder() / f"{task}.txt"]
    for path in candidates:
        if path.is_file():
            return parse_template(path.read_text("utf-8"), path)
    raise InputError(f"there is no prompt for task {task!r}: {candidates[-1]} is missing")


def parse_template(text: str, path: Path) -> Template:
    """The three parts of a template file.

    Raises:
        DataError: a part is missing, there is one too many, or a placeholder is unknown.
    """
    pieces = _PART.split(text)
    parts = {"system": pieces[0]} | dict(zip(pieces[1::2], pieces[2::2], strict=True))
    if set(parts) != set(_ALLOWED):
        raise DataError(f"needs the parts {', '.join(_ALLOWED)}, has {', '.join(parts)}", path=path)
    for part, body in parts.items():
        for name in _PLACEHOLDER.findall(body):
            if name not in _ALLOWED[part]:
                allowed = ", ".join(f"${known}" for known in sorted(_ALLOWED[part]))
                raise DataError(f"unknown placeholder ${name} in part {part} (it knows {allowed})", path=path)
    for part, name in (("query", "text"), ("answer", "answer")):
        if f"${name}" not in parts[part]:
            raise DataError(f"part {part} does not say ${name}", path=path)
    return Template(path.name, *(parts[part].strip("\n") for part in ("system", "query", "answer")))


def resolve(template: Template, labels: Sequence[str]) -> ResolvedPrompt:
    """The prompt for these labels: a line each, with its definition where `labels.toml` has one."""
    known = definitions()
    lines = (f"- {label}: {known[label]}" if label in known else f"- {label}" for label in labels)
    system = _fill(template.system, {"labels": "\n".join(lines)})
    return ResolvedPrompt(template.name, system, template.query, template.answer)


@cache
def definitions() -> Mapping[str, str]:
    """One line of definition a label, from `prompts/labels.toml`.

    Raises:
        DataError: the file is no TOML table of strings.
    """
    path = folder() / "labels.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(str(error), path=path) from None
    for label, text in table.items():
        if not isinstance(text, str):
            raise DataError(f"{label} must be one line of text", path=path)
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptBuilder:
    """Makes the requests of one run; only query and demonstrations change from one to the next."""

    prompt: ResolvedPrompt
    task: Task
    format_name: str
    format: Format
    labels: tuple[str, ...]
    backend: str
    endpoint: str | None
    model: str
    api: Api
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def request(
        self,
        query: Example,
        demonstrations: Sequence[Example],
        *,
        given: tuple[Span, ...] = (),
        sample: int = 0,
    ) -> Request:
        """The request for one query. `given`: the entities that it names (roles)."""
        shown = [(self._query(demo, self.task.given(demo)), self._answer(demo)) for demo in demonstrations]
        asked = self._query(query, given)
        chat = self.api == "chat"
        scheme = Scheme(self.task.kind, self.labels, given)
        return Request(
            backend=self.backend,
            endpoint=self.endpoint,
            model=self.model,
            api=self.api,
            turns=self._turns(shown, asked) if chat else None,
            prompt=None if chat else self._text(shown, asked),
            max_tokens=self.max_tokens or answer_tokens(query.text),
            temperature=self.temperature,
            stop=() if chat else self.format.stop,
            seed=self.seed,
            sample=sample,
            schema=self.format.schema(scheme),
            extra=self.extra,
            id=query.id,
            task=self.task.name,
            format=self.format_name,
            scheme=scheme,
            demonstrations=tuple(demonstrations),
            query=query,
        )

    def _query(self, example: Example, given: tuple[Span, ...]) -> str:
        entities = grounding.listing(example.text, given)
        return _fill(self.prompt.query, {"text": example.text, "entities": entities})

    def _answer(self, example: Example) -> str:
        gold = self.task.gold(example)
        value = self.task.empty() if gold is None else self.task.restrict(gold, self.labels)
        scheme = Scheme(self.task.kind, self.labels, self.task.given(example))
        return self.format.render(example.text, value, scheme)

    def _turns(self, shown: Sequence[tuple[str, str]], asked: str) -> tuple[Turn, ...]:
        turns = [Turn("system", self.prompt.system)]
        for query, answer in shown:
            turns += [Turn("user", query), Turn("assistant", answer)]
        return (*turns, Turn("user", asked))

    def _text(self, shown: Sequence[tuple[str, str]], asked: str) -> str:
        before, _, after = self.prompt.answer.partition("$answer")
        blocks = [f"{query}\n{before}{answer}{after}" for query, answer in shown]
        # No space at the end: a tokenizer would split the answer's first word otherwise.
        return "\n\n".join([self.prompt.system, *blocks, f"{asked}\n{before.rstrip()}"])


def answer_tokens(text: str) -> int:
    """Room for an answer, from the length of the source: a tagged copy of it, and its tags."""
    return ceil(len(text.encode()) * 1.5 / _DEAR_BYTES_PER_TOKEN) + _ROOM


def estimate_tokens(request: Request) -> int:
    """Prompt tokens, estimated as UTF-8 bytes / 4 (no tokenizer can be fetched offline)."""
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    return ceil(sum(len(text.encode()) for text in texts) / _BYTES_PER_TOKEN)


def describe(request: Request) -> str:
    """The prompt as people read it."""
    if request.turns is None:
        return request.prompt or ""
    return "\n\n".join(f"[{turn.role}]\n{turn.content}" for turn in request.turns)


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Replaces placeholders in one pass: what is filled in is not looked at again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
