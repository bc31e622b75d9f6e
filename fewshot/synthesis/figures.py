"""Figures from a lexicon: letters, sentences, decoys, tails, and the annotation of all that."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from string import ascii_lowercase, ascii_uppercase

from fewshot.records import NO_ROLE, PANEL, Example, Hypothesis, Member, Span
from fewshot.synthesis import styles
from fewshot.synthesis.lexicon import SLOT, Lexicon, load

ROLES = {"c": "CONTROLLED_VAR", "m": "MEASURED_VAR"}
BEARERS = ("GENEPROD", "SMALL_MOLECULE")
ASSAY = "EXP_ASSAY"
_COMMON = ("ORGANISM", "CELL_TYPE", "TISSUE", "SUBCELLULAR")
_PROPER = ("Western", "Far-western")  # publishers write both ways; the corpus keeps the capital
BUNDLED = (("train", 60, "lexicon"), ("validation", 30, "lexicon"), ("test", 60, "heldout"))
BUNDLED_SEED = 2026

_UNLABELLED, _TITLED, _TAILED, _GROUPED, _INLINE, _MIXED, _LOWER = 0.07, 0.25, 0.2, 0.13, 0.12, 0.08, 0.08
_TAILS = (
    "Data information: Bars show mean ± s.e.m. of three experiments.",
    "Source data: available online for this figure.",
    "Abbreviations: ns, not significant; h, hours.",
    "Data Information: p-values by two-tailed t-test.",
)
_TITLES = ("{} is required for {} function.", "Loss of {} impairs {}.", "Characterisation of {} and {}.")
_INLINES = (
    "Quantified in {}.",
    "Statistics of the experiment are shown in {}.",
    "The right graph ({}) sums up the data.",
)


@dataclass(slots=True)
class _Draft:
    """A legend that is being written."""

    text: str = ""
    panels: list[Span] = field(default_factory=list)
    entities: list[Span] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    hypotheses: list[tuple[Span, Hypothesis]] = field(default_factory=list)


def generate(figures: int, *, seed: int) -> list[Example]:
    """That many figures, and a record for every panel with a hypothesis. No surface of the bundled test split."""
    return _papers(figures, f"generated {seed}", f"gen{seed}", load("lexicon"), None)


def bundled() -> list[Example]:
    """The bundled corpus: 60 figures to train on, 30 to validate, 60 to test, with words of their own."""
    examples: list[Example] = []
    for split, figures, lexicon in BUNDLED:
        examples += _papers(figures, f"bundled {split} {BUNDLED_SEED}", split, load(lexicon), split)
    return examples


def _papers(figures: int, seed: str, name: str, lexicon: Lexicon, split: str | None) -> list[Example]:
    random = Random(seed)
    examples: list[Example] = []
    made = paper = 0
    while made < figures:
        paper += 1
        group = f"10.5555/fewshot.{name}.{paper:04}"
        style, upper = styles.draw(random), random.random() > _LOWER
        for number in range(1, min(random.randint(2, 5), figures - made) + 1):
            made += 1
            draft = _figure(random, lexicon, style, ascii_uppercase if upper else ascii_lowercase)
            examples += _records(draft, f"{group}/fig-{number}", group, split)
    return examples


def _records(draft: _Draft, id_: str, group: str, split: str | None) -> list[Example]:
    figure = Example(
        id=id_,
        group=group,
        text=draft.text,
        panels=tuple(draft.panels),
        inline_labels=tuple(draft.inline),
        entities=tuple(draft.entities),
        split=split,
        extra={"templates": draft.templates},
    )
    panels = [
        Example(f"{id_}/panel-{number}", group, span.cut(draft.text), hypothesis=hypothesis, split=split)
        for number, (span, hypothesis) in enumerate(draft.hypotheses, 1)
    ]
    return [figure, *panels]


def _figure(random: Random, lexicon: Lexicon, style: str, alphabet: str) -> _Draft:
    """One figure: 1–9 segments, perhaps a title before them and a tail behind."""
    draft = _Draft()
    count = random.choices(range(1, 10), (4, 10, 16, 20, 18, 14, 9, 6, 3))[0]
    labelled = random.random() > _UNLABELLED
    if not labelled:
        count = random.choice((1, 1, 2))
    if labelled and random.random() < _TITLED:
        _title(draft, random, lexicon)
    letters = list(alphabet)
    between = "\n" if not labelled or random.random() < 0.2 else " "
    for number in range(count):
        if draft.text and not draft.text.endswith("\n"):
            glued = style == "A)" and random.random() < 0.03
            draft.text += "" if glued else between
        _segment(draft, random, lexicon, _label(draft, random, letters, style) if labelled else ([], ""))
        if labelled and random.random() < _INLINE and number < count - 1:
            draft.inline.append(letters.pop(0))
            _extend(draft, " " + random.choice(_INLINES).format(draft.inline[-1]))
    if random.random() < _TAILED:
        draft.text += " " + random.choice(_TAILS)
    return draft


def _label(draft: _Draft, random: Random, letters: list[str], style: str) -> tuple[list[str], str]:
    """The letters of the next segment, and how they are written."""
    count = 1
    if random.random() < _GROUPED and len(letters) > 4:
        count = random.choice((2, 2, 3))
    taken = [letters.pop(0) for _ in range(count)]
    if draft.panels and random.random() < _MIXED:
        style = styles.draw(random)
    return taken, styles.write(taken, style, random)


def _segment(draft: _Draft, random: Random, lexicon: Lexicon, label: tuple[list[str], str]) -> None:
    """One panel: its label, a sentence or two with entities, sentences without."""
    start = len(draft.text)
    draft.text += label[1]
    members: dict[str, dict[Member, None]] = {"c": {}, "m": {}, ASSAY: {}}
    for _ in range(random.choices((1, 2), (4, 1))[0]):
        if not draft.text.endswith((" ", "\n")) and len(draft.text) > start:
            draft.text += " "
        _sentence(draft, random, lexicon, members)
    for key in random.sample(sorted(lexicon.fillers), random.choices((0, 1, 2), (3, 5, 2))[0]):
        draft.templates.append(key)
        draft.text += " " + _thin(lexicon.fillers[key], random)
    span = Span(start, len(draft.text), PANEL, tuple(label[0]))
    draft.panels.append(span)
    if all(members.values()):
        draft.hypotheses.append((span, Hypothesis(*(tuple(found) for found in members.values()))))


def _sentence(draft: _Draft, random: Random, lexicon: Lexicon, members: dict[str, dict[Member, None]]) -> None:
    """Fills the slots of a template; no surface twice in a sentence."""
    key = random.choice(sorted(lexicon.templates))
    template = lexicon.templates[key]
    draft.templates.append(key)
    used: set[str] = set()
    last = 0
    for slot in SLOT.finditer(template):
        draft.text += template[last : slot.start()]
        last = slot.end()
        label, role = slot.groups()
        surface = random.choice([found for found in lexicon.surfaces[label] if found not in used])
        used.add(surface)
        surface = _cased(surface, label, opens=slot.start() == 0)
        _mention(draft, surface, label, role)
        if label == ASSAY or role:
            members[ASSAY if label == ASSAY else role][Member(label, surface)] = None
    draft.text += template[last:]


def _cased(surface: str, label: str, *, opens: bool) -> str:
    """A common noun as its place needs it: "mice" opens a sentence as "Mice", "Western blot" stands inside as is."""
    if opens and label in _COMMON and surface[:2].islower():
        return surface[0].upper() + surface[1:]
    if not opens and label == ASSAY and surface[1].islower() and not surface.startswith(_PROPER):
        return surface[0].lower() + surface[1:]
    return surface


def _mention(draft: _Draft, surface: str, label: str, role: str | None) -> None:
    start = len(draft.text)
    draft.text += surface
    said = ROLES[role] if role and label in BEARERS else NO_ROLE
    draft.entities.append(Span(start, len(draft.text), label, role=said))


def _title(draft: _Draft, random: Random, lexicon: Lexicon) -> None:
    """A sentence before the first panel, about two gene products."""
    first, second = random.sample(lexicon.surfaces["GENEPROD"], 2)
    pieces = random.choice(_TITLES).split("{}")
    draft.text += pieces[0]
    _mention(draft, first, "GENEPROD", None)
    draft.text += pieces[1]
    _mention(draft, second, "GENEPROD", None)
    draft.text += pieces[2]


def _extend(draft: _Draft, sentence: str) -> None:
    """A sentence more in the last panel."""
    draft.text += sentence
    last = draft.panels.pop()
    longer = Span(last.start, len(draft.text), PANEL, last.labels)
    draft.panels.append(longer)
    if draft.hypotheses and draft.hypotheses[-1][0] == last:
        draft.hypotheses[-1] = (longer, draft.hypotheses[-1][1])


def _thin(sentence: str, random: Random) -> str:
    """Some publishers set a thin space between a number and its unit."""
    return sentence.replace(" µm", "\u2009µm").replace(" μm", "\u2009μm") if random.random() < 0.3 else sentence
