"""Turns examples into training rows: token ids in, token ids (or classes) out.

The target of `copy_tag` is the source's own ids with the tags' ids in between, never a tokenized rendering (see
`fewshot.models.source_tokens`); the target of other formats is the tokenized answer. Long texts become windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fewshot.formats import Format
from fewshot.models import tagging, vocabulary, windows
from fewshot.models.hypothesis_decoding import Grammar
from fewshot.models.model_folder import Manifest
from fewshot.models.seq2seq import COPY, truncated
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens, tagged
from fewshot.records import Example, Hypothesis, Scheme, Span, Value
from fewshot.tasks import Task

IGNORED = -100
NOTHING, OUTSIDE = -1, 0
"""States of a position in a tagged copy: no decision there; no tag is open; from 1 on: the label that is open."""

BESIDE = ("copied", "states", "choices", "places", "classes")
"""Columns for the losses of decisions and of the head that drafts; the model does not accept them."""


@dataclass(slots=True)
class Features:
    """Training rows, and counts of what they cannot express.

    Attributes:
        rows: Lists by column, one dictionary per window.
        spans: Gold spans.
        unreachable: … with an edge inside a token.
        unseen: … behind the point at which a text was cut.
        cut: Answers longer than the model's positions.
        names: Names in hypotheses.
        unnamed: … that do not occur in the text.
    """

    rows: list[dict[str, list[Any]]] = field(default_factory=list)
    spans: int = 0
    unreachable: int = 0
    unseen: int = 0
    cut: int = 0
    names: int = 0
    unnamed: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> dict[str, list[Any]]:
        return self.rows[i]

    def said(self, split: str) -> list[str]:
        """Returns a line for each count of what cannot be learned."""
        lines = []
        if self.unreachable:
            lines.append(f"{self.unreachable} of {self.spans} gold spans in {split} have an edge inside a token")
        if self.unseen:
            lines.append(f"{self.unseen} of {self.spans} gold spans in {split} lie behind the cut and are lost")
        if self.unnamed:
            lines.append(f"{self.unnamed} of {self.names} names in {split} do not occur in their text")
        if self.cut:
            lines.append(f"{self.cut} of {len(self)} answers in {split} are longer than the model writes and are cut")
        return lines


def seq2seq(examples: Iterable[Example], task: Task, tokenizer: Any, manifest: Manifest) -> Features:
    """Returns rows with `input_ids` and `labels`; for the loss of decisions also `copied` and `states` (`copy_tag`) or
    `allowed` (`sentence`), the tokens that are possible at each position of the answer; for a head that drafts
    `classes`, of the tokens that the encoder reads."""
    cut = SourceTokenizer(tokenizer)
    prefix = cut.text_ids(manifest.source_template) if manifest.source_template else []
    end = cut.text_ids(manifest.end) if manifest.end else []
    room = manifest.max_input_length - len(prefix) - len(cut.framed(()))
    form = manifest.answer_format
    grammar = Grammar.of(cut, manifest) if form.sentence is not None else None
    features = Features()
    for example in examples:
        gold = task.restrict(task.gold(example) or task.empty(), manifest.labels)
        for text, value in parts(example, gold, manifest, cut, room, features):
            source = truncated(cut(text), room)
            row: dict[str, list[Any]] = {"input_ids": cut.framed([*prefix, *source.ids])}
            if form.copies and isinstance(value, tuple):
                row |= _copied(source, value, cut, tokenizer, manifest, end, features)
                if manifest.draft_head is not None:
                    row["classes"] = _classes(source, value, task, manifest, cut, len(prefix))
            elif grammar is not None and isinstance(value, Hypothesis):
                ids, missing = grammar.written(source, value)
                features.names += sum(len(members) for _, members in value.roles())
                features.unnamed += missing
                row["labels"] = cut.framed([*ids, *end])
                if manifest.decoder == COPY:
                    row["allowed"] = _choices(grammar.allowed(source, row["labels"][: manifest.max_target_length]))
            else:
                row["labels"] = cut.framed(_answer(text, value, manifest, cut) + end)
            most = manifest.max_target_length or len(row["labels"])
            features.cut += len(row["labels"]) > most
            answer = {name: row[name][:most] for name in ("labels", "copied", "states") if name in row}
            features.rows.append(row | answer)
    return features


def parts(
    example: Example, gold: Value, manifest: Manifest, cut: SourceTokenizer, room: int, features: Features
) -> list[tuple[str, Value]]:
    """Returns the windows of an example with their parts of the gold value; one cut window if texts are truncated."""
    if isinstance(gold, Hypothesis):
        return [(example.text, gold)]
    features.spans += len(gold)
    if manifest.truncate:
        end = len(truncated(cut(example.text), room).text)
        kept = tuple(span for span in gold if span.end <= end)
        features.unseen += len(gold) - len(kept)
        return [(example.text[:end], kept)]
    pieces = windows.windows(example.text, room, lambda text: len(cut(text)))
    return [(example.text[w.start : w.end], windows.clip(gold, w.start, w.end)) for w in pieces]


def _copied(
    source: SourceTokens,
    spans: Sequence[Span],
    cut: SourceTokenizer,
    tokenizer: Any,
    manifest: Manifest,
    end: Sequence[int],
    features: Features,
) -> dict[str, list[int]]:
    """Returns columns of a tagged copy. At each position `copied` is the next source token, `states` what is open."""
    tags = vocabulary.tag_ids(tokenizer, manifest.answer_format.tags(manifest.scheme))
    copy = tagged(source, spans, tags)
    features.unreachable += copy.unreachable
    opening = {pair[0]: number for number, pair in enumerate(tags.values(), 1)}
    closing = {pair[1] for pair in tags.values()}
    copied, states = [], []
    place = opened = 0
    state = OUTSIDE
    for token in copy.ids:
        at_end = place == len(source)
        could_open = state == OUTSIDE and not at_end and source.opens(place)
        could_close = state > OUTSIDE and place > opened and not at_end and source.closes(place - 1)
        copied.append(IGNORED if at_end else source.ids[place])
        states.append(state if could_open or could_close else NOTHING)
        if token in closing and state > OUTSIDE:
            state = OUTSIDE
        elif token in opening and state == OUTSIDE:
            state, opened = opening[token], place
        else:
            place += 1
    before, after = [IGNORED] * len(cut.before), [IGNORED] * (len(end) + len(cut.after))
    return {
        "labels": cut.framed([*copy.ids, *end]),
        "copied": [*before, *copied, *after],
        "states": [*([NOTHING] * len(before)), *states, *([NOTHING] * len(after))],
    }


def _classes(
    source: SourceTokens, spans: Sequence[Span], task: Task, manifest: Manifest, cut: SourceTokenizer, prefix: int
) -> list[int]:
    """Returns the class of each token that the encoder reads, as a tagger learns it."""
    scheme = tagging.of_task(task)
    classes, _ = scheme.targets(source, spans, scheme.classes(manifest.labels))
    return [*[IGNORED] * (len(cut.before) + prefix), *classes, *[IGNORED] * len(cut.after)]


def _choices(allowed: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Returns the tokens that are possible at each position of an answer, or none if there is no choice.

    Equal tuples are shared: a name can begin with any word of the text, at every position where a name begins.
    """
    known: dict[tuple[int, ...], tuple[int, ...]] = {(): ()}
    every = (tuple(tokens) if len(tokens) > 1 else () for tokens in allowed)
    return [known.setdefault(tokens, tokens) for tokens in every]


