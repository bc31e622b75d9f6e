"""Apply a model, rules or a language model to any number of texts.

    fewshot annotate legends.jsonl --task panelization --out panels
    fewshot annotate articles/ --model runs/models/tagger-ner --task ner --out genes
    fewshot annotate legends-*.tsv.gz --backend gpt3 --task ner --demos train.jsonl --out genes --budget-usd 20

IN is what --data reads: files, folders, patterns. Records are read one at a time and written in partitions, each whole
or not at all, into OUT/parts, which --data reads again. The same command goes on after whatever ended it. What cannot
be annotated stands in OUT/rejects.jsonl with the reason.

Several machines share a job by --shard 1/64 … 64/64, each into a folder of its own, joined by `fewshot merge`; or by
--engine ray.

Exit codes: 0 complete, rejects included; 2 bad input; 3 incomplete, the same command continues it; 4 incomplete, and a
person must fix something first (key, model, address, credit); 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot.cli import _configuration, _settings
from fewshot.errors import BlockedError, IncompleteError, InputError

if TYPE_CHECKING:
    from fewshot.annotate import Done, Job

_OURS = frozenset({"data"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot annotate`."""
    parser.add_argument("inputs", nargs="+", metavar="IN", help="what is annotated")
    job = parser.add_argument_group("the job")
    job.add_argument("--out", type=Path, required=True, metavar="OUT", help="the folder of the job")
    job.add_argument("--partition-size", type=int, metavar="N", help="records of a part [5000]")
    job.add_argument("--to", choices=("jsonl", "parquet"), default="jsonl", help="what the parts are [jsonl]")
    job.add_argument("--without-text", action="store_true", help="leave the texts out; spans still carry their words")
    job.add_argument("--longest", type=int, metavar="N", help="characters of a text; longer ones are rejects [100000]")
    job.add_argument("--reject-failed", action="store_true", help="a request that failed for good makes a reject")
    job.add_argument("--shard", metavar="I/N", help="only every N-th partition, from the I-th on")
    job.add_argument("--engine", choices=("local", "ray"), default="local", help="[local]")
    job.add_argument("--workers", type=int, metavar="N", help="ray: actors, each with a model of its own [2]")
    job.add_argument("--gpus", type=float, metavar="N", help="ray: GPUs of each actor [0]")
    job.add_argument("--log-every", type=float, metavar="S", help="seconds between two lines of progress [60]")
    job.add_argument("--config", type=Path, metavar="FILE", help="settings from a TOML file; flags override them")
    job.add_argument("--json", action="store_true", help="the counts as JSON on stdout")
    _settings.add_settings(parser, scored=False)
    _settings.add_reading(parser)


def main(args: argparse.Namespace) -> int:
    """Annotates; prints what became of the records.

    Raises:
        IncompleteError: not all of them are written; says why.
    """
    from fewshot.annotate import annotate
    from fewshot.cli import _pace

    job = job_of(args)
    with _pace.shown(args.log_every) as listen:
        done = annotate(job, listen)
    return _ended(done, job, as_json=args.json)


def job_of(args: argparse.Namespace) -> Job:
    """The job that a command line asks for.

    Raises:
        InputError: no task; a value out of range; a flag that does nothing for the backend.
    """
    from fewshot.annotate.job import Job, Shard

    if args.engine != "ray" and (args.workers is not None or args.gpus is not None):
        raise InputError("--workers and --gpus go with --engine ray")
    if not hasattr(args, "backend") and hasattr(args, "model"):
        args.backend = _configuration.values(args.config).get("backend", "local")
    args.data = args.inputs[0]
    named: dict[str, Any] = {
        "size": args.partition_size, "longest": args.longest, "workers": args.workers, "gpus": args.gpus,
    }  # fmt: skip
    return Job(
        settings=_settings.settings(args, heeded=_OURS),
        inputs=tuple(args.inputs),
        out=args.out,
        shard=None if args.shard is None else Shard.parsed(args.shard),
        to=args.to,
        text=not args.without_text,
        reject_failed=args.reject_failed,
        engine=args.engine,
        **{name: value for name, value in named.items() if value is not None},
    )


def _ended(done: Done, job: Job, *, as_json: bool) -> int:
    from fewshot.cli import _output, _terminal

    _output.notice(done.notices)
    counts = done.counts
    if as_json:
        row = {"folder": str(job.out), "complete": done.complete, "partitions": done.partitions, **counts.to_json()}
        _terminal.json_row(row)
    elif done.complete:
        _terminal.line(said(done, job.out))
    if not done.complete:
        why = done.stopped or _failed(done)
        message = f"{job.out} is incomplete ({counts.records:,} records in {done.partitions:,} partitions): {why}"
        if done.blocked:
            raise BlockedError(message, hint="mend this; then the same command continues it")
        hint = "the same command continues it"
        raise IncompleteError(message, hint=hint if done.stopped else f"{hint}; --reject-failed makes rejects of them")
    if not as_json and counts.written:
        parts = shlex.quote(str(job.out / "parts"))
        if job.text:
            _terminal.line(f"Read them again: --data {parts}")
    return 0


def said(done: Done, out: Path) -> str:
    """One line on a job that is whole."""
    counts = done.counts
    pieces = [f"{counts.written:,} of {counts.records:,} records annotated"]
    if counts.rejected:
        pieces.append(f"{counts.rejected:,} rejected ({out / 'rejects.jsonl'})")
    if counts.tokens:
        cost = "cost unknown" if counts.usd is None else f"${counts.usd:,.4f}"
        pieces.append(f"{counts.tokens:,} tokens, {cost}")
    return " · ".join((*pieces, parts_in(out, done.partitions)))


def parts_in(out: Path, count: int) -> str:
    """How many parts lie where.

    >>> parts_in(Path("out"), 1), parts_in(Path("out"), 1200)
    ('1 part in out/parts', '1,200 parts in out/parts')
    """
    return f"{count:,} part{'s' if count != 1 else ''} in {out / 'parts'}"


def _failed(done: Done) -> str:
    id_, why = next(iter(done.failures.items()))
    return f"{len(done.failures):,} or more requests failed for good, the one of {id_} with: {why}"
