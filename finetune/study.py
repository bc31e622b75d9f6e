"""Translates the study's command lines to today's flags.

Its flags were written for transformers 4, and some were never flags of a trainer at all. A flag with another name today
is renamed, with one line that says so; a flag that no longer exists is dropped, with one line that says why.

>>> translated(["--evaluation_strategy", "steps", "--lr_schedule", "cosine"])[0]
['--eval_strategy', 'steps', '--lr_scheduler_type', 'cosine']
"""

from __future__ import annotations

from collections.abc import Sequence

RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "lr_schedule": "lr_scheduler_type",
    "no_cuda": "use_cpu",
    "warmup_ratio": "warmup_steps",  # a number below 1 is a share of all steps
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "use_mps_device": "use_cpu",
    "push_to_hub_token": "hub_token",
    "push_to_hub_model_id": "hub_model_id",
}
INSTEAD = {
    "group_by_length": ["--train_sampling_strategy", "group_by_length"],
    "adafactor": ["--optim", "adafactor"],
}
DROPPED = {
    "logging_dir": "transformers 5 takes it from TENSORBOARD_LOGGING_DIR",
    "save_safetensors": "weights are always safetensors",
    "evaluate_during_training": "use --eval_strategy",
    "fp16_backend": "transformers 5 has only one",
    "half_precision_backend": "transformers 5 has only one",
    "fp16_opt_level": "it belonged to apex",
    "tpu_num_cores": "transformers 5 no longer has it",
    "jit_mode_eval": "transformers 5 no longer has it",
    "use_ipex": "transformers 5 no longer has it",
    "ray_scope": "transformers 5 no longer has it",
}
TAGGED = ("copy_tag", "other")
"""The task types that mean "with tags in between", whatever we call the format: for a hypothesis it is `sentence`."""

UNTOLD = "list"
"""The task type of its checkpoints that do not say theirs."""

_SWITCHES = {"no_cuda", "use_mps_device", "group_by_length", "adafactor", "save_safetensors", "jit_mode_eval",
             "use_ipex", "evaluate_during_training"}  # fmt: skip


def translated(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns `(argv, notices)`: the command line with today's flags, and a line for each flag that changed."""
    words: list[str] = []
    notices: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not word.startswith("--"):
            words.append(word)
        elif name in RENAMED:
            new = RENAMED[name]
            notices.append(f"--{name} is called --{new} now")
            words.append(f"--{new}{equals}{value}")
        elif name in INSTEAD:
            _argument(name, equals, rest)
            notices.append(f"--{name} is written {' '.join(INSTEAD[name])} now")
            words += INSTEAD[name]
        elif name in DROPPED:
            _argument(name, equals, rest)
            notices.append(f"--{name} is left out: {DROPPED[name]}")
        else:
            words.append(word)
    return words, notices


def _argument(name: str, equals: str, rest: list[str]) -> None:
    """Consumes the value of a dropped flag from the remaining arguments."""
    if not equals and rest and not rest[0].startswith("--") and (name not in _SWITCHES or rest[0] in ("True", "False")):
        rest.pop(0)
