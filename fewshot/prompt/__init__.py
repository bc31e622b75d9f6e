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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fewshot.formats import Format
from fewshot.prompt.tokens import answer_tokens
from fewshot.prompt.wording import ResolvedPrompt, fill
from fewshot.records import Api, Example, Request, Scheme, Span, Turn
from fewshot.tasks import Task
from fewshot.text import grounding


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
        return fill(self.prompt.query, {"text": example.text, "entities": entities})

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


def describe(request: Request) -> str:
    """The prompt as people read it: a completions prompt as it is, of a chat each turn under its role."""
    if request.turns is None:
        return request.prompt or ""
    return "\n\n".join(f"[{turn.role}]\n{turn.content}" for turn in request.turns)
