"""From a plan to its requests: every example asked, as often as samples are drawn, with what fits beside it.

--context 2048 --shots 3 ──► 3 demonstrations where they fit, else 2, 1, none
                             none fits ──► no request: the legend is `too_long`, scored as empty and counted
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from fewshot.experiment.plan import Plan
from fewshot.prompt import PromptBuilder, tokens
from fewshot.records import Example, Request


@dataclass(frozen=True, slots=True)
class Questions:
    """The requests of a plan, by the id of their example, in data order: one a sample.

    `too_long`: the ids of the examples that do not fit even alone; `dropped`: demonstrations that were given up.
    """

    requests: Mapping[str, tuple[Request, ...]] = field(default_factory=dict)
    too_long: frozenset[str] = frozenset()
    dropped: int = 0

    @property
    def all(self) -> list[Request]:
        """Every request there is, samples one after the other."""
        return [request for samples in self.requests.values() for request in samples]

    @property
    def shots(self) -> list[int]:
        """Demonstrations shown, by example that is asked."""
        return [len(samples[0].demonstrations) for samples in self.requests.values()]

    @property
    def demonstrations(self) -> tuple[Example, ...]:
        """Each one that is shown, once."""
        return tuple({demo.id: demo for request in self.all for demo in request.demonstrations}.values())

    @property
    def notices(self) -> tuple[str, ...]:
        """What did not fit, in a line each."""
        lines = []
        if self.dropped:
            lines.append(f"{self.dropped} demonstrations were left out: with them the prompt would be too long")
        if self.too_long:
            lines.append(f"{len(self.too_long)} legends are too long for --context even alone: scored as empty")
        return tuple(lines)


def ask_of(made: Plan, builder: PromptBuilder) -> Questions:
    """The requests of a plan."""
    found: dict[str, tuple[Request, ...]] = {}
    too_long: set[str] = set()
    dropped = 0
    for example in filter(made.asks, made.examples):
        wanted = made.pick(example)
        request = _fitting(made, builder, example, wanted)
        if request is None:
            too_long.add(example.id)
            continue
        dropped += len(wanted) - len(request.demonstrations)
        found[example.id] = tuple(replace(request, sample=number) for number in range(made.settings.samples))
    return Questions(found, frozenset(too_long), dropped)


def _fitting(made: Plan, builder: PromptBuilder, example: Example, shown: tuple[Example, ...]) -> Request | None:
    """The request with as many of the demonstrations as fit; `None` where it does not fit without any."""
    context, given = made.settings.context, made.given.get(example.id, ())
    while True:
        request = builder.request(example, shown, given=given)
        if context is None:
            return request
        room = context - ceil(tokens.most_tokens(request))
        if room >= request.max_tokens:
            return request
        if made.settings.max_tokens is None and room >= tokens.needed_tokens(request):
            return replace(request, max_tokens=room)
        if not shown:
            return None
        shown = made.pick.fewer(shown)


def estimate(requests: Iterable[Request]) -> tuple[int, int]:
    """`(prompt tokens, answer tokens at most)` of requests, estimated."""
    asked = list(requests)
    return sum(map(tokens.estimate_tokens, asked)), sum(request.max_tokens for request in asked)
