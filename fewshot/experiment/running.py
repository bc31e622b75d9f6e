"""One run, from settings to scores, as a function you can read on one screen.

    from fewshot import run
    run("panelization", backend="rules", out="runs/first").scores     # a pandas DataFrame

The way is the same for every backend: plan → requests → answers (recorded before they are used) → values with
offsets → scores → files. `replay` goes it with a folder's recorded answers and no connection at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fewshot import engine, prompt
from fewshot.backends import Backend, Options, open_backend
from fewshot.cassette import Cassette
from fewshot.engine import prices
from fewshot.errors import ReplayError, RunFolderError
from fewshot.experiment import plan, record, signature
from fewshot.experiment.answers import Answers, ask, price
from fewshot.experiment.folder import PREDICTIONS, SCORES, RunFolder, predictions_text, scores_text
from fewshot.experiment.plan import Plan
from fewshot.experiment.requests import Questions, ask_of, estimate
from fewshot.experiment.settings import PACE, Settings, differences
from fewshot.prompt import wording
from fewshot.scoring import Scores, evaluate

if TYPE_CHECKING:
    import pandas as pd

RUNS = Path("runs")
Listener = Callable[[engine.Progress], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended: where it lies and what it scored. `stopped` says why it is incomplete, `failures` why a
    request was not answered, by id."""

    folder: RunFolder
    result: Scores
    notices: Sequence[str] = ()
    stopped: str | None = None
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every request was answered (or its failure accepted)."""
        return self.result.complete

    @property
    def scores(self) -> pd.DataFrame:
        """The scores, unrounded: columns `score` (dotted name) and `value`."""
        import pandas as pd

        return pd.DataFrame(self.result.scores.items(), columns=["score", "value"])


def run(
    task: str | Settings,
    *,
    out: str | Path | None = None,
    reuse: str | Path | None = None,
    listen: Listener | None = None,
    **changes: Any,
) -> Run:
    """Asks a backend about every example of a data set and scores what it says.

    `task` with settings as keywords (those of `Settings`), or a whole `Settings`. `out`: the run folder; made if
    it is not there, continued if it holds an unfinished run of the same settings, read if it is complete.
    `reuse`: another run, whose answers are taken where the request is the same. `listen` hears of the progress.

    Raises:
        InputError: the settings or the data cannot be used.
        RunFolderError: `out` holds a run of other settings, or something else.
    """
    settings = task if isinstance(task, Settings) else Settings(task=task, **changes)
    made = plan.make(settings)
    if out is not None and (done := finished(RunFolder(Path(out)), made)):
        return done
    backend = open_backend(settings.backend, options(settings, labels=made.labels))
    folder = RunFolder(Path(out) if out is not None else default_folder(made, backend))
    if out is None and (done := finished(folder, made)):
        return done
    builder = builder_for(made, backend)
    asked = ask_of(made, builder) if builder else Questions()
    record.begin(folder, made, backend, builder)
    with ExitStack() as stack:
        cassette = stack.enter_context(Cassette.open(folder.responses))
        other = _cassette(reuse, stack) if reuse is not None else None
        answers = ask(made, backend, cassette, builder, asked, reuse=other, listen=listen)
    return _finish(folder, made, backend, answers)


def replay(
    recorded: str | Path, *, out: str | Path | None = None, listen: Listener | None = None, **changes: Any
) -> Run:
    """Repeats a run from its folder alone: no key, no connection.

    Without `out` its predictions and scores are computed again and compared with the recorded ones; with `out`
    they are written there. `changes` override settings.

    Raises:
        ReplayError: an answer is not recorded, or the result is not identical to the byte.
    """
    source = RunFolder(Path(recorded))
    was = source.settings()
    settings = replace(was, **changes)
    made = plan.make(settings, recorded=source)
    backend = open_backend(settings.backend, options(settings, offline=True, table=source.run()))
    builder = builder_for(made, backend, recorded=source)
    asked = ask_of(made, builder) if builder else Questions()
    lost = source.run().get("failed", {}) if settings.failed_as_empty else {}
    with ExitStack() as stack:
        tape = _cassette(recorded, stack)
        if out is None:
            answers = ask(made, backend, tape, builder, asked, strict=True, lost=lost, listen=listen)
            result = _score(made, backend, answers)
            _compare(source, made, answers, result)
            return Run(source, result, made.notices)
        folder = RunFolder(Path(out))
        if done := finished(folder, made):
            return done
        record.begin(folder, made, backend, builder)
        cassette = stack.enter_context(Cassette.open(folder.responses))
        answers = ask(made, backend, cassette, builder, asked, reuse=tape, strict=True, lost=lost, listen=listen)
    return _finish(folder, made, backend, answers)


def options(
    settings: Settings,
    *,
    labels: tuple[str, ...] = (),
    offline: bool = False,
    table: Mapping[str, Any] | None = None,
) -> Options:
    """What a backend is opened with. A replay takes the model that the recorded run had resolved to."""
    resolved = (table or {}).get("plan", {})
    same = resolved.get("backend") == settings.backend
    return Options(
        task=settings.task,
        model=settings.model or (resolved.get("model") if same else None),
        base_url=settings.base_url,
        api=settings.api or (resolved.get("api") if same else None),
        seed=settings.seed,
        extra=settings.extra,
        offline=offline,
        timeout=settings.timeout,
        format=settings.format or (resolved.get("format") if same else None),
        labels=labels,
        decoder=settings.decoder,
        device=settings.device,
        batch_tokens=settings.batch_tokens,
        digest=resolved.get("decoder") if same else None,
        labelled=resolved.get("labelled") if same else None,
    )


def rehearse(settings: Settings) -> str:
    """The first prompt, and what the whole run would take. Nothing is sent, no key is needed."""
    made = plan.make(settings)
    backend = open_backend(settings.backend, options(settings, offline=True))
    builder = builder_for(made, backend)
    lines = [*made.notices, *backend.notices]
    if builder is None:
        return "\n".join([*lines, f"{backend.model} reads {len(made.examples)} texts; no prompt is sent"])
    questions = ask_of(made, builder)
    asked = questions.all
    lines += questions.notices
    if not asked:
        return "\n".join([*lines, "nothing to ask"])
    tokens, most = estimate(asked)
    return "\n".join(
        [
            *lines,
            prompt.describe(asked[0]),
            "",
            f"{len(asked)} requests to {builder.endpoint or backend.name}, model {backend.model}",
            f"about {tokens:,} prompt tokens (estimated: UTF-8 bytes / 4), at most {most:,} answer tokens",
            *_cost(settings, backend, tokens, most),
            "nothing was sent",
        ]
    )


def _cost(settings: Settings, backend: Backend, tokens: int, most: int) -> list[str]:
    """What a run may cost, where it goes to a server."""
    if backend.kind == "local" or backend.endpoint is None:
        return []
    known = price(settings, backend)
    if known is None:
        return [f"cost unknown: no price is known of {backend.model} there; put one into {prices.own_file()}"]
    prompts, all_ = known.of(tokens, 0), known.of(tokens, most)
    lines = [f"about ${prompts:.4f} for the prompts, at most ${all_:.4f} with the answers, at {known}"]
    if settings.budget_usd is not None and all_ > settings.budget_usd:
        lines.append(f"--budget-usd {settings.budget_usd:g} may end it before that; the same command continues it")
    return lines


def builder_for(made: Plan, backend: Backend, *, recorded: RunFolder | None = None) -> prompt.PromptBuilder | None:
    """What makes the requests of a prompted backend; in a replay, under the wording that was recorded."""
    if backend.kind == "local":
        return None
    table = recorded.run() if recorded else {}
    was = table.get("plan", {})
    same = all(
        was.get(key) == value
        for key, value in (("task", made.task.name), ("format", made.format_name), ("labels", list(made.labels)))
    ) and (recorded is None or recorded.settings().prompt == made.settings.prompt)
    resolved = (
        wording.ResolvedPrompt.from_dict(table["prompt"])
        if same and table.get("prompt")
        else wording.resolve(_template(made), made.labels)
    )
    here = recorded is not None and was.get("backend") == backend.name and made.settings.base_url is None
    return prompt.PromptBuilder(
        prompt=resolved,
        task=made.task,
        format_name=made.format_name,
        format=made.format,
        labels=made.labels,
        backend=backend.name,
        endpoint=was.get("endpoint") if here else backend.endpoint,
        model=backend.model,
        api=backend.api,
        max_tokens=made.settings.max_tokens,
        temperature=made.settings.temperature,
        seed=made.settings.seed,
        extra=made.settings.extra,
    )


def _template(made: Plan) -> wording.Template:
    """The user's own (`--prompt FILE`), or that of the task and format."""
    own = made.settings.prompt
    return wording.load_template(made.task.name, made.format_name, file=None if own is None else Path(own))


