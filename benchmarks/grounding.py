"""Where do the names of an answer stand: how often are they placed right, how fast, and what beside langextract?

    python3.11 -m venv /tmp/le && /tmp/le/bin/pip install langextract==1.7.1
    python -m benchmarks.grounding [--peer /tmp/le/bin/python] [--shared ../shared/data] [--seed 0] [--json]

Every gold mention of a text is named once, in the order of the text and without occurrence numbers, as models do; the
answer goes through `json` (by label: through `list`). Then the names are spoilt: another case, spaces normalised (those
of the text are thin, double, or line ends), dashes changed, one letter changed (names of seven letters and more), the
answer shuffled. Recall and precision are of exact offsets; of `letter`, of the names that were changed. Milliseconds
are CPU time of one answer, the fastest of three. `absent`: 1,000 names of other texts, without those that stand in the
text in another number or spelling: the share that is placed all the same.

Texts: BC5CDR's test split (200 paragraphs of 8 sentences), the article of `sourcedata_xml`, the bundled test split.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fewshot import data
from fewshot.formats import get
from fewshot.records import Example, Parsed, Scheme, Span
from fewshot.text.alignment.folding import solid

PARAGRAPHS, SENTENCES, ABSENT, ROUNDS = 200, 8, 1_000, 3
LONG = 7
"""Letters of a name that one is changed in."""

PEER = Path(__file__).with_name("grounding_peer.py")
Names = list[tuple[str, Span]]


@dataclass(frozen=True)
class Text:
    """A text and its mentions."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Case:
    """An answer: names, and the spans they stand for; those that count, by index."""

    text: str
    names: Names
    counted: frozenset[int]


@dataclass
class Result:
    """How the answers of one kind were read."""

    right: int = 0
    placed: int = 0
    named: int = 0
    seconds: float = 0.0
    texts: int = 0

    def row(self) -> dict[str, float]:
        """Recall, precision, milliseconds a text."""
        return {
            "recall": round(self.right / max(1, self.named), 4),
            "precision": round(self.right / max(1, self.placed), 4),
            "ms": round(1000 * self.seconds / max(1, self.texts), 3),
        }


def corpora(shared: Path) -> Iterator[tuple[str, list[Text]]]:
    """The texts that are there, by name."""
    bc5cdr = shared / "ner_bc5cdr" / "test.tsv"
    if bc5cdr.exists():
        sentences = data.read(str(bc5cdr), "ner")
        yield "BC5CDR", [_paragraph(sentences, at * SENTENCES) for at in range(PARAGRAPHS)]
    article = shared / "sourcedata_xml" / "article.xml"
    if article.exists():
        yield "sourcedata_xml", [Text(e.text, e.entities) for e in data.read(str(article), "ner") if e.entities]
    examples = [example for example in data.read("demo", "ner") if example.split == "test"]
    yield "bundled", [Text(example.text, example.entities) for example in examples if example.entities]


def _paragraph(sentences: Sequence[Example], first: int) -> Text:
    text = ""
    spans: list[Span] = []
    for example in sentences[first : first + SENTENCES]:
        text += " " if text else ""
        spans += [Span(s.start + len(text), s.end + len(text), s.label) for s in example.entities or ()]
        text += example.text
    return Text(text, tuple(spans))


def exact(one: Text, _: random.Random) -> Case:
    """Names as they stand."""
    return _case(one.text, [(span.cut(one.text), span) for span in one.spans])


def other_case(one: Text, rng: random.Random) -> Case:
    """Upper or lower case, whichever it is not."""
    del rng
    return _case(one.text, [(_cased(span.cut(one.text)), span) for span in one.spans])


