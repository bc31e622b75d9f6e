"""What a person in Python or in a notebook holds: the same runs as on the command line, with something to look at.

    done = run("ner", backend="rules")        # a Run: progress while it goes, what it has to say as warnings
    done.predictions                          # a DataFrame: a row a span, with its words
    done.show("fig-3")                        # a legend with gold and prediction drawn in its text

`experiment` runs, replays and evaluates; `report` counts and draws. Here both meet: `viewed` holds `Run`, `predicting`
answers texts without files, `watching` shows progress and passes notices on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Unpack

from fewshot.experiment import external, replaying, running
from fewshot.experiment.answers import Listener
from fewshot.experiment.settings import Keywords, Settings
from fewshot.interactive import watching
from fewshot.interactive.viewed import Run


def run(
    task: str | Settings,
    *,
    out: str | PathLike[str] | None = None,
    reuse: str | PathLike[str] | None = None,
    listen: Listener | None = None,
    wait: bool = True,
    progress: bool | None = None,
    **settings: Unpack[Keywords],
) -> Run:
    """Asks a backend about every example of a data set and scores its answers.

        done = run("ner", backend="rules", out="runs/first")
        done.predictions            # id, group, label, role, letters, text, start, end, …

    Args:
        task: The name of a task, or whole `Settings`, which keywords override.
        out: The run folder: made if it is missing, continued if it holds an unfinished run of the same settings, read
            if it holds a complete one. Default: a folder in `runs/`, named after the settings.
        reuse: Another run, whose answers are taken for equal requests.
        listen: Called with the progress, several times a second.
        wait: With `batch`: whether to submit what is missing and to wait for it, or only to take what has come.
        progress: Whether a bar shows how far the run is. Default: in a notebook and on a terminal, unless `listen` is
            given.
        settings: The fields of `Settings`.

    Raises:
        UnknownSettingError: a keyword that is not a setting.
        InputError: the settings or the data cannot be used.
        RunFolderError: `out` holds a run of other settings, or something else.

    Warns:
        FewshotWarning: what the run has to say; also in `Run.notices`.
    """
    with watching.listener("asking", listen, shown=progress) as told:
        done = running.run(task, out=out, reuse=reuse, listen=told, wait=wait, **settings)
    return Run.of(done)


def replay(
    run: str | PathLike[str],
    *,
    out: str | PathLike[str] | None = None,
    listen: Listener | None = None,
    progress: bool | None = None,
    **changes: Unpack[Keywords],
) -> Run:
    """Repeats a run from its recorded answers: without a key, without a connection.

    Args:
        run: The run folder.
        out: Where the result is written. Default: nowhere; predictions and scores are compared with those of the
            folder, byte for byte.
        listen: Called with the progress, several times a second.
        progress: Whether a bar shows how far it is. Default: in a notebook and on a terminal, unless `listen` is given.
        changes: Settings that override the recorded ones.

    Raises:
        ReplayError: a needed answer is not recorded, or the result differs from the recorded one; says where.
        RunFolderError: not a run folder.
    """
    with watching.listener("replaying", listen, shown=progress) as told:
        done = replaying.replay(run, out=out, listen=told, **changes)
    return Run.of(done)


def load(folder: str | PathLike[str]) -> Run:
    """The finished run in a folder.

    Raises:
        RunFolderError: it is not a run folder, or the run is not finished.
    """
    return Run.of(running.load(folder))


def evaluate(
    task: str,
    *,
    data: str | PathLike[str],
    predictions: str | PathLike[str],
    split: str = "test",
    labels: Sequence[str] = (),
    format: str | None = None,
    missing_as_empty: bool = False,
    out: str | PathLike[str] | None = None,
    reading: Mapping[str, str] | None = None,
) -> Run:
    """Scores a file of predictions against gold, by the evaluator that scores runs.

    Args:
        task: What was predicted.
        data: The gold: `demo`, a file or folder, or `hub:REPO:CONFIG`.
        predictions: JSONL: `id` and `panels`, `entities` or `hypothesis`; or `id` and raw `output`, with `format`.
            Or any format that data comes in, matched by ids or texts.
        split: The split of the data that was predicted.
        labels: These labels only.
        format: The format of raw output.
        missing_as_empty: Whether an id of the data without a prediction scores as an empty answer.
        out: The run folder; default: one in `runs/`, named after the settings.
        reading: Options of the reader of the data, and those that fit of the reader of the predictions.

    Raises:
        DataError: a line that cannot be read, an unknown or repeated id.
        InputError: an id of the data has no prediction and `missing_as_empty` is not set.
    """
    return Run.of(
        external.evaluate(
            task,
            data=data,
            predictions=predictions,
            split=split,
            labels=labels,
            format=format,
            missing_as_empty=missing_as_empty,
            out=out,
            reading=reading,
        )
    )
