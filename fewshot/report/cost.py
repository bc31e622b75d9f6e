"""What a system costs: tokens, dollars and seconds a legend, its training, and from how many legends on that pays.

    few-shot:    $0.40 for 1,000 legends
    fine-tuned:  $0.01 for 1,000 legends, and $0.12 once for the training
    break-even:  0.12 / (0.00040 − 0.00001) = 308 legends

Dollars are those of an API (`run.toml` keeps price and tokens), else the seconds that were measured × the price of the
machine's hour (`--gpu-hour-usd`). What is not known stays `None`: it is never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, TypeAlias

from fewshot.errors import InputError
from fewshot.experiment.usage import percentile
from fewshot.report.runs import FinishedRun

HOUR = 3600  # seconds

BreakEven: TypeAlias = int | Literal["never"] | None
"""Legends from which on the fine-tuned system is cheaper; `None`: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one legend where nothing else is said; `None`: not known.

    Attributes:
        prompt_tokens: Tokens that were sent.
        completion_tokens: Tokens that came back.
        usd: Dollars, without training.
        seconds: Mean seconds until the answer (local models: of a batch, shared among its legends).
        p50: Median of the seconds.
        p95: 95th percentile of the seconds.
        hits: True positives of the first score of the task.
        training_seconds: Of the whole training.
        training_usd: Of the whole training.
    """

    prompt_tokens: float | None = None
    completion_tokens: float | None = None
    usd: float | None = None
    seconds: float | None = None
    p50: float | None = None
    p95: float | None = None
    hits: float | None = None
    training_seconds: float | None = None
    training_usd: float | None = None

    @property
    def usd_per_thousand(self) -> float | None:
        """Dollars for 1,000 legends."""
        return None if self.usd is None else 1000 * self.usd

    @property
    def usd_per_hit(self) -> float | None:
        """Dollars for one true positive; `None` also if there is none."""
        return None if self.usd is None or not self.hits else self.usd / self.hits


def cost_of(run: FinishedRun, *, hits: int | None, gpu_hour_usd: float | None = None) -> Cost:
    """Returns what a run cost.

    Args:
        run: The run.
        hits: Its true positives.
        gpu_hour_usd: Dollars for an hour of the machine that answered or trained, for what no API priced.
    """
    usage, n = run.recorded.usage, run.recorded.plan.n or run.result.n
    if not n:
        return Cost()
    busy = busy_seconds(run, n)
    usd: float | None = None
    if isinstance(usage.cost_usd, int | float):
        usd = float(usage.cost_usd)
    elif gpu_hour_usd is not None and busy is not None:
        usd = busy * gpu_hour_usd / HOUR
    middle, high = usage.seconds_p50, usage.seconds_p95
    if middle is None and run.times:
        middle, high = percentile(run.times, 0.5), percentile(run.times, 0.95)
    trained = run.recorded.training.seconds
    return Cost(
        prompt_tokens=_per(usage.prompt_tokens, n),
        completion_tokens=_per(usage.completion_tokens, n),
        usd=_per(usd, n),
        seconds=usage.seconds_per_example,
        p50=middle,
        p95=high,
        hits=_per(hits, n),
        training_seconds=trained,
        training_usd=None if trained is None or gpu_hour_usd is None else trained * gpu_hour_usd / HOUR,
    )


def busy_seconds(run: FinishedRun, n: int) -> float | None:
    """Returns for how long a machine was busy with a run, at most; `None` if nothing was measured.

    Answers that came at the same time share the machine: of a run without recorded answers it is the time from start to
    end, if that is less than the seconds of all answers together. A run that was continued or replayed has only these.
    """
    usage, went = run.recorded.usage, run.recorded.run
    if usage.seconds_per_example is None:
        return None
    together = usage.seconds_per_example * n * run.recorded.settings.samples
    if run.kind == "prompted" and went.recorded == 0 and went.seconds is not None:
        return min(together, went.seconds)
    return together


def mean(costs: Sequence[Cost]) -> Cost:
    """Returns the mean of several runs' costs; what is not known of one of them is not known."""
    if len(costs) == 1:
        return costs[0]
    merged = Cost()
    for name in Cost.__dataclass_fields__:
        values = [getattr(cost, name) for cost in costs]
        if values and None not in values:
            merged = replace(merged, **{name: sum(values) / len(values)})
    return merged


def break_even(few_shot: Cost, fine_tuned: Cost) -> BreakEven:
    """Returns from how many legends on the fine-tuned system is cheaper, its training included.

    >>> break_even(Cost(usd=0.004), Cost(usd=0.0, training_usd=1.0))
    250
    >>> break_even(Cost(usd=0.001), Cost(usd=0.002, training_usd=0.1)), break_even(Cost(), Cost(usd=0.002))
    ('never', None)
    """
    if few_shot.usd is None or fine_tuned.usd is None or fine_tuned.training_usd is None:
        return None
    saved = few_shot.usd - fine_tuned.usd
    return "never" if saved <= 0 else ceil(fine_tuned.training_usd / saved)


def checked_price(gpu_hour_usd: float | None) -> float | None:
    """Returns the price of a machine hour.

    Raises:
        InputError: it is no amount of money.
    """
    if gpu_hour_usd is not None and not 0 <= gpu_hour_usd < float("inf"):
        raise InputError(f"--gpu-hour-usd must be at least 0, not {gpu_hour_usd}")
    return gpu_hour_usd


def _per(total: float | None, n: int) -> float | None:
    return None if total is None else total / n
