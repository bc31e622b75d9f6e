"""From a plan to its requests: one for every example and sample, with as many demonstrations as fit.

--context 2048 --shots 3 ──► 3 demonstrations if they fit, else 2, 1, none
                             none fits ──► no request: the legend is `too_long`, scored as empty and counted
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path

from fewshot.experiment.plan import Plan
from fewshot.prompt import PromptBuilder, tokens, wording
from fewshot.prompt.wording import ResolvedPrompt, Template
from fewshot.records import Example, Request


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a plan, by the id of their example, in data order: one a sample.

    `too_long`: the ids of the examples that do not fit even alone; `dropped`: demonstrations that did not fit;
    `near_duplicates`: examples that were not shown because they nearly are the query.
    """

    by_id: Mapping[str, tuple[Request, ...]] = field(default_factory=dict)
    too_long: frozenset[str] = frozenset()
    dropped: int = 0
    near_duplicates: int = 0

    @property
    def all(self) -> list[Request]:
        """Every request, samples one after the other."""
        return [request for samples in self.by_id.values() for request in samples]

    @property
    def shots(self) -> list[int]:
        """The number of demonstrations shown, by example that is asked."""
        return [len(samples[0].demonstrations) for samples in self.by_id.values()]

    @property
    def demonstrations(self) -> tuple[Example, ...]:
        """Every demonstration that is shown, once."""
        return tuple({demo.id: demo for request in self.all for demo in request.demonstrations}.values())

    @property
    def notices(self) -> tuple[str, ...]:
        """What was left out, in a line each."""
        lines = []
        if self.near_duplicates:
            lines.append(f"{self.near_duplicates} near-duplicates of their query were not taken as demonstrations")
        if self.dropped:
            lines.append(f"{self.dropped} demonstrations were left out: with them the prompt would be too long")
        if self.too_long:
            lines.append(f"{len(self.too_long)} legends are too long for --context even alone: scored as empty")
        return tuple(lines)


def requests_of(plan: Plan, builder: PromptBuilder, examples: Iterable[Example] | None = None) -> Requests:
    """The requests of a plan, or of some of its examples."""
    by_id: dict[str, tuple[Request, ...]] = {}
    too_long: set[str] = set()
    dropped = near_duplicates = 0
    for example in filter(plan.asks, plan.examples if examples is None else examples):
        choice = plan.chooser.choose(example)
        near_duplicates += choice.excluded_near_duplicates
        request = _fitting(plan, builder, example, choice.demonstrations)
        if request is None:
            too_long.add(example.id)
            continue
        dropped += len(choice.demonstrations) - len(request.demonstrations)
        more = (replace(request, sample=number) for number in range(1, plan.settings.samples))
        by_id[example.id] = (request, *more)
    return Requests(by_id, frozenset(too_long), dropped, near_duplicates)


def template_of(plan: Plan) -> Template:
    """The user's own template (`--prompt FILE`), or that of the task and format."""
    own = plan.settings.prompt
    return wording.load_template(
        plan.task.name,
        plan.question.format_name,
        mentions=plan.question.mentions,
        file=None if own is None else Path(own),
    )


def wording_of(plan: Plan) -> ResolvedPrompt:
    """The wording of a plan's prompts, its labels filled in."""
    return wording.resolve(template_of(plan), plan.question.labels, plan.settings.definitions)


def _fitting(plan: Plan, builder: PromptBuilder, example: Example, shown: tuple[Example, ...]) -> Request | None:
    """The request with as many of the demonstrations as fit; `None` if it does not fit without any."""
    context, given = plan.settings.context, plan.given.get(example.id, ())
    while True:
        request = builder.request(example, shown, given=given)
        if context is None:
            return request
        room = context - ceil(tokens.most_tokens(request))
        if room >= request.max_tokens:
            return request
        if plan.settings.max_tokens is None and room >= tokens.needed_tokens(request):
            return replace(request, max_tokens=room)
        if not shown:
            return None
        shown = plan.chooser.fewer(shown)


def estimate(requests: Iterable[Request]) -> tuple[int, int]:
    """`(prompt tokens, most answer tokens)` of requests, estimated."""
    counted = list(requests)
    return sum(map(tokens.estimate_tokens, counted)), sum(request.max_tokens for request in counted)
