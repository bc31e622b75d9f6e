"""A line of words and tags as an example.

    {"words": ["p53", "blot"], "labels": ["B-GENEPROD", "B-EXP_ASSAY"], "is_category": [1, 1], "text": "p53 blot."}
    {"words": ["p53", "blot"], "label_ids": {"entity_types": ["B-GENEPROD", "O"],
     "geneprod_roles": ["B-MEASURED_VAR", "O"], "small_mol_roles": ["O", "O"], "panel_start": ["O", "O"]}}

The text is that of the line where it holds one (its words are found in it), else the words with single spaces
between. Tags may be numbers: their names then stand in the data set's card, and only there, for they differ
between releases.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from fewshot.errors import DataError, Where
from fewshot.fields import type_of
from fewshot.records import NO_ROLE, PANEL, Example, Kind, Span
from fewshot.text import iob, legend
from fewshot.text.sourcedata import GENE_PRODUCT, SMALL_MOLECULE, WITH_ROLES
from fewshot.text.spans import segments

Row = Mapping[str, Any]

CONFIGS: Mapping[str, tuple[Kind, ...]] = {
    "NER": ("entities", "roles"),
    "PANELIZATION": ("panels",),
    "ROLES_MULTI": ("roles",),
    "ROLES_GP": ("roles",),
    "ROLES_SM": ("roles",),
    "GENEPROD_ROLES": ("roles",),
    "SMALL_MOL_ROLES": ("roles",),
    "BORING": ("entities",),
}
"""The configs of words and tags, and the kinds of value that each of them holds."""

_ASKED = {
    "ROLES_MULTI": WITH_ROLES,
    "ROLES_GP": (GENE_PRODUCT,),
    "GENEPROD_ROLES": (GENE_PRODUCT,),
    "ROLES_SM": (SMALL_MOLECULE,),
    "SMALL_MOL_ROLES": (SMALL_MOLECULE,),
}
"""The entity types whose roles a config is about, in the order in which `is_category` counts them from 1."""

_ROLE_ROWS = {GENE_PRODUCT: "geneprod_roles", SMALL_MOLECULE: "small_mol_roles"}
_TAG_ROWS = {"PANELIZATION": "panel_start", "BORING": "boring"}


def example(row: Row, config: str, split: str | None, where: Where, names: Sequence[str] | None) -> Example:
    """One line; `names`: what the tags are called, where they are numbers.

    Raises:
        DataError: words or tags are missing, not of one length, or numbers without names.
    """
    words = row.get("words")
    if not isinstance(words, list) or not words or not all(isinstance(w, str) and w for w in words):
        where.fail("words must be a list of words")
    text, edges = _text(row.get("text"), words)
    id = where.id or ""
    if config == "PANELIZATION":
        panels = _panels(_tags(row, "panel_start", len(words), where, names), edges, text)
        return Example(id=id, group=id, text=text, panels=panels, split=split)
    try:
        entities = _entities(row, config, edges, text, where, names)
    except DataError as error:
        if error.path is not None:
            raise
        where.fail(error.message)
    return Example(id=id, group=id, text=text, entities=entities, split=split)


def label_names(card: Mapping[str, Any], config: str) -> tuple[str, ...] | None:
    """The names of numbered tags, from a card's `dataset_info` (one table, or one a config)."""
    infos = card.get("dataset_info")
    for info in _tables([infos] if isinstance(infos, Mapping) else infos):
        if info.get("config_name", config) != config:
            continue
        for feature in _tables(info.get("features")):
            if feature.get("name") == "labels":
                return _class_names(feature.get("sequence") or feature.get("list"))
    return None


def _tables(items: object) -> list[Mapping[str, Any]]:
    """The objects of a list in a card, which may hold anything."""
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _class_names(sequence: object) -> tuple[str, ...] | None:
    """`{"class_label": {"names": {"0": "O", …}}}`, or a list of names; `None` where the numbers are not named one by
    one from 0 on."""
    label = sequence.get("class_label") if isinstance(sequence, Mapping) else None
    names = label.get("names") if isinstance(label, Mapping) else None
    if isinstance(names, list):
        names = {str(number): name for number, name in enumerate(names)}
    if not isinstance(names, Mapping) or not names:
        return None
    by_number = {str(key): name for key, name in names.items()}
    ordered = [by_number.get(str(number)) for number in range(len(names))]
    return tuple(name for name in ordered if isinstance(name, str)) if _all_text(ordered) else None


