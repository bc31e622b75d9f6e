"""What a backend is opened with, from the settings of a run."""

from __future__ import annotations

from fewshot.backends import LocalOptions, Options
from fewshot.experiment.settings import Settings
from fewshot.prompt import definitions


def options(settings: Settings, *, labels: tuple[str, ...] = (), offline: bool = False) -> Options:
    """What a backend is opened with."""
    return Options(
        task=settings.task,
        model=settings.model,
        base_url=settings.base_url,
        api=settings.api,
        headers=settings.headers,
        key_env=settings.key_env,
        offline=offline,
        timeout=settings.timeout,
        # A limit that the user sets is for all of the answer, thoughts included.
        reasoning_tokens=_reasoning_room(settings),
        format=settings.format,
        labels=labels,
        definitions=definitions.of_labels(settings.task, labels, settings.definitions),
        local=LocalOptions(
            settings.decoder, settings.device, settings.batch_tokens, settings.threshold, settings.draft
        ),
    )


def _reasoning_room(settings: Settings) -> int | None:
    """Tokens for a thought beside those of the answer; `None`: learnt from the first answers. `--max-tokens` limits
    both together, unless `--reasoning-tokens` is given too."""
    if settings.reasoning_tokens is not None:
        return settings.reasoning_tokens
    return None if settings.max_tokens is None else 0
