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

from fewshot.prompt.question import Question
from fewshot.prompt.tokens import answer_tokens
from fewshot.prompt.wording import ResolvedPrompt, fill
from fewshot.records import Api, Example, Request, Span, Turn
from fewshot.text import grounding


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a request goes to. `endpoint`: `scheme://host:port/path` without credentials; `None`: no server."""

    backend: str
    endpoint: str | None
    model: str
    api: Api


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn. `max_tokens`: `None` takes the room that the source needs; `extra` goes to the server
    unchanged."""

    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptBuilder:
    """Makes the requests of one run: what is asked, in which words, of whom, and how an answer is drawn. Only query and
    demonstrations change from one request to the next."""

    question: Question
    wording: ResolvedPrompt
    target: Target
    sampling: Sampling = field(default_factory=Sampling)

    def request(
        self,
        query: Example,
        demonstrations: Sequence[Example],
        *,
        given: tuple[Span, ...] = (),
        sample: int = 0,
    ) -> Request:
        """The request for one query. `given`: the entities that it names (roles)."""
        question, target, sampling = self.question, self.target, self.sampling
        shown = [(self._query(demo, question.task.given(demo)), question.answer(demo)) for demo in demonstrations]
        query_text = self._query(query, given)
        chat = target.api == "chat"
        scheme = question.scheme(given)
        blocks = () if chat else self._blocks(shown, query_text)
        return Request(
            backend=target.backend,
            endpoint=target.endpoint,
            model=target.model,
            api=target.api,
            turns=self._turns(shown, query_text) if chat else None,
            prompt=None if chat else "\n\n".join(blocks),
            max_tokens=sampling.max_tokens or answer_tokens(query.text),
            temperature=sampling.temperature,
            stop=() if chat else question.format.stop,
            seed=sampling.seed,
            sample=sample,
            schema=question.format.schema(scheme),
            extra=sampling.extra,
            id=query.id,
            task=question.task.name,
            format=question.format_name,
            scheme=scheme,
            demonstrations=tuple(demonstrations),
            query=query,
            blocks=blocks,
        )

    def _query(self, example: Example, given: tuple[Span, ...]) -> str:
        entities = grounding.listing(example.text, given)
        return fill(self.wording.query, {"text": example.text, "entities": entities})

    def _turns(self, shown: Sequence[tuple[str, str]], last: str) -> tuple[Turn, ...]:
        turns = [Turn("system", self.wording.system)] if self.wording.system else []
        for query, answer in shown:
            turns += [Turn("user", query), Turn("assistant", answer)]
        return (*turns, Turn("user", last))

    def _blocks(self, shown: Sequence[tuple[str, str]], last: str) -> tuple[str, ...]:
        before, _, after = self.wording.answer.partition("$answer")
        blocks = [f"{query}\n{before}{answer}{after}" for query, answer in shown]
        # A space at the end would be cut from the answer's first word, which vocabularies hold with its space. A line
        # break stays: in the demonstrations above it is a token of what precedes the answer.
        blocks.append(f"{last}\n{before.rstrip(' ')}")
        return tuple(block for block in (self.wording.system, *blocks) if block)


def describe(request: Request) -> str:
    """The prompt as people read it: a completions prompt as it is, of a chat each turn under its role."""
    if request.turns is None:
        return request.prompt or ""
    return "\n\n".join(f"[{turn.role}]\n{turn.content}" for turn in request.turns)
