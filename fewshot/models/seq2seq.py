"""Predictions of a fine-tuned encoder-decoder: text in, tagged copy (or another format) out, spans back.

    Seq2Seq(model, tokenizer, manifest).predict(examples)        # yields predictions, in any order

Four decoders. `copy` decides about tags alone (BART and T5, format copy_tag: see `copy_decoding`), or copies the names
of a hypothesis (format sentence: see `hypothesis_decoding`). `generate` writes freely, as transformers does it, and
what it writes is aligned to the source like the answer of any other model; `ct2` does the same with int8 weights in
CTranslate2. `head` writes nothing: the head that drafts for `copy` (see `draft_head`) is asked alone. Texts that are
longer than the model reads are cut into windows, and the windows' answers are put together again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from fewshot import tasks
from fewshot.errors import InputError
from fewshot.formats import Format
from fewshot.models import batches, copy_decoding, draft_head, vocabulary, windowed, windows
from fewshot.models.ctranslate2_model import CTranslate2Model
from fewshot.models.drafts import Copying, Drafter, Stepping
from fewshot.models.model_folder import Manifest
from fewshot.models.ragged_families import family_of
from fewshot.models.source_tokens import SourceTokenizer, SourceTokens
from fewshot.models.windows import Window
from fewshot.records import Example, Parsed, Prediction, ProblemKind, Scheme, Value
from fewshot.tasks import Task

COPY, GENERATE, CT2, HEAD = "copy", "generate", "ct2", "head"
"""Decoders."""

ENCODER, COPIED, NONE = "encoder", "copy", "none"
"""Drafts of copy decoding: what the head on the encoder says, the source without tags, one token at a time."""

_PLAIN = {"do_sample": False, "num_beams": 1, "repetition_penalty": 1.0, "no_repeat_ngram_size": 0, "temperature": None,
          "top_k": None, "top_p": None, "early_stopping": False, "length_penalty": 1.0, "min_length": 0,
          "forced_bos_token_id": None, "forced_eos_token_id": None}  # fmt: skip
"""Some published configurations sample, or forbid repetition: copying an input is then impossible; BART's end an
answer that is cut as if it had ended by itself."""

_RANGES: Mapping[str, tuple[type | tuple[type, ...], float]] = {
    "num_beams": (int, 1), "no_repeat_ngram_size": (int, 0), "min_new_tokens": (int, 0), "max_new_tokens": (int, 1),
    "repetition_penalty": ((int, float), 0.001)}  # fmt: skip
"""Type and least value of options that are first looked at while a text is decoded."""

BREAKING = ("no_repeat_ngram_size", "repetition_penalty", "do_sample", "num_beams")
"""Settings of `generate` that have no meaning for copy decoding, or forbid copying."""


def why_not_copy(model: Any, manifest: Manifest, tokenizer: Any = None) -> str | None:
    """Why a model is not decoded by copying; `None`: it can be. Without a `tokenizer` it is taken to have the tags."""
    form = manifest.answer_format
    if not form.copies and form.sentence is None:
        return f"format {manifest.format} is written freely"
    if form.copies and family_of(model) is None:
        return f"models of type {model.config.model_type} are of another family than BART and T5"
    for name in BREAKING:
        value = manifest.generation.get(name)
        if value not in (None, False, 0, 1, 1.0):
            return f"{name}={value} cannot copy"
    known = () if tokenizer is None else tokenizer.get_added_vocab()
    lacking = [tag for pair in form.tags(manifest.scheme).values() for tag in pair if tag not in known]
    return f"its vocabulary has no {lacking[0]}" if tokenizer is not None and lacking else None


def check_generation(options: Mapping[str, Any]) -> None:
    """Looks at a manifest's options of `generate`.

    Raises:
        InputError: an option that transformers does not know, or a value that it refuses.
    """
    from transformers import GenerationConfig

    unknown = [name for name in options if name not in GenerationConfig().to_dict()]
    if unknown:
        raise InputError(f"fewshot.json: generation has no option {unknown[0][:60]!r}", hint="train the model again")
    for name, (kind, least) in _RANGES.items():
        value = options.get(name)
        fits = isinstance(value, kind) and not isinstance(value, bool) and value >= least  # type: ignore[operator]
        if value is not None and not fits:
            raise InputError(f"fewshot.json: generation cannot be used ({name}={value})", hint="train the model again")
    try:
        GenerationConfig(**(_PLAIN | dict(options))).validate()
    except Exception as error:  # each option has errors of its own
        why = " ".join(str(error).split())[:120]
        raise InputError(f"fewshot.json: generation cannot be used ({why})", hint="train the model again") from None


@dataclass(slots=True)
class _Piece(windowed.TokenPiece):
    """A window of an example, ready for the model, and what came of it."""

    parsed: Parsed | None = None
    output: str = ""


@dataclass(slots=True)
class Seq2Seq:
    """One loaded model. `decoder`: `copy`, `generate`, `ct2` or `head`; `draft`: what copy decoding starts from, by
    default the best that the model has.

    Raises:
        InputError: the model reads too few tokens, or has no head and is to be decoded or drafted by one, or cannot be
            converted for CTranslate2.
        MissingExtraError: ctranslate2 is to decode and is not installed.
    """

    model: Any
    tokenizer: Any
    manifest: Manifest
    decoder: str
    batch_tokens: int = batches.TOKENS
    rule: copy_decoding.Rule = "candidates"
    draft: str | None = None
    cost: copy_decoding.Cost = field(default_factory=copy_decoding.Cost)
    cut: SourceTokenizer = field(init=False)
    task: Task = field(init=False)
    _format: Format = field(init=False)
    _scheme: Scheme = field(init=False)
    _prefix: list[int] = field(init=False)
    _room: int = field(init=False)
    _head: draft_head.DraftHead | None = field(init=False)
    _converted: CTranslate2Model | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.cut = SourceTokenizer(self.tokenizer)
        self.task = tasks.get(self.manifest.task)
        self._format, self._scheme = self.manifest.answer_format, self.manifest.scheme
        self._prefix = self.cut.text_ids(self.manifest.source_template) if self.manifest.source_template else []
        self._room = windowed.room(self.manifest.max_input_length, self._prefix, self.cut.framed(()))
        self._head = draft_head.of(self.model, self.manifest, len(self.cut.before) + len(self._prefix))
        if self._head is None and (self.decoder == HEAD or self.draft == ENCODER):
            flag = f"--decoder {HEAD}" if self.decoder == HEAD else f"--draft {ENCODER}"
            raise InputError(f"{flag}: this model has no head that drafts", hint="train it with --draft-loss")
        self.model.eval()
        if self.decoder == CT2:
            self._converted = CTranslate2Model(self.model)

    def predict(self, examples: Iterable[Example]) -> Iterator[Prediction]:
        """A prediction for each example as its last window is ready. Never reads an example's labels."""
        return windowed.predict(self, examples, batch_tokens=self.batch_tokens)

    def pieces(self, example: Example) -> list[_Piece]:
        """The windows of an example; a hypothesis is asked of a text as a whole, as much of it as the model reads."""
        text, room = example.text, self._room
        if self.manifest.truncate or not isinstance(self.task.empty(), tuple):
            source = truncated(self.cut(text), room)
            return [self._piece(example, Window(0, len(source.text), (0, len(text))), source)]
        return [self._piece(example, window, source) for window, source in windowed.cut(text, room, self.cut)]

    def answer(self, pieces: Sequence[_Piece]) -> None:
        """Decodes a batch: `copy` by the tags of the format, or by its sentence; `generate` and `ct2` freely;
        `head` not at all."""
        if self.decoder == HEAD:
            self._classify(pieces)
        elif self.decoder != COPY:
            self._generate(pieces)
        elif self._format.copies:
            self._copy(pieces)
        else:
            self._hypotheses(pieces)

    def _piece(self, example: Example, window: Window, source: SourceTokens) -> _Piece:
        return _Piece(example, window, source, self.cut.framed([*self._prefix, *source.ids]))

    def _copy(self, pieces: Sequence[_Piece]) -> None:
        tags = vocabulary.tag_ids(self.tokenizer, self._format.tags(self._scheme))
        decoder = copy_decoding.CopyDecoder(self.model, tags, rule=self.rule, drafter=self._drafter(tuple(tags)))
        start = [self.model.config.decoder_start_token_id, *self.cut.before]
        decoded = decoder.decode([piece.encoded for piece in pieces], [piece.source for piece in pieces], start)
        for piece, marks in zip(pieces, decoded, strict=True):
            spans = copy_decoding.spans(piece.source, marks)
            piece.parsed = Parsed(self.task.completed(spans, piece.source.text), {}, 1.0)
        self.cost.add(decoder.cost)

    def _drafter(self, labels: Sequence[str]) -> Drafter:
        if self.draft == NONE:
            return Stepping()
        if self._head is None or self.draft == COPIED:
            return Copying()
        return draft_head.Guessing(self._head, labels)

    @torch.inference_mode()
    def _classify(self, pieces: Sequence[_Piece]) -> None:
        ids, mask = batches.padded([p.encoded for p in pieces], self.tokenizer.pad_token_id, self.model.device)
        states = self.model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
        going_on = [piece.window.start > 0 for piece in pieces]
        said = self._head.spans(states, [p.source for p in pieces], going_on) if self._head is not None else []
        for piece, spans in zip(pieces, said, strict=True):
            piece.parsed = Parsed(self.task.completed(spans, piece.source.text), {})

    @torch.inference_mode()
    def _hypotheses(self, pieces: Sequence[_Piece]) -> None:
        from fewshot.models.hypothesis_decoding import Constraint, Grammar

        grammar = Grammar.of(self.cut, self.manifest)
        sources = [piece.source for piece in pieces]
        options = dict(self._options(pieces)) | {"logits_processor": [Constraint(grammar, sources)]}
        written = generated(self.model, self.tokenizer, [piece.encoded for piece in pieces], options)
        for piece, ids in zip(pieces, written, strict=True):
            value, ended = grammar.read(piece.source, ids)
            piece.parsed = Parsed(value, {} if ended else {"truncated": 1})

    @torch.inference_mode()
    def _generate(self, pieces: Sequence[_Piece]) -> None:
        inputs, options = [piece.encoded for piece in pieces], self._options(pieces)
        if self._converted is None:
            rows = generated(self.model, self.tokenizer, inputs, options)
        else:
            rows = self._converted.written(inputs, options)
        for piece, row in zip(pieces, rows, strict=True):
            answer, ended = read(self.tokenizer, row)
            if self.manifest.end and self.manifest.end in answer:
                answer, ended = answer[: answer.index(self.manifest.end)], True
            closed = f"{answer} {self._format.end}" if ended and self._format.end else answer
            parsed = self._format.parse(closed, piece.source.text, self._scheme)
            problems = Counter(parsed.problems)
            if not ended:
                problems["truncated"] = max(1, problems["truncated"])
            piece.parsed = Parsed(parsed.value, dict(problems), parsed.fidelity)
            piece.output = answer

    def _options(self, pieces: Sequence[_Piece]) -> Mapping[str, Any]:
        longest = max(len(piece.source) for piece in pieces)
        room = self.manifest.max_target_length or 2 * longest + 64
        positions = getattr(self.model.config, "max_position_embeddings", None)
        most = min(room, positions - 2) if positions else room
        return _PLAIN | dict(self.manifest.generation) | {"max_new_tokens": most}

    def joined(self, pieces: Sequence[_Piece]) -> Prediction:
        """One prediction from the windows of an example."""
        parsed = [piece.parsed for piece in pieces if piece.parsed is not None]
        example, value = pieces[0].example, parsed[0].value
        if len(pieces) > 1:
            parts = [(piece.window, one.value) for piece, one in zip(pieces, parsed, strict=True)]
            merged = windows.merge([(w, v) for w, v in parts if isinstance(v, tuple)], example.text)
            value = self.task.completed(merged, example.text)
        problems: Counter[ProblemKind] = Counter()
        for one in parsed:
            problems.update(one.problems)
        fidelity = [one.fidelity for one in parsed if one.fidelity is not None]
        weights = [len(piece.source.text) or 1 for piece in pieces]
        return Prediction(
            id=example.id,
            value=value,
            output=self._output(example, value, pieces),
            problems={kind: count for kind, count in sorted(problems.items()) if count},
            fidelity=sum(f * w for f, w in zip(fidelity, weights, strict=True)) / sum(weights) if fidelity else None,
        )

    def _output(self, example: Example, value: Value, pieces: Sequence[_Piece]) -> str:
        """The answer as text: what was generated, or the tagged copy that the decisions stand for."""
        if self.decoder in (GENERATE, CT2):
            return "\n".join(piece.output for piece in pieces)
        return self._format.render(example.text, value, self._scheme)


