"""Join the shards of an annotation.

    fewshot annotate legends.jsonl --task panelization --shard 1/2 --out shard-1
    fewshot annotate legends.jsonl --task panelization --shard 2/2 --out shard-2
    fewshot merge shard-1 shard-2 --out panels

Checks that the shards are those of one job, that all are there, finished and as they were written; then OUT holds what
the job without shards would have written, byte for byte.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `fewshot merge`."""
    parser.add_argument("shards", nargs="+", type=Path, metavar="SHARD", help="the folder of a shard")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="a folder that does not exist yet")
    parser.add_argument("--json", action="store_true", help="the counts as JSON on stdout")


def main(args: argparse.Namespace) -> int:
    """Joins them; prints how much."""
    from fewshot.annotate.merging import merge, summary
    from fewshot.cli import _terminal
    from fewshot.cli.annotate import parts_in

    merged = merge(args.shards, args.out)
    if args.json:
        _terminal.json_row({"folder": str(args.out), **summary(merged)})
    else:
        counts = merged.counts
        rejected = f" · {counts.rejected:,} rejected" if counts.rejected else ""
        where = parts_in(args.out, merged.partitions)
        _terminal.line(f"{counts.written:,} of {counts.records:,} records{rejected} · {where}")
    return 0
