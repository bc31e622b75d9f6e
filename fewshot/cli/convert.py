"""Convert data sets from one format to another.

    fewshot convert article.xml panels.jsonl --from sourcedata_xml --to jsonl --task panelization
    fewshot convert demo train.jsonl --to chat_jsonl --task ner --split train

chat_jsonl is prompts and right answers as chat fine-tuning data, each line checked. IN is a file, a folder, `demo`
or hub:REPO:CONFIG.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fewshot import data, discovery
from fewshot.errors import InputError
from fewshot.settings import Settings

CHAT = "chat_jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot convert`."""
    parser.add_argument("source", metavar="IN")
    parser.add_argument("target", type=Path, metavar="OUT")
    parser.add_argument("--from", dest="reader", metavar="F", help=f"{', '.join(data.names())} [by ending]")
    parser.add_argument("--to", dest="writer", metavar="F", help=f"jsonl, study_csv, conll, {CHAT} [by ending]")
    parser.add_argument("--task", metavar="T", help="what the data is for (some formats hold one task only)")
    parser.add_argument("--split", metavar="S", help="this split only")
    parser.add_argument("--labels", nargs="+", default=(), metavar="L", help=f"{CHAT}: these labels only")
    parser.add_argument("--format", metavar="F", help=f"{CHAT}: of the answers [copy_tag; causal: sentence]")


def main(args: argparse.Namespace) -> int:
    """Converts and says how much."""
    from fewshot.cli import _output

    writer = args.writer or data.guess(str(args.target))
    count = _write_chat(args) if writer == CHAT else _write(args, writer)
    _output.notice([f"{count} examples written to {args.target}"])
    return 0


def _write(args: argparse.Namespace, name: str) -> int:
    if name not in data.names():
        raise discovery.unknown("data format", name, (*data.names(), CHAT))
    writer = data.writer(name)
    examples = data.read(args.source, args.task, format=args.reader)
    if args.split:
        examples = [example for example in examples if example.split == args.split]
        if not examples:
            raise InputError(f"{args.source} has no split {args.split!r}")
    return writer.write(examples, args.target)


def _write_chat(args: argparse.Namespace) -> int:
    from fewshot import chat_jsonl

    if args.task is None:
        raise InputError(f"--to {CHAT} needs --task", hint="a prompt asks one question")
    if args.reader is not None and args.reader != data.guess(args.source):
        raise InputError(f"--to {CHAT} reads {args.source} by its ending", hint="convert it to jsonl first")
    split = args.split or "train"
    settings = Settings(
        task=args.task,
        data=args.source,
        split=split,
        shots=0,
        labels=tuple(args.labels),
        format=args.format,
    )
    return chat_jsonl.write(settings, args.target)
