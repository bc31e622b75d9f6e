"""A server that is asked about a partition: through the engine, with a cassette of its own, within the job's budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fewshot.annotate.answering import Answered, Gate, of
from fewshot.annotate.tally import Counts
from fewshot.backends import Backend, open_backend
from fewshot.cassette import Cassette
from fewshot.engine import Progress
from fewshot.experiment.answers import Answers, Tapes
from fewshot.experiment.options import options
from fewshot.experiment.plan import Plan
from fewshot.experiment.settings import Settings
from fewshot.experiment.systems import LocalSystem, PromptedSystem, system_of
from fewshot.prompt.wording import ResolvedPrompt
from fewshot.records import Example


def opened(plan: Plan) -> Backend:
    """The backend of a plan, opened."""
    return open_backend(plan.settings.backend, options(plan.settings, labels=plan.question.labels))


@dataclass(slots=True)
class Asked:
    """A server that is asked through the engine. A budget is that of the command, over all partitions."""

    plan: Plan
    wording: ResolvedPrompt | None
    signature: Mapping[str, Any]
    notices: Sequence[str]
    folder: Path
    gate: Gate | None = None
    spent: Counts = field(default_factory=Counts)

    def answer(self, number: int, examples: Sequence[Example], listen: Callable[[int], None]) -> Answered:
        """Asks what is not recorded, in the cassette of this partition."""
        settings = self._left()
        if isinstance(settings, str):
            return Answered({}, stopped=settings)
        plan = replace(of(self.plan, examples), settings=settings)
        backend = opened(plan)
        if self.gate is not None and backend.kind == "prompted":
            backend = self.gate(backend)
        system = system_of(plan, backend, wording=self.wording)
        place = self.folder / f"{number:05d}"
        place.mkdir(parents=True, exist_ok=True)
        with Cassette.open(place / "responses.jsonl") as cassette:
            tapes = Tapes(cassette, batches=place)
            answers = system.answer(tapes, lambda now: listen(_examples_of(now, settings)))
        stats = answers.stats
        now = Counts(tokens=stats.prompt_tokens + stats.completion_tokens, usd=stats.cost)
        self.spent = self.spent + now
        found = _answered(answers, system, now)
        if self.gate is not None and self.gate.ended is not None:
            return replace(found, stopped=self.gate.ended, blocked=False)
        return found

    def _left(self) -> Settings | str:
        """The settings with what is left of the budget, or why nothing is."""
        settings, spent = self.plan.settings, self.spent
        if self.gate is not None:  # which counts
            return self.gate.ended or replace(settings, rpm=None, tpm=None, budget_usd=None, budget_tokens=None)
        if settings.budget_tokens is not None:
            left = settings.budget_tokens - spent.tokens
            if left <= 0:
                return f"the budget of {settings.budget_tokens:,} tokens is used up"
            settings = replace(settings, budget_tokens=left)
        if settings.budget_usd is not None and spent.usd is not None:
            dollars = settings.budget_usd - spent.usd
            if dollars <= 0:
                return f"the budget of ${settings.budget_usd:g} is used up"
            settings = replace(settings, budget_usd=dollars)
        return settings


def _answered(answers: Answers, system: PromptedSystem | LocalSystem, spent: Counts) -> Answered:
    """What became of the records of a partition; its tokens and dollars are those of all its answers, recorded ones
    included, so that they are the same however often the job was killed."""
    counted = [(c.prompt_tokens or 0, c.completion_tokens or 0, c.batch) for c in answers.completions]
    price, usd = system.price, None
    if price is not None:
        usd = round(sum((price.batch if batch else price).of(asked, said) for asked, said, batch in counted), 9)
    return Answered(
        {one.id: one for one in answers.predictions},
        failed=answers.failed,
        stopped=answers.stopped,
        blocked=answers.blocked,
        tokens=sum(asked + said for asked, said, _ in counted),
        usd=usd,
        spent=spent,
        notices=tuple(answers.notices),
    )


def _examples_of(now: Progress, settings: Settings) -> int:
    return now.done // settings.samples
