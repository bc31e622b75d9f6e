"""Features: targets that say the gold again, and a loss that looks at decisions alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fewshot import data, tasks
from fewshot.formats import tag_pairs
from fewshot.models.manifest import DRAFT_HEAD, Manifest
from fewshot.models.source_tokens import SourceTokenizer
from fewshot.models.tagging import of
from fewshot.models.vocabulary import tag_ids
from fewshot.records import PANEL, Example, Hypothesis, Member, Span
from finetune import building, decisions, features
from finetune.arguments import Arguments
from tests.models import tiny

pytestmark = pytest.mark.local
FIGURES = [e for e in data.read("demo") if e.panels is not None][:6]
NER_LABELS = tuple(sorted({span.label for e in FIGURES for span in e.entities or ()}))


def manifest(task: str = "ner", labels: tuple[str, ...] = NER_LABELS, **changes: Any) -> Manifest:
    given: dict[str, Any] = {"format": "copy_tag", "kind": "seq2seq", "max_input_length": 1024} | changes
    return Manifest(task=task, labels=labels, **given)


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_a_tagged_copy_says_the_gold_again(family: str) -> None:
    tokenizer, _ = tiny.seeded(family, NER_LABELS)
    tags = tag_ids(tokenizer, tag_pairs(NER_LABELS))
    made = features.seq2seq(FIGURES, tasks.get("ner"), tokenizer, manifest())
    assert made.unreachable == 0
    assert made.spans == sum(len(e.entities or ()) for e in FIGURES)
    cut = SourceTokenizer(tokenizer)
    for example, row in zip(FIGURES, made.rows, strict=True):
        source = cut(example.text)
        ids = row["labels"][len(cut.before) : len(row["labels"]) - len(cut.after)]
        found, place, opened = [], 0, 0
        by_opening, by_closing = ({pair[side]: label for label, pair in tags.items()} for side in (0, 1))
        for token in ids:
            if token in by_opening:
                opened = place
            elif token in by_closing:
                found.append(Span(*source.extent(opened, place), by_closing[token]))
            else:
                assert token == source.ids[place]
                place += 1
        assert found == [Span(s.start, s.end, s.label) for s in example.entities or ()]


def test_states_and_copied_are_those_of_the_copy_constraint() -> None:
    tokenizer, _ = tiny.seeded("bart", ("GENEPROD",))
    opening, closing = tag_ids(tokenizer, tag_pairs(("GENEPROD",)))["GENEPROD"]
    example = Example("a", "a", "in p53 ok", entities=(Span(3, 6, "GENEPROD"),))
    (row,) = features.seq2seq([example], tasks.get("ner"), tokenizer, manifest(labels=("GENEPROD",))).rows
    ids = row["labels"]
    at, end = ids.index(opening), ids.index(closing)
    assert row["states"][at] == features.OUTSIDE, "before the tag nothing is open"
    assert row["copied"][at] == ids[at + 1], "what copying would have written"
    assert row["states"][at + 1] == features.NOTHING, "an empty tag may not close: no decision"
    assert row["states"][end] == 1
    assert row["copied"][end] == ids[end + 1]
    assert row["states"][0] == features.NOTHING
    assert row["states"][-1] == features.NOTHING


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_the_classes_of_the_head_that_drafts_stand_below_the_tokens_that_the_encoder_reads(family: str) -> None:
    tokenizer, _ = tiny.seeded(family, ("GENEPROD",))
    text = "in p53 kinase ok"
    example = Example("a", "a", text, entities=(Span(3, 13, "GENEPROD"),))
    said = manifest(labels=("GENEPROD",), draft_head=DRAFT_HEAD, source_template="Tag this: ")
    (row,) = features.seq2seq([example], tasks.get("ner"), tokenizer, said).rows
    assert len(row["classes"]) == len(row["input_ids"])
    source = SourceTokenizer(tokenizer)(text)
    begin = next(i for i in range(len(row["input_ids"])) if row["input_ids"][i : i + len(source)] == list(source.ids))
    names = of("entities").classes(("GENEPROD",))
    found = {
        source.starts[i - begin]: names[number] for i, number in enumerate(row["classes"]) if number != features.IGNORED
    }
    assert found == {0: "O", 3: "B-GENEPROD", 7: "I-GENEPROD", 14: "O"}
    without = features.seq2seq([example], tasks.get("ner"), tokenizer, manifest(labels=("GENEPROD",))).rows[0]
    assert "classes" not in without


def test_the_loss_of_decisions_is_that_of_the_candidates() -> None:
    tokenizer, _ = tiny.seeded("bart", ("A", "B"))
    tags = tag_ids(tokenizer, tag_pairs(("A", "B")))
    example = Example("a", "a", "in p53 and MDM2", entities=(Span(3, 6, "A"), Span(11, 15, "B")))
    (row,) = features.seq2seq([example], tasks.get("ner"), tokenizer, manifest(labels=("A", "B"))).rows
    labels, copied, states = (torch.tensor([row[name]]) for name in ("labels", "copied", "states"))
    logits = torch.zeros(1, labels.shape[1], len(tokenizer))
    opened, closed = (int((states == OUTSIDE).sum()) for OUTSIDE in (features.OUTSIDE, 99))
    inside = int(((states != features.OUTSIDE) & (states != features.NOTHING)).sum())
    expected = (opened * torch.log(torch.tensor(3.0)) + inside * torch.log(torch.tensor(2.0))) / (opened + inside)
    assert closed == 0
    torch.testing.assert_close(decisions.loss(logits, labels, copied, states, tags), expected)
    sure = logits.scatter(2, labels.clamp(min=0)[:, :, None], 50.0)
    assert float(decisions.loss(sure, labels, copied, states, tags)) < 1e-6
    distracted = sure.clone()
    distracted[..., tokenizer.unk_token_id] = 90.0  # no candidate: the loss does not see it
    assert float(decisions.loss(distracted, labels, copied, states, tags)) < 1e-6


def test_long_texts_are_windows_and_no_gold_is_lost() -> None:
    tokenizer, _ = tiny.seeded("bart", NER_LABELS)
    short = features.seq2seq(FIGURES, tasks.get("ner"), tokenizer, manifest(max_input_length=120))
    assert len(short.rows) > len(FIGURES)
    assert all(len(row["input_ids"]) <= 120 for row in short.rows)
    opening = {pair[0] for pair in tag_ids(tokenizer, tag_pairs(NER_LABELS)).values()}
    written = sum(token in opening for row in short.rows for token in row["labels"])
    assert written >= short.spans, "each at least once: windows overlap"


def test_truncation_says_what_is_not_seen() -> None:
    tokenizer, _ = tiny.seeded("bart", NER_LABELS)
    cut = features.seq2seq(FIGURES, tasks.get("ner"), tokenizer, manifest(max_input_length=60, truncate=True))
    assert len(cut.rows) == len(FIGURES)
    assert 0 < cut.unseen < cut.spans
    assert any("lie behind the cut" in line for line in cut.said("train"))


def test_what_a_tagger_learns() -> None:
    tokenizer = tiny.bpe()
    text = "p53 and Western blot"
    example = Example("a", "a", text, entities=(Span(0, 3, "GENEPROD"), Span(8, 20, "EXP_ASSAY")))
    labels = ("GENEPROD", "EXP_ASSAY")
    (row,) = features.taggers([example], tasks.get("ner"), tokenizer, manifest(labels=labels, kind="tagger")).rows
    names = of("entities").classes(labels)
    words = [names[label] for label in row["labels"] if label != features.IGNORED]
    assert words == ["B-GENEPROD", "O", "B-EXP_ASSAY", "I-EXP_ASSAY"]
    panels = Example("b", "b", "(A) One. (B) Two.", panels=(Span(0, 8, PANEL), Span(9, 17, PANEL)))
    (row,) = features.taggers(
        [panels], tasks.get("panelization"), tokenizer, manifest("panelization", (PANEL,), kind="tagger")
    ).rows
    assert sum(label == 1 for label in row["labels"]) == 2


def test_roles_mask_every_given_entity_whatever_its_role() -> None:
    """Masking those with a role alone would give the answer away."""
    tokenizer = tiny.bpe()
    text = "p53 and MDM2 in mice"
    entities = (
        Span(0, 3, "GENEPROD", role="MEASURED_VAR"),
        Span(8, 12, "GENEPROD", role=""),
        Span(16, 20, "ORGANISM", role=""),
    )
    example = Example("a", "a", text, entities=entities)
    roles = ("CONTROLLED_VAR", "MEASURED_VAR")
    (row,) = features.taggers([example], tasks.get("roles"), tokenizer, manifest("roles", roles, kind="tagger")).rows
    source = SourceTokenizer(tokenizer)(text)
    masked = [i for i, token in enumerate(row["input_ids"][1:-1]) if token == tokenizer.mask_token_id]
    assert {source.starts[i] for i in masked} >= {0, 8}
    assert all(source.ends[i] <= 12 for i in masked), "an organism has no role to ask about"
    asked = [label for label in row["labels"] if label != features.IGNORED]
    assert asked == [2, 0]


def test_an_answer_that_the_model_has_no_places_for_is_cut_short_and_counted() -> None:
    tokenizer, _ = tiny.seeded("bart", NER_LABELS)
    made = features.seq2seq(FIGURES, tasks.get("ner"), tokenizer, manifest(max_target_length=30))
    assert made.cut == len(made)
    assert {len(row[name]) for row in made.rows for name in ("labels", "copied", "states")} == {30}
    assert "answers in train are longer than the model writes" in made.said("train")[-1]


def test_a_quarter_of_the_places_is_left_to_tags() -> None:
    model = tiny.bart(tiny.bpe(), max_position_embeddings=400)
    asked = Arguments(data="demo", task="ner", max_input_length=1024)
    assert building.limit(model, asked, tags=True) == 300
    assert building.limit(model, asked) == 400
    assert building.limit(model, Arguments(data="demo", task="ner", max_input_length=96), tags=True) == 96
    assert building.limit(tiny.t5(tiny.unigram()), asked, tags=True) == 1024


def test_a_hypothesis_has_its_choices_beside_it() -> None:
    tokenizer, _ = tiny.seeded("bart", ("geneprod",))
    value = Hypothesis((Member("GENEPROD", "p53"),), (Member("GENEPROD", "MDM2"),))
    example = Example("a", "a", "MDM2 with p53 there.", hypothesis=value)
    said = manifest("causal", ("GENEPROD",), format="sentence", decoder="copy")
    made = features.seq2seq([example], tasks.get("causal"), tokenizer, said)
    (row,) = made.rows
    assert (made.names, made.unnamed) == (2, 0)
    assert len(row["allowed"]) == len(row["labels"])
    decided = [(token, tokens) for token, tokens in zip(row["labels"], row["allowed"], strict=True) if tokens]
    assert decided
    assert all(token in tokens for token, tokens in decided)
    opening, _ = tag_ids(tokenizer, tag_pairs(("geneprod",)))["geneprod"]
    after = [tokens for token, tokens in zip(row["labels"], row["allowed"][1:], strict=False) if token == opening]
    source = SourceTokenizer(tokenizer)(example.text)
    assert set(after[0]) == {source.ids[i] for i in range(len(source)) if source.opens(i)}
    assert after[0] is after[1], "kept once"
    batch = features.collate(1)([row, row | {"allowed": [()] * len(row["labels"])}])
    assert batch["choices"].shape == batch["places"].shape
    assert (batch["choices"][1] == features.IGNORED).all()
    unseen = Hypothesis((Member("GENEPROD", "BRCA1"),))
    other = features.seq2seq([Example("b", "b", "p53", hypothesis=unseen)], tasks.get("causal"), tokenizer, said)
    assert other.said("train") == ["1 of 1 names in train do not occur in their text"]
    plain = features.seq2seq(
        [example], tasks.get("causal"), tokenizer, manifest("causal", ("GENEPROD",), format="sentence")
    )
    assert "allowed" not in plain.rows[0]
