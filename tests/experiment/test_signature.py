"""The eight digits that stand for a signature, whatever its labels hold."""

from __future__ import annotations

from fewshot.experiment.signature import Signature


def test_a_label_with_half_a_surrogate_pair_has_an_id() -> None:
    ids = {Signature({"labels": [label]}).id for label in ("GENEPROD", "G\ud83d", "G\ude00", "é")}
    assert len(ids) == 4
    assert all(len(name) == 8 and int(name, 16) >= 0 for name in ids)


def test_the_id_of_a_signature_stays() -> None:
    assert Signature({"task": "ner", "labels": ["é"]}).id == "fd605243"
