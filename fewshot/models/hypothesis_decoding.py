"""A hypothesis as ids whose names are copied from the source: one grammar for training and for decoding.

    ⟨<geneprod>⟩ …p53… ⟨</geneprod>⟩ was tested for its influence on ⟨<geneprod>⟩ …MDM2… ⟨</geneprod>⟩ by …

At each place the grammar says which tokens may come: the words of the sentence; a tag; within a tag the tokens that go
on with what was written so far *somewhere in the source*, and the closing tag where such a piece ends with a word. A
name that is not in the legend cannot be written. `generate` is given this as a logits processor, so that every model,
search and sampling of transformers' works under it.

What was written is read back as pieces of the source, so that letters which the vocabulary does not know, and case that
it does not keep, are the legend's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from transformers import LogitsProcessor

from fewshot.formats import SentenceWords
from fewshot.models import vocabulary
from fewshot.models.model_folder import Manifest
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.records import HYPOTHESIS_ROLES, Hypothesis, Member, Span
from fewshot.text import grounding

MOST_MEMBERS = 8
"""Members of one role, after which the sentence goes on: a model that repeats itself comes to an end."""

Next: TypeAlias = Literal["begin", "member", "role", "end"]


@dataclass(frozen=True, slots=True)
class Words:
    """Words that may stand next, and what follows them."""

    ids: tuple[int, ...]
    then: Next


@dataclass(frozen=True, slots=True)
class Run:
    """A name being written: its label, and the pieces of the source (first token, token after the last) that it could
    be so far."""

    label: str
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class State:
    """How far a sentence is: the role that is written, the members so far, and what may come."""

    role: int = 0
    members: tuple[tuple[int, Member], ...] = ()
    words: tuple[Words, ...] = ()
    opens: bool = False
    run: Run | None = None
    ended: bool = False


@dataclass(slots=True)
class Grammar:
    """The sentence in the ids of one vocabulary. `tags`: the opening and closing tag of each label that members may
    have; `end`: what closes an answer before the vocabulary's own end token."""

    cut: SourceTokenizer
    tags: Mapping[str, tuple[str, str]]
    sentence: SentenceWords
    end: Sequence[int] = ()
    _tags: Mapping[str, tuple[int, int]] = field(init=False)
    _links: tuple[tuple[int, ...], ...] = field(init=False)
    _or: tuple[int, ...] = field(init=False)
    _nothing: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._tags = vocabulary.tag_ids(self.cut.tokenizer, self.tags)
        words = (self.sentence.influence, self.sentence.by, self.sentence.alternative, self.sentence.nothing)
        influence, by, self._or, self._nothing = (self.cut(f" {text}").ids for text in words)
        self._links = (influence, by, (*self.end, *self.cut.after))

    @classmethod
    def of(cls, cut: SourceTokenizer, manifest: Manifest) -> Grammar:
        """The grammar of a model's answers.

        Raises:
            TypeError: their format is not a sentence.
        """
        form = manifest.answer_format
        if form.sentence is None:
            raise TypeError(f"answers in format {manifest.format} are not sentences")
        return cls(cut, form.tags(manifest.scheme), form.sentence, cut.text_ids(manifest.end) if manifest.end else ())

    def written(self, source: SourceTokens, value: Hypothesis) -> tuple[list[int], int]:
        """The ids of a hypothesis without those around an answer, and how many of its names the source does not hold
        (these are spelled out, and could not be written under the grammar)."""
        ids: list[int] = []
        missing = 0
        for (_, members), link in zip(value.roles(), (*self._links[:2], ()), strict=True):
            for number, member in enumerate(members):
                piece = self._piece(source, member.text)
                missing += piece is None
                surface = source.ids[slice(*piece)] if piece else self.cut(f" {member.text}").ids
                opening, closing = self._tags[member.label]
                ids += [*(self._or if number else ()), opening, *surface, closing]
            ids += [*(() if members else self._nothing), *link]
        return ids, missing

    @staticmethod
    def _piece(source: SourceTokens, surface: str) -> tuple[int, int] | None:
        """The first place in the source that holds a surface between two tokens' edges."""
        places = grounding.Source(source.text).everywhere(surface)
        pieces = (source.find(Span(place.start, place.end, "")) for place in places if place.match != "near")
        return next((piece for piece in pieces if piece is not None), None)

    def start(self) -> State:
        """Before the first token of an answer."""
        before = Words(self.cut.before, "begin")
        return State(words=(before,)) if self.cut.before else self._after(State(), "begin")

    def choices(self, source: SourceTokens, state: State) -> dict[int, State]:
        """The tokens that may come next, and where each leads."""
        if state.run is not None:
            return self._within(source, state, state.run)
        choices: dict[int, State] = {}
        for token in dict.fromkeys(words.ids[0] for words in state.words):
            left = [Words(words.ids[1:], words.then) for words in state.words if words.ids[0] == token]
            done = next((words.then for words in left if not words.ids), None)
            on = replace(state, words=tuple(left), opens=False)
            choices[token] = on if done is None else self._after(on, done)
        if state.opens:
            pieces = tuple((i, i) for i in range(len(source)) if source.opens(i))
            for label, (opening, _) in self._tags.items() if pieces else ():
                choices[opening] = replace(state, words=(), opens=False, run=Run(label, pieces))
        return choices

    def _within(self, source: SourceTokens, state: State, run: Run) -> dict[int, State]:
        """Inside a name: what goes on with it, or its end."""
        longer: dict[int, list[tuple[int, int]]] = {}
        last = next((i for i in reversed(range(len(source))) if source.closes(i)), -1)  # behind it no name can end
        for first, after in run.pieces:
            if after <= last:
                longer.setdefault(source.ids[after], []).append((first, after + 1))
        choices = {token: replace(state, run=Run(run.label, tuple(pieces))) for token, pieces in longer.items()}
        whole = next((piece for piece in run.pieces if piece[1] > piece[0] and source.closes(piece[1] - 1)), None)
        if whole is not None:
            start, end = source.extent(*whole)
            member = (state.role, Member(run.label, source.text[start:end]))
            choices[self._tags[run.label][1]] = self._after(
                replace(state, run=None, members=(*state.members, member)), "member"
            )
        return choices

    def _after(self, state: State, what: Next) -> State:
        """What may come once something is whole: the beginning, a member, a link to the next role."""
        if what == "end":
            return replace(state, words=(), opens=False, ended=True)
        if what == "role":
            state = replace(state, role=state.role + 1)
        last = state.role == len(HYPOTHESIS_ROLES) - 1
        link = Words(self._links[state.role], "end" if last else "role")
        count = sum(role == state.role for role, _ in state.members)
        if what == "member":
            more = (Words(self._or, "begin"),) if count < MOST_MEMBERS else ()
            return replace(state, words=(link, *more), opens=False)
        nothing = () if count else (Words((*self._nothing, *link.ids), link.then),)
        return replace(state, words=nothing, opens=True)

    def allowed(self, source: SourceTokens, ids: Iterable[int]) -> list[list[int]]:
        """The tokens that could stand at each place of a written answer; none from where it leaves the grammar."""
        tokens: list[list[int]] = []
        state: State | None = self.start()
        for token in ids:
            onward = {} if state is None else self.choices(source, state)
            state = onward.get(token)
            tokens.append([] if state is None else sorted(onward))
        return tokens

    def read(self, source: SourceTokens, ids: Iterable[int]) -> tuple[Hypothesis, bool]:
        """What an answer says, up to its end or to where it leaves the grammar; and whether it ended."""
        state = self.start()
        for token in ids:
            onward = self.choices(source, state).get(token)
            if onward is None or onward.ended:
                state = onward or state
                break
            state = onward
        roles = {role: dict.fromkeys(m for at, m in state.members if at == number)
                 for number, role in enumerate(HYPOTHESIS_ROLES)}  # fmt: skip
        return Hypothesis(**{role: tuple(members) for role, members in roles.items()}), state.ended


