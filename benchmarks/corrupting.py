"""Gold made wrong the way real gold is wrong, and what was done, so that an audit can be measured.

    planted = corrupt(examples, random.Random(0))       every corruption with its place and the right spans

Each example gets at most one corruption. Of panels: `merge` (1–3 neighbours; gold keeps the first letters, or all),
`drop` (a panel), `letter` (of a group), `shift` (a boundary), `paste` (another figure's caption under these labels),
`duplicate` (in another split). Of entities: `drop`, `shift`, `relabel`, `add`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fewshot.records import Example, Span
from fewshot.text.spans import trimmed


@dataclass(frozen=True)
class Planted:
    """One corruption: `start` and `end` are those of what is wrong; `right` is the example as it was."""

    kind: str
    example: Example
    right: Example
    start: int
    end: int


Corruption = Callable[[Example, Sequence[Example], random.Random], Planted | None]


def merge(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """A panel swallows 1–3 neighbours; gold keeps its letters only."""
    panels = example.panels or ()
    if len(panels) < 2:
        return None
    first = chance.randrange(len(panels) - 1)
    last = min(first + chance.randint(1, 3), len(panels) - 1)
    swollen = replace(panels[first], end=panels[last].end)
    merged = replace(example, panels=(*panels[:first], swollen, *panels[last + 1 :]))
    return Planted("merge", merged, example, panels[first + 1].start, panels[last].end)


def merge_with_letters(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """As `merge`, and gold keeps all letters."""
    planted = merge(example, others, chance)
    if planted is None or planted.example.panels is None:
        return None
    inside = [p for p in example.panels or () if p.start < planted.end and p.end > planted.start]
    letters = tuple(letter for panel in inside for letter in panel.labels or ())
    panels = tuple(
        replace(panel, labels=(*(panel.labels or ()), *letters)) if panel.end == planted.end else panel
        for panel in planted.example.panels
    )
    return replace(planted, kind="merge_with_letters", example=replace(example, panels=panels))


def drop(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """A panel is left out of gold."""
    panels = example.panels or ()
    if len(panels) < 2:
        return None
    lost = chance.choice(panels)
    kept = tuple(panel for panel in panels if panel is not lost)
    return Planted("drop", replace(example, panels=kept), example, lost.start, lost.end)


def letter(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """A letter of a group is left out of gold."""
    groups = [panel for panel in example.panels or () if len(panel.labels or ()) > 1]
    if not groups:
        return None
    group = chance.choice(groups)
    labels = list(group.labels or ())
    labels.pop(chance.randrange(len(labels)))
    panels = tuple(replace(p, labels=tuple(labels)) if p is group else p for p in example.panels or ())
    return Planted("letter", replace(example, panels=panels), example, group.start, group.end)


def shift(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """A boundary between two panels moves by 3 to 40 characters."""
    panels = list(example.panels or ())
    if len(panels) < 2:
        return None
    at = chance.randrange(1, len(panels))
    before, behind = panels[at - 1], panels[at]
    moved = behind.start + chance.choice((-1, 1)) * chance.randint(3, 40)
    left = trimmed(example.text, before.start, min(moved, behind.end))
    right = trimmed(example.text, max(moved, before.start + 1), behind.end)
    if left is None or right is None or right[0] == behind.start:
        return None
    panels[at - 1] = replace(before, start=left[0], end=left[1])
    panels[at] = replace(behind, start=right[0], end=right[1])
    start, end = sorted((right[0], behind.start))
    return Planted("shift", replace(example, panels=tuple(panels)), example, start, end)


def paste(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """The caption of another figure of the data, under the letters of this one: each letter that both have keeps its
    panel, which runs up to the next one that is kept."""
    mine = {label for panel in example.panels or () for label in panel.labels or ()}
    donors = [
        other
        for other in others
        if other.id != example.id and other.text != example.text and other.panels
        and mine & {label for panel in other.panels for label in panel.labels or ()}
    ]  # fmt: skip
    if not donors:
        return None
    donor = chance.choice([other for other in donors if other.group == example.group] or donors)
    kept = [panel for panel in donor.panels or () if mine & set(panel.labels or ())]
    stops = [*(panel.start for panel in kept[1:]), len(donor.text)]
    spans = []
    for panel, stop in zip(kept, stops, strict=True):
        extent = trimmed(donor.text, panel.start, stop)
        if extent is not None:
            spans.append(replace(panel, start=extent[0], end=extent[1]))
    wrong = replace(example, text=donor.text, panels=tuple(spans), entities=None, hypothesis=None, inline_labels=None)
    return Planted("paste", wrong, example, 0, len(donor.text))


def duplicate(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """The same legend once more in another split; half of them with a few words changed."""
    splits = sorted({other.split for other in others if other.split} - {example.split})
    if not splits:
        return None
    text = example.text
    copy = replace(example, id=f"{example.id} (copy)", group=f"{example.group} (copy)", split=chance.choice(splits))
    if chance.random() < 0.5:
        text = text.replace(" the ", " our ", 3)
    return Planted("duplicate", replace(copy, text=text), example, 0, len(text))


def drop_entity(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """An entity is left out of gold."""
    lost = _some(example, chance)
    if lost is None:
        return None
    return _entities("drop", example, lost, ())


def shift_entity(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """An edge of an entity moves by 1 to 3 characters."""
    span = _some(example, chance)
    if span is None:
        return None
    by = chance.choice((-3, -2, -1, 1, 2, 3))
    start, end = (span.start + by, span.end) if chance.random() < 0.5 else (span.start, span.end + by)
    extent = trimmed(example.text, start, end) if start < end else None
    others_of_it = [other for other in example.entities or () if other is not span]
    if extent is None or extent == (span.start, span.end):
        return None
    if any(extent[0] < other.end and other.start < extent[1] for other in others_of_it):
        return None
    return _entities("shift", example, span, (replace(span, start=extent[0], end=extent[1]),))


def relabel(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """An entity gets another label of the data."""
    span = _some(example, chance)
    labels = sorted({entity.label for other in others[:200] for entity in other.entities or ()})
    wrong = [label for label in labels if span is not None and label != span.label]
    if span is None or not wrong:
        return None
    return _entities("relabel", example, span, (replace(span, label=chance.choice(wrong)),))


def add_entity(example: Example, others: Sequence[Example], chance: random.Random) -> Planted | None:
    """A word that is no entity gets the label of one."""
    words = [
        place.span()
        for place in re.finditer(r"[A-Za-z]{4,}", example.text)
        if not any(place.start() < span.end and span.start < place.end() for span in example.entities or ())
    ]
    if not words or not example.entities:
        return None
    start, end = chance.choice(words)
    added = Span(start, end, chance.choice(example.entities).label)
    spans = sorted((*example.entities, added), key=lambda span: span.start)
    return Planted("add", replace(example, entities=tuple(spans)), example, start, end)


def _some(example: Example, chance: random.Random) -> Span | None:
    return chance.choice(example.entities) if example.entities else None


def _entities(kind: str, example: Example, lost: Span, instead: tuple[Span, ...]) -> Planted:
    spans = sorted((*(e for e in example.entities or () if e is not lost), *instead), key=lambda span: span.start)
    start = min(lost.start, *(span.start for span in instead)) if instead else lost.start
    end = max(lost.end, *(span.end for span in instead)) if instead else lost.end
    return Planted(kind, replace(example, entities=tuple(spans)), example, start, end)


PANELS: Mapping[str, Corruption] = {
    "merge": merge, "merge_with_letters": merge_with_letters, "drop": drop, "letter": letter, "shift": shift,
    "paste": paste, "duplicate": duplicate,
}  # fmt: skip
ENTITIES: Mapping[str, Corruption] = {
    "drop": drop_entity, "shift": shift_entity, "relabel": relabel, "add": add_entity,
}  # fmt: skip


def corrupt(
    examples: Sequence[Example], corruptions: Mapping[str, Corruption], chance: random.Random, share: float
) -> tuple[list[Example], list[Planted]]:
    """Returns the data with `share` of the examples corrupted, each by one kind in turn, and what was done."""
    kinds = list(corruptions)
    data: list[Example] = []
    done: list[Planted] = []
    chosen = {example.id for example in examples if chance.random() < share}
    whole = [example for example in examples if example.id not in chosen]
    turn = 0
    for example in examples:
        planted = None
        if example.id in chosen:
            planted = corruptions[kinds[turn % len(kinds)]](example, whole, chance)
            turn += 1
        if planted is None:
            data.append(example)
            continue
        done.append(planted)
        data.extend([example, planted.example] if planted.example.id != example.id else [planted.example])
    return data, done
