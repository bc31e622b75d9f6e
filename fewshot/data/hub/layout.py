"""Which files of a repository make a config, and which split each of them is.

>>> parts("EMBO/SourceData", "NER", ["token_classification/v_1.0.0/ner/test.jsonl"])
[Part(file='token_classification/v_1.0.0/ner/test.jsonl', split='test')]

Where a repository holds several releases of a config (`v_1.0.0`, `v_2.0.0`), the latest is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from fewshot import discovery
from fewshot.errors import InputError
from fewshot.text.visible import shortened

SPLITS = {"train": "train", "validation": "validation", "eval": "validation", "test": "test"}
"""What the files are called, and what we call it."""

_FOLDERS = {
    "ner": "NER",
    "panelization": "PANELIZATION",
    "roles_gene": "ROLES_GP",
    "roles_gp": "ROLES_GP",
    "roles_small_mol": "ROLES_SM",
    "roles_sm": "ROLES_SM",
    "roles_multi": "ROLES_MULTI",
}
_ZIPS = {
    "sd_panels_general_tokenization.zip": ("NER", "GENEPROD_ROLES", "SMALL_MOL_ROLES", "BORING"),
    "sd_fig_general_tokenization.zip": ("PANELIZATION",),
}
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a config; `split` is `None` for a zip of all splits, or a file that is named otherwise."""

    file: str
    split: str | None


def parts(repo: str, config: str, files: Iterable[str]) -> list[Part]:
    """The files of a config ("": those of no config), in the order train, validation, test.

    Raises:
        InputError: no such config; the message lists those there are.
    """
    folders = _folders(files)
    if config not in folders:
        raise _no_config(repo, config, sorted(filter(None, folders)))
    order = ["train", "validation", "test", None]
    latest = max(folders[config], key=_release)
    return sorted(folders[config][latest], key=lambda part: (order.index(part.split), part.file))


def _folders(files: Iterable[str]) -> dict[str, dict[str, list[Part]]]:
    """config → folder → its files."""
    found: dict[str, dict[str, list[Part]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        path = PurePosixPath(file)
        for config in _ZIPS.get(file, ()):
            found[config][""] = [Part(file, None)]
        if path.suffix == ".jsonl":
            found[_config(path)][str(path.parent)].append(Part(file, SPLITS.get(path.stem)))
    return found


def _config(path: PurePosixPath) -> str:
    folder = path.parent.name
    if path.parts[0] == "token_classification":
        return _FOLDERS.get(folder.lower(), folder)
    return "" if folder == "data" else folder


def _release(folder: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(folder)]


def _no_config(repo: str, config: str, known: list[str]) -> InputError:
    if not known:
        return InputError(f"{repo} holds no *.jsonl that can be read")
    if config:
        return discovery.unknown(f"config of {repo}", config, known)
    return InputError(
        f"{repo} holds several configs", hint=f"hub:{repo}:CONFIG with CONFIG {shortened(', '.join(known), 200)}"
    )
