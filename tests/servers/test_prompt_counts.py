"""Cut prompts are told from what a server counts; those of real runs are not taken for cut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fewshot
from fewshot.servers.prompt_counts import PromptCounts
from fewshot.text.tokens import utf8_bytes

RECORDED = sorted((Path(fewshot.__file__).parent / "corpus" / "recorded").glob("*/responses.jsonl"))


def real(path: Path) -> list[tuple[int, int]]:
    """Bytes sent and tokens counted by a real model's tokenizer."""
    pairs = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        request = row["request"]
        prompt = request.get("prompt") or "".join(turn["content"] for turn in request["turns"])
        pairs.append((utf8_bytes(prompt), row["completion"]["prompt_tokens"]))
    return pairs


def cut(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    counts = PromptCounts()
    for sent, counted in pairs:
        counts.note(sent, counted)
    return counts.cut()


ALL = {path.parent.name: real(path) for path in RECORDED}


@pytest.mark.parametrize("run", ALL)
def test_real_prompts_were_not_cut(run: str) -> None:
    pairs = ALL[run]
    assert pairs
    assert cut(pairs) == []
    for number in range(1, len(pairs)):  # nor is there a false alarm before all have been asked
        assert cut(pairs[:number]) == cut(pairs[number:]) == []


@pytest.mark.parametrize("run", [name for name in ALL if not name.startswith("causal")])  # those are of one length
@pytest.mark.parametrize("share", [0.3, 0.5, 0.6, 0.7])
def test_a_context_that_is_too_small_is_told_from_its_plateau(run: str, share: float) -> None:
    pairs = ALL[run]
    context = int(max(counted for _, counted in pairs) * share)
    found = cut([(sent, min(counted, context)) for sent, counted in pairs])
    really = [sent for sent, counted in pairs if counted > context]
    assert len(really) / 3 <= len(found) <= len(really)
    assert {counted for _, counted in found} == {context}


def test_one_prompt_of_many_that_is_far_beyond_the_others() -> None:
    usual = [(2_000 + 100 * n, 600 + 30 * n) for n in range(12)]
    assert cut([*usual, (12_000, 2_048)]) == [(12_000, 2_048)]
    assert cut([*usual, (8_000, 2_048)]) == []  # 3.9 bytes a token: an ordinary text


def test_a_single_prompt_is_cut_beyond_ten_bytes_a_token() -> None:
    assert cut([(25_571, 2_050)]) == [(25_571, 2_050)]
    assert cut([(15_000, 2_050)]) == []  # nothing to compare it with
    assert cut([(900, 20)]) == []
    assert cut([(25_571, 0)]) == []


def test_a_server_that_drops_half_of_a_prompt() -> None:
    usual = [(4_000 + 100 * n, 1_200 + 30 * n) for n in range(12)]
    halves = [(15_000, 2_100), (16_000, 1_500)]
    assert cut([*usual, *halves]) == halves


def test_what_a_server_has_cached_and_does_not_count_was_not_cut() -> None:
    assert cut([(9_000, 2_700), *((9_000 + 10 * n, 150 + 9 * n) for n in range(20))]) == []


def test_prompts_of_one_length_have_one_count() -> None:
    assert cut([(4_000 + n, 1_200) for n in range(20)]) == []


def test_chance_is_no_plateau() -> None:
    """Two long prompts as one that is shorter; a third, as long, counts otherwise, or is a sample of the same query."""
    assert cut([(8_000, 2_500), *[(10_100, 2_500)] * 5, *[(10_200, 2_499)] * 5]) == []
    assert cut([(8_000, 2_500), (10_100, 2_500), (10_200, 2_499), (10_300, 2_300), (10_400, 2_498)]) == []
