"""The cells of a sweep: what is prompted, with how many examples; what is trained, on how many; each with its seed.

    Grid(Settings(task="ner"), backends=("rules", "gpt3"), shots=(0, 3), bases=("tiny-bart",), sizes=(6, 60), seeds=3)
    .prompted → 4 cells   gpt3-3shot …           (more where a selector draws by the seed)
    .trained  → 6 cells   tiny-bart-60-seed2 …

A cell is an ordinary run: its settings, and the name of its folder. The name ends in a digest of everything that the
cell depends on, so that a sweep with other settings makes other folders and never takes an old one for its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from math import ceil
from typing import Any

from fewshot import backends, demonstrations
from fewshot.experiment.settings import PACE, Settings
from fewshot.files import digest
from fewshot.sweep.bases import Base, names_of, value_of

BATCH = 16
"""Examples of a training step. A judgement."""
EPOCHS, LEAST_STEPS = 8, 200
"""How long a training is: each example is seen so often, but a few examples are seen for so many steps. Judgements, by
the settings of docs/results.md: 8 epochs for BC5CDR's 4,560 sentences, 200 steps for 200 of them."""


@dataclass(frozen=True, slots=True)
class Prompted:
    """A cell that is prompted."""

    settings: Settings
    name: str

    @property
    def title(self) -> str:
        """What it is, in a line of progress."""
        model = f" {self.settings.model}" if self.settings.model else ""
        return f"{self.settings.backend}{model}, {self.settings.shots} shots, seed {self.settings.seed}"


@dataclass(frozen=True, slots=True)
class Trained:
    """A cell that is trained, then predicts. `settings`: of the run that predicts, without its model."""

    settings: Settings
    name: str
    base: Base
    size: int
    seed: int
    steps: int

    @property
    def title(self) -> str:
        """What it is, in a line of progress."""
        return f"{self.base.short} on {self.size:,} labelled, seed {self.seed}, {self.steps:,} steps"

    def command(self, pool: str, folder: str) -> list[str]:
        """Returns the words after `fewshot finetune`. `pool`: a file with a train split alone."""
        given = names_of(self.base.flags)
        usual = {
            "--learning_rate": f"{self.base.rate:g}",
            "--lr_scheduler_type": "cosine",
            "--warmup_steps": str(self.steps // 10),
            "--per_device_train_batch_size": str(BATCH),
            "--save_strategy": "no",
            "--logging_steps": "50",
        }
        words = [
            "--task", self.settings.task, "--kind", self.base.kind, "--data", pool, "--limit", str(self.size),
            "--base-model", self.base.name, "--seed", str(self.seed), "--output_dir", folder, "--do_train",
        ]  # fmt: skip
        if not given & {"max_steps", "num_train_epochs"}:
            usual["--max_steps"] = str(self.steps)
        for flag, value in usual.items():
            if flag.removeprefix("--") not in given:
                words += [flag, value]
        return [*words, *self.base.flags]


@dataclass(frozen=True, slots=True)
class Grid:
    """What a sweep was asked for, once the data is known.

    Attributes:
        settings: What all runs share; its `seed` is the first one.
        backends: Prompted backends: `rules`, `gpt3`, `gpt3:gpt-6-luna`.
        shots: Numbers of demonstrations.
        bases: Models to fine-tune.
        sizes: Numbers of labelled examples, ascending.
        seeds: How many seeds.
        data: Digest of what is learned from: a cell of other data is another cell.
    """

    settings: Settings
    backends: tuple[str, ...]
    shots: tuple[int, ...]
    bases: tuple[Base, ...]
    sizes: tuple[int, ...]
    seeds: int
    data: str = field(default="")

    @property
    def prompted(self) -> list[Prompted]:
        """The cells that are prompted. A seed that could change nothing is not tried again."""
        cells: list[Prompted] = []
        for said in self.backends:
            backend, _, model = said.partition(":")
            for shots in self.shots:
                asked = self._for(backend, model=model or self.settings.model, shots=shots)
                for seed in self._seeds(asked):
                    settings = replace(asked, seed=seed)
                    if any(cell.settings == settings for cell in cells):  # a plugin's backend may heed no shots
                        continue
                    cells.append(Prompted(settings, self._named(f"{said}-{shots}shot", seed, settings)))
        return cells

    @property
    def trained(self) -> list[Trained]:
        """The cells that are trained, small ones first: a curve is there early, and grows."""
        return [
            self._trained(base, size, self.settings.seed + number)
            for size in self.sizes
            for base in self.bases
            for number in range(self.seeds)
        ]

    def _trained(self, base: Base, size: int, seed: int) -> Trained:
        settings = self._for("local", model=None, shots=None)
        cell = Trained(settings, "", base, size, seed, steps_of(base.flags, size))
        held = [base.digest] if base.digest else []
        return replace(cell, name=self._named(f"{base.short}-{size}", seed, settings, [*cell.command("", ""), *held]))

    def _for(self, backend: str, **changes: Any) -> Settings:
        """The shared settings for a backend, without those that do nothing for it: a cell of the rules is the same one
        beside another server, and only some backends have a Batch endpoint."""
        usual = Settings(task=self.settings.task, backend=backend)
        names = [f.name for f in fields(Settings) if f.name != "demos"]  # a record of what is learned from
        idle = backends.unheeded(backend, names)
        return replace(self.settings, backend=backend, **(changes | {name: getattr(usual, name) for name in idle}))

    def _named(self, name: str, seed: int, settings: Settings, command: Sequence[str] = ()) -> str:
        plain = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in name)[:100]
        return f"{plain}-seed{seed}-{digest([identity_of(settings), list(command), self.data])[:8]}"

    def _seeds(self, asked: Settings) -> range:
        first = asked.seed
        drawn = asked.shots and demonstrations.is_seeded(asked.selector)
        return range(first, first + (self.seeds if drawn or asked.temperature > 0 else 1))


def identity_of(settings: Settings) -> dict[str, Any]:
    """Returns the settings that a result depends on.

    >>> identity_of(Settings(task="ner", concurrency=64)) == identity_of(Settings(task="ner"))
    True
    """
    return {key: value for key, value in settings.given().items() if key not in PACE}


def steps_of(flags: Sequence[str], size: int) -> int:
    """Returns how many steps a training on so many examples has.

    >>> steps_of((), 10), steps_of((), 4560), steps_of(("--max-steps", "30"), 10)
    (200, 2280, 30)
    """
    if (steps := value_of(flags, "max_steps")) is not None:
        return int(steps)
    batch = value_of(flags, "per_device_train_batch_size") or BATCH
    epochs = value_of(flags, "num_train_epochs")
    return max(LEAST_STEPS, ceil(EPOCHS * size / batch)) if epochs is None else ceil(epochs * ceil(size / batch))
