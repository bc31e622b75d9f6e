"""Token classification, the classical way: a label a word, read off in one pass.

    NER           Blot/O of/O p53/B-GENEPROD           IOB2 over words
    PANELIZATION  (/B-panel A/O )/O Blot/O             where segments start; each ends where the next one starts
    ROLES         ▒▒▒/MEASURED_VAR blot/O              the role of each given entity, whose words are masked

The words are those of `source_tokens`; a word's label is that of its first token, the other tokens have none. The
entities of ROLES are masked whatever their role: masking those with a role would give the answer away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from fewshot.models import batches, windows
from fewshot.models.model_folder import Manifest
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.models.windows import Window
from fewshot.records import PANEL, Example, Prediction, Span
from fewshot.text import iob
from fewshot.text.legend import leading_letters
from fewshot.text.spans import segments, skip_space

OUTSIDE = "O"
UNSCORED = -100
"""The label of a token that is no word's first: the loss leaves it out."""


def label_names(task: str, labels: Sequence[str]) -> list[str]:
    """The classes of a tagger, in the order of its output.

    >>> label_names("ner", ["GENEPROD"]), label_names("roles", ["MEASURED_VAR"])
    (['O', 'B-GENEPROD', 'I-GENEPROD'], ['O', 'MEASURED_VAR'])
    """
    if task == "roles":
        return [OUTSIDE, *labels]
    if task == "panelization":
        return [OUTSIDE, f"B-{PANEL}"]
    return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def targets(source: SourceTokens, spans: Sequence[Span], task: str, names: Sequence[str]) -> tuple[list[int], int]:
    """The class of each token (`UNSCORED` where it has none), and how many spans no word can carry.

    For ROLES `spans` are the given entities, with their roles.
    """
    number = {name: i for i, name in enumerate(names)}
    words = [i for i, word in enumerate(source.words) if word]
    found = [UNSCORED] * len(source)
    if task != "roles":
        for i in words:
            found[i] = number[OUTSIDE]
    starts = {source.starts[i]: at for at, i in enumerate(words)}
    ends = {_end(source, words, at): at for at in range(len(words))}
    lost = 0
    for span in spans:
        first, last = starts.get(span.start), ends.get(span.end)
        if task == "panelization" and first is not None:
            found[words[first]] = number[f"B-{PANEL}"]
        elif first is None or last is None or last < first:
            lost += 1
        elif task == "roles":
            found[words[first]] = number.get(span.role or OUTSIDE, number[OUTSIDE])
        else:
            found[words[first]] = number[f"B-{span.label}"]
            for at in range(first + 1, last + 1):
                found[words[at]] = number[f"I-{span.label}"]
    return found, lost


def masked(source: SourceTokens, given: Iterable[Span], mask: int) -> list[int]:
    """The ids of a source with the tokens of the given entities masked."""
    ids = list(source.ids)
    for span in given:
        for i in range(len(ids)):
            if span.start <= source.starts[i] < source.ends[i] <= span.end:
                ids[i] = mask
    return ids


def best_path(scores: Tensor, names: Sequence[str]) -> list[int]:
    """The most probable classes of a sentence's words in which every `I-` goes on with an entity of its label.

    `scores` (words, classes) are probabilities of one word each, independent of each other; their product is what is
    greatest (Viterbi 1967). Where the best class of each word goes together already, those are the answer.

    >>> best_path(torch.tensor([[0.5, 0.4, 0.1], [0.2, 0.1, 0.7]]), ["O", "B-A", "I-A"])
    [1, 2]
    """
    greedy: list[int] = scores.argmax(-1).tolist()
    before = [{i, names.index(f"B-{name[2:]}")} if name[:2] == "I-" else None for i, name in enumerate(names)]
    if all((befores := before[c]) is None or (i > 0 and greedy[i - 1] in befores) for i, c in enumerate(greedy)):
        return greedy
    forbidden = torch.tensor([[kept is not None and i not in kept for kept in before] for i in range(len(names))])
    barred = torch.zeros(forbidden.shape).masked_fill(forbidden, -torch.inf)
    logs = scores.double().clamp(min=1e-30).log()
    total = logs[0].masked_fill(torch.tensor([kept is not None for kept in before]), -torch.inf)
    came = []
    for row in logs[1:]:
        best = (total[:, None] + barred).max(0)
        came.append(best.indices.tolist())
        total = best.values + row
    path = [int(total.argmax())]
    for step in reversed(came):
        path.append(step[path[-1]])
    return path[::-1]


def _end(source: SourceTokens, words: Sequence[int], at: int) -> int:
    """The last visible character of a word."""
    after = words[at + 1] if at + 1 < len(words) else len(source)
    return max(source.ends[i] for i in range(words[at], after) if source.starts[i] < source.ends[i])


