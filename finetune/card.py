"""The model card: what a model is for, what it was trained on, how well it scored."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fewshot.models.model_folder import Manifest


def text(manifest: Manifest, scores: Mapping[str, float]) -> str:
    """Returns the README.md of a model folder."""
    base = manifest.base_model
    head = ["---", "library_name: transformers", f"tags: [fewshot, {manifest.task}]"]
    if base.count("/") == 1 and not base.startswith((".", "/")):
        head.append(f"base_model: {base}")
    settings = json.dumps(dict(manifest.settings), ensure_ascii=False, indent=2)
    rows = [f"| {name} | {value:.4f} |" for name, value in scores.items()]
    table = ["", "## On the validation split", "", "| score | value |", "|---|---|", *rows] if rows else []
    return "\n".join(
        [
            *head,
            "---",
            "",
            f"# {manifest.task}: {manifest.kind} from {base or 'scratch'}",
            "",
            f"Answers in format `{manifest.format}`, labels {', '.join(manifest.labels)}.",
            f"Trained on {manifest.labelled} labelled examples (data digest `{manifest.data}`) by `fewshot finetune`.",
            "",
            "```",
            f"fewshot run --backend local --task {manifest.task} --model THIS_FOLDER --data …",
            "```",
            *table,
            "",
            "## Settings",
            "",
            "```json",
            settings,
            "```",
            "",
        ]
    )
