"""What a run asks of every example: one task, in one format, about some labels.

>>> from fewshot import formats, tasks
>>> ner = tasks.get("ner")
>>> Question(ner, "list", formats.get("list", ner.kind), ("GENEPROD",)).scheme().labels
('GENEPROD',)
"""

from __future__ import annotations

from dataclasses import dataclass

from fewshot import formats
from fewshot.errors import InputError
from fewshot.formats import Format
from fewshot.records import Example, Mentions, Scheme, Span, Value
from fewshot.tasks import Task


@dataclass(frozen=True, slots=True)
class Question:
    """A task, the format of its answers, the labels in use, and how often an entity is named."""

    task: Task
    format_name: str
    format: Format
    labels: tuple[str, ...]
    mentions: Mentions = "every"

    @classmethod
    def of(
        cls, task: Task, format_name: str | None, labels: tuple[str, ...], mentions: Mentions | None = None
    ) -> Question:
        """The question of a task; without a format name, in the task's own format.

        Raises:
            InputError: no such format, or it cannot carry the task's values, or not each entity once.
        """
        name = format_name or task.default_format
        form = formats.get(name, task.kind)
        if mentions == "once" and not (task.finds_entities and form.names_once):
            raise InputError(
                f"--mentions once goes with entities in format {' or '.join(formats.naming_once())}, not with"
                f" {task.name} in {name}"
            )
        return cls(task, name, form, labels, mentions or "every")

    def check_tags(self) -> None:
        """Compares the tags that the format writes for the labels: `sentence` has one of its own for EXP_ASSAY.

        Raises:
            InputError: two labels have one tag.
        """
        by_tag: dict[str, str] = {}
        for label, (opening, _) in self.format.tags(self.scheme()).items():
            other = by_tag.setdefault(opening.casefold(), label)
            if other != label:
                raise InputError(f"format {self.format_name} writes labels {other} and {label} alike ({opening})")

    def scheme(self, given: tuple[Span, ...] = ()) -> Scheme:
        """What the format needs to write or read one answer. `given`: the entities whose roles are asked for."""
        return Scheme(self.task.kind, self.labels, given, self.mentions)

    def answer(self, example: Example) -> str:
        """The right answer to this question, as the format writes it; that of an unlabelled example is empty."""
        gold = self.task.gold(example)
        value: Value = self.task.empty() if gold is None else self.task.restrict(gold, self.labels)
        return self.format.render(example.text, value, self.scheme(self.task.given(example)))
