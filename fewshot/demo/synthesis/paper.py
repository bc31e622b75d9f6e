"""What the figures of one invented paper share: the style of labels and units, and the entities it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from string import ascii_lowercase, ascii_uppercase

from fewshot.demo.synthesis import styles
from fewshot.demo.synthesis.lexicon import Lexicon

_CAST = {
    "gene": 9, "ligand": 2, "control": 1, "reporter": 2, "drug": 5, "metabolite": 3, "stain": 1, "vehicle": 1,
    "organelle": 2, "line": 3, "celltype": 3, "tissue": 3, "organism": 1, "disease": 1, "assay": 2,
}  # fmt: skip
"""How many surfaces of each family of a kind a paper uses. Judgements: a real paper is about a few genes and drugs."""

# Publishers' habits; the probabilities are judgements after the real legends that styles.py counts.
_KNOCKOUT = ("-/-", "-/-", "−/−", "Δ/Δ", "∆/∆")
_LOWER_CASE, _HTML, _TIGHT = 0.08, 0.1, 0.3


@dataclass(slots=True)
class Paper:
    """One paper.

    Attributes:
        lexicon: Where its words come from.
        style: The style of its panel letters.
        alphabet: Its panel letters, in upper or lower case.
        space: What separates a number from its unit.
        around: What surrounds `=`, `<` and the like.
        micro: Its micro sign (µ or μ).
        less_than: `<` or, left over from HTML, `&lt;`.
        knockout: How it writes -/-.
        headed: Whether panels may have headings.
        cast: The surfaces chosen so far, by kind and family.
    """

    lexicon: Lexicon
    style: str
    alphabet: str
    space: str
    around: str
    micro: str
    less_than: str
    knockout: str
    headed: bool
    cast: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def words(self, kind: str, family: str, random: Random) -> tuple[str, ...]:
        """Returns the surfaces of a family that this paper uses."""
        if (kind, family) not in self.cast:
            surfaces = self.lexicon.surfaces[kind][family]
            self.cast[kind, family] = tuple(random.sample(surfaces, min(_CAST[kind], len(surfaces))))
        return self.cast[kind, family]

    def typeset(self, piece: str) -> str:
        """Returns a piece of a sentence as this publisher prints it."""
        for operator in "<>=±":
            piece = piece.replace(f"~{operator}~", f"{self.around}{operator}{self.around}")
        piece = piece.replace("~", self.space).replace("µ", self.micro).replace("-/-", self.knockout)
        return piece.replace("<", self.less_than)


def draw(lexicon: Lexicon, random: Random) -> Paper:
    """Draws a paper's habits, with the frequencies of real legends."""
    # The order of the draws is part of the corpus: another order gives other legends.
    return Paper(
        lexicon,
        style=styles.draw(random),
        alphabet=ascii_lowercase if random.random() < _LOWER_CASE else ascii_uppercase,
        space=random.choices((" ", "\u2009", "\u00a0", ""), (70, 15, 5, 10))[0],
        around="" if random.random() < _TIGHT else random.choices((" ", "\u2009"), (4, 1))[0],
        micro=random.choice("µμ"),
        less_than="&lt;" if random.random() < _HTML else "<",
        knockout=random.choice(_KNOCKOUT),
        headed=random.random() < 0.4,
    )


_NUMBERS: dict[str, tuple[str, ...]] = {
    "h": ("1", "2", "4", "6", "8", "12", "16", "18", "24", "36", "48", "72"),
    "d": ("2", "3", "4", "5", "7", "10", "14", "21"),
    "wk": ("3", "4", "6", "8", "10", "12", "16"),
    "min": ("2", "5", "10", "15", "20", "30", "45", "60", "90"),
    "n": ("three", "four", "five", "3", "3", "4", "5", "6"),
    "N": ("20", "25", "40", "50", "60", "75", "100", "120", "150", "200", "300"),
    "dose": ("10~nM", "20~nM", "50~nM", "100~nM", "250~nM", "500~nM", "1~µM", "2~µM", "5~µM", "10~µM", "20~µM"),
    "ngml": ("5~ng/ml", "10~ng/ml", "20~ng/ml", "25~ng/ml", "50~ng/ml", "100~ng/ml"),
    "ugml": ("1~µg/ml", "2~µg/ml", "5~µg/ml", "10~µg/ml", "20~µg/ml"),
    "mgkg": ("1~mg/kg", "2~mg/kg", "5~mg/kg", "10~mg/kg", "20~mg/kg", "50~mg/kg"),
    "kd": ("3~nM", "12~nM", "35~nM", "80~nM", "0.4~µM", "1.2~µM", "7~µM"),
    "scale": ("2~µm", "5~µm", "10~µm", "20~µm", "50~µm", "100~µm"),
    "age": ("6-week-old", "8-week-old", "12-week-old", "aged", "adult", "newborn", "3-month-old"),
    "p": ("P~=~0.0{n}", "P~=~0.00{n}", "P~=~0.{n}", "*p~<~0.05", "***P~<~0.001", "**p~=~0.00{n}"),
    "fignum": ("{figure}",),
    "fig": ("1B", "2B", "2B", "3A and C", "EV1A", "EV2C–E", "S3D", "{figure}A", "4G"),
    "figletter": ("D", "E", "F", "G", "H"),
}


def number(kind: str, figure: int, random: Random) -> str | None:
    """Returns a plausible time, dose, P value, …; `None` if the kind is not one of those."""
    choices = _NUMBERS.get(kind)
    if choices is None:
        return None
    return random.choice(choices).format(figure=figure, n=random.randint(11, 99))
