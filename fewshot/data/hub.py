"""Data sets of the Hugging Face hub, read file by file: no code of theirs is run.

    hub:EMBO/SourceData:NER                     token_classification/[v_…/]ner/{train,validation,test}.jsonl
    hub:EMBO/sd-nlp-non-tokenized:PANELIZATION  sd_fig_general_tokenization.zip: {train,eval,test}.jsonl
    hub:OWNER/NAME, hub:OWNER/NAME:FOLDER       *.jsonl in the project's own schema

A line of the first two is a panel (or, for PANELIZATION, a figure) as words with tags: `{"words", "labels",
"is_category", "text"}` or `{"words", "label_ids": {"entity_types", "geneprod_roles", …}}`. The id is file and
line, `test.jsonl:17`. Access is huggingface_hub's: `HF_ENDPOINT`, `HF_TOKEN`, its cache, which also serves
what it holds when the hub cannot be reached.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import jsonlines

from fewshot import discovery, hub_words
from fewshot.errors import DataError, InputError
from fewshot.records import Example
from fewshot.schema import Where, example_from_json