def truncated(source: SourceTokens, room: int) -> SourceTokens:
    """The beginning of a source that a model reads; the study cut its texts so."""
    if len(source) <= room:
        return source
    end = source.starts[room] if room else 0
    cut = slice(0, room)
    return SourceTokens(source.text[:end], source.ids[cut], source.starts[cut], source.ends[cut], source.words[cut])


def generated(
    model: Any, tokenizer: Any, inputs: Sequence[Sequence[int]], options: Mapping[str, Any]
) -> list[list[int]]:
    """What transformers' own `generate` writes for each input, after the token that starts a decoder."""
    ids, mask = batches.padded(inputs, tokenizer.pad_token_id, model.device)
    rows: list[list[int]] = model.generate(input_ids=ids, attention_mask=mask, **options)[:, 1:].tolist()
    return rows


def read(tokenizer: Any, ids: Sequence[int]) -> tuple[str, bool]:
    """The answer that ids stand for, and whether it ended by itself."""
    ended = tokenizer.eos_token_id in ids
    kept = ids[: ids.index(tokenizer.eos_token_id)] if ended else ids
    return tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False), ended


def generate(
    model: Any, tokenizer: Any, inputs: Sequence[Sequence[int]], options: Mapping[str, Any]
) -> list[tuple[str, bool]]:
    """(answer, whether it ended by itself) of each input."""
    return [read(tokenizer, row) for row in generated(model, tokenizer, inputs, options)]
