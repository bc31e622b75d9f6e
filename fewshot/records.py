"""The nouns of the project, as frozen records. Nothing here reads, writes or decides anything.

A legend with one gene in two panels:

>>> text = "(A) p53 blot. (B) Same."
>>> Example(
...     id="fig-1", group="10.1000/x", text=text,
...     panels=(Span(0, 13, PANEL, labels=("A",)), Span(14, 23, PANEL, labels=("B",))),
...     entities=(Span(4, 7, "GENEPROD", role="MEASURED_VAR"),),
... ).entities[0].cut(text)
'p53'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["entities", "panels", "roles", "hypothesis"]
"""What sort of value a task predicts; it decides which formats can carry it."""

FIELDS: Mapping[Kind, str] = {
    "entities": "entities",
    "panels": "panels",
    "roles": "entities",
    "hypothesis": "hypothesis",
}
"""The key of a record under which a value of each kind is stored."""

OF_ENTITIES: frozenset[Kind] = frozenset(("roles",))
"""The kinds of value that are asked of given entities: the question names them, the answer says something of each."""

PANEL = "panel"
"""The label of every panel span."""

NO_ROLE = ""
"""The role of an entity that was looked at and has none (`None`: nobody looked)."""


Match: TypeAlias = Literal["exact", "folded", "near"]
"""How a name was found in a text: letter by letter, written otherwise, or with a few letters changed."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `text[start:end]` under a label. Never empty, never white space at either edge.

    `labels`: the letters of a panel, `("A", "B", "C")` for "(A–C)"; `()` a panel without a letter; `None`
    not known. `role`: of an entity, `NO_ROLE` where it has none, `None` where nobody looked.
    `confidence`: 0–1, and `match`: how it was grounded; both of predictions only, and not part of what makes two spans
    equal.
    """

    start: int
    end: int
    label: str
    labels: tuple[str, ...] | None = None
    role: str | None = None
    confidence: float | None = field(default=None, compare=False)
    match: Match | None = field(default=None, compare=False)

    def cut(self, text: str) -> str:
        """The surface: the characters the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Member:
    """One entity of a hypothesis: its type and its surface text."""

    label: str
    text: str
    confidence: float | None = field(default=None, compare=False)


HYPOTHESIS_ROLES = ("interventions", "observations", "assays")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was tested for its influence on what, by which assay. Sets, kept in order of appearance."""

    interventions: tuple[Member, ...] = ()
    observations: tuple[Member, ...] = ()
    assays: tuple[Member, ...] = ()

    def roles(self) -> tuple[tuple[str, tuple[Member, ...]], ...]:
        """`(role, members)` for the three roles, in the order in which a sentence says them."""
        return tuple((role, getattr(self, role)) for role in HYPOTHESIS_ROLES)


Value: TypeAlias = tuple[Span, ...] | Hypothesis
"""What a task predicts."""


@dataclass(frozen=True, slots=True)
class Example:
    """A figure legend or that of one panel. A field that is `None` is unlabelled; `()` is labelled: none.

    `group` is the article (no two splits share one); `extra` holds the keys of the record that are not ours.
    """

    id: str
    group: str
    text: str
    panels: tuple[Span, ...] | None = None
    inline_labels: tuple[str, ...] | None = None
    entities: tuple[Span, ...] | None = None
    hypothesis: Hypothesis | None = None
    split: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a format must know of a task to write and read one answer.

    `labels`: the entity labels, the roles, or the entity types of a hypothesis. `given`: the entities whose
    roles are asked for (tasks of kind `roles` only).
    """

    kind: Kind
    labels: tuple[str, ...]
    given: tuple[Span, ...] = ()


ProblemKind: TypeAlias = Literal[
    "truncated", "unclosed_tag", "unknown_label", "text_added", "text_dropped",
    "not_json", "repaired_json", "not_in_text", "overlap", "duplicate", "empty", "thought_only", "refused", "too_long",
]  # fmt: skip
"""What can be wrong with an answer. A malformed answer is data: it is counted and scored as it is.

Names that are dropped are `not_in_text`; `overlap`, if all their places lie within other names; `duplicate`, if they
are named more often than they occur; `unknown_label`, if nobody asked for their label.
"""


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer, read. `problems` counts by kind; `fidelity` is the share of the source that was copied
    (`None` where the format does not copy); `unplaced`: what was named and has no place in the text."""

    value: Value
    problems: Mapping[ProblemKind, int] = field(default_factory=dict)
    fidelity: float | None = None
    unplaced: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a system said of one example: what is scored, and the text that it came from."""

    id: str
    value: Value
    output: str | tuple[str, ...] | None = None
    problems: Mapping[ProblemKind, int] = field(default_factory=dict)
    fidelity: float | None = None
    unplaced: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


Api: TypeAlias = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a prompted backend: what goes over the wire, and beside it what it was made from.

    Exactly one of `turns` (chat) and `prompt` (completions) is set. Everything down to `extra` is the
    request's identity (the cassette's key). The records below it never go over a wire; `rules` reads them.
    """

    backend: str
    endpoint: str | None
    model: str
    api: Api
    turns: tuple[Turn, ...] | None
    prompt: str | None
    max_tokens: int
    temperature: float
    stop: tuple[str, ...] = ()
    seed: int | None = None
    sample: int = 0
    schema: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    id: str = ""
    task: str = ""
    format: str = ""
    scheme: Scheme = field(default_factory=lambda: Scheme("entities", ()))
    demonstrations: tuple[Example, ...] = ()
    query: Example = field(default_factory=lambda: Example("", "", ""))


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of one limit: `most` at a time, `left` of them now, all of them back in `reset` seconds."""

    most: float | None = None
    left: float | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server said of requests and of tokens."""

    requests: Allowance = Allowance()
    tokens: Allowance = Allowance()

    @property
    def wait(self) -> float | None:
        """Seconds until that of which nothing is left is back; `None` where something is left of each."""
        spent = [a.reset for a in (self.requests, self.tokens) if a.left is not None and a.left < 1 and a.reset]
        return max(spent, default=None)


FinishReason: TypeAlias = Literal["stop", "length", "refused", "too_long"]
"""Why an answer ends where it does; `too_long`: the server says that even the question alone is too long for it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back. `adapted` names the parameters that the server made us change or leave out.

    `prompt_tokens` and `completion_tokens` are the server's own counts, `None` where it tells none;
    `seconds` is the time of the request that was answered, retries not included. `limits`: heard beside it.
    `reasoning_tokens`: how many of the answer's tokens were thought: the server's count, else the thought's share of
    the characters; `None` if there is no thought.
    """

    text: str
    finish_reason: FinishReason = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    adapted: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits | None = field(default=None, compare=False)
    reasoning_tokens: int | None = None
