"""How many labels until fine-tuning wins: prompt with few examples, train on ever more, find where the curves cross.

    fewshot sweep --task ner --backends rules,gpt3 --shots 0,3 --finetune tiny-bart,tiny-tagger --seeds 3
    fewshot sweep --task ner --data test.tsv --demos train.tsv --finetune models/minilm --train-sizes 10,100 --dry-run

A grid of ordinary runs: each shot count of each backend, each model on each size, each seed. The same command goes on
where it was stopped, and a larger grid takes over the cells of a smaller one. Models learn from the train split, or
from --demos; the weights are deleted once a cell is scored (--keep-models keeps them). Ends in a table, the crossover
in words, and a page with the curves. --train-flags takes flags of `fewshot finetune`: "--max_steps 300 --bf16".

Exit codes: 0 complete; 2 bad input, or a training that failed; 3 and 4 incomplete, as for `run`; 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fewshot.cli import _settings
from fewshot.errors import BlockedError, IncompleteError, InputError, RunFolderError

if TYPE_CHECKING:
    from fewshot.experiment.settings import Settings
    from fewshot.sweep.cells import Done, Work
    from fewshot.sweep.grid import Grid

SHOTS = "0,1,3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot sweep`: its own, and those of `fewshot run`."""
    parser.conflict_handler = "resolve"  # --backend and --shots of a run give way to lists
    _settings.add_settings(parser)
    _settings.add_reading(parser)
    grid = parser.add_argument_group("the grid")
    grid.add_argument(
        "--backends", "--backend", default="", metavar="B,B", help="who is prompted; gpt3:MODEL names its model"
    )
    grid.add_argument("--shots", dest="grid_shots", default=SHOTS, metavar="N,N", help=f"demonstrations [{SHOTS}]")
    grid.add_argument("--finetune", default="", metavar="M,M", help="models to train: tiny-bart, a folder, a hub name")
    usual = "1%%,2.5%%,5%%,10%%,25%%,50%%,100%%"
    grid.add_argument("--train-sizes", metavar="N,N", help=f"labelled examples to train on, or shares [{usual}]")
    grid.add_argument("--seeds", type=int, default=1, metavar="N", help="seeds of each cell, from --seed on [1]")
    grid.add_argument(
        "--train-flags", action="append", default=[], metavar="[M=]FLAGS", help="flags of `fewshot finetune`, quoted"
    )
    work = parser.add_argument_group("how it is run")
    work.add_argument("--out", type=Path, metavar="DIR", help="[runs/sweep-<task>-<digest>]")
    work.add_argument("--jobs", type=int, default=1, metavar="N", help="trainings at once [1]")
    work.add_argument("--keep-models", action="store_true", help="keep the weights of every cell")
    work.add_argument("--gpu-hour-usd", type=float, metavar="USD", help="price of the seconds that no API priced")
    work.add_argument("--dry-run", action="store_true", help="list the cells with their cost and time; run nothing")
    work.add_argument("--config", type=Path, metavar="FILE", help="settings from a TOML file; flags override them")
    work.add_argument("--json", action="store_true", help="print everything unrounded, as one JSON document")


def main(args: argparse.Namespace) -> int:
    """Lists the cells, or runs them and shows what they say."""
    from fewshot.sweep import default_folder, grid_of, write_pool
    from fewshot.sweep.cells import Work
    from fewshot.sweep.sizes import USUAL

    settings = _shared(args)
    if args.jobs < 1:
        raise InputError(f"--jobs must be at least 1, not {args.jobs}")
    grid, pool = grid_of(
        settings,
        backends=_words(args.backends),
        shots=_numbers(args.grid_shots),
        bases=_words(args.finetune),
        flags=args.train_flags,
        train_sizes=USUAL if args.train_sizes is None else _words(args.train_sizes),
        seeds=args.seeds,
    )
    work = Work(args.out or default_folder(grid), jobs=args.jobs, keep_models=args.keep_models)
    if args.dry_run:
        return _list(grid, work)
    with work.claimed():
        write_pool(pool, work.out)
        done = _run(grid, work)
    _show(done, grid, work.out, args.gpu_hour_usd, as_json=args.json)
    return _end(done, len(grid.prompted) + len(grid.trained), work.out)


def _shared(args: argparse.Namespace) -> Settings:
    """What all cells share."""
    names = [word.partition(":")[0] for word in _words(args.backends)]
    if args.finetune or not names:
        names.append("local")
    return _settings.settings(args, backend_names=names, heeded=("demos",))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str) -> list[int]:
    found = _words(text)
    if not found or not all(word.isascii() and word.isdigit() and len(word) < 6 for word in found):
        raise InputError(f"--shots takes numbers such as {SHOTS}, not {text[:80]!r}")
    return [int(word) for word in found]


