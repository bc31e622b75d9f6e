"""Figures of invented papers: panels, decoys, tails, and their annotations.

A panel has its letters, perhaps a heading, a sentence or two about an experiment, and notes. Letters mentioned in
passing ("as in B", "(C) and (D)", "Fig. 2B") are as frequent as in real legends (styles.py).
"""

from __future__ import annotations

from random import Random

from fewshot.demo.synthesis import paper as papers
from fewshot.demo.synthesis import sentences, styles
from fewshot.demo.synthesis.draft import Draft, Letters
from fewshot.demo.synthesis.lexicon import Lexicon, load
from fewshot.demo.synthesis.paper import Paper
from fewshot.demo.synthesis.sentences import Sentences, Template
from fewshot.records import Example

BUNDLED = (("train", 60), ("validation", 30), ("test", 60))
"""Figures of each split of the bundled corpus."""

BUNDLED_SEED = 2026

# What follows are (values, weights) and probabilities. They imitate the 80 real figures that styles.py counts, by eye
# where it has no count: judgements, and part of the bytes of the bundled corpus.
_PANELS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (4, 9, 14, 17, 17, 14, 10, 7, 5, 3))
_KINDS = (("blot", "image", "graph", "scheme"), (26, 28, 38, 8))
_NOTES = ((0, 1, 2, 3), (15, 35, 35, 15))
_UNLABELLED, _TITLED, _INTRODUCED, _TAILED, _GROUPED, _INLINE, _MIXED = 0.13, 0.3, 0.12, 0.3, 0.1, 0.12, 0.05
_HEADED, _SECOND, _GLUED, _LINES, _HELDOUT = 0.6, 0.25, 0.03, 0.2, 0.75


def generate(figures: int, *, seed: int) -> list[Example]:
    """Returns so many figures, and a record for each panel with a hypothesis; no surface of the bundled test split."""
    maker = _Maker(Random(f"generated {seed}"), load("lexicon"), sentences.load("templates"))
    return maker.examples(figures, f"gen{seed}", None)


def bundled() -> list[Example]:
    """Returns the bundled corpus: 60 figures for training, 30 for validation, 60 for testing with other words."""
    examples: list[Example] = []
    for split, figures in BUNDLED:
        random = Random(f"bundled {split} {BUNDLED_SEED}")
        common = sentences.load("templates")
        if split == "test":
            maker = _Maker(random, load("heldout"), sentences.load("heldout_templates"), _few(common), common)
        else:
            maker = _Maker(random, load("lexicon"), common)
        examples += maker.examples(figures, split, split)
    return examples


def _few(common: Sentences) -> Sentences:
    """Returns every fourth template of each section: the test split shares these with the training split."""
    return {section: templates[::4] for section, templates in common.items()}


class _Maker:
    """Writes papers from a lexicon and sets of templates, the preferred set first."""

    def __init__(self, random: Random, lexicon: Lexicon, *sets: Sentences) -> None:
        self._random, self._lexicon, self._sets = random, lexicon, sets

    def examples(self, figures: int, name: str, split: str | None) -> list[Example]:
        """Returns the records of so many figures, two to five per paper."""
        examples: list[Example] = []
        count = number = 0
        while count < figures:
            number += 1
            group = f"10.5555/fewshot.{name}.{number:04}"
            paper = papers.draw(self._lexicon, self._random)
            for figure in range(1, min(self._random.randint(2, 5), figures - count) + 1):
                count += 1
                examples += self._figure(paper, figure).records(f"{group}/fig-{figure}", group, split)
        return examples

    def _figure(self, paper: Paper, number: int) -> Draft:
        random = self._random
        draft = Draft(paper, random, number)
        if random.random() < _UNLABELLED:
            return self._plain(draft)
        if random.random() < _TITLED:
            draft.sentence(self._pick("title", draft))
            if random.random() < _INTRODUCED:
                draft.sentence(self._pick("intro", draft))
        segments = self._segments(paper)
        between = "\n" if random.random() < _LINES else " "
        for position, letters in enumerate(segments):
            draft.break_off(between)
            style = styles.draw(random) if position and random.random() < _MIXED else paper.style
            label = styles.write(letters, style, random)
            glued = style == "A)" and random.random() < _GLUED
            draft.open_panel(Letters.of(segments, position), label.rstrip() if glued else label)
            self._panel(draft, len(letters))
        if random.random() < _TAILED:
            draft.sentence(self._pick("tail", draft))
        return draft

    def _plain(self, draft: Draft) -> Draft:
        """Writes a figure without letters: one panel, or up to three, each on its own line."""
        for _ in range(self._random.choice((1, 1, 2, 3))):
            draft.break_off("\n")
            draft.open_panel(Letters((), (), (), None), "")
            self._panel(draft, 1)
        return draft

    def _segments(self, paper: Paper) -> list[tuple[str, ...]]:
        """Returns the letters of each segment, with gaps for letters that only a sentence mentions."""
        random = self._random
        letters = list(paper.alphabet)
        segments = []
        for _ in range(random.choices(*_PANELS)[0]):
            count = random.choice((2, 2, 3)) if random.random() < _GROUPED else 1
            segments.append(tuple(letters[:count]))
            skipped = random.random() < _INLINE
            del letters[: count + skipped]
        return segments

    def _panel(self, draft: Draft, letters: int) -> None:
        random = self._random
        kind = random.choices(*_KINDS)[0]
        if draft.paper.headed and random.random() < _HEADED:
            draft.sentence(self._pick("heading", draft))
        if letters > 1:
            kind = "graph" if kind == "scheme" else kind
            draft.sentence(self._pick(f"multi.{kind}", draft))
        else:
            draft.sentence(self._pick(f"panel.{kind}", draft))
            if kind != "scheme" and random.random() < _SECOND:
                draft.sentence(self._pick(f"panel.{kind}", draft))
        if draft.letters.skipped:
            draft.sentence(self._pick("inline", draft))
        notes = ("note.any",) if kind == "scheme" else (f"note.{kind}", f"note.{kind}", f"note.{kind}", "note.any")
        for _ in range(random.choices(*_NOTES)[0]):
            draft.sentence(self._pick(random.choice(notes), draft, note=True))
        draft.close_panel()

    def _pick(self, section: str, draft: Draft, *, note: bool = False) -> Template:
        """Picks a template of a section that fits the draft (`Draft.can_say`)."""
        first = 0 if len(self._sets) == 1 or self._random.random() < _HELDOUT else 1
        for templates in self._sets[first:]:
            fitting = [template for template in templates.get(section, ()) if draft.can_say(template, note=note)]
            if fitting:
                return self._random.choice(fitting)
        raise LookupError(f"no template of section {section} fits")
