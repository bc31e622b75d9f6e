"""Where one name may stand: however it is written, and not where it does not stand."""

from __future__ import annotations

import pytest

from fewshot.text.grounding import Source


def found(text: str, name: str) -> list[str]:
    return [text[place.start : place.end] for place in Source(text).everywhere(name)]


@pytest.mark.parametrize(
    ("text", "name", "surface"),
    [
        ("a ‘TGF–β’ b", "'TGF-β'", "‘TGF–β’"),  # quotes, dashes
        ("a tgf-β b", "TGF-Β", "tgf-β"),  # case, of Greek letters too
        ("in U2OS\u2009cells.", "U2OS cells", "U2OS\u2009cells"),  # spaces
        ("in  U2OS", "inU2OS", "in  U2OS"),
        ("20 µM", "20 μM", "20 µM"),  # micro sign and mu
        ("20 µM", "20µM", "20 µM"),
        ("ﬁbronectin", "fibronectin", "ﬁbronectin"),  # ligatures
        ("Mg²⁺ and K⁺", "Mg2+", "Mg²⁺"),  # superscripts
        ("CO₂", "CO2", "CO₂"),
        ("CO<sub>2</sub> level", "CO2", "CO<sub>2"),
        ("Behc\u0327et’s", "Behçet's", "Behc\u0327et’s"),  # composed or not
        ("Behçet", "Behcet", "Behçet"),
        ("Crohn\u0301 x", "Crohń", "Crohn\u0301"),  # the mark at the end belongs to its letter
        ("pro\u00adtein in Vero\u200b cells", "protein", "pro\u00adtein"),  # soft hyphen
        ("pro\u00adtein in Vero\u200b cells", "Vero", "Vero"),  # zero width, not covered
        ("IFN-&gamma; &amp; more", "IFN-γ", "IFN-&gamma;"),  # HTML entities in the source
        ("IFN-γ", "IFN-&#947;", "IFN-γ"),  # … in the answer
        ("IFN-γ", "IFN-gamma", "IFN-γ"),  # the names of Greek letters
        ("IFN-gamma", "IFN-γ", "IFN-gamma"),
        ("λ phage", "lambda phage", "λ phage"),
        ("𝛽-catenin", "β-catenin", "𝛽-catenin"),  # beyond the basic plane
        ("İrisin", "Irisin", "İrisin"),
        ("IL‑6 and so", "IL6", "IL‑6"),  # a dash or none
        ("IL6 and so", "IL-6", "IL6"),
        ("海拉细胞中p53", "海拉细胞", "海拉细胞"),
        ("ＥＧＦＲ x", "EGFR", "ＥＧＦＲ"),
        ("NeoR216", "NEOR", "NeoR"),  # cut where letters and digits meet
    ],
)  # fmt: skip
def test_another_writing(text: str, name: str, surface: str) -> None:
    assert found(text, name) == [surface]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("at M phase", "ATM"),  # a short name does not span spaces
        ("no symptoms", "MS"),  # … nor stand inside a word in other case
        ("p53", ""),
        ("p53", "   "),
        ("p53", "-"),
        ("ﬁn", "in"),  # half a ligature
        ("TGF-β", "eta"),  # part of a letter's name
        ("p53 binds", "p53 binds nothing"),
    ],
)
def test_what_does_not_stand_there(text: str, name: str) -> None:
    assert found(text, name) == []


def test_exact_places_before_folded_ones_and_cut_words_last() -> None:
    places = Source("ERK, Er stress, ER").everywhere("ER")
    assert [(place.start, place.match, place.cut) for place in places] == [
        (5, "folded", False), (16, "exact", False), (0, "exact", True),
    ]  # fmt: skip
