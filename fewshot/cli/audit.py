"""Find what is wrong in a data set, before its scores are trusted.

    fewshot audit legends.jsonl --task panelization
    fewshot audit legends.jsonl --fix repaired/
    fewshot audit other.jsonl --apply repaired/patch.jsonl --fix mended.jsonl

Each finding has a place, a quotation and, where one is known, a change (docs/audit.md). --fix makes the certain ones,
in a copy. Findings are data: the exit code is 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fewshot.cli import _settings
from fewshot.errors import InputError

if TYPE_CHECKING:
    from fewshot.audit.finding import Finding
    from fewshot.records import Example

_SHOWN = 20
"""Findings that are printed; all are in --json and --out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot audit`."""
    from fewshot import data

    parser.add_argument("data", metavar="DATA", help="demo, a file or folder, or hub:REPO:CONFIG")
    parser.add_argument("--task", metavar="T", help="only what matters for this task [all that is labelled]")
    source = parser.add_argument("--from", dest="reader", metavar="F", help="%(names)s [by ending]")
    _settings.listed(source, data.readable)
    parser.add_argument("--json", action="store_true", help="findings and counts as JSON on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="writes findings.jsonl there")
    repair = parser.add_argument_group("repair")
    repair.add_argument("--fix", type=Path, metavar="OUT", help="writes the repaired data, a patch and a diff")
    repair.add_argument("--aggressive", action="store_true", help="makes uncertain changes too")
    repair.add_argument("--decisions", type=Path, metavar="FILE", help="accepted and rejected findings, from --review")
    repair.add_argument("--apply", type=Path, metavar="PATCH", help="makes the changes of a patch instead")


def main(args: argparse.Namespace) -> int:
    """Audits, prints, repairs."""
    from fewshot.audit import audit, folder
    from fewshot.audit.finding import counts
    from fewshot.cli import _output, _terminal
    from fewshot.data import read

    _check(args)
    target = None if args.fix is None else folder.target(args.fix, args.data)
    examples = read(args.data, args.task, format=args.reader)
    if args.apply is not None and target is not None:
        return _apply(args, examples, target)
    findings = audit(examples, args.task)
    if args.json:
        _terminal.json_row({"findings": [found.to_json() for found in findings], "counts": counts(findings)})
    else:
        _print(findings, len(examples))
    if args.out is not None:
        _output.notice([f"written to {folder.write_findings(args.out, findings)}"])
    if target is not None:
        _fix(args, examples, target)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuses flags that say nothing together."""
    if args.apply is not None and args.fix is None:
        raise InputError("--apply needs --fix OUT, where the changed data go")
    if args.apply is not None and (args.aggressive or args.decisions or args.json or args.out):
        raise InputError("--apply makes the changes of a patch and audits nothing: it goes with --fix alone")
    if args.fix is None and (args.aggressive or args.decisions):
        raise InputError("--aggressive and --decisions say what --fix OUT changes")


def _print(findings: Sequence[Finding], examples: int) -> None:
    """A table of kinds, and the first findings."""
    from fewshot.audit.finding import counts
    from fewshot.cli import _terminal

    _terminal.line(f"{len(findings)} findings in {examples} examples")
    first = {kind: next(found for found in findings if found.kind == kind) for kind in counts(findings)}
    rows = [
        [kind, first[kind].severity, str(number), str(sum(f.kind == kind and f.is_certain for f in findings))]
        for kind, number in counts(findings).items()
    ]
    if rows:
        _terminal.table(["kind", "severity", "findings", "certain changes"], rows)
    for found in findings[:_SHOWN]:
        place = "" if found.start is None else f" {found.start}–{found.end}"
        _terminal.line(f"{found.severity} {found.kind} {found.id}{place}: {found.reason} · {found.quote}")
    if len(findings) > _SHOWN:
        _terminal.line(f"… {len(findings) - _SHOWN} more: --out DIR or --json lists all")


def _fix(args: argparse.Namespace, examples: Sequence[Example], target: Path) -> None:
    """Writes the repaired data."""
    from fewshot.audit import folder, patch
    from fewshot.audit.repair import Decisions, repair
    from fewshot.cli import _output

    decisions = Decisions() if args.decisions is None else patch.read_decisions(args.decisions)
    after, steps = repair(examples, args.task, aggressive=args.aggressive, decisions=decisions)
    folder.write_repair(target, examples, after, steps, args.task)
    _output.notice([f"{len(steps)} changes; repaired data, patch and diff are in {target.parent} ({target.name})"])


def _apply(args: argparse.Namespace, examples: Sequence[Example], target: Path) -> int:
    """Makes the changes of a patch."""
    from fewshot.audit import folder, patch
    from fewshot.audit.repair import applied
    from fewshot.cli import _output

    steps = list(patch.read(args.apply))
    after, unknown = applied(examples, steps)
    folder.write_repair(target, examples, after, [step for step, _ in steps if step.id not in unknown], args.task)
    lacking = [f"{len(unknown)} records of the patch are not in {args.data}"] if unknown else []
    _output.notice([*lacking, f"the patch is applied; the data are in {target.parent} ({target.name})"])
    return 0