def _answer(text: str, value: Value, manifest: Manifest, cut: SourceTokenizer) -> list[int]:
    form = manifest.answer_format
    answer = form.render(text, value, manifest.scheme)
    # The end of an answer is the vocabulary's own end token.
    return cut.text_ids(answer.removesuffix(form.end).rstrip() if form.end else answer)


def taggers(examples: Iterable[Example], task: Task, tokenizer: Any, manifest: Manifest) -> Features:
    """Returns rows with `input_ids` and `labels` (one class per token)."""
    cut = SourceTokenizer(tokenizer)
    scheme = tagging.of_task(task)
    names = scheme.classes(manifest.labels)
    room = manifest.max_input_length - len(cut.framed(()))
    features = Features()
    for example in examples:
        gold = _tagged_gold(example, task, manifest)
        for text, value in parts(example, gold, manifest, cut, room, features):
            source = cut(text)
            spans = value if isinstance(value, tuple) else ()
            classes, lost = scheme.targets(source, spans, names)
            features.unreachable += lost
            ids = scheme.ids(source, spans, tokenizer.mask_token_id)
            before, after = [IGNORED] * len(cut.before), [IGNORED] * len(cut.after)
            features.rows.append({"input_ids": cut.framed(ids), "labels": [*before, *classes, *after]})
    return features


def _tagged_gold(example: Example, task: Task, manifest: Manifest) -> Value:
    """Returns the gold value of a tagger; of a task that asks about entities all of these, with their role or none."""
    gold = task.restrict(task.gold(example) or task.empty(), manifest.labels)
    if not task.of_entities or isinstance(gold, Hypothesis):
        return gold
    roles = {(span.start, span.end): span.role for span in gold}
    return tuple(replace(span, role=roles.get((span.start, span.end))) for span in task.given(example))


def needed(form: Format, scheme: Scheme, end: str) -> list[str]:
    """Returns the tokens that answers of a format need and vocabularies may lack."""
    tags = [tag for pair in form.tags(scheme).values() for tag in pair]
    return [*tags, *form.tokens, *([end] if end else [])]


def paired(row: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Returns a row whose `allowed` is flattened: `places` (positions in the answer) and `choices` (tokens there).

    >>> paired({"allowed": [(7, 9), (), (3, 4)]})
    {'places': [0, 0, 2, 2], 'choices': [7, 9, 3, 4]}
    """
    if "allowed" not in row:
        return row
    pairs = [(at, token) for at, tokens in enumerate(row["allowed"]) for token in tokens]
    kept = {name: value for name, value in row.items() if name != "allowed"}
    return kept | {"places": [at for at, _ in pairs], "choices": [token for _, token in pairs]}


def collate(pad: int) -> Any:
    """Returns a function that pads rows of unequal length to one batch. `pad`: the id of the padding token."""
    import torch

    fill = {
        "input_ids": pad,
        "labels": IGNORED,
        "copied": IGNORED,
        "states": NOTHING,
        "aligned": IGNORED,
        "masked": IGNORED,
        "classes": IGNORED,
        "choices": IGNORED,
        "places": IGNORED,
    }

    def together(rows: Sequence[dict[str, list[Any]]]) -> dict[str, Any]:
        batch = {}
        rows = [paired(row) for row in rows]
        for name in rows[0]:
            widest = max(len(row[name]) for row in rows)
            filled = [row[name] + [fill[name]] * (widest - len(row[name])) for row in rows]
            batch[name] = torch.tensor(filled, dtype=torch.long)
        longest = batch["input_ids"].shape[1]
        batch["attention_mask"] = torch.tensor(
            [[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows]
        )
        return batch

    return together
