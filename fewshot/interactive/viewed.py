"""`Run`: a run that has ended, as a person looks at it.

    done = fewshot.load("runs/rules-ner")
    done.predictions      a row a span that was predicted: id, label, text, start, end, status, confidence, …
    done.examples         a row a legend: F1, what is right, what is wrong, problems, the raw answer
    done.errors           a row a fault: gold and prediction side by side
    done.cost             tokens, dollars, seconds
    done.show()           the legend with the most faults, drawn

A run stands for its folder wherever a path is expected: `fewshot.compare([done, "runs/other"])`, `Path(done)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fewshot.experiment.running import EndedRun
from fewshot.interactive import watching
from fewshot.report import drawing, html, spans_table
from fewshot.report.inspection import Inspection, parts_by_kind
from fewshot.report.marking import IN_WORDS, pieces
from fewshot.report.numbers import score
from fewshot.report.runs import FinishedRun
from fewshot.report.wanted import Wanted
from fewshot.scoring import cases_of
from fewshot.scoring.faults import KINDS, Fault, Part
from fewshot.text.visible import one_line, visible

if TYPE_CHECKING:
    import pandas as pd

WORST = 3
"""Legends that a notebook shows below the scores of a run."""

_PLACES = ("start", "end")
_NUMBERS = ("gold", "predicted", "right")


class Run(EndedRun):
    """A run that has ended, complete or not: its scores, what it found, what is wrong with it, what it took.

    Attributes:
        folder: The run folder.
        result: The scores as `scores.json` holds them, with the signature.
        notices: What the run had to say.
        stopped: Why it is incomplete.
        blocked: Whether a person must mend that before it can go on.
        failures: Why a request was not answered, by the id of its legend.
    """

    @classmethod
    def of(cls, ended: EndedRun) -> Run:
        """The same run to look at. Says its notices as warnings."""
        found = cls(**{field.name: getattr(ended, field.name) for field in fields(EndedRun)})
        watching.warn((*ended.notices, *found._unfinished()))
        return found

    def __fspath__(self) -> str:
        """The path of its folder."""
        return str(self.folder.path)

    @cached_property
    def inspection(self) -> Inspection:
        """The run legend by legend, as `fewshot show` reads it."""
        return Inspection(FinishedRun(self.folder, self.result))

    @property
    def scores(self) -> pd.DataFrame:
        """The scores, unrounded: columns `score` (dotted name) and `value`."""
        import pandas as pd

        return pd.DataFrame(self.result.scores.items(), columns=["score", "value"])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """What was predicted, a row a span: `id`, `group`, `label`, `role`, `letters` (of a panel), `text`, `start` and
        `end` (characters, `text[start:end]`; none for the names of a hypothesis), `status` (`right`, or what is wrong
        with it; `predicted` where nothing is labelled), `confidence` and `match` where they are known."""
        rows = [row.to_json() for row in spans_table.rows(self.inspection) if row.side != "gold"]
        return _frame(rows, [name for name in spans_table.COLUMNS if name != "side"])

    @cached_property
    def examples(self) -> pd.DataFrame:
        """The legends, a row each: `id`, `group`, `text`, `f1` (of the task's main score in this legend alone; 1 where
        there is nothing to find and nothing is found; none where nothing is labelled), `gold`, `predicted` and `right`
        (numbers of spans or names), `faults` and `problems` in words, `answer` (as it came; none for systems that give
        spans)."""
        rows = [self._example(id_) for id_ in self.inspection.examples]
        columns = ["id", "group", "text", "f1", "gold", "predicted", "right", "faults", "problems", "answer"]
        return _frame(rows, columns, _NUMBERS)

    @cached_property
    def errors(self) -> pd.DataFrame:
        """What is wrong, a row a fault: `id`, `group`, `kind` (missed, made_up, wrong_boundary, …), `gold_label` and
        `gold`, `predicted_label` and `predicted` (several panels or names joined by ` | `), `start`, `end`, and
        `detail` (the problems of an answer)."""
        rows = [
            {"id": one.id, "group": one.group} | _fault(fault)
            for one in self.inspection.errors.examples
            for fault in one.answered.faults
        ]
        names = ["gold_label", "gold", "predicted_label", "predicted", "start", "end", "detail"]
        return _frame(rows, ["id", "group", "kind", *names])

    @cached_property
    def cost(self) -> pd.Series[Any]:
        """What the run took: tokens, dollars (`cost_usd`; "unknown" if no price is known) and seconds, as servers
        reported them; none where nothing was."""
        import pandas as pd

        usage = self.inspection.run.recorded.usage
        values = {field.name: getattr(usage, field.name) for field in fields(usage)}
        dollars, n = usage.cost_usd, len(self.inspection.examples)
        per_thousand = 1000 * dollars / n if isinstance(dollars, int | float) and n else None
        return pd.Series(values | {"usd_per_thousand": per_thousand}, name="cost", dtype=object)

    def show(self, id: str | None = None) -> Legend:
        """A legend with gold and prediction drawn in its text; without an id, the one with the most faults.

        Raises:
            InputError: the run has no such legend; names the nearest.
        """
        if id is None:
            worst = self._worst(1)
            id = worst[0] if worst else next(iter(self.inspection.examples), "")
        self.inspection.example(id)
        return Legend(self.inspection, id)

    def drawn(self, ids: Sequence[str]) -> str:
        """Some of the legends as HTML, drawn one below the other."""
        legends = [html.legend(self.inspection, id_) for id_ in ids]
        return html.rendered("some.html", legends=legends, scored=self.inspection.scored)

    def read(self) -> Run:
        """The same run, its folder read whole: all but the raw requests is known when the folder is gone."""
        inspection = self.inspection
        _ = inspection.examples, inspection.predictions, inspection.errors, inspection.run.recorded
        return self

    def __repr__(self) -> str:
        return f"<Run {self._headline()} · {one_line(str(self.folder.path))}>"

    def _repr_html_(self) -> str:
        inspection, task = self.inspection, self.inspection.run.task
        kinds = parts_by_kind(fault for one in inspection.examined.values() for fault in one.answered.faults)
        shown = self._worst(WORST) or list(inspection.examples)[:WORST]
        return html.rendered(
            "run.html",
            headline=self._headline(),
            folder=str(self.folder.path),
            scores=[(name, f"{self.result.scores[name]:.3f}") for name in task.headline if name in self.result.scores],
            faults=[(IN_WORDS[kind], f"{kinds[kind]:,}") for kind in KINDS if kinds[kind]],
            problems=[(kind, f"{count:,}") for kind, count in inspection.problems.items()],
            legends=[html.legend(inspection, id_) for id_ in shown],
            scored=inspection.scored,
            worst=bool(self._worst(1)),
        )

    def _headline(self) -> str:
        result, main = self.result, self.inspection.run.task.headline[0]
        known = f" · {main} {score(result.scores[main])}" if main in result.scores else ""
        n = f"n = {result.n}" if result.scores else f"{len(self.inspection.examples):,} legends, not labelled"
        state = "" if result.complete else f" · incomplete ({result.failed} failed)"
        return one_line(f"{result.task} · {self.inspection.run.model} · {n}{known}{state}")

    def _unfinished(self) -> Iterable[str]:
        """Why a run is incomplete, in words: nothing else would say so in a notebook."""
        if self.complete:
            return
        first = next(iter(self.failures.values()), None)
        why = self.stopped or (f"{len(self.failures)} requests failed, the first with: {first}" if first else None)
        yield f"{self.folder.path} is incomplete: {why or 'not every request was answered'}; the same call continues it"

    def _worst(self, most: int) -> list[str]:
        """The legends with the most faults, worst first."""
        return [id_ for id_, _ in Wanted().worst(self.inspection)[:most]] if self.inspection.scored else []

    @cached_property
    def _f1(self) -> Mapping[str, float]:
        """The main score of each scored legend alone."""
        run, labels = self.inspection.run, self.inspection.run.signature.labels
        main = run.task.headline[0]
        cases = cases_of(run.task, run.gold, run.predictions, labels=labels)
        found = {case.example.id: run.task.score([case], labels)[main] for case in cases}
        nothing = [one.id for one in self.inspection.errors.examples if not one.answered.hits and one.answered.right]
        return found | dict.fromkeys(nothing, 1.0)

    def _example(self, id_: str) -> dict[str, Any]:
        example, prediction = self.inspection.examples[id_], self.inspection.predictions.get(id_)
        answered = self.inspection.answered(id_)
        row: dict[str, Any] = {"id": id_, "group": example.group, "text": example.text, "f1": self._f1.get(id_)}
        if answered is not None:
            hits, faults = len(answered.hits), [fault for fault in answered.faults if fault.scored]
            kinds = parts_by_kind(answered.faults)
            row |= {
                "gold": hits + sum(len(fault.gold) for fault in faults),
                "predicted": hits + sum(len(fault.predicted) for fault in faults),
                "right": hits,
                "faults": ", ".join(f"{IN_WORDS[kind]} {kinds[kind]}" for kind in KINDS if kinds[kind]),
            }
        elif prediction is not None:
            row["predicted"] = len(spans_table.predicted(example, prediction))
        if prediction is not None:
            problems, output = prediction.problems, prediction.output
            row["problems"] = ", ".join(f"{kind} {count}" for kind, count in problems.items() if count)
            row["answer"] = output if output is None or isinstance(output, str) else "\n---\n".join(output)
        return row


class Legend:
    """One legend of a run, drawn: in colour in a notebook, with brackets and names elsewhere (`str(legend)`)."""

    def __init__(self, inspection: Inspection, id: str) -> None:
        self._inspection, self.id = inspection, id

    def __repr__(self) -> str:
        inspection = self._inspection
        marked = pieces(inspection.example(self.id).text, inspection.marks(self.id))
        inks = drawing.drawn(marked, coloured=False, lines=inspection.run.task.kind == "panels")
        names = [f"{title}: {'; '.join(of)}" for title, of in html.without_a_place(inspection, self.id)]
        return "\n".join([one_line(self.id), *map(visible, ["".join(ink.text for ink in inks), *names])])

    def _repr_html_(self) -> str:
        legends = [html.legend(self._inspection, self.id)]
        return html.rendered("some.html", legends=legends, scored=self._inspection.scored)


def _fault(fault: Fault) -> dict[str, Any]:
    parts = fault.gold or fault.predicted
    starts = [part.start for part in parts if part.start is not None]
    ends = [part.end for part in parts if part.end is not None]
    return {
        "kind": fault.kind,
        "gold_label": _joined(fault.gold, "name"),
        "gold": _joined(fault.gold, "text"),
        "predicted_label": _joined(fault.predicted, "name"),
        "predicted": _joined(fault.predicted, "text"),
        "start": min(starts, default=None),
        "end": max(ends, default=None),
        "detail": fault.detail or None,
    }


def _joined(parts: Iterable[Part], what: str) -> str | None:
    return " | ".join(getattr(part, what) for part in parts) or None


def _frame(rows: Iterable[Mapping[str, Any]], columns: Iterable[str], whole: Iterable[str] = _PLACES) -> pd.DataFrame:
    """A frame whose columns are there without a row too; whole numbers stay whole beside what is missing."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict.fromkeys(whole, "Int64"))
