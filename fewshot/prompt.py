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

_PART = re.compile(r"^--- (\w+)[ \t]*\n", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$([A-Za-z_]\w*)")  # "$5" is money
_ALLOWED = {"system": {"labels"}, "query": {"text", "entities"}, "answer": {"answer"}}
_NEEDED = {"query": "text", "answer": "answer"}

_BYTES_PER_TOKEN = 4
"""Of English, in the usual vocabularies: for estimates, which are marked as such."""

_ANSWER_TOKENS_PER_BYTE = 0.6
"""Room for an answer, by the length of its source. Dense biomedical text takes 2.5 bytes a token (0.4 tokens a byte,
to copy it); tags, keys and labels take as much again as half of that where every fifth word is an entity."""

_DENSE_BYTES_PER_TOKEN = 2.5
"""Of dense biomedical text: for what must not be more than it says, a prompt that has to fit."""

_NAMED_TOKENS_PER_BYTE = 0.3
"""Room for an answer that names and does not copy (list, json, sentence), by the length of its source."""

_ROOM = 128
"""Tokens beside that: what a short source needs all the same (its tags, the end marker, a code fence)."""


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt as it is written, before the labels are filled in. `name`: that of its file, without a folder."""

    name: str
    system: str
    query: str
    answer: str

    @classmethod
    def from_text(cls, text: str, name: str, *, path: Path | None = None) -> Template:
        """The three parts of a template. `path`: where errors say it lies (else they say the name).

        >>> Template.from_text("Tag genes.\\n--- query\\nLegend: $text\\n--- answer\\nTagged: $answer\\n", "x").query
        'Legend: $text'

        Raises:
            DataError: a part is missing, unknown or there twice, or a placeholder is unknown or missing.
        """
        where = path or name
        pieces = _PART.split(text if text.endswith("\n") else f"{text}\n")
        found = ["system", *pieces[1::2]]
        if sorted(found) != sorted(_ALLOWED):
            raise DataError(
                f"has the parts {', '.join(found)}",
                path=where,
                hint="a prompt is the instruction, a line `--- query` with the question below it, and `--- answer`",
            )
        parts = {part: body.strip("\n") for part, body in zip(found, pieces[::2], strict=True)}
        for part, body in parts.items():
            _check_placeholders(part, body, where)
        return cls(name, *(parts[part] for part in _ALLOWED))

    @property
    def text(self) -> str:
        """The template as a file holds it: `from_text` reads it back."""
        return f"{self.system}\n--- query\n{self.query}\n--- answer\n{self.answer}\n"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the wording without any labels."""
        return _digest(self.system, self.query, self.answer)


@dataclass(frozen=True, slots=True)
class ResolvedPrompt:
    """A prompt with its labels filled in: all that a request takes from it, and what `run.toml` keeps.

    A replay builds its requests from the recorded one, whatever `prompts/` says by then.
    """

    name: str
    system: str
    query: str
    answer: str

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the wording and of the definitions of the labels in it."""
        return _digest(self.system, self.query, self.answer)

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
    """The template of a task, in the wording for a format where there is one; or that of a file.

    Raises:
        InputError: there is none.
        DataError: the file cannot be read, or not as a template; names the file.
    """
    if file is not None and not file.is_file():
        raise InputError(f"{file}: no such file")
    candidates = [file] if file else [folder() / f"{task}.{format_name}.txt", folder() / f"{task}.txt"]
    for path in candidates:
        if path.is_file():
            return Template.from_text(_read(path), path.name, path=path)
    raise InputError(f"there is no prompt for task {task!r}: {candidates[-1]} is missing")


def resolve(template: Template, labels: Sequence[str]) -> ResolvedPrompt:
    """The prompt for these labels: a line each, with its definition where `labels.toml` has one.

    >>> resolve(Template("x", "Tag these:\\n$labels", "$text", "$answer"), ["X1", "Disease"]).system
    'Tag these:\\n- X1\\n- Disease: diseases, symptoms, adverse effects'
    """
    known = definitions()
    lines = (f"- {label}: {known[label]}" if label in known else f"- {label}" for label in labels)
    system = _fill(template.system, {"labels": "\n".join(lines)})
    return ResolvedPrompt(template.name, system, template.query, template.answer)


@cache
def definitions() -> Mapping[str, str]:
    """One line of definition a label, from `prompts/labels.toml`.

    Raises:
        DataError: the file is no TOML table of lines.
    """
    path = folder() / "labels.toml"
    try:
        table = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"not TOML: {error}", path=path) from None
    for label, text in table.items():
        if not isinstance(text, str) or "\n" in text:
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
        turns = [Turn("system", self.prompt.system)] if self.prompt.system else []
        for query, answer in shown:
            turns += [Turn("user", query), Turn("assistant", answer)]
        return (*turns, Turn("user", asked))

    def _text(self, shown: Sequence[tuple[str, str]], asked: str) -> str:
        before, _, after = self.prompt.answer.partition("$answer")
        blocks = [f"{query}\n{before}{answer}{after}" for query, answer in shown]
        # A space at the end would be cut from the answer's first word, which vocabularies hold with its space; a
        # line break belongs there: in the demonstrations above it is a token of what precedes the answer.
        last = f"{asked}\n{before.rstrip(' ')}"
        return "\n\n".join(block for block in (self.prompt.system, *blocks, last) if block)


def answer_tokens(text: str) -> int:
    """Room for an answer, from the length of the source: one bound for all formats, as a tagged copy needs it.

    It only ends what would not end by itself: a list or a sentence is shorter, and stops before.

    >>> answer_tokens("x" * 1000)
    728
    """
    return ceil(_bytes(text) * _ANSWER_TOKENS_PER_BYTE) + _ROOM


def estimate_tokens(request: Request) -> int:
    """Prompt tokens, estimated as UTF-8 bytes / 4 (no tokenizer can be fetched offline)."""
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    return ceil(sum(map(_bytes, texts)) / _BYTES_PER_TOKEN)


def most_tokens(request: Request) -> float:
    """Prompt tokens, estimated so that there are hardly ever more."""
    texts = [request.prompt or "", *(turn.content for turn in request.turns or ())]
    frame = 8 * len(request.turns or ())  # what a chat template puts around a turn
    return sum(map(_bytes, texts)) / _DENSE_BYTES_PER_TOKEN + frame


def needed_tokens(request: Request) -> int:
    """The room that the answer to a request needs at least: a tagged copy that of the text and its tags.

    `max_tokens` may be more: it ends what would not end by itself.
    """
    if request.format == "copy_tag":
        return answer_tokens(request.query.text)
    return ceil(_bytes(request.query.text) * _NAMED_TOKENS_PER_BYTE) + _ROOM


def describe(request: Request) -> str:
    """The prompt as people read it: a completions prompt as it is, of a chat each turn under its role."""
    if request.turns is None:
        return request.prompt or ""
    return "\n\n".join(f"[{turn.role}]\n{turn.content}" for turn in request.turns)


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Replaces placeholders in one pass: what is filled in is not looked at again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _check_placeholders(part: str, body: str, where: str | Path) -> None:
    found = _PLACEHOLDER.findall(body)
    for name in found:
        if name not in _ALLOWED[part]:
            allowed = ", ".join(f"${known}" for known in sorted(_ALLOWED[part]))
            raise DataError(f"unknown placeholder ${name} in part {part} (it knows {allowed})", path=where)
    needed = _NEEDED.get(part)
    if needed and found.count(needed) != 1:
        raise DataError(f"part {part} must say ${needed} once, not {found.count(needed)} times", path=where)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise DataError(f"cannot be read ({reason})", path=path) from None


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))  # JSON can smuggle half a surrogate pair in
