"""How far a training is: one bar on a terminal, a line at each logging step elsewhere.

    training · 300/600 · loss 0.431 · 2:10 left

transformers' own callbacks print a bar for the training, one for each evaluation, and dictionaries between them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from transformers import PrinterCallback, ProgressCallback, TrainerCallback

from fewshot.cli import _output, _terminal

if TYPE_CHECKING:
    from transformers import Trainer, TrainerControl, TrainerState, TrainingArguments


def show(trainer: Trainer, say: Callable[[str], None]) -> None:
    """Replaces what transformers prints during a training by our own line."""
    for callback in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(callback)
    trainer.add_callback(Bar() if sys.stderr.isatty() and not trainer.args.disable_tqdm else Lines(say))


class _Steps(TrainerCallback):  # type: ignore[misc]
    """What both forms know: when the training began, and at which step."""

    def __init__(self) -> None:
        self._first, self._began = 0, monotonic()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        """Notes the first step, which is not 0 if a training is continued."""
        self._first, self._began = state.global_step, monotonic()

    def left(self, state: TrainerState) -> str:
        """The time that the remaining steps take at the pace of those that are done."""
        done = state.global_step - self._first
        if not done:
            return ""
        seconds = (monotonic() - self._began) / done * (state.max_steps - state.global_step)
        return f"{_output.clock(seconds)} left"


class Lines(_Steps):
    """A line at each logging step (`--logging_steps`), for logs and pipes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **more: Any
    ) -> None:
        """Says step and loss; the scores of an evaluation have a line of their own."""
        if state.is_world_process_zero and logs and "loss" in logs:
            step = f"{state.global_step}/{state.max_steps}"
            self._say(" · ".join(filter(None, ["training", step, f"loss {logs['loss']:.3f}", self.left(state)])))


class Bar(_Steps):
    """One bar on a terminal, with loss and time left."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None
        self._loss = ""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        """Opens the bar."""
        super().on_train_begin(args, state, control, **more)
        if not state.is_world_process_zero:
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[more]}"))
        self._bar = Progress(*columns, console=_terminal.console(stderr=True), transient=True)
        self._line = self._bar.add_task("training", total=state.max_steps, completed=state.global_step, more="")
        self._bar.start()

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **more: Any
    ) -> None:
        """Keeps the last loss."""
        if logs and "loss" in logs:
            self._loss = f"loss {logs['loss']:.3f}"

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        """Moves the bar."""
        if self._bar is not None:
            more_text = " · ".join(filter(None, [self._loss, self.left(state)]))
            self._bar.update(self._line, completed=state.global_step, more=more_text)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        """Removes the bar: the closing line follows."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
