"""Names with slips in them: near what they mean, and not near another thing."""

from __future__ import annotations

import random
import string

import pytest

from fewshot.text.grounding import Source

TEXT = "Rapamycin-treated fibroblasts with cyclin B1 β-tubulin, SNAP25, IFN-γ; hepatitis C virus. T cells, tenascin-C."


@pytest.mark.parametrize(
    ("name", "surface"),
    [
        ("Rapamicin", "Rapamycin"), ("rapamycn", "Rapamycin"), ("fibrobalsts", "fibroblasts"),
        ("fibroblasts wiht cyclin B1", "fibroblasts with cyclin B1"), ("m-tubulin", "β-tubulin"),
        ("β-tubulyn", "β-tubulin"), ("tenascin-X", "tenascin-C"), ("IFN-g", "IFN-γ"),
        ("hepatitis x virus", "hepatitis C virus"),
    ],
)  # fmt: skip
def test_a_slip(name: str, surface: str) -> None:
    (place,) = Source(TEXT).everywhere(name)
    assert (TEXT[place.start : place.end], place.match) == (surface, "near")


@pytest.mark.parametrize(
    "name",
    [
        "SNAP23", "cyclin B2", "α-tubulin", "B cells", "NK cells", "hepatitis B virus", "myoblasts",
        "Rapalogue", "tubulin x", "fibroblast growth",
    ],
)  # fmt: skip
def test_another_thing(name: str) -> None:
    assert Source(TEXT).everywhere(name) == ()


def test_only_the_nearest_places_count() -> None:
    text = "thrombin, then thrombyn"
    assert [place.start for place in Source(text).everywhere("thrombynn")] == [15]


def test_every_letter_of_a_long_name_may_be_another() -> None:
    rng = random.Random(0)
    text = "Loss of synaptotagmin in neurons, and of synaptobrevin."
    for at in range(len("synaptotagmin")):
        other = rng.choice([c for c in string.ascii_lowercase if c != "synaptotagmin"[at]])
        name = "synaptotagmin"[:at] + other + "synaptotagmin"[at + 1 :]
        assert [place.start for place in Source(text).everywhere(name)] == [8], name
