"""The versions that a run depends on: Python, ours, the packages that ask, align and run models, those of plugins."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress

from fewshot import __version__, backends, data, discovery
from fewshot.errors import InputError
from fewshot.experiment.plan import Plan

_PACKAGES = ("openai", "huggingface_hub", "rapidfuzz", "numpy", "pandas")
_MODELS = ("torch", "transformers", "ctranslate2", "gliner")
"""What runs a model on this machine; recorded for the backends that do."""


def used(plan: Plan) -> dict[str, str]:
    """Package → version."""
    name = plan.settings.backend  # no backend of ours, where answers are read from a file
    here = name in backends.names() and not backends.unheeded(name, ["device"])
    return _installed(_PACKAGES + _MODELS if here else _PACKAGES) | _plugins(plan)


def _installed(packages: Sequence[str]) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": platform.python_version(), "fewshot": __version__}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _plugins(plan: Plan) -> dict[str, str]:
    """The packages of others that a run uses, with their versions."""
    settings = plan.settings
    used = [
        discovery.plugin("fewshot.tasks", plan.task.name),
        discovery.plugin("fewshot.formats", plan.question.format_name),
        discovery.plugin("fewshot.backends", settings.backend),
        discovery.plugin("fewshot.demonstrations", settings.selector),
    ]
    for source in filter(None, (settings.data, settings.demos)):
        with suppress(InputError):  # a replay does without them
            used.append(discovery.plugin("fewshot.data", data.guess(source)))
    return {plugin.package: plugin.version for plugin in used if plugin is not None and plugin.package}
