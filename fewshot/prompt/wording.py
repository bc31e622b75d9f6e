"""The wording of a prompt: a template of `prompts/`, and the prompt that it becomes for some labels.

A task or format of another package has a folder `prompts/` beside its module, of the same form as ours: the templates
`TASK.txt` and `TASK.FORMAT.txt`, and a task's definitions of its labels, `labels.toml`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fewshot.errors import DataError, InputError
from fewshot.files import encoded, exists
from fewshot.prompt import definitions
from fewshot.records import Mentions

_PART = re.compile(r"^--- (\w+)[ \t]*\n", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$([A-Za-z_]\w*)")  # "$5" is money
_ALLOWED = {"system": {"labels"}, "query": {"text", "entities"}, "answer": {"answer"}}
_NEEDED = {"query": "text", "answer": "answer"}


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt as it is written, before the labels are filled in. `name`: that of its file, without a folder;
    `definitions`: those of labels that come with the task and not with `prompts/labels.toml`."""

    name: str
    system: str
    query: str
    answer: str
    definitions: Mapping[str, str] = field(default_factory=dict)

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
        return cls(name, parts["system"], parts["query"], parts["answer"])

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


def load_template(task: str, format_name: str, *, mentions: Mentions = "every", file: Path | None = None) -> Template:
    """The template of a task, in the wording for a format if there is one; or the template in a file. Ours are looked
    for first, then those beside the task, then those beside the format. A question that wants each entity named once
    has a wording of its own, `TASK.FORMAT.once.txt`.

    Raises:
        InputError: there is none.
        DataError: the file cannot be read, or not as a template; names the file.
    """
    if file is not None and not (exists(file) and file.is_file()):
        raise InputError(f"{file}: no such file")
    beside = definitions.beside("fewshot.tasks", task)
    folders = [definitions.folder(), *beside, *definitions.beside("fewshot.formats", format_name)]
    names = [f"{task}.{format_name}.once.txt"] if mentions == "once" else [f"{task}.{format_name}.txt", f"{task}.txt"]
    candidates = [place / name for name in names for place in folders]
    path = next((path for path in ([file] if file else candidates) if path.is_file()), None)
    if path is None:
        missing = (beside or folders)[0] / names[-1]
        raise InputError(f"there is no prompt for task {task!r}: {missing} is missing")
    template = Template.from_text(definitions.text_of(path), path.name, path=path)
    return replace(template, definitions=definitions.known(*beside)) if beside else template


def resolve(template: Template, labels: Sequence[str], own: Mapping[str, str] | None = None) -> ResolvedPrompt:
    """The prompt for these labels: a line each, with its definition: the user's `own`, else that of `labels.toml`.

    >>> resolve(Template("x", "Tag these:\\n$labels", "$text", "$answer"), ["X1", "Disease"]).system
    'Tag these:\\n- X1\\n- Disease: diseases, symptoms, adverse effects'
    """
    known = {**definitions.known(), **template.definitions, **(own or {})}
    lines = (f"- {label}: {known[label]}" if label in known else f"- {label}" for label in labels)
    system = fill(template.system, {"labels": "\n".join(lines)})
    return ResolvedPrompt(template.name, system, template.query, template.answer)


def fill(text: str, values: Mapping[str, str]) -> str:
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


def _digest(*parts: str) -> str:
    return hashlib.sha256(encoded(parts).encode()).hexdigest()
