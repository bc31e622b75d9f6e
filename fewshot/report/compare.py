"""Run folders → one table: a row a run, the system that answers nothing first.

    system       shots  labelled   n  starts.f1  …  malformed  failed  tokens  s/example  signature
    all-empty        –         –  60      0.000  …          0       0       –          –  –
    rules            3       231  60      0.981  …          0       0       –     0.0008  1f2e3d4c

Runs that differ in what was asked (task, data, scored ids, labels) are refused: their scores say nothing
about each other.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot import tasks
from fewshot.errors import InputError, RunFolderError
from fewshot.experiment.folder import RunFolder
from fewshot.experiment.signature import signature_id, signature_line
from fewshot.scoring import Scores, evaluate
from fewshot.scoring.reading import nothing
from fewshot.tasks import Task

if TYPE_CHECKING:
    import pandas as pd

MUST_AGREE = ("task", "data", "ids", "labels")
"""What the signatures of compared runs must share."""

_NAMES = {"ids": "scored ids"}
_COUNTS = (".support", ".neutral")  # scores that count something


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table and what stands below it."""

    task: Task
    frame: pd.DataFrame
    signatures: Mapping[str, str]  # id → full line
    caption: str | None

    def markdown(self) -> str:
        """The table in GitHub's Markdown, signatures below."""
        header = list(self.frame.columns)
        rows = [header, ["---"] * len(header), *self._cells()]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        notes = [f"- `{key}` {line}" for key, line in self.signatures.items()]
        return "\n".join([*([f"*{self.caption}*", ""] if self.caption else []), *lines, "", *notes]) + "\n"

    def latex(self) -> str:
        """The table as a `tabular` of booktabs."""
        columns = "l" + "r" * (len(self.frame.columns) - 1)
        body = [" & ".join(map(_latex, row)) + r" \\" for row in (list(self.frame.columns), *self._cells())]
        notes = [f"% {key} {line}" for key, line in self.signatures.items()]
        if self.caption:
            notes.insert(0, f"% {self.caption}")
        table = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", body[0], r"\midrule", *body[1:]]
        return "\n".join([*notes, *table, r"\bottomrule", r"\end{tabular}"]) + "\n"

    def _cells(self) -> list[list[str]]:
        return [[shown(name, value) for name, value in row.items()] for row in self.rows()]

    def rows(self) -> list[dict[str, Any]]:
        """The table as records; what a row does not have is `None`."""
        raw = self.frame.astype(object).to_dict("records")
        return [{str(k): None if _missing(v) else v for k, v in row.items()} for row in raw]

    def write(self, folder: Path) -> None:
        """`table.md`, `table.csv` (unrounded) and `table.tex`.

        Raises:
            RunFolderError: the folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "table.md").write_text(self.markdown(), "utf-8")
            self.frame.to_csv(folder / "table.csv", index=False, lineterminator="\n")
            (folder / "table.tex").write_text(self.latex(), "utf-8")
        except OSError as error:
            raise RunFolderError(f"cannot write {folder}: {error.strerror}") from None


def compare(folders: Sequence[Path], *, kinds: bool = False) -> Comparison:
    """One row a run, in the order given, below the row of a system that answers nothing. `kinds`: a column more for
    each kind of problem, with the number of answers that have it.

    Raises:
        RunFolderError: a folder is no finished run, or a run is incomplete.
        InputError: two runs were not asked the same.
    """
    import pandas as pd

    if not folders:
        raise InputError("no run to compare", hint="name run folders, e.g. `fewshot compare runs/*`")
    runs = [RunFolder(Path(folder)) for folder in folders]
    scores = [run.scores() for run in runs]
    for run, score in zip(runs, scores, strict=True):
        _check(run, score, runs[0], scores[0])
    task = tasks.get(scores[0].task)
    rows = [_empty_row(task, runs[0], scores[0])]
    rows += [_row(task, run, score) for run, score in zip(runs, scores, strict=True)]
    if kinds:
        counts = [Counter[str](), *(_kinds(task, run) for run in runs)]
        for name in sorted(set().union(*counts)):
            for row, count in zip(rows, counts, strict=True):
                row[name] = count[name]
    captions = {run.run().get("plan", {}).get("caption") for run in runs} - {None}
    return Comparison(
        task=task,
        frame=pd.DataFrame(rows, dtype=object),
        signatures={signature_id(s.signature): signature_line(s.signature) for s in scores},
        caption=min(captions) if captions else None,
    )


def default_folder(comparison: Comparison, root: Path = Path("runs")) -> Path:
    """`runs/compare-<task>-<digest>`: the same runs give the same folder."""
    digest = hashlib.sha256("".join(comparison.signatures).encode()).hexdigest()[:8]
    return root / f"compare-{comparison.task.name}-{digest}"


def shown(column: str, value: object) -> str:
    """A cell as people read it: scores with three decimals, `–` for what there is not.

    >>> shown("starts.f1", 0.98765), shown("tokens", None), shown("tokens", 12345), shown("labels.neutral", 6.0)
    ('0.988', '–', '12,345', '6')
    """
    if value is None or _missing(value):
        return "–"
    if column == "s/example":
        return f"{value:.2g}"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3f}"
    if (column in ("tokens", "labelled") or column.endswith(_COUNTS)) and isinstance(value, int | float):
        return f"{int(value):,}"
    if isinstance(value, float):
        return f"{value:.3f}" if "." in column else str(int(value))
    return str(value)


def _check(run: RunFolder, score: Scores, first: RunFolder, reference: Scores) -> None:
    if not score.complete:
        raise RunFolderError(
            f"{run.path} is incomplete: {score.failed} requests failed",
            hint="run it again to continue it, or with --failed-as-empty",
        )
    for name in MUST_AGREE:
        ours, theirs = reference.signature.get(name), score.signature.get(name)
        if ours != theirs:
            sizes = f" ({reference.n} and {score.n} examples)" if name == "ids" else ""
            raise InputError(
                f"{first.path} and {run.path} differ in {_NAMES.get(name, name)}: {ours} and {theirs}{sizes}",
                hint="compare runs of one task on the same data, split, limit and labels",
            )


def _empty_row(task: Task, run: RunFolder, score: Scores) -> dict[str, Any]:
    examples = run.examples()
    empty = evaluate(
        task,
        examples,
        [nothing(example, task) for example in examples],
        labels=tuple(score.signature["labels"]),
        signature={},
    )
    return _columns(task, "all-empty", empty, {}, {"malformed": 0})


def _row(task: Task, run: RunFolder, score: Scores) -> dict[str, Any]:
    table = run.run()
    malformed = sum(bool(p.problems) for p in run.predictions(task.kind, run.examples()))
    usage = table.get("usage", {}) | {"malformed": malformed}
    name = table.get("plan", {}).get("system", run.path.name)
    return _columns(task, name, score, score.signature, usage)


def _kinds(task: Task, run: RunFolder) -> Counter[str]:
    """Answers with a problem, by its kind."""
    predictions = run.predictions(task.kind, run.examples())
    return Counter(kind for prediction in predictions for kind, count in prediction.problems.items() if count)


def _columns(
    task: Task, system: str, score: Scores, signature: Mapping[str, Any], usage: Mapping[str, Any]
) -> dict[str, Any]:
    shots = signature.get("shots") or {}
    return {
        "system": system,
        "shots": _number(shots.get("mean")),
        "labelled": signature.get("labelled"),
        "n": score.n,
        **{name: score.scores.get(name) for name in task.headline},
        "malformed": usage["malformed"],
        "failed": score.failed,
        "tokens": usage.get("tokens"),
        "s/example": usage.get("seconds_per_example"),
        "signature": signature_id(signature) if signature else None,
    }


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124  (NaN)


_LATEX = str.maketrans(
    {char: f"\\{char}" for char in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--"}
)


def _latex(cell: str) -> str:
    r"""A cell as LaTeX prints it, character by character: what one replacement writes is not escaped by the next.

    >>> print(_latex(r"C:\runs_1 ~5%"))
    C:\textbackslash{}runs\_1 \textasciitilde{}5\%
    """
    return cell.translate(_LATEX)
