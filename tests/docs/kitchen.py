"""The files that recipes name, so that a page can be typed in an empty folder: small, and of the right kind.

supply("… --data mine.jsonl …")      writes mine.jsonl into the current folder
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fewshot import cli

GENES, CELLS, DRUGS = ("p53", "MDM2", "BRCA1", "ATG5", "LC3"), ("HeLa", "HEK293", "MCF7"), ("nutlin-3", "doxorubicin")


def legends(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Legends with two panels and three entities each, two of an article; the same for the same numbers."""
    rows = []
    for number in range(first, first + count):
        draw = random.Random(number)
        gene, cell, drug = draw.choice(GENES), draw.choice(CELLS), draw.choice(DRUGS)
        text = f"(A) Western blot of {gene} in {cell} cells. (B) Cells treated with {drug} for {number + 1} h."
        second = text.index("(B)")
        named = ((gene, "GENEPROD"), (cell, "CELL_LINE"), (drug, "SMALL_MOLECULE"))
        places = [(text.index(word), word, label) for word, label in named]
        rows.append({
            "id": f"fig-{number}",
            "group": f"10.1000/{number // 2}",
            "text": text,
            "panels": [
                {"labels": ["A"], "start": 0, "end": second - 1},
                {"labels": ["B"], "start": second, "end": len(text)},
            ],
            "entities": [{"start": at, "end": at + len(word), "label": label} for at, word, label in places],
        })  # fmt: skip
    return rows


def _jsonl(count: int, first: int = 0, *, labelled: bool = True) -> Callable[[Path], None]:
    keys = ("id", "group", "text", *(("panels", "entities") if labelled else ()))

    def write(path: Path) -> None:
        rows = [{key: row[key] for key in keys} for row in legends(count, first)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    return write


def _converted(*flags: str, count: int = 12, first: int = 0) -> Callable[[Path], None]:
    """The labelled legends in another format."""

    def write(path: Path) -> None:
        source = path.with_name(f".{path.name}.jsonl")
        _jsonl(count, first)(source)
        assert cli.main(["convert", str(source), str(path), *flags, "-q"]) == 0
        source.unlink()

    return write


def _study(path: Path) -> None:
    assert cli.main(["convert", "demo", str(path), "--to", "study_csv", "--task", "panelization", "-q"]) == 0


def _packed(path: Path) -> None:
    plain = path.with_suffix("")
    _jsonl(6, labelled=False)(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))


def _corpus(path: Path) -> None:
    """A folder with a file of tokens for each split."""
    path.mkdir()
    for number, split in enumerate(("train", "devel", "test")):
        _converted("--to", "conll", count=6, first=10 * number)(path / f"bc5cdr-{split}.tsv")


def _labels(path: Path) -> None:
    path.write_text('ANTIBODY = "antibodies, with their clone"\nDOSE = "amounts with a unit"\n', "utf-8")


def prices() -> Path:
    """Writes prices of the model that the test server plays: without one, a budget in dollars is refused."""
    path = Path(".prices.toml").absolute()
    path.write_text('[any."gpt-6-luna"]\ninput = 0.3\noutput = 1.2\ndate = 2026-11-26\nsource = "a test"\n', "utf-8")
    return path


FILES: Mapping[str, Callable[[Path], None]] = {
    "mine.jsonl": _jsonl(24),
    "train.jsonl": _jsonl(12, 100),
    "gold.jsonl": _jsonl(12),
    "other.jsonl": _jsonl(4, 50, labelled=False),
    "labelled.jsonl": _jsonl(6, 100),
    "legends.jsonl": _jsonl(6, labelled=False),
    "theirs.jsonl": _jsonl(12),
    "labels.toml": _labels,
    "panelization_task.csv": _study,
    "legends.csv": _converted("--to", "table"),
    "legends.xlsx": _converted(),
    "legends.jsonl.gz": _packed,
    "corpus/": _corpus,
    "CDR_TestSet.PubTator.txt": _converted("--to", "pubtator"),
    "CDR_TrainingSet.PubTator.txt": _converted("--to", "pubtator", first=100),
    "test.tsv": _converted("--to", "conll"),
    "train.tsv": _converted("--to", "conll", count=60, first=100),
    "extractions.jsonl": _converted("--to", "langextract"),
}  # fmt: skip


def supply(text: str) -> None:
    """Writes the files that a text names and that are not there."""
    for name, write in FILES.items():
        if name in text and not Path(name).exists():
            write(Path(name))
