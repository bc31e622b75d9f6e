"""Split data into train, validation and test, by article and stratified by label.

    fewshot split mine.jsonl data --fractions 0.8 0.1 0.1 --seed 1
    fewshot run --task ner --data data --backend gpt3
    fewshot finetune --task ner --data data --do_train --do_predict

Writes train.jsonl, validation.jsonl and test.jsonl into OUTDIR, which --data then names: prompted and fine-tuned
systems are tested on the same examples. No article lies in two splits; each label has its share in each, as near as
can be.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from fewshot import data
from fewshot.cli import _settings
from fewshot.errors import InputError
from fewshot.origin import splitting
from fewshot.records import Example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot split`."""
    parser.add_argument("source", metavar="IN", help="a file, a folder, a pattern, or hub:REPO:CONFIG")
    parser.add_argument("folder", type=Path, metavar="OUTDIR", help="a new or empty folder")
    parser.add_argument(
        "--fractions",
        nargs=3,
        type=float,
        default=splitting.USUAL,
        metavar="F",
        help="of train, validation and test [0.8 0.1 0.1]",
    )
    parser.add_argument(
        "--by", default="group", metavar="KEY", help="what lies in one split: group, id, or a key [group]"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="[0]")
    parser.add_argument("--again", action="store_true", help="also data that has splits of its own")
    _settings.add_reading(parser)


def main(args: argparse.Namespace) -> int:
    """Splits, writes, and prints what each split holds."""
    from fewshot.cli import _output

    splitting.check(args.fractions)
    said: list[str] = []
    examples = data.read(args.source, options=_settings.reading_options(args), said=said)
    own = sorted({example.split for example in examples if example.split is not None})
    if own and not args.again:
        raise InputError(f"{args.source} has splits of its own: {', '.join(own)}", hint="--again makes others")
    splits = splitting.split_by(examples, tuple(args.fractions), seed=args.seed, by=_key(args.by))
    examples = [replace(example, split=split) for example, split in zip(examples, splits, strict=True)]
    _write(examples, args.folder)
    _output.notice(said)
    _print(examples, by=_key(args.by))
    return 0


def _key(name: str) -> Callable[[Example], str]:
    """What must not lie in two splits."""
    if name in ("group", "id"):
        return splitting.group_of if name == "group" else lambda example: example.id

    def value(example: Example) -> str:
        if name not in example.extra:
            raise InputError(f"--by {name}: {example.id} has no such key", hint="group, id, or a key of every record")
        return str(example.extra[name])

    return value


def _write(examples: Sequence[Example], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError(f"{folder} is not empty", hint="name a new folder")
    for name in splitting.NAMES:
        mine = [example for example in examples if example.split == name]
        if mine:
            data.write(mine, folder / f"{name}.jsonl", data.writer_for(Path("a.jsonl")))


def _print(examples: Sequence[Example], by: Callable[[Example], str]) -> None:
    """Examples, articles and labels of each split, in numbers and as shares."""
    from fewshot.cli import _terminal

    names = [name for name in splitting.NAMES if any(example.split == name for example in examples)]
    held: dict[str, Counter[str]] = {name: Counter() for name in names}
    groups: dict[str, set[str]] = {name: set() for name in names}
    for example in examples:
        split = example.split or ""
        groups[split].add(by(example))
        held[split]["examples"] += 1
        held[split].update(label for _, label in splitting.labels_of(example))
    total: Counter[str] = sum(held.values(), Counter())
    rows = [["articles", *(f"{len(groups[name]):,}" for name in names)]]
    rows += [[one, *(f"{held[name][one]:,} ({held[name][one] / total[one]:.0%})" for name in names)] for one in total]
    _terminal.table(["", *names], rows)
