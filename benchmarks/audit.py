"""How much of what is planted in gold does `fewshot audit` find, how much else does it report, and how fast?

    python -m benchmarks.audit [--shared ../shared/data] [--legends 20000] [--seeds 5] [--json]
    python -m benchmarks.audit --missed 100         the first findings about missed mentions on all of BC5CDR

`benchmarks/corrupting.py` corrupts half of the legends (a quarter of the texts with entities), one kind after the
other. Recall: the share of corruptions that a finding of severity error or warning touches; a copy counts as found if
one of the two is named. Precision: the share of such findings that touch a corruption; what is found in the data as
they are is left out (`as_it_is`: its number). `restored`: of the merges, those
whose proposed fix gives back the original starts.
Times are CPU seconds of one core, memory is the largest resident set of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.corrupting import ENTITIES, PANELS, Corruption, Planted, corrupt
from fewshot import data
from fewshot.audit import audit
from fewshot.audit.finding import Finding
from fewshot.demo.synthesis import generate
from fewshot.records import Example

Row = dict[str, Any]


def found(
    examples: Sequence[Example], corruptions: Mapping[str, Corruption], task: str, *, share: float, seeds: int
) -> list[Row]:
    """A row a kind of corruption, and one of all together with the precision."""
    planted, hits = Counter[str](), Counter[str]()
    right = reported = merges = restored = 0
    natural = {finding.name for finding in audit(examples, task)}
    for seed in range(seeds):
        corrupted, done = corrupt(examples, corruptions, random.Random(seed), share)
        findings = [f for f in audit(corrupted, task) if f.severity != "note" and f.name not in natural]
        touched: set[str] = set()
        for one, touching in zip(done, _touching(done, findings), strict=True):
            planted[one.kind] += 1
            hits[one.kind] += bool(touching)
            touched.update(finding.name for finding in touching)
            if one.kind == "merge":
                merges += 1
                restored += _restores(one, touching)
        right += len(touched)
        reported += len(findings)
    rows: list[Row] = [
        {"planted": kind, "n": number, "recall": round(hits[kind] / number, 4)} for kind, number in planted.items()
    ]
    every = {"planted": "all", "n": planted.total(), "recall": round(hits.total() / planted.total(), 4)}
    return [*rows, every | {"precision": _share(right, reported), "merges_restored": _share(restored, merges)}]


def _touching(done: Sequence[Planted], findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings that touch each corruption."""
    by_id: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_id[finding.id].append(finding)
        if finding.other is not None:
            by_id[finding.other].append(finding)
    touching = []
    for one in done:
        own = by_id[one.example.id]
        copies = [finding for finding in (*own, *by_id[one.right.id]) if finding.other is not None]
        placed = [f for f in own if f.start is not None and f.end is not None]
        touching.append([*copies, *(f for f in placed if f.start < one.end and one.start < f.end)])  # type: ignore[operator]
    return touching


def _restores(one: Planted, findings: Iterable[Finding]) -> bool:
    """Whether the fix of a merge gives back the starts that the legend had."""
    wanted = {panel.start for panel in one.right.panels or () if one.start <= panel.start < one.end}
    fixes = [finding.change for finding in findings if finding.kind == "merged_panels" and finding.change]
    return any(wanted <= {item["start"] for item in change.add} for change in fixes)


def as_it_is(examples: Sequence[Example], task: str) -> Row:
    """Findings by severity on data as they are."""
    counts = Counter(finding.severity for finding in audit(examples, task))
    return {"examples": len(examples)} | {
        f"{severity}s": counts[severity] for severity in ("error", "warning", "note")
    }  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def speed(legends: int) -> Row:
    """CPU seconds and memory for so many generated legends, in a process of their own."""
    source = f"import sys; from benchmarks.audit import timed; print(timed({legends}))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    row: Row = json.loads(done.stdout)
    return row


def timed(legends: int) -> str:
    """What `speed` measures, as JSON."""
    examples = [example for example in generate(legends, seed=3) if example.panels is not None]
    before = _megabytes()
    start = time.process_time()
    findings = audit(examples, "panelization")
    seconds = time.process_time() - start
    return json.dumps(
        {"legends": len(examples), "characters": sum(len(example.text) for example in examples),
         "seconds": round(seconds, 1), "findings": len(findings), "megabytes_before": before,
         "megabytes": _megabytes()}
    )  # fmt: skip


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def corpora(shared: Path) -> dict[str, tuple[str, list[Example]]]:
    """The data that are there, with the task that they are audited for."""
    figures = [example for example in data.read("demo", "panelization") if example.panels]
    found = {"bundled, panels": ("panelization", figures), "bundled, entities": ("ner", figures)}
    legends, article = shared / "panelization" / "legends.jsonl", shared / "sourcedata_xml" / "article.xml"
    if legends.exists():
        found["38 real legends"] = ("panelization", data.read(str(legends), "panelization"))
    if article.exists():
        found["article.xml"] = ("panelization", data.read(str(article), "panelization"))
    corpus = shared / "ner_bc5cdr" / "train.tsv"
    if corpus.exists():
        found["BC5CDR, train"] = ("ner", [example for example in data.read(str(corpus), "ner") if example.entities])
    return found


def missed(shared: Path, number: int) -> list[str]:
    """The first findings about missed mentions on the three files of BC5CDR together, a tab-separated line each:
    docs/audit-bc5cdr.tsv is this list with a verdict."""
    examples = data.read(str(shared / "ner_bc5cdr"), "ner")
    found = [finding for finding in audit(examples, "ner") if finding.kind == "missed_mention"][:number]
    return [
        "\t".join(
            map(str, (rank, one.id, one.start, one.end, one.change.add[0]["label"], round(one.confidence or 0, 2)))
        )
        for rank, one in enumerate(found, 1)
        if one.change is not None
    ]


def measure(shared: Path, seeds: int) -> dict[str, Any]:
    """All figures but the speed, by corpus."""
    report: dict[str, Any] = {}
    for name, (task, examples) in corpora(shared).items():
        corruptions, share = (PANELS, 0.5) if task == "panelization" else (ENTITIES, 0.25)
        planted = [] if name == "article.xml" else found(examples, corruptions, task, share=share, seeds=seeds)
        report[name] = {"as_it_is": as_it_is(examples, task), "planted": planted}
    return report


def main() -> None:
    """Prints the figures, or writes them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--legends", type=int, default=20_000, help="for the speed; 0: not measured")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--missed", type=int, default=0, metavar="N")
    args = parser.parse_args()
    if args.missed:
        print("\n".join(missed(args.shared, args.missed)))
        return
    report = measure(args.shared, args.seeds)
    if args.legends:
        report["speed"] = [speed(args.legends // 4), speed(args.legends)]
    if args.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(name)
        rows = value if name == "speed" else [value["as_it_is"], *value["planted"]]
        for row in rows:
            print("   ", ", ".join(f"{key} {cell}" for key, cell in row.items()))


if __name__ == "__main__":
    main()