def spaces(one: Text, rng: random.Random) -> Case:
    """A text whose spaces are of all sorts; names with plain ones."""
    pieces, spans, last, length = [], [], 0, 0
    moved: dict[int, int] = {}
    for found in re.finditer(" ", one.text):
        piece = one.text[last : found.start()]
        for at in range(last, found.start() + 1):
            moved[at] = length + at - last
        pieces += [piece, rng.choice([" ", " ", "\u2009", "\u00a0", "  ", "\n"])]
        length += len(piece) + len(pieces[-1])
        last = found.end()
    for at in range(last, len(one.text) + 1):
        moved[at] = length + at - last
    pieces.append(one.text[last:])
    spans = [Span(moved[span.start], moved[span.end], span.label) for span in one.spans]
    return _case("".join(pieces), [(span.cut(one.text), there) for span, there in zip(one.spans, spans, strict=True)])


def dashes(one: Text, rng: random.Random) -> Case:
    """Other dashes in the names."""
    return _case(one.text, [(re.sub("[-–]", lambda _: rng.choice("–‑−"), s.cut(one.text)), s) for s in one.spans])


def letter(one: Text, rng: random.Random) -> Case:
    """One letter of each long name is another."""
    names: Names = []
    counted = set()
    for at, span in enumerate(one.spans):
        surface = span.cut(one.text)
        letters = [i for i, char in enumerate(surface) if char.isalpha()]
        if len(surface) >= LONG and letters:
            i = rng.choice(letters)
            other = rng.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != surface[i].lower()])
            surface = surface[:i] + other + surface[i + 1 :]
            counted.add(at)
        names.append((surface, span))
    return Case(one.text, names, frozenset(counted))


def shuffled(one: Text, rng: random.Random) -> Case:
    """Names in any order."""
    names = [(span.cut(one.text), span) for span in one.spans]
    rng.shuffle(names)
    return _case(one.text, names)


VARIANTS: Mapping[str, Callable[[Text, random.Random], Case]] = {
    "exact": exact, "case": other_case, "spaces": spaces, "dashes": dashes, "letter": letter, "shuffled": shuffled,
}  # fmt: skip


def _case(text: str, names: Names) -> Case:
    return Case(text, names, frozenset(range(len(names))))


def _cased(surface: str) -> str:
    return surface.upper() if surface != surface.upper() else surface.lower()


def as_json(case: Case) -> str:
    """The answer in `json`, without numbers."""
    return json.dumps({"entities": [{"text": name, "label": span.label} for name, span in case.names]})


def by_label(case: Case) -> str:
    """The answer in `list`, without numbers."""
    lines: dict[str, list[str]] = {}
    for name, span in case.names:
        escaped = name.replace("\\", "\\\\").replace(";", "\\;").replace("#", "\\#").replace("\n", "\\n")
        lines.setdefault(span.label, []).append(escaped)
    return "\n".join(f"{label}: {'; '.join(names)}" for label, names in lines.items())


def ours(cases: Sequence[Case], format: str) -> Result:
    """What our formats read."""
    reader, write = get(format, "entities"), as_json if format == "json" else by_label
    result = Result()
    for case in cases:
        scheme = Scheme("entities", tuple(sorted({span.label for _, span in case.names})))
        answer = write(case)
        best = float("inf")
        parsed = Parsed(())
        for _ in range(ROUNDS):
            _forget()
            began = time.thread_time()
            parsed = reader.parse(answer, case.text, scheme)
            best = min(best, time.thread_time() - began)
        spans = parsed.value if isinstance(parsed.value, tuple) else ()
        found = {(span.start, span.end) for span in spans}
        counted = {(span.start, span.end) for at, (_, span) in enumerate(case.names) if at in case.counted}
        others = {(span.start, span.end) for at, (_, span) in enumerate(case.names) if at not in case.counted}
        _count(result, found & counted, found - others, counted, best)
    return result


def _forget() -> None:
    """Every round reads its text for the first time."""
    from fewshot.text.alignment import folding

    folding.compact.cache_clear()