def finished(folder: RunFolder, made: Plan) -> Run | None:
    """The run that already lies in a folder, if it is complete; `None` if there is something left to do.

    Raises:
        RunFolderError: the folder holds a run of other settings or of other data; names what differs.
    """
    if not folder.exists():
        return None
    found = differences(folder.settings(), made.settings)
    was = folder.run().get("plan", {}).get("digest")
    if not found and was != made.digest:
        found = [f"data: {made.settings.data} has changed since (digest {was} → {made.digest})"]
    found = found or _reworded(folder, made)
    if found:
        raise RunFolderError(
            f"{folder.path} holds a run of other settings ({'; '.join(found)})", hint="choose another --out"
        )
    if not (folder.path / SCORES).exists():
        return None
    result = folder.scores()
    return Run(folder, result, made.notices) if result.complete else None


def _reworded(folder: RunFolder, made: Plan) -> list[str]:
    """The user's own template, where it says something else than when the run was made."""
    own = made.settings.prompt
    was = folder.run().get("prompt")
    if own is None or not was or not Path(own).is_file():
        return []
    now = wording.resolve(_template(made), made.labels).to_dict()
    return [] if was == now else [f"prompt: {own} has changed since"]


def default_folder(made: Plan, backend: signature.Answerer) -> Path:
    """`runs/<backend>-<model>-<task>-<shots>shot-<digest of settings and data>`."""
    settings = made.settings.to_toml()
    text = (
        repr(sorted((name, value) for name, value in settings.items() if name not in PACE))
        + made.digest
        + backend.model
    )
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    model = re.sub(r"[^A-Za-z0-9.]+", "-", backend.model.rstrip("/").rpartition("/")[2]).strip("-")
    name = model if model.startswith(backend.name) else f"{backend.name}-{model}"
    shots = f"-{made.pick.shots}shot" if made.prompted else ""
    return RUNS / f"{name}-{made.task.name}{shots}-{digest}"


