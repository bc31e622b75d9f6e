"""Find what is wrong in a data set, before its scores are trusted.

    fewshot audit legends.jsonl --task panelization
    fewshot audit legends.jsonl --fix repaired/
    fewshot audit other.jsonl --apply repaired/patch.jsonl --fix mended.jsonl
    fewshot audit train.jsonl --task ner --cross-fit tiny-tagger --out found/ --review

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
    parser.add_argument("data", metavar="DATA", help="demo, a file or folder, or hub:REPO:CONFIG")
    parser.add_argument("--task", metavar="T", help="only what matters for this task [all that is labelled]")
    parser.add_argument("--json", action="store_true", help="findings and counts as JSON on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="writes findings.jsonl there")
    parser.add_argument("--review", action="store_true", help="--out: writes a page for decisions too")
    models = parser.add_argument_group("models")
    models.add_argument("--witness", nargs="+", type=Path, default=(), metavar="RUN", help="runs to compare gold with")
    models.add_argument(
        "--cross-fit", metavar="MODEL", help="train taggers on parts of the data: tiny-tagger, a folder"
    )
    models.add_argument("--folds", type=int, metavar="N", help="parts, no article in two of them [5]")
    models.add_argument("--steps", type=int, metavar="N", help="training steps of a part [600]")
    repair = parser.add_argument_group("repair")
    repair.add_argument("--fix", type=Path, metavar="OUT", help="writes the repaired data, a patch and a diff")
    repair.add_argument("--aggressive", action="store_true", help="makes uncertain changes too")
    repair.add_argument("--decisions", type=Path, metavar="FILE", help="accepted and rejected findings, from --review")
    repair.add_argument("--apply", type=Path, metavar="PATCH", help="makes the changes of a patch instead")
    _settings.add_reading(parser)


def main(args: argparse.Namespace) -> int:
    """Audits, prints, repairs."""
    from fewshot.audit import audit, folder, ordered, reading
    from fewshot.cli import _output

    _check(args)
    target = None if args.fix is None else folder.target(args.fix, args.data)
    said: list[str] = []
    examples, broken = reading.read(args.data, args.task, _settings.reading_options(args), said)
    _output.notice(said)
    if args.apply is not None and target is not None:
        return _apply(args, examples, target)
    findings = audit(examples, args.task)
    if broken or args.witness or args.cross_fit is not None:
        findings = ordered([*broken, *findings, *_of_models(args, examples)], examples)
    _show(args, findings, len(examples))
    if args.out is not None:
        _write(args, findings, examples)
    if target is not None:
        _fix(args, examples, findings, target)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuses flags that say nothing together."""
    if args.apply is not None and args.fix is None:
        raise InputError("--apply needs --fix OUT, where the changed data go")
    others = args.aggressive or args.decisions or args.json or args.out or args.witness or args.cross_fit
    if args.apply is not None and others:
        raise InputError("--apply makes the changes of a patch and audits nothing: it goes with --fix alone")
    if args.fix is None and (args.aggressive or args.decisions):
        raise InputError("--aggressive and --decisions say what --fix OUT changes")
    if args.review and args.out is None:
        raise InputError("--review needs --out DIR, where the page goes")
    if args.cross_fit is None and (args.folds is not None or args.steps is not None):
        raise InputError("--folds and --steps go with --cross-fit MODEL")
    if args.cross_fit is not None and args.task is None:
        raise InputError("--cross-fit needs --task, which the models learn")
    for flag, least in (("folds", 2), ("steps", 1)):
        value = getattr(args, flag)
        if value is not None and value < least:
            raise InputError(f"--{flag} must be at least {least}, not {value}")


def _of_models(args: argparse.Namespace, examples: Sequence[Example]) -> list[Finding]:
    """What witnesses and out-of-fold models hold against gold."""
    from fewshot.audit import witnesses

    findings = []
    if args.witness:
        findings += witnesses.find(examples, witnesses.testimony(args.witness, examples))
    if args.cross_fit is not None:
        findings += _cross_fitted(args, examples)
    return findings


def _cross_fitted(args: argparse.Namespace, examples: Sequence[Example]) -> list[Finding]:
    """Trains, and keeps every span with its probability where --out says."""
    import tempfile

    from fewshot.audit import cross_fit, folder
    from fewshot.cli import _output

    fit = cross_fit.Fit(args.cross_fit, args.folds or 5, args.steps or cross_fit.STEPS)
    with tempfile.TemporaryDirectory(prefix="fewshot-cross-fit-") as models:
        probabilities = cross_fit.scored(examples, args.task, fit, Path(models), lambda line: _output.notice([line]))
        spans = list(probabilities)
    if args.out is not None:
        folder.write_spans(args.out, spans)
    return cross_fit.find(spans)


def _show(args: argparse.Namespace, findings: Sequence[Finding], examples: int) -> None:
    """Everything as JSON; or a table of kinds, and the first findings."""
    from fewshot.audit.finding import counts
    from fewshot.cli import _terminal

    if args.json:
        _terminal.json_row({"findings": [found.to_json() for found in findings], "counts": counts(findings)})
        return
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


def _write(args: argparse.Namespace, findings: Sequence[Finding], examples: Sequence[Example]) -> None:
    """Writes the findings, and the page."""
    from fewshot.audit import folder
    from fewshot.cli import _output

    written = [folder.write_findings(args.out, findings)]
    if args.review:
        written.append(folder.write_review(args.out, findings, examples, args.data))
    _output.notice([f"written to {', '.join(map(str, written))}"])


def _fix(args: argparse.Namespace, examples: Sequence[Example], findings: Sequence[Finding], target: Path) -> None:
    """Writes the repaired data."""
    from fewshot.audit import folder, patch
    from fewshot.audit.repair import NO_DECISIONS, repair
    from fewshot.cli import _output

    decisions = NO_DECISIONS if args.decisions is None else patch.read_decisions(args.decisions)
    after, steps = repair(examples, args.task, findings, aggressive=args.aggressive, decisions=decisions)
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