@dataclass(slots=True)
class _Piece:
    example: Example
    window: Window
    source: SourceTokens
    ids: list[int]
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class Tagger:
    """One loaded model."""

    model: Any
    tokenizer: Any
    manifest: Manifest
    batch_tokens: int = batches.TOKENS
    cut: SourceTokenizer = field(init=False)
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.cut = SourceTokenizer(self.tokenizer)
        classes: Mapping[int, str] = self.model.config.id2label
        self.names = [classes[i] for i in range(len(classes))]
        self.model.eval()

    def predict(self, examples: Iterable[Example]) -> Iterator[Prediction]:
        """A prediction for each example as its last window is ready. Of an example's labels only the entities are
        read, for ROLES: they are the question."""
        rows = [self._pieces(example) for example in examples]
        every = [piece for row in rows for piece in row]
        owner = {id(piece): row for row in rows for piece in row}
        missing = {id(row): len(row) for row in rows}
        for batch in batches.batches([len(piece.ids) + 2 for piece in every], budget=self.batch_tokens):
            chosen = [every[i] for i in batch]
            self._read(chosen)
            for piece in chosen:
                row = owner[id(piece)]
                missing[id(row)] -= 1
                if not missing[id(row)]:
                    yield self._joined(row)

    def _pieces(self, example: Example) -> list[_Piece]:
        room = self.manifest.max_input_length - len(self.cut.framed(()))
        found = windows.windows(example.text, room, lambda part: len(self.cut(part)))
        pieces = []
        for window in found:
            source = self.cut(example.text[window.start : window.end])
            ids = list(source.ids)
            if self.manifest.task == "roles":
                given = windows.clip(example.entities or (), window.start, window.end)
                ids = masked(source, given, self.tokenizer.mask_token_id)
            pieces.append(_Piece(example, window, source, ids))
        return pieces

    def _read(self, pieces: Sequence[_Piece]) -> None:
        for piece, scores in zip(pieces, self._probabilities(pieces), strict=True):
            if self.manifest.task == "ner":
                piece.spans = self._entities(piece, scores)
                continue
            best = scores.max(-1)
            classes, certainty = best.indices.tolist(), best.values.tolist()
            read = self._roles if self.manifest.task == "roles" else self._panels
            piece.spans = read(piece, classes, certainty)

    @torch.inference_mode()
    def _probabilities(self, pieces: Sequence[_Piece]) -> list[Tensor]:
        """(tokens, classes) of each piece."""
        encoded = [self.cut.framed(piece.ids) for piece in pieces]
        widest = max(map(len, encoded))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[*row, *[pad] * (widest - len(row))] for row in encoded], device=self.model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (widest - len(row)) for row in encoded], device=self.model.device)
        logits = self.model(input_ids=ids, attention_mask=mask).logits.float().softmax(-1).cpu()
        first = len(self.cut.before)
        return [row[first : first + len(piece.ids)] for row, piece in zip(logits, pieces, strict=True)]

    def _entities(self, piece: _Piece, scores: Tensor) -> tuple[Span, ...]:
        source = piece.source
        words = [i for i, word in enumerate(source.words) if word]
        if not words:
            return ()
        path = best_path(scores[words], self.names)
        certainty = scores[words, path].tolist()
        spans = []
        for first, after, label in iob.chunks(self.names[i] for i in path):
            sure = min(certainty[first:after])
            end = _end(source, words, after - 1)
            spans.append(Span(source.starts[words[first]], end, label, confidence=sure))
        return tuple(spans)

    def _panels(self, piece: _Piece, classes: Sequence[int], certainty: Sequence[float]) -> tuple[Span, ...]:
        source, text = piece.source, piece.source.text
        found = [
            (source.starts[i], certainty[i])
            for i, word in enumerate(source.words)
            if word and self.names[classes[i]] != OUTSIDE
        ]
        if piece.window.start > 0 and not (found and not text[: found[0][0]].strip()):
            found.insert(0, (skip_space(text, 0), 1.0))  # what began in the window before
        extents = segments(text, [start for start, _ in found])
        return tuple(
            Span(*extent, PANEL, confidence=sure)
            for extent, (_, sure) in zip(extents, found, strict=True)
            if extent is not None
        )

    def _roles(self, piece: _Piece, classes: Sequence[int], certainty: Sequence[float]) -> tuple[Span, ...]:
        at = {piece.source.starts[i]: i for i, word in enumerate(piece.source.words) if word}
        given = windows.clip(piece.example.entities or (), piece.window.start, piece.window.end)
        found = []
        for span in given:
            i = at.get(span.start)
            role = OUTSIDE if i is None else self.names[classes[i]]
            if role != OUTSIDE and i is not None:
                found.append(replace(span, role=role, confidence=certainty[i]))
        return tuple(found)

    def _joined(self, pieces: Sequence[_Piece]) -> Prediction:
        example = pieces[0].example
        if len(pieces) > 1:
            value = windows.merge([(piece.window, piece.spans) for piece in pieces], example.text)
        else:
            value = pieces[0].spans
        if self.manifest.task == "panelization":
            value = tuple(replace(span, labels=leading_letters(span.cut(example.text))) for span in value)
        return Prediction(id=example.id, value=value)
