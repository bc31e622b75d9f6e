"""Data sets of the Hugging Face hub, read file by file: no code of theirs is run.

    hub:EMBO/SourceData:NER                     token_classification/[v_…/]ner/{train,validation,test}.jsonl
    hub:EMBO/sd-nlp-non-tokenized:PANELIZATION  sd_fig_general_tokenization.zip: {train,eval,test}.jsonl
    hub:OWNER/NAME, hub:OWNER/NAME:FOLDER       *.jsonl in the project's own schema

A line of the first two is a panel (for PANELIZATION: a figure) as words with tags. The id is file and line,
`test.jsonl:17`. Access is huggingface_hub's own: `HF_ENDPOINT`, `HF_TOKEN`, and its cache, which also serves
when the hub cannot be reached (`fewshot.servers.hub`). `layout` knows which files make a config, `access` reads them,
`tagged` reads a line of words and tags.
"""

from __future__ import annotations

from collections.abc import Mapping

from fewshot import tasks
from fewshot.data import Origin, Reader
from fewshot.data.hub import access, layout, tagged
from fewshot.errors import InputError, Where
from fewshot.records import Example, Kind
from fewshot.schema import example_from_json
from fewshot.servers import hub
from fewshot.text.visible import shortened


class HubReader(Reader):
    """Data sets by name."""

    prefix = "hub:"
    configs: Mapping[Kind, str] = {"entities": "NER", "panels": "PANELIZATION", "roles": "ROLES_MULTI"}

    def read(self, source: Origin, task: str | None) -> list[Example]:
        """All splits of a data set.

        Raises:
            InputError: no such data set or config, the hub cannot be reached, or another task's config.
            DataError: a line that is not what the layout says.
        """
        repo, config = _parsed(source.name)
        listing = hub.listing("dataset", repo)
        parts = layout.parts(repo, config, listing.files)
        _check_task(repo, config, task)
        label_names = tagged.label_names(listing.card, config)
        examples = []
        for part in parts:
            path = hub.fetch("dataset", repo, part.file, listing.commit)
            for split, where, row in access.rows(path, f"hub:{repo}/{part.file}", part.split):
                if isinstance(row, dict) and "words" in row:
                    examples.append(tagged.example(row, config, split, where, label_names))
                else:
                    examples.append(_own(row, split, where))
        return examples


def _parsed(source: str) -> tuple[str, str]:
    """`(repository, config)` of `hub:REPO[:CONFIG]`; "" where no config is named."""
    prefix, _, name = source.partition(":")
    repo, *config = name.split(":")
    if prefix != "hub" or not repo or repo.count("/") > 1 or len(config) > 1:
        raise InputError(
            f"{shortened(source, 80)!r} names no data set", hint="hub:OWNER/NAME:CONFIG, as hub:EMBO/SourceData:NER"
        )
    return repo, config[0] if config else ""


def _check_task(repo: str, config: str, task: str | None) -> None:
    """A config of words and tags answers one question; the project's own schema may hold any."""
    if task is None or config not in tagged.CONFIGS:
        return
    kind = tasks.get(task).kind
    able = [name for name, kinds in tagged.CONFIGS.items() if kind in kinds]
    if config not in able:
        hint = f"take {' or '.join(able)}" if able else f"{task} needs SourceData XML or JSONL"
        raise InputError(f"config {config} of {repo} holds nothing for {task}", hint=hint)


def _own(row: object, split: str | None, where: Where) -> Example:
    """A record in the project's own schema; the file's name is its split unless it names one itself."""
    if isinstance(row, dict) and row.get("split") is None and split is not None:
        row = row | {"split": split}
    return example_from_json(row, where)


READER = HubReader()
