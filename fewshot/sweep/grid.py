"""The cells of a sweep: what is prompted, with how many examples; what is trained, on how many; each with its seed.

    Grid(Settings(task="ner"), backends=("rules", "gpt3"), shots=(0, 3), bases=("tiny-bart",), sizes=(6, 60), seeds=3)
    .prompted → 4 cells   gpt3-3shot …           (more where a selector draws by the seed)
    .trained  → 6 cells   tiny-bart-60-seed2 …

A cell is an ordinary run: its settings, and the name of its folder. The name ends in a digest of everything that the
cell depends on, so that a sweep with other settings makes other folders and never takes an old one for its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from fewshot import backends, demonstrations
from fewshot.experiment.settings import PACE, Settings
from fewshot.files import digest
from fewshot.sweep.bases import Base, names_of, value_of

BATCH = 16
"""Examples of a training step. A judgement."""
EPOCHS, LEAST_STEPS = 8, 200
"""How long a training is: so often is each example seen, but a few examples are seen for so many steps. On BC5CDR's 50
to 4,560 sentences both are near the best for a tagger (docs/results.md)."""


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
        cells = []
        for said in self.backends:
            backend, _, model = said.partition(":")
            for shots in self.shots:
                asked = replace(self.settings, backend=backend, model=model or self.settings.model, shots=shots)
                for seed in self._seeds(asked):
                    settings = replace(asked, seed=seed)
                    cells.append(Prompted(settings, self._named(f"{said}-{shots}shot", seed, settings.given())))
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
        settings = replace(self.settings, backend="local", model=None, shots=None, seed=self.settings.seed)
        cell = Trained(settings, "", base, size, seed, steps_of(base.flags, size))
        name = self._named(f"{base.short}-{size}", seed, [settings.given(), cell.command("", "")])
        return replace(cell, name=name)

    def _named(self, name: str, seed: int, identity: object) -> str:
        if isinstance(identity, dict):
            identity = {key: value for key, value in identity.items() if key not in PACE}
        plain = "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in name)[:100]
        return f"{plain}-seed{seed}-{digest([identity, self.data])[:8]}"

    def _seeds(self, asked: Settings) -> range:
        first = asked.seed
        drawn = asked.shots and demonstrations.is_seeded(asked.selector)
        sampled = asked.temperature > 0 and not backends.unheeded(asked.backend, ["temperature"])
        return range(first, first + (self.seeds if drawn or sampled else 1))


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
