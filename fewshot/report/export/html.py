"""HTML: every legend with its spans drawn in the text, on one page that needs no network.

Gold is underlined, a prediction is underlined twice; colours say what is right, missed or made up. For tables, filters
and several systems see `fewshot open`.
"""

from __future__ import annotations

from pathlib import Path

from fewshot import files
from fewshot.errors import RunFolderError
from fewshot.records import Hypothesis
from fewshot.report.inspection import Inspection
from fewshot.report.marking import Marked, marks_of, marks_of_spans, pieces

SUFFIX = ".html"
ROWS = False  # a legend each, not a span


def write(inspection: Inspection, path: Path) -> int:
    """Writes the legends of a run; returns their number."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fewshot.report.export", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    legends = [{"id": id_, "pieces": drawn(inspection, id_)} for id_ in inspection.examples]
    text = environment.get_template("legends.html").render(
        name=inspection.run.folder.path.name,
        model=inspection.run.model,
        task=inspection.run.task.name,
        legends=legends,
        scored=inspection.scored,
    )
    files.write(path, text, error=RunFolderError)
    return len(legends)


def drawn(inspection: Inspection, id_: str) -> list[Marked]:
    """The pieces of a legend, with the marks of its gold and its prediction."""
    text, answered = inspection.example(id_).text, inspection.answered(id_)
    if answered is not None:
        return pieces(text, marks_of(answered))
    prediction = inspection.predictions.get(id_)
    spans = () if prediction is None or isinstance(prediction.value, Hypothesis) else prediction.value
    return pieces(text, marks_of_spans(spans, text))
