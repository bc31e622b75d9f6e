"""What a sweep would take, before it is begun: requests, tokens and dollars of what is prompted, steps of trainings.

The time of a training is estimated from cells that are complete: seconds a step of the same model, or else of any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median

from fewshot.backends import open_backend
from fewshot.engine.prices import Price
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.options import options
from fewshot.experiment.plan import plan_of
from fewshot.experiment.requests import estimate
from fewshot.experiment.systems import PromptedSystem, system_of
from fewshot.sweep.cells import Cell, Done, Work
from fewshot.sweep.grid import Grid, Prompted, Trained


@dataclass(frozen=True, slots=True)
class Planned:
    """What a cell would take. `None`: not known. Dollars are those of the prompts, and of the longest answers too.

    Attributes:
        cell: The cell.
        complete: Whether it is there already.
        requests: Requests to send to a server; 0 where none is asked.
        tokens: Tokens of their prompts, estimated.
        usd: Dollars of the prompts.
        most_usd: Dollars if every answer is as long as it may be.
        seconds: Of the training.
    """

    cell: Cell
    complete: bool
    requests: int = 0
    tokens: int = 0
    usd: float | None = 0.0
    most_usd: float | None = 0.0
    seconds: float | None = None


def planned(grid: Grid, work: Work) -> Iterator[Planned]:
    """Yields what each cell would take. Nothing is sent.

    Raises:
        InputError: settings or data cannot be used.
    """
    for asked in grid.prompted:
        yield _asked(asked, complete=work.is_complete(asked))
    trained = grid.trained
    done = {cell.name for cell in trained if work.is_complete(cell)}
    speeds = _speeds(_recorded((cell for cell in trained if cell.name in done), work))
    for cell in trained:
        speed = speeds.get(cell.base.name) or speeds.get("")
        seconds = None if speed is None else speed * cell.steps
        yield Planned(cell, cell.name in done, seconds=seconds)


def seconds_left(done: Sequence[Done], grid: Grid, jobs: int) -> float | None:
    """Estimates how long the rest of a sweep takes: what is prompted and what is trained go on beside each other.

    `done`: the cells that ended so far. `None`: of what is left, this command has run nothing alike itself.
    """
    ended = {one.cell.name for one in done}
    own = [(one.cell, one.seconds) for one in done if one.seconds is not None and one.why is None]
    asked = [seconds for cell, seconds in own if isinstance(cell, Prompted)]
    speeds = _speeds((cell, seconds) for cell, seconds in own if isinstance(cell, Trained))
    to_ask = sum(cell.name not in ended for cell in grid.prompted)
    to_train = [cell for cell in grid.trained if cell.name not in ended]
    if (to_ask and not asked) or (to_train and not speeds):
        return None
    asking = to_ask * mean(asked) if to_ask else 0.0
    return max(asking, at_once((speeds.get(cell.base.name, speeds[""]) * cell.steps for cell in to_train), jobs))


def at_once(seconds: Iterable[float], jobs: int) -> float:
    """Seconds that trainings take, so many at once: at best, and never less than the longest one.

    >>> at_once([60, 60, 60], jobs=2), at_once([60], jobs=2), at_once([], jobs=2)
    (90.0, 60, 0.0)
    """
    each = list(seconds)
    return max(sum(each) / jobs, max(each, default=0))


def _asked(cell: Prompted, *, complete: bool) -> Planned:
    plan = plan_of(cell.settings)
    system = system_of(plan, open_backend(cell.settings.backend, options(cell.settings, offline=True)))
    if not isinstance(system, PromptedSystem) or system.builder.target.endpoint is None:
        return Planned(cell, complete)
    requests = system.requests.all
    tokens, most = estimate(requests)
    price: Price | None = system.price
    prompts = None if price is None else price.of(tokens, 0)
    everything = None if price is None else price.of(tokens, most)
    return Planned(cell, complete, len(requests), tokens, prompts, everything)


def _speeds(measured: Iterable[tuple[Trained, float]]) -> dict[str, float]:
    """Seconds a step, by base model; `""`: of all of them. `measured`: cells with their seconds."""
    each: dict[str, list[float]] = {}
    for cell, seconds in measured:
        each.setdefault(cell.base.name, []).append(seconds / cell.steps)
    every = [speed for speeds in each.values() for speed in speeds]
    return {name: median(speeds) for name, speeds in each.items()} | ({"": median(every)} if every else {})


def _recorded(cells: Iterable[Trained], work: Work) -> Iterator[tuple[Trained, float]]:
    """Complete cells with the seconds of their trainings, where these are known."""
    for cell in cells:
        seconds = record.read(RunFolder(work.folder(cell))).training.seconds
        if seconds is not None:
            yield cell, seconds
