"""Show a run, or one example of it: prompt, answer, gold and prediction marked in the text.

fewshot show runs/NAME
fewshot show runs/NAME fig-12
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fewshot import discovery, formats, tasks
from fewshot.cli import _terminal
from fewshot.experiment import record
from fewshot.experiment.folder import RunFolder
from fewshot.records import Example, Prediction, Scheme, Value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `fewshot show`."""
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("id", nargs="?", metavar="ID")


def main(args: argparse.Namespace) -> int:
    """Prints the run, or one example."""
    folder = RunFolder(args.run)
    if args.id is None:
        _show_run(folder)
    else:
        _show_example(folder, args.id)
    return 0


def _show_run(folder: RunFolder) -> None:
    from fewshot.cli import _output
    from fewshot.experiment.running import load

    tables = record.read(folder).to_toml()
    for name in ("settings", "plan", "run", "usage", "failed"):
        lines = {key: value for key, value in tables[name].items() if value not in ("", [], {})}
        if lines:
            _terminal.line(f"[{name}]")
            for key, value in lines.items():
                _terminal.line(f"{key} = {', '.join(map(str, value)) if isinstance(value, list) else value}")
            _terminal.text()
    run = load(folder.path)
    _output.scores(run, headline=tasks.get(run.result.task).headline)


def _show_example(folder: RunFolder, id_: str) -> None:
    resolved = record.read(folder).plan
    task, labels = tasks.get(resolved.task), resolved.labels
    examples = {example.id: example for example in folder.examples()}
    if id_ not in examples:
        raise discovery.unknown("id", id_, list(examples)[:20])
    example = examples[id_]
    predictions = {p.id: p for p in folder.predictions(task.kind, examples.values())}
    prompt = _recorded_prompt(folder, id_)
    if prompt is not None:
        _section("prompt", prompt)
    prediction = predictions.get(id_)
    if prediction is not None and prediction.output is not None:
        _section("answer", str(prediction.output))
    _section("gold", _marked(task.gold(example), example, task, labels))
    _section("prediction", _marked(prediction.value if prediction else None, example, task, labels))
    _print_problems(prediction)


def _print_problems(prediction: Prediction | None) -> None:
    if prediction is not None and prediction.problems:
        _terminal.line("problems: " + ", ".join(f"{kind} {n}" for kind, n in prediction.problems.items()))
    if prediction is not None and prediction.fidelity is not None:
        _terminal.line(f"fidelity: {prediction.fidelity:.3f}")


def _recorded_prompt(folder: RunFolder, id_: str) -> str | None:
    request = folder.recorded_request(id_)
    if request is None:
        return None
    turns = request.get("turns")
    if turns is None:
        return str(request.get("prompt"))
    return "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in turns)


def _section(title: str, text: str) -> None:
    _terminal.text(f"── {title} {'─' * max(0, 76 - len(title))}\n{text}\n")


def _marked(value: Value | None, example: Example, task: tasks.Task, labels: list[str]) -> str:
    """A value between tags in the text, if a format writes values of this kind so; else in the task's own format."""
    if value is None:
        return "(not labelled)"
    name = formats.tagged(task.kind) or task.default_format
    scheme = Scheme(task.kind, tuple(labels), task.given(example))
    return formats.get(name, task.kind).render(example.text, value, scheme)
