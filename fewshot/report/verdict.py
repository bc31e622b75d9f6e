"""What a comparison says, in words: is few-shot prompting good enough, what can be told apart, what does each cost.

    Fine-tune: tiny-tagger (3,060 labelled) reaches starts.f1 .875 [.82, .92], the best prompted model .290 [.17, .45].
    It is better than each of the other 3 systems; differences from … of .12 or more would be detected.
    1,000 legends cost $0.75 with SmolLM2-135M-Instruct and $0.0002 with tiny-tagger, from 310 legends on …

No sentence says more than the numbers: a difference that is not detected is not called none, a price that is not known
is not called 0.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fewshot.report import numbers
from fewshot.report.phrases import (
    UNCOUNTED,
    best_of_kind,
    detectable,
    difference,
    listed,
    tuned_against,
    tuned_break_even,
    value,
)
from fewshot.report.rows import Row
from fewshot.scoring.jackknife import LEAST

if TYPE_CHECKING:
    from fewshot.report.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Verdict:
    """Three sentences (each may hold a colon), and the command that shows the legend that the best model got most
    wrong; `None` if there is none."""

    sentences: tuple[str, ...]
    command: str | None = None


def of(comparison: Comparison) -> Verdict:
    """Returns the verdict of a comparison."""
    if comparison.best() is None:
        return Verdict(("Nothing is scored: the examples have no gold for this task.",))
    sentences = (_good_enough(comparison), _told_apart(comparison), _costs(comparison))
    return Verdict(tuple(filter(None, sentences)), _command(comparison))


def _good_enough(comparison: Comparison) -> str:
    prompted, local = best_of_kind(comparison, "prompted"), best_of_kind(comparison, "local")
    if prompted is not None and local is not None:
        return _few_shot_or_fine_tuned(comparison, prompted, local)
    only = prompted or local
    if only is None:
        best = comparison.best()
        return f"No language model is in this table; {_reaches(comparison, best)}." if best else ""
    missing = "fine-tuned" if prompted is not None else "prompted"
    other = "fine-tuning" if prompted is not None else "few-shot prompting"
    return (
        f"Whether {other} would do better this table cannot say, for no {missing} model is in it: "
        f"{_reaches(comparison, only)}{_against_program(comparison, only)}."
    )


def _few_shot_or_fine_tuned(comparison: Comparison, prompted: Row, local: Row) -> str:
    one = tuned_against(comparison, prompted, local)
    values = f"{_reaches(comparison, local, _labels(local))}, {_reaches(comparison, prompted)}"
    if one is None or one.adjusted is None:
        return f"Whether few-shot prompting is good enough cannot be tested here: {values}."
    if not one.detected:
        least = one.minimum_detectable
        limit = "" if least is None else f"; {numbers.score(least, 2)} would have been detected four times in five"
        return (
            "Few-shot prompting and fine-tuning cannot be told apart here: "
            f"{values}, a difference of {difference(one)}{limit}."
        )
    choice = "Fine-tune" if one.delta > 0 else "Few-shot prompting does better"
    return f"{choice}: {values}, a difference of {difference(one)}."


def _against_program(comparison: Comparison, row: Row) -> str:
    """How a model does against the best program, which costs nothing."""
    program = best_of_kind(comparison, "program")
    if program is None:
        return ""
    one = comparison.against(program.label, [row.label]).get(row.label)
    if one is None or one.adjusted is None:
        return f", {program.label} {value(comparison, program)}"
    told = "which is " + ("better than" if one.delta > 0 else "worse than") if one.detected else "not told apart from"
    return f", {told} {program.label}, {value(comparison, program)}"


def _told_apart(comparison: Comparison) -> str:
    systems, best = comparison.systems, comparison.best()
    if len(systems) < 2 or best is None:
        return ""
    tied = [label for label in comparison.tied() if label != best.label]
    if not comparison.tied():
        return (
            f"Nothing can be told apart: tests need {LEAST} articles, and these examples are of {comparison.articles}."
        )
    worse = len(systems) - 1 - len(tied)
    if not tied:
        found = f"{best.label} is better than {_others(worse)}"
    elif worse:
        found = f"{best.label} cannot be told apart from {listed(tied)}, and is better than {_others(worse)}"
    else:
        found = f"{best.label} has the best score, and cannot be told apart from {listed(tied)}"
    return f"On {comparison.articles} articles {found}{detectable(comparison)}."


def _others(n: int) -> str:
    return "the other system" if n == 1 else f"each of the other {n} systems"


def _costs(comparison: Comparison) -> str:
    rows = [row for kind in ("prompted", "local") if (row := best_of_kind(comparison, kind)) is not None]
    best = comparison.best()
    rows = rows or ([best] if best is not None else [])
    priced = [row for row in rows if row.cost.usd is not None]
    parts = [
        f"${numbers.dollars(row.cost.usd_per_thousand)} with {row.label}{_seconds(row)}{_training(row)}"
        for row in priced
    ]
    found = [f"1,000 legends cost {listed(parts)}{_pays(comparison)}"] if parts else []
    for row in rows:
        if row not in priced:
            time = "" if row.cost.p50 is None else f"a legend takes {_time(row)} with {row.label}{_training(row)}, and "
            found.append(f"{time}what {'that' if time else row.label} costs is not known{_advice(comparison, row)}")
    text = "; ".join(found)
    return f"{text[0].upper()}{text[1:]}."


def _advice(comparison: Comparison, row: Row) -> str:
    timed = row.cost.p50 is not None and comparison.gpu_hour_usd is None
    return " (--gpu-hour-usd prices the seconds)" if timed else ""


def _pays(comparison: Comparison) -> str:
    found = tuned_break_even(comparison)
    if found is None:
        return ""
    if found == "never":
        return ": the fine-tuned model is never the cheaper one"
    return f": from {found:,} legends on the fine-tuned model is the cheaper one, {UNCOUNTED}"


def _seconds(row: Row) -> str:
    return "" if row.cost.p50 is None else f" ({_time(row)} each)"


def _time(row: Row) -> str:
    return f"{numbers.seconds(row.cost.p50)} s"


def _training(row: Row) -> str:
    if row.cost.training_seconds is None:
        return ""
    price = row.cost.training_usd
    return f", trained in {numbers.duration(row.cost.training_seconds)}" + (
        "" if price is None else f" for ${numbers.dollars(price)}"
    )


def _command(comparison: Comparison) -> str | None:
    """Shows the example that the best model got most wrong; without a model, the best system."""
    models = [row for kind in ("prompted", "local") if (row := best_of_kind(comparison, kind)) is not None]
    row = max(models, key=lambda row: row.score(comparison.headline) or 0.0, default=comparison.best())
    if row is None or not row.runs:
        return None
    run = row.runs[0]
    worst = run.errors.worst(1)
    return " ".join(["fewshot", "show", shlex.quote(str(run.folder.path)), *(shlex.quote(one.id) for one in worst)])


def _reaches(comparison: Comparison, row: Row, beside: str = "") -> str:
    kind = {"prompted": "the best prompted model, ", "local": "the best fine-tuned model, "}.get(row.kind, "")
    comma = "," if kind else ""
    return f"{kind}{row.label}{beside}{comma} reaches {comparison.headline} {value(comparison, row)}"


def _labels(row: Row) -> str:
    labelled = row.settings.get("labelled")
    return f" ({labelled:,} labelled examples)" if isinstance(labelled, int) else ""