def _list(grid: Grid, work: Work) -> int:
    """Prints the cells with what they would take."""
    from fewshot.cli import _terminal
    from fewshot.report import numbers
    from fewshot.sweep.grid import Prompted
    from fewshot.sweep.planning import at_once, planned

    cells = list(planned(grid, work))
    rows = []
    for one in cells:
        asked = isinstance(one.cell, Prompted)
        costs = ["unknown" if usd is None else f"${usd:,.4f}" for usd in (one.usd, one.most_usd)]
        count = [f"{one.requests:,}", f"{one.tokens:,}", *costs] if one.requests else [""] * 4
        time = "" if asked else numbers.duration(one.seconds)
        rows.append([one.cell.title, "complete" if one.complete else "", *count, time])
    _terminal.table(["cell", "", "requests", "prompt tokens", "prompts", "at most", "training"], rows)
    left = [one for one in cells if not one.complete]
    usd = [one.usd for one in left if one.requests]
    total = (
        "nothing to pay" if not usd
        else "of unknown cost" if None in usd
        else f"about ${sum(filter(None, usd)):,.4f} for the prompts"
    )  # fmt: skip
    seconds = [one.seconds for one in left if not isinstance(one.cell, Prompted)]
    time = (
        "" if not seconds
        else ", training time known after the first" if None in seconds
        else f", about {numbers.duration(at_once(filter(None, seconds), work.jobs))} of training"
    )  # fmt: skip
    _terminal.line(f"{len(left):,} of {len(cells):,} cells to run, {total}{time}; nothing was run")
    return 0


def _run(grid: Grid, work: Work) -> list[Done]:
    """Runs the cells, with a line as each ends."""
    from fewshot.cli import _output
    from fewshot.sweep.planning import seconds_left

    total = len(grid.prompted) + len(grid.trained)
    done: list[Done] = []
    with _output.progress("asking") as listen:
        for one in work.all(grid, listen):
            done.append(one)
            _output.notice([_line(one, len(done), total, seconds_left(done, grid, work.jobs))])
    _output.notice([line for one in done for line in one.notices])
    return done


def _line(one: Done, number: int, total: int, left: float | None) -> str:
    from fewshot.report import numbers

    if one.why is not None:
        return f"{number}/{total} {one.cell.title}: not complete: {one.why}"
    taken = "complete already" if one.seconds is None else numbers.duration(max(1.0, one.seconds))
    rest = f"; about {numbers.duration(left)} left" if left else ""
    return f"{number}/{total} {one.cell.title}: {_score(one)} ({taken}){rest}"


def _score(one: Done) -> str:
    from fewshot import tasks
    from fewshot.experiment.folder import RunFolder

    scores = RunFolder(one.folder).scores()
    name = tasks.get(scores.task).headline[0]
    return f"{name} {scores.scores[name]:.3f}" if name in scores.scores else "not scored"


def _show(done: Sequence[Done], grid: Grid, out: Path, gpu_hour_usd: float | None, *, as_json: bool) -> None:
    from fewshot.cli import _output, _terminal
    from fewshot.report import layout, page
    from fewshot.sweep import found, in_detail, words, writing

    result = found(done, grid, gpu_hour_usd=gpu_hour_usd)
    if result is None:
        return
    writing.write(result, in_detail(result, gpu_hour_usd=gpu_hour_usd), out)
    if as_json:
        _terminal.json_row(writing.to_json(result))
    else:
        laid = layout.laid(words.table(result), _terminal.width())
        _terminal.pieces(laid.lines)
        for sentence in words.sentences(result):
            _terminal.text()
            _terminal.pieces(layout.prose(sentence, _terminal.width()))
        _terminal.text()
        _terminal.pieces(laid.legend)
    _output.notice([f"written to {out}; look at {out / page.NAME}"])


def _end(done: Sequence[Done], total: int, out: Path) -> int:
    """Says what is missing.

    Raises:
        RunFolderError, IncompleteError, BlockedError: by the worst that happened.
    """
    short = [one for one in done if one.why is not None]
    if not short:
        return 0
    missing = total - len(done) + len(short)
    first = f"{short[0].cell.title}: {short[0].why}"
    message = f"{out} is incomplete: {missing} of {total} cells are missing, the first {first}"
    kinds: dict[int, Callable[..., Exception]] = {2: RunFolderError, 3: IncompleteError, 4: BlockedError}
    worst = next(code for code in (4, 2, 3) if any(one.exit_code == code for one in short))
    raise kinds[worst](message, hint="the same command continues it")
