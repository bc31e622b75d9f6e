"""What a run would send and cost: the first prompt, the number of requests, tokens. Nothing is sent; no key needed."""

from __future__ import annotations

from fewshot import prompt
from fewshot.backends import open_backend
from fewshot.engine import prices
from fewshot.engine.prices import Price
from fewshot.errors import InputError
from fewshot.experiment.options import options
from fewshot.experiment.plan import plan_of
from fewshot.experiment.remarks import check_demonstrations
from fewshot.experiment.requests import estimate
from fewshot.experiment.secrecy import refuse_secrets
from fewshot.experiment.settings import Settings
from fewshot.experiment.systems import LocalSystem, PromptedSystem, system_of


def dry_run(settings: Settings, *, examples: int | None = None) -> str:
    """The text that `fewshot run --dry-run` prints. `examples`: says as well what so many examples would cost, if they
    are on average like those of the data (`--for`).

    Raises:
        InputError: the settings or the data cannot be used.
    """
    if examples is not None and examples < 1:
        raise InputError(f"--for must be at least 1, not {examples}")
    refuse_secrets(settings)
    plan = plan_of(settings)
    system = system_of(plan, open_backend(settings.backend, options(settings, offline=True)))
    lines = [*plan.notices, *system.notices]
    if isinstance(system, LocalSystem):
        return "\n".join([*lines, f"{system.identity.model} reads {len(plan.examples)} texts; no prompt is sent"])
    lines += [*system.requests.notices, *check_demonstrations(plan, system.requests)]
    requests = system.requests.all
    if not requests:
        return "\n".join([*lines, "nothing to ask"])
    target = system.builder.target
    tokens, most = estimate(requests)
    return "\n".join(
        [
            *lines,
            prompt.describe(requests[0]),
            "",
            f"{len(requests)} requests to {target.endpoint or target.backend}, model {target.model}",
            f"about {tokens:,} prompt tokens (estimated: UTF-8 bytes / 4), at most {most:,} answer tokens",
            *_cost(settings, system, tokens, most),
            *_for(system, tokens, most, count=examples),
            "nothing was sent",
        ]
    )


def _cost(settings: Settings, system: PromptedSystem, tokens: int, most: int) -> list[str]:
    """What a run may cost, if it goes to a server."""
    target, price = system.builder.target, _price(system)
    if target.endpoint is None:
        return []
    if price is None:
        return [f"cost unknown: no price is known of {target.model} there; {prices.WHERE}"]
    prompts, everything = price.of(tokens, 0), price.of(tokens, most)
    lines = [f"about ${prompts:.4f} for the prompts, at most ${everything:.4f} with the answers, at {price}"]
    if settings.budget_usd is not None and everything > settings.budget_usd:
        lines.append(f"--budget-usd {settings.budget_usd:g} may end it before that; the same command continues it")
    return lines


def _for(system: PromptedSystem, tokens: int, most: int, *, count: int | None) -> list[str]:
    """What `count` examples would take: the mean of the examples of the plan, as often."""
    if count is None:
        return []
    times = count / len(system.plan.examples)
    prompts, answers = round(tokens * times), round(most * times)
    line = (
        f"{count:,} such examples (the mean of {len(system.plan.examples)}): about {prompts:,} prompt tokens, at most"
        f" {answers:,} answer tokens"
    )
    if system.builder.target.endpoint is None:
        return [line]
    price = _price(system)
    if price is None:
        return [f"{line}; cost unknown"]
    return [f"{line}; about ${price.of(prompts, 0):,.2f} for the prompts, at most ${price.of(prompts, answers):,.2f}"]


def _price(system: PromptedSystem) -> Price | None:
    """What tokens cost in the way in which they are asked for; of a batch, the one request that goes online is left
    out."""
    return system.price.batch if system.price is not None and system.plan.settings.batch else system.price
