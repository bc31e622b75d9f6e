"""Convert data sets from one format to another.

    fewshot convert article.xml panels.jsonl --from sourcedata_xml --to jsonl --task panelization
    fewshot convert demo train.jsonl --to chat_jsonl --task ner --split train

chat_jsonl writes prompts and right answers as chat fine-tuning data and checks each line. IN is a file (packed by gzip
or not), a folder, a pattern, - for standard input, `demo` or hub:REPO:CONFIG.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
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
    target = parser.add_argument("--to", dest="writer", metavar="F", help="%(names)s [by ending]")
    _settings.listed(target, lambda: (*data.writable(), CHAT))
    parser.add_argument(
        "--task", metavar="T", help="the task whose labels are written, if a format holds one task only"
    )
    parser.add_argument("--split", metavar="S", help="this split only")
    parser.add_argument("--labels", nargs="+", default=(), metavar="L", help=f"{CHAT}: these labels only")
    parser.add_argument("--format", metavar="F", help=f"{CHAT}: of the answers [copy_tag; causal: sentence]")
    _settings.add_reading(parser)


def main(args: argparse.Namespace) -> int:
    """Converts, and prints the number of examples."""
    from fewshot.cli import _output

    if args.task is not None:
        tasks.get(args.task)
    writer = args.writer or _by_ending(args.target)
    count, said = _write_chat(args) if writer == CHAT else _write(args, writer)
    _output.notice([*said, f"{count} examples written to {args.target}"])
    return 0


def _by_ending(target: Path) -> str:
    if len(target.name) > _LONGEST_NAME:
        raise InputError(f"{target}: name too long")
    return data.writer_for(target)


def _write(args: argparse.Namespace, name: str) -> tuple[int, list[str]]:
    """Writes example by example, so that any number of lines takes the same memory; and what there is to say."""
    if name not in data.names():
        raise discovery.unknown("data format", name, (*data.names(), CHAT))
    if args.labels or args.format:
        raise InputError(f"--labels and --format go with --to {CHAT}, not with {name}")
    able = data.writer(name).kinds
    said: list[str] = []
    examples = data.stream(args.source, args.task, options=_settings.reading_options(args), said=said)
    if args.split:
        examples = _of_split(examples, args.split, args.source)
    if able and args.task:
        examples = _labelled(examples, args.task, name, able, said)
    return data.write(examples, args.target, name, args.task), said


def _of_split(examples: Iterator[Example], split: str, source: str) -> Iterator[Example]:
    found = False
    for example in examples:
        if example.split == split:
            found = True
            yield example
    if not found:
        raise InputError(f"{source} has no split {split!r}")


def _labelled(
    examples: Iterator[Example], task: str, name: str, able: frozenset[Kind], said: list[str]
) -> Iterator[Example]:
    """The examples with labels for a task, if the format holds nothing else; says how many are left out."""
    if tasks.get(task).kind not in able:
        held = sorted(task.name for kind in able for task in tasks.of_kind(kind))
        raise InputError(f"{name} cannot hold {task}", hint=f"it holds {', '.join(held)}; jsonl holds all")
    count = kept = 0
    for example in examples:
        count += 1
        if tasks.get(task).gold(example) is not None:
            kept += 1
            yield example
    if not kept:
        raise InputError(f"none of the {count} examples is labelled for {task}")
    if kept < count:
        said.append(f"{count - kept} examples are not labelled for {task} and were left out")


def _write_chat(args: argparse.Namespace) -> tuple[int, list[str]]:
    from fewshot.experiment import chat_jsonl

    if args.task is None:
        raise InputError(f"--to {CHAT} needs --task", hint="a prompt asks one question")
    split = args.split or "train"
    settings = Settings(
        task=args.task,
        data=args.source,
        reading=_settings.reading_options(args),
        split=split,
        shots=0,
        labels=_settings.labels(args.labels),
        format=args.format,
    )
    return chat_jsonl.write(settings, args.target), []