def theirs(cases: Sequence[Case], python: str) -> Result:
    """What langextract aligns."""
    lines = [json.dumps({"text": c.text, "names": [(name, span.label) for name, span in c.names]}) for c in cases]
    done = subprocess.run(
        [python, str(PEER)], input="\n".join(lines), capture_output=True, text=True, check=True, encoding="utf-8"
    )
    result = Result()
    for case, line in zip(cases, done.stdout.splitlines(), strict=True):
        row = json.loads(line)
        pairs = [
            ((got[0], got[1]) if got else None, (s.start, s.end))
            for got, (_, s) in zip(row["spans"], case.names, strict=True)
        ]
        found = {got for got, _ in pairs if got is not None}
        counted = {gold for at, (_, gold) in enumerate(pairs) if at in case.counted}
        others = {gold for at, (_, gold) in enumerate(pairs) if at not in case.counted}
        _count(result, found & counted, found - others, counted, row["seconds"])
    return result


def _count(
    result: Result,
    right: set[tuple[int, int]],
    placed: set[tuple[int, int]],
    named: set[tuple[int, int]],
    seconds: float,
) -> None:
    result.right += len(right)
    result.placed += len(placed)
    result.named += len(named)
    result.seconds += seconds
    result.texts += 1


def absent(texts: Sequence[Text], rng: random.Random) -> list[Case]:
    """Names of other texts, ten to a text."""
    names = sorted({span.cut(one.text) for one in texts for span in one.spans})
    cases: list[Case] = []
    count = 0
    while count < ABSENT and len(cases) < 20 * ABSENT:
        one = rng.choice(texts)
        there = _spelling(one.text)
        drawn = [name for name in rng.sample(names, min(10, len(names))) if _spelling(name) not in there]
        cases.append(_case(one.text, [(name, Span(0, 1, "X")) for name in drawn[: ABSENT - count]]))
        count += len(cases[-1].names)
    return cases


def _spelling(text: str) -> str:
    """A text without what number and spelling change."""
    return (
        re.sub(r"(?<=[a-z])(?:ies|y|es|s|e)\b", "", solid_words(text))
        .replace(" ", "")
        .replace("ae", "e")
        .replace("oe", "e")
        .replace("our", "or")
    )


def solid_words(text: str) -> str:
    """The words of a text, folded."""
    return " ".join(solid(word) for word in re.split(r"[\s\-–]+", text))


def placed_share(cases: Sequence[Case], python: str | None) -> dict[str, float]:
    """Of names that are not there, those that are placed."""
    total = sum(len(case.names) for case in cases)
    shares = {"n": float(total)}
    mine = 0
    for case in cases:
        parsed = get("json", "entities").parse(as_json(case), case.text, Scheme("entities", ("X",)))
        mine += len(parsed.value) if isinstance(parsed.value, tuple) else 0
    shares["ours"] = mine / total
    if python:
        shares["langextract"] = theirs(cases, python).placed / total
    return shares


def measure(name: str, texts: Sequence[Text], python: str | None, seed: int) -> Iterator[dict[str, object]]:
    """The rows of one corpus."""
    for variant, spoil in VARIANTS.items():
        cases = [spoil(one, random.Random(f"{seed} {variant} {at}")) for at, one in enumerate(texts)]
        row: dict[str, object] = {"texts": name, "answer": variant, "json": ours(cases, "json").row()}
        if variant != "shuffled":
            row["list"] = ours(cases, "list").row()
        if python:
            row["langextract"] = theirs(cases, python).row()
        yield row
    yield {"texts": name, "answer": "absent", **placed_share(absent(texts, random.Random(seed)), python)}


def main() -> None:
    """Prints one row a corpus and kind of answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment that has langextract")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for name, texts in corpora(args.shared):
        for row in measure(name, texts, args.peer, args.seed):
            print(json.dumps(row) if args.json else _line(row), flush=True)


def _line(row: Mapping[str, object]) -> str:
    cells = [f"{row['texts']:15} {row['answer']:9}"]
    for system in ("json", "list", "langextract", "ours", "n"):
        value = row.get(system)
        if isinstance(value, dict):
            cells.append(f"{system} {value['recall']:.4f} ({value['precision']:.4f}) {value['ms']:.2f} ms")
        elif isinstance(value, float):
            cells.append(f"{system} {value:.4f}")
    return "   ".join(cells)


if __name__ == "__main__":
    main()
