"""Hypotheses in the study's sentence, and in sentences that are nearly it."""

from __future__ import annotations

import pytest

from fewshot.formats.sentence import FORMAT
from fewshot.records import Hypothesis, Member, Scheme

TEXT = "Western blot of p53 and MDM2 in nutlin-treated cells, p < 0.05."
SCHEME = Scheme("hypothesis", ("GENEPROD", "SMALL_MOLECULE", "EXP_ASSAY"))
NUTLIN, P53, MDM2 = Member("SMALL_MOLECULE", "nutlin"), Member("GENEPROD", "p53"), Member("GENEPROD", "MDM2")
BLOT = Member("EXP_ASSAY", "Western blot")
WHOLE = (
    "<small_molecule> nutlin </small_molecule> was tested for its influence on <geneprod> p53 </geneprod> or"
    " <geneprod> MDM2 </geneprod> by <EXPERIMENT> Western blot </EXPERIMENT> [END]"
)


def test_the_example_is_written_as_the_study_writes_it() -> None:
    assert FORMAT.render(TEXT, Hypothesis((NUTLIN,), (P53, MDM2), (BLOT,)), SCHEME) == WHOLE
    assert FORMAT.render(TEXT, Hypothesis(), SCHEME) == (
        "nothing was tested for its influence on nothing by nothing [END]"
    )


@pytest.mark.parametrize(
    ("answer", "value", "problems"),
    [
        (WHOLE, ((NUTLIN,), (P53, MDM2), (BLOT,)), {}),
        (WHOLE.replace("> ", ">").replace(" <", "<"), ((NUTLIN,), (P53, MDM2), (BLOT,)), {}),
        (WHOLE.replace("EXPERIMENT", "exp_assay").replace("[END]", ""), ((NUTLIN,), (P53, MDM2), (BLOT,)), {}),
        ("Answer: " + WHOLE + " I hope this helps.", ((NUTLIN,), (P53, MDM2), (BLOT,)), {}),
        (WHOLE[: WHOLE.index(" by")], ((NUTLIN,), (P53, MDM2), ()), {}),
        (WHOLE[: WHOLE.index(" </geneprod> or")], ((NUTLIN,), (P53,), ()), {"unclosed_tag": 1, "truncated": 1}),
        (WHOLE.replace("p53 </geneprod> or", "p53 or"), ((NUTLIN,), (MDM2,), (BLOT,)), {"unclosed_tag": 1}),
        (WHOLE.replace("small_molecule", "tissue"), ((), (P53, MDM2), (BLOT,)), {"unknown_label": 1}),
        (WHOLE.replace(" p53 ", " p21 "), ((NUTLIN,), (Member("GENEPROD", "p21"), MDM2), (BLOT,)), {"not_in_text": 1}),
        (
            "The effect of <small_molecule> nutlin </small_molecule> on <geneprod> p53 </geneprod> was measured using"
            " <EXPERIMENT> Western blot </EXPERIMENT>.",
            ((NUTLIN,), (P53,), (BLOT,)),
            {},
        ),
        ("nothing was tested for its influence on nothing by nothing [END]", ((), (), ()), {}),
        ("Western blot of p53 and MDM2 in nutlin-treated cells, p < 0.05.", ((), (), ()), {"text_added": 1}),
        ("[END]", ((), (), ()), {"empty": 1}),
    ],
)
def test_reading(answer: str, value: tuple[tuple[Member, ...], ...], problems: dict[str, int]) -> None:
    parsed = FORMAT.parse(answer, TEXT, SCHEME)
    assert (parsed.value, parsed.problems, parsed.fidelity) == (Hypothesis(*value), problems, None)
