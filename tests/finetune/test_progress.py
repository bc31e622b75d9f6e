"""What a training says while it goes on: our own line, with loss and time left, and nothing of transformers'."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from transformers import PrinterCallback, ProgressCallback, TrainerControl, TrainerState

from fewshot.cli import _terminal
from finetune.progress import Bar, Lines, show


def _state(step: int) -> TrainerState:
    return TrainerState(global_step=step, max_steps=600, is_world_process_zero=True)


def test_a_line_at_each_logging_step_and_none_for_an_evaluation() -> None:
    lines: list[str] = []
    callback, nothing = Lines(lines.append), SimpleNamespace()
    callback.on_train_begin(nothing, _state(100), TrainerControl())
    callback.on_log(nothing, _state(100), TrainerControl(), logs={"loss": 2.0})
    callback.on_log(nothing, _state(300), TrainerControl(), logs={"loss": 0.4312})
    callback.on_log(nothing, _state(300), TrainerControl(), logs={"eval_loss": 0.5})
    assert lines[0] == "training · 100/600 · loss 2.000"  # how long the rest takes is not known yet
    assert lines[1].startswith("training · 300/600 · loss 0.431 · 0:0")
    assert lines[1].endswith(" left")
    assert len(lines) == 2


def test_it_replaces_what_transformers_prints() -> None:
    class Trainer:
        args = SimpleNamespace(disable_tqdm=False)

        def __init__(self) -> None:
            self.removed: list[Any] = []
            self.added: list[Any] = []
            self.remove_callback, self.add_callback = self.removed.append, self.added.append

    trainer: Any = Trainer()
    show(trainer, lambda line: None)  # standard error is not a terminal here
    assert trainer.removed == [ProgressCallback, PrinterCallback]
    assert [type(callback) for callback in trainer.added] == [Lines]


def test_the_bar_ends_with_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    monkeypatch.setattr(_terminal, "console", lambda **_: Console(file=screen, force_terminal=True, width=80))
    bar, nothing = Bar(), SimpleNamespace()
    bar.on_train_begin(nothing, _state(0), TrainerControl())
    bar.on_log(nothing, _state(5), TrainerControl(), logs={"loss": 1.0})
    bar.on_step_end(nothing, _state(5), TrainerControl())
    bar.on_train_end(nothing, _state(600), TrainerControl())
    length = len(screen.getvalue())
    bar.on_step_end(nothing, _state(600), TrainerControl())
    assert "5/600" in screen.getvalue()
    assert "loss 1.000" in screen.getvalue()
    assert len(screen.getvalue()) == length