def _all_text(items: Sequence[object]) -> bool:
    return all(isinstance(item, str) for item in items)


def _text(text: object, words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    edges = iob.locate(words, text) if isinstance(text, str) else None
    return iob.join(words) if edges is None else (str(text), edges)


def _tags(row: Row, key: str, count: int, where: Where, names: Sequence[str] | None) -> list[str]:
    """The tags under `label_ids.KEY`, or under `labels` where the line has one row of tags."""
    rows = row.get("label_ids")
    tags = rows.get(key) if isinstance(rows, dict) else row.get("labels")
    name = f"label_ids.{key}" if isinstance(rows, dict) else "labels"
    if not isinstance(tags, list) or len(tags) != count:
        where.fail(f"{name} must be a list of {count} tags, one a word")
    return [_tag(tag, name, where, names) for tag in tags]


def _tag(tag: object, name: str, where: Where, names: Sequence[str] | None) -> str:
    if isinstance(tag, int) and not isinstance(tag, bool):
        if names is None:
            where.fail(f"{name} are numbers, and the data set's card does not name them")
        if not 0 <= tag < len(names):
            where.fail(f"{name} holds {tag}, and the card names {len(names)}")
        tag = names[tag]
    if not isinstance(tag, str) or not iob.is_tag(tag):
        where.fail(f"{name} holds {repr(tag)[:80]}, which is not a tag")
    return tag


def _panels(tags: Sequence[str], edges: iob.Edges, text: str) -> tuple[Span, ...]:
    """From each start to the next one; what stands before the first belongs to no panel."""
    starts = [edges[first][0] for first, _, _ in iob.chunks(tags)]
    return tuple(
        Span(*extent, PANEL, labels=legend.leading_letters(text[slice(*extent)]))
        for extent in segments(text, starts)
        if extent is not None
    )


def _entities(
    row: Row, config: str, edges: iob.Edges, text: str, where: Where, names: Sequence[str] | None
) -> tuple[Span, ...]:
    count = len(edges)
    asked = _ASKED.get(config)
    if "label_ids" not in row:
        tags = _tags(row, "labels", count, where, names)
        if asked is None:
            return iob.spans(tags, edges, text)
        return _with_roles(iob.spans(_given(row, tags, asked, where), edges, text), {"": tags}, edges)
    if not isinstance(row["label_ids"], dict):
        where.fail(f"label_ids must be an object, not {type_of(row['label_ids'])}")
    spans = iob.spans(_tags(row, _TAG_ROWS.get(config, "entity_types"), count, where, names), edges, text)
    if config == "BORING":
        return spans
    if asked is not None:
        spans = tuple(span for span in spans if span.label in asked)
    rows = {label: _tags(row, key, count, where, names) for label, key in _ROLE_ROWS.items() if key in row["label_ids"]}
    return _with_roles(spans, rows, edges) if rows else spans


def _given(row: Row, roles: Sequence[str], asked: Sequence[str], where: Where) -> list[str]:
    """The entities that a mask marks (0: none, 1, 2: the types asked), as tags.

    A new one begins where the type or the role changes or a role begins: neighbours of one type without
    any role cannot be told apart. A role outside the mask is nobody's.
    """
    mask = row.get("is_category")
    if (
        not isinstance(mask, list)
        or len(mask) != len(roles)
        or not all(type(m) is int and 0 <= m <= len(asked) for m in mask)
    ):
        where.fail(f"is_category must be a list of {len(roles)} numbers from 0 to {len(asked)}")
    tags, before = [], (0, "O")
    for kind, role in zip(mask, roles, strict=True):
        prefix, _, name = role.partition("-")
        begins = prefix == "B" or (kind, name) != before
        tags.append(f"{'B' if begins else 'I'}-{asked[kind - 1]}" if kind else "O")
        before = (kind, name)
    return tags


def _with_roles(spans: Sequence[Span], rows: Mapping[str, Sequence[str]], edges: iob.Edges) -> tuple[Span, ...]:
    """The entities with the role that stands at their first word, in the row of their type (or in row "")."""
    starts = [start for start, _ in edges]
    joined = []
    for span in spans:
        tags = rows.get(span.label) or rows.get("")
        # The word that it begins in: white space at the front of that word was trimmed off the span.
        tag = tags[bisect_right(starts, span.start) - 1] if tags else "O"
        joined.append(Span(span.start, span.end, span.label, role=tag[2:] or NO_ROLE))
    return tuple(joined)
