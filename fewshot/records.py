"""The nouns of the project, as frozen records. Nothing here reads, writes or decides anything.

A legend with two panels and one gene:

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
"""The kind of value that a task predicts; it decides which formats can carry the value."""

FIELDS: Mapping[Kind, str] = {
    "entities": "entities", "panels": "panels", "roles": "entities", "hypothesis": "hypothesis",
}  # fmt: skip
"""The key of a record that holds a value of each kind."""

OF_ENTITIES: frozenset[Kind] = frozenset(("roles",))
"""The kinds of value that are asked of given entities: the question names them, the answer says something of each."""

PANEL = "panel"
"""The label of every panel span."""

NO_ROLE = ""
"""The role of an entity that was annotated as having no role (`None`: not annotated)."""


Match: TypeAlias = Literal["exact", "folded", "near"]
"""How a name was found in a text: letter by letter, written otherwise, or with a few letters changed."""


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `text[start:end]`, under a label. Never empty, no white space at either edge.

    Attributes:
        start: The offset of the first character.
        end: The offset behind the last character.
        label: The type of an entity, or `PANEL`.
        labels: The letters of a panel, `("A", "B", "C")` for "(A–C)"; `()`: a panel without a letter; `None`: unknown.
        role: The role of an entity; `NO_ROLE`: it has none; `None`: not annotated.
        confidence: 0 to 1, for predictions only; ignored when two spans are compared.
        match: How it was grounded, for predictions only; ignored when two spans are compared.
    """

    start: int
    end: int
    label: str
    labels: tuple[str, ...] | None = None
    role: str | None = None
    confidence: float | None = field(default=None, compare=False)
    match: Match | None = field(default=None, compare=False)

    def cut(self, text: str) -> str:
        """Returns the surface: the characters that the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Member:
    """One entity of a hypothesis: its type (`label`) and its surface (`text`)."""

    label: str
    text: str
    confidence: float | None = field(default=None, compare=False)


HYPOTHESIS_ROLES = ("interventions", "observations", "assays")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was changed, what was observed, and by which assays. Sets, kept in order of appearance."""

    interventions: tuple[Member, ...] = ()
    observations: tuple[Member, ...] = ()
    assays: tuple[Member, ...] = ()

    def roles(self) -> tuple[tuple[str, tuple[Member, ...]], ...]:
        """Returns `(role, members)` for the three roles, in the order in which the `sentence` format writes them."""
        return tuple((role, getattr(self, role)) for role in HYPOTHESIS_ROLES)


Value: TypeAlias = tuple[Span, ...] | Hypothesis
"""What a task predicts."""


@dataclass(frozen=True, slots=True)
class Example:
    """The legend of a figure or of one panel. A field that is `None` is not annotated; `()` is annotated as none.

    Attributes:
        id: Unique in its source.
        group: The article; splits never share one.
        text: The legend.
        panels: Spans of the panels.
        inline_labels: Letters of panels that are mentioned only inside another panel's text.
        entities: Spans of the entities.
        hypothesis: The hypothesis that the panel tests.
        split: `train`, `validation` or `test`; `None` if the source has no splits.
        extra: Keys of the record that we do not know.
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


Mentions: TypeAlias = Literal["every", "once"]
"""Whether an answer names every mention of an entity, or each name once, which then stands for all its occurrences."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a format needs to know about a task to write and read one answer.

    Attributes:
        kind: The kind of value.
        labels: The entity labels, the roles, or the entity types of a hypothesis.
        given: The entities whose roles are asked for (kind `roles` only).
        mentions: Whether entities are named at every mention or once (kind `entities` only).
    """

    kind: Kind
    labels: tuple[str, ...]
    given: tuple[Span, ...] = ()
    mentions: Mentions = "every"

    @property
    def only_given(self) -> bool:
        """Whether an answer can name the given entities only."""
        return self.kind == "roles"


ProblemKind: TypeAlias = Literal[
    "truncated", "unclosed_tag", "unknown_label", "text_added", "text_dropped",
    "not_json", "repaired_json", "not_in_text", "overlap", "duplicate", "empty", "thought_only", "refused", "too_long",
]  # fmt: skip
"""What can be wrong with an answer. A malformed answer is data: its problems are counted and it is scored as it is.

Names that are dropped are `not_in_text`; `overlap`, if all their places lie within other names; `duplicate`, if they
are named more often than they occur; `unknown_label`, if their label was not asked for.
"""


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer, parsed.

    Attributes:
        value: What the answer says.
        problems: Counts by kind.
        fidelity: The share of the source that was copied, 0 to 1; `None` if the format does not copy.
        unplaced: What was named and has no place in the text.
    """

    value: Value
    problems: Mapping[ProblemKind, int] = field(default_factory=dict)
    fidelity: float | None = None
    unplaced: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """A system's value for one example: what is scored, and the answer text that it was read from.

    `output` is a tuple if several samples were drawn, and `None` for predictions without a text. `seconds`: of a local
    model, its share of the time of its batch; not in `predictions.jsonl`."""

    id: str
    value: Value
    output: str | tuple[str, ...] | None = None
    problems: Mapping[ProblemKind, int] = field(default_factory=dict)
    fidelity: float | None = None
    unplaced: tuple[Member, ...] = ()
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a local model was trained, as far as it is known: wall-clock seconds, seed, and `settings`, a digest of
    everything else that it depends on: two models with the same differ in the seed alone."""

    seconds: float | None = None
    seed: int | None = None
    settings: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


Api: TypeAlias = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a prompted backend: what is sent, and the records that it was built from.

    Exactly one of `turns` (chat) and `prompt` (completions) is set. The fields down to `extra` are the request's
    identity (the cassette's key). The fields below are never sent; `rules` reads them.
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
    blocks: tuple[str, ...] = ()
    """Of a completions prompt: the instruction, each demonstration, the query. A blank line joins them."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The state of one rate limit: `left` of `most` remain, and `most` are available again in `reset` seconds."""

    most: float | None = None
    left: float | None = None
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The rate limits of a server, as its headers state them: one for requests, one for tokens."""

    requests: Allowance = Allowance()
    tokens: Allowance = Allowance()

    @property
    def wait(self) -> float | None:
        """Seconds until the exhausted limit resets; `None` if neither is exhausted."""
        resets = [a.reset for a in (self.requests, self.tokens) if a.left is not None and a.left < 1 and a.reset]
        return max(resets, default=None)


FinishReason: TypeAlias = Literal["stop", "length", "refused", "too_long"]
"""Why an answer ends; `too_long`: by the server's word the question alone, without demonstrations, is too long."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a backend returned for one request.

    Attributes:
        text: The answer.
        finish_reason: Why it ends.
        prompt_tokens: As the server counts; `None` if it does not say.
        completion_tokens: Likewise.
        seconds: The duration of the try that was answered, without retries and waiting.
        adapted: The parameters that the server made us change or leave out.
        limits: The server's rate limits, if its headers state them; not recorded, and ignored in comparisons.
        reasoning_tokens: How many of the answer's tokens are a thought: as the server counts, else by the thought's
            share of the characters; `None` if there is no thought.
        batch: It came through a Batch endpoint, at half the price; how long it took is not known.
    """

    text: str
    finish_reason: FinishReason = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    adapted: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits | None = field(default=None, compare=False)
    reasoning_tokens: int | None = None
    batch: bool = False
