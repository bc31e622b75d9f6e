"""What a run took: tokens, dollars, seconds (`[usage]` of `run.toml`).

tokens = 3200                a sum, as servers report it
cost_usd = "unknown"         no price is known, or not all tokens are
seconds_p95 = 1.8            19 of 20 examples were answered at least as fast
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from fewshot.experiment.answers import Answers, System
from fewshot.records import Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens, dollars and seconds (`[usage]`), as servers report them. `None`: not reported. `cost_usd`: dollars
    without discounts, or "unknown" if the price or the tokens are not known (never 0). `seconds_p50`, `seconds_p95`:
    percentiles of the seconds that an example took, its samples together."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens: int | None = None
    cost_usd: float | str | None = None
    price: str | None = None
    batched: int | None = None
    seconds_per_example: float | None = None
    seconds_p50: float | None = None
    seconds_p95: float | None = None

    @classmethod
    def of(cls, system: System, answers: Answers) -> Usage:
        """What the answers of a system took."""
        completions = answers.completions
        counted = [c for c in completions if c.prompt_tokens is not None or c.completion_tokens is not None]
        usage = cls()
        if counted:
            prompt = sum(c.prompt_tokens or 0 for c in counted)
            completion = sum(c.completion_tokens or 0 for c in counted)
            usage = cls(prompt_tokens=prompt, completion_tokens=completion, tokens=prompt + completion)
        if system.identity.endpoint is not None and completions:
            usage = usage._priced(system, completions, complete=len(counted) == len(completions))
        if answers.times:
            usage = replace(
                usage,
                seconds_p50=round(percentile(answers.times, 0.5), 6),
                seconds_p95=round(percentile(answers.times, 0.95), 6),
            )
        if usage.batched:  # the one answer that came online says nothing about the others
            return replace(usage, seconds_p50=None, seconds_p95=None)
        if completions:
            seconds = sum(c.seconds for c in completions) / len(completions)
            return replace(usage, seconds_per_example=round(seconds, 6))
        if answers.seconds is not None and answers.asked:
            return replace(usage, seconds_per_example=round(answers.seconds / answers.asked, 6))
        if answers.times:  # a replay: the times were recorded
            return replace(usage, seconds_per_example=round(sum(answers.times) / len(answers.times), 6))
        return usage

    def _priced(self, system: System, completions: Sequence[Completion], *, complete: bool) -> Usage:
        price, batched = system.price, sum(c.batch for c in completions)
        if price is None or not complete:
            return replace(self, cost_usd="unknown", batched=batched or None)
        dollars = sum(
            (price.batch if c.batch else price).of(c.prompt_tokens or 0, c.completion_tokens or 0) for c in completions
        )
        said = price if not batched else replace(price, source=price.batch.source)
        return replace(self, cost_usd=round(dollars, 6), price=str(said), batched=batched or None)


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the smallest value that at least this share of the values does not exceed (the nearest rank).

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5), percentile([4.0, 1.0, 3.0, 2.0], 0.95)
    (2.0, 4.0)
    """
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
