"""Convert data sets from one format to another.

    fewshot convert article.xml panels.jsonl --from sourcedata_xml --to jsonl --task panelization
    fewshot convert demo train.jsonl --to chat_jsonl --task ner --split train

chat_jsonl writes prompts and right answers as chat fine-tuning data and checks each line. IN is a file, a folder,
`demo` or hub:REPO:CONFIG.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fewshot import data, discovery, tasks
from fewshot.cli import _settings
from fewshot.errors import InputError
from fewshot.experiment.settings import Settings
from fewshot.records import Example, Kind

CHAT = "chat_jsonl"
_LONGEST_NAME = 255  # bytes of a file name: NAME_MAX of Linux file systems


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot convert`."""
    parser.add_argument("source", metavar="IN")
    parser.add_argument("target", type=Path, metavar="OUT")
    source = parser.add_argument("--from", dest="reader", metavar="F", help="%(names)s [by ending]")
    target = parser.add_argument("--to", dest="writer", metavar="F", help="%(names)s [by ending]")
    _settings.listed(source, data.readable)
    _settings.listed(target, lambda: (*data.writable(), CHAT))
    parser.add_argument(
        "--task", metavar="T", help="the task whose labels are written, if a format holds one task only"
    )
    parser.add_argument("--split", metavar="S", help="this split only")
    parser.add_argument("--labels", nargs="+", default=(), metavar="L", help=f"{CHAT}: these labels only")
    parser.add_argument("--format", metavar="F", help=f"{CHAT}: of the answers [copy_tag; causal: sentence]")


def main(args: argparse.Namespace) -> int:
    """Converts, and prints the number of examples."""
    from fewshot.cli import _output

    if args.task is not None:
        tasks.get(args.task)
    writer = args.writer or _by_ending(args.target)
    count = _write_chat(args) if writer == CHAT else _write(args, writer)
    _output.notice([f"{count} examples written to {args.target}"])
    return 0


def _by_ending(target: Path) -> str:
    try:
        return data.guess(str(target))
    except InputError as error:
        if len(target.name) > _LONGEST_NAME:
            raise InputError(f"{target}: name too long") from error
        reason = f"no format ends in {target.suffix}" if target.suffix else "no ending"
        raise InputError(f"{target}: {reason}", hint="name a format with --to F") from error


def _write(args: argparse.Namespace, name: str) -> int:
    if name not in data.names():
        raise discovery.unknown("data format", name, (*data.names(), CHAT))
    if args.labels or args.format:
        raise InputError(f"--labels and --format go with --to {CHAT}, not with {name}")
    able = data.writer(name).kinds
    examples = data.read(args.source, args.task, format=args.reader)
    if args.split:
        examples = [example for example in examples if example.split == args.split]
        if not examples:
            raise InputError(f"{args.source} has no split {args.split!r}")
    if able and args.task:
        examples = _labelled(examples, args.task, name, able)
    return data.write(examples, args.target, name, args.task)


def _labelled(examples: list[Example], task: str, name: str, able: frozenset[Kind]) -> list[Example]:
    """Returns the examples with labels for a task, if the format holds nothing else; prints how many are left out."""
    from fewshot.cli import _output

    if tasks.get(task).kind not in able:
        held = sorted(task.name for kind in able for task in tasks.of_kind(kind))
        raise InputError(f"{name} cannot hold {task}", hint=f"it holds {', '.join(held)}; jsonl holds all")
    kept = [example for example in examples if tasks.get(task).gold(example) is not None]
    if not kept:
        raise InputError(f"none of the {len(examples)} examples is labelled for {task}")
    if len(kept) < len(examples):
        _output.notice([f"{len(examples) - len(kept)} examples are not labelled for {task} and were left out"])
    return kept


def _write_chat(args: argparse.Namespace) -> int:
    from fewshot.experiment import chat_jsonl

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
        labels=_settings.labels(args.labels),
        format=args.format,
    )
    return chat_jsonl.write(settings, args.target)