def _score(made: Plan, backend: Backend, answers: Answers) -> Scores:
    return evaluate(
        made.task,
        made.examples,
        answers.predictions,
        labels=made.labels,
        signature=signature.signature(made, backend, answers),
        complete=answers.complete,
        failed=len(answers.failed),
    )


def _finish(folder: RunFolder, made: Plan, backend: Backend, answers: Answers) -> Run:
    result = _score(made, backend, answers)
    folder.write_predictions(answers.predictions, made.task.kind)
    folder.write_scores(result)
    record.end(folder, made, answers)
    notices = (*made.notices, *backend.notices, *answers.notices)
    return Run(folder, result, notices, stopped=answers.stopped, failures=answers.failed)


def _compare(source: RunFolder, made: Plan, answers: Answers, result: Scores) -> None:
    """Raises `ReplayError` at the first line in which predictions or scores differ from the recorded ones."""
    for name, ours in (
        (PREDICTIONS, predictions_text(answers.predictions, made.task.kind)),
        (SCORES, scores_text(result)),
    ):
        theirs = source.text(name)
        if ours == theirs:
            continue
        if theirs.count("\n") != ours.count("\n"):
            was, now = theirs.count("\n"), ours.count("\n")
            raise ReplayError(f"{source.path / name} differs: recorded {was} lines and replayed {now}")
        pairs = zip(theirs.split("\n"), ours.split("\n"), strict=True)
        line, old, new = next((i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b)
        at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        near = slice(max(0, at - 30), at + 40)
        raise ReplayError(f"{source.path / name}:{line} differs: recorded …{old[near]}… and replayed …{new[near]}…")


def _cassette(run_folder: str | Path, stack: ExitStack) -> Cassette:
    path = RunFolder(Path(run_folder)).responses
    if not path.exists():
        raise RunFolderError(f"{run_folder} holds no recorded answers ({path.name} is missing)")
    return stack.enter_context(Cassette.open(path, readonly=True))
