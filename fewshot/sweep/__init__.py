"""How many labels until fine-tuning wins? A grid of ordinary runs: few-shot rows, models trained on ever more examples.

    settings + pool ──► Grid ──► cells ──► run folders ──► Learned ──► table, sentences, curves, page
                               (prompted | trained)          └──► crossover

`grid` says which cells there are, `cells` runs them, `curves` reads what came out, `words` and `writing` show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from fewshot import data, tasks
from fewshot.data._source import Source
from fewshot.errors import InputError
from fewshot.experiment.folder import PREDICTIONS
from fewshot.experiment.plan import demos_of, labelled, pool_of
from fewshot.experiment.settings import Settings
from fewshot.files import digest
from fewshot.records import Example
from fewshot.report.compare import compare
from fewshot.report.comparison import Comparison
from fewshot.sweep.bases import base_of, flags_of
from fewshot.sweep.cells import POOL, Done
from fewshot.sweep.curves import Learned, learned
from fewshot.sweep.grid import Grid, Trained, identity_of
from fewshot.sweep.sizes import USUAL, sizes

__all__ = ["Grid", "apart", "default_folder", "found", "grid_of", "in_detail", "write_pool"]


def grid_of(
    settings: Settings,
    *,
    backends: Sequence[str] = (),
    shots: Sequence[int] = (),
    bases: Sequence[str] = (),
    flags: Iterable[str] = (),
    train_sizes: Sequence[str] = USUAL,
    seeds: int = 1,
) -> tuple[Grid, list[Example]]:
    """Returns the cells of a sweep, and the labelled examples that are learned from.

    Args:
        settings: What all runs share.
        backends: Prompted backends, each with its model behind a colon if it has one of its own.
        shots: Numbers of demonstrations.
        bases: Models to fine-tune.
        flags: Of `fewshot finetune`, for all models or behind `MODEL=`.
        train_sizes: Numbers of examples, or shares.
        seeds: How many seeds.

    Raises:
        InputError: nothing to run, no examples to learn from, or a value that cannot be used.
    """
    if seeds < 1:
        raise InputError(f"--seeds must be at least 1, not {seeds}")
    if not backends and not bases:
        raise InputError("nothing to run", hint="name --backends or models to --finetune")
    task = tasks.get(settings.task)
    dataset = Source(settings.data, settings.reading).read(task.name)
    pool = labelled(pool_of(dataset, demos_of(settings, task)), task)
    if not pool:
        raise InputError(
            f"{settings.data} has no train split with labels for {task.name}",
            hint="name labelled examples with --demos, or split the data: `fewshot split`",
        )
    scored = labelled(dataset.split(settings.split), task)[: settings.limit]
    if not scored:
        raise InputError(
            f"{settings.data}: no example of its {settings.split} split is labelled for {task.name}: nothing is scored",
            hint="name labelled data with --data",
        )
    pool = apart(pool, scored)
    if not pool:
        raise InputError(
            f"all {task.name} examples to learn from are of the articles that are scored",
            hint="name others with --demos, or split the data: `fewshot split`",
        )
    by_base = flags_of(flags)
    if unknown := [name for name in by_base if name and name not in bases]:
        raise InputError(f"--train-flags {unknown[0]}=…: --finetune does not name {unknown[0]}")
    grid = Grid(
        settings=settings,
        backends=tuple(dict.fromkeys(backends)),
        shots=tuple(dict.fromkeys(shots)),
        bases=tuple(base_of(name, (*by_base.get("", ()), *by_base.get(name, ()))) for name in dict.fromkeys(bases)),
        sizes=sizes(train_sizes, of=len(pool)) if bases else (),
        seeds=seeds,
        data=digest([data.digest(pool), dataset.digest, *_contents(settings)]),
    )
    return grid, pool


def _contents(settings: Settings) -> list[str]:
    """Digests of the files that settings name beside the data: what changes in them makes other cells."""
    named = [settings.prompt, settings.entities and str(Path(settings.entities) / PREDICTIONS)]
    return [sha256(Path(path).read_bytes()).hexdigest() for path in named if path and Path(path).is_file()]


def apart(pool: Sequence[Example], scored: Sequence[Example]) -> list[Example]:
    """Returns the examples of other articles than those that are scored. Demonstrations are chosen so for each query; a
    training sees all it is given."""
    groups, ids = {example.group for example in scored}, {example.id for example in scored}
    return [example for example in pool if example.group not in groups and example.id not in ids]


def write_pool(pool: Sequence[Example], out: Path) -> None:
    """Writes what is learned from as one file, of which all is train split."""
    data.write([replace(example, split="train") for example in pool], out / POOL, "jsonl")


def default_folder(grid: Grid, root: Path = Path("runs")) -> Path:
    """Returns `runs/sweep-<task>-<digest>`: the same for the same data and settings, whatever the sizes and shots, so
    that a larger grid takes over the cells of a smaller one."""
    same = [identity_of(grid.settings) | {"seed": 0}, grid.data]
    return root / f"sweep-{grid.settings.task}-{digest(same)[:8]}"


def found(done: Sequence[Done], grid: Grid, *, gpu_hour_usd: float | None = None) -> Learned | None:
    """Returns what the complete cells of a grid say; `None` if there is none."""
    cells = [*(cell.name for cell in grid.prompted), *(cell.name for cell in grid.trained)]
    order = {name: place for place, name in enumerate(cells)}
    complete = sorted((one for one in done if one.why is None), key=lambda one: order[one.cell.name])
    whole = {one.folder: one.cell for one in complete}  # as asked, not as they ended: seeds are paired by their place
    if not whole:
        return None
    names: dict[str | Path, str] = {
        folder: cell.base.short for folder, cell in whole.items() if isinstance(cell, Trained)
    }
    compared = compare(list(whole), names=names, gpu_hour_usd=gpu_hour_usd)
    trained = {path: cell if isinstance(cell, Trained) else None for path, cell in whole.items()}
    return learned(compared, trained, missing=len(order) - len(whole))


def in_detail(result: Learned, *, gpu_hour_usd: float | None = None) -> Comparison:
    """Returns the systems that the page shows with all their answers: what was prompted, and each model as trained on
    most examples."""
    rows = [curve.points[-1].row for curve in (*result.shown, *result.trained)]
    folders = [run.folder.path for row in rows for run in row.runs]
    names: dict[str | Path, str] = {
        run.folder.path: curve.title for curve in result.trained for run in curve.points[-1].row.runs
    }
    return compare(folders, names=names, gpu_hour_usd=gpu_hour_usd)