class Constraint(LogitsProcessor):  # type: ignore[misc]
    """Forbids all that the grammar does not allow, for a batch of sources (in a beam search each has several rows)."""

    def __init__(self, grammar: Grammar, sources: Sequence[SourceTokens]) -> None:
        self._grammar, self._sources = grammar, sources
        self._states: dict[tuple[int, tuple[int, ...]], State] = {}

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores with minus infinity for what may not come next; both (rows, …)."""
        import torch

        barred = torch.ones_like(scores, dtype=torch.bool)
        beams = scores.shape[0] // len(self._sources)
        end = self._grammar.cut.after[-1]
        for row, written in enumerate(input_ids[:, 1:].tolist()):  # the first is the decoder's start
            state = self._state(row // beams, tuple(written))
            allowed = list(self._grammar.choices(self._sources[row // beams], state))
            barred[row, allowed or [end]] = False
        return scores.masked_fill(barred, -torch.inf)

    def _state(self, number: int, written: tuple[int, ...]) -> State:
        """Where a row is; a row that has ended stays there."""
        if not written:
            return self._grammar.start()
        if (number, written) not in self._states:
            before = self._state(number, written[:-1])
            onward = self._grammar.choices(self._sources[number], before).get(written[-1])
            self._states[number, written] = onward or State(ended=True)
        return self._states[number, written]
