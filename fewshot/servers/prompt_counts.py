"""Which prompts a server has cut, told from the tokens that it counts: no server says so.

    bytes sent  6,000  9,000  12,000  25,571        tokens counted  1,800  2,048  2,048  2,048

>>> counts = PromptCounts()
>>> for sent, tokens in ((6_000, 1_800), (9_000, 2_048), (12_000, 2_048), (12_500, 2_048), (25_571, 2_048)):
...     counts.note(sent, tokens)
>>> counts.cut()
[(12000, 2048), (12500, 2048), (25571, 2048)]

What can be known without the server's tokenizer: prompts of one run are alike. In recorded runs of real models
(`fewshot/corpus/recorded`) their bytes a token lie within 10% of the run's median, and between 2.9 and 3.9 in all. A
prompt was cut if it has more than 10 bytes a token; or 1.6 times as many as the shorter half of the run's prompts; or
if all prompts from some length on are counted as the same number, the largest of all, which is then the context. Of a
few prompts that lack a little nothing can be known.

A prompt that was cut fills its context, or half of it (Ollama drops half at once). What is counted as less than half of
another prompt was therefore not cut: such a server leaves out what it has cached.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from fewshot.text.tokens import BYTES_PER_TOKEN

_CUT = 10
"""Bytes a token beyond any text: English has 4 to 5, tagged legends 2.5 to 4. A judgement."""

_BEYOND = 1.6
"""Times the bytes a token of the other prompts. Real ones differ by a tenth; the rest is for unlike texts."""

_OTHERS = 5
"""Prompts from which the usual bytes a token are told, at least. A judgement."""

_LONG_ENOUGH = 1_000
"""Bytes of a prompt that is looked at: a few words may well be counted as one token."""

_LONGER = 1.1
"""Times the length of a prompt from which on another is surely counted as more, unless both were cut."""

_SAME = 2  # tokens by which the counts of cut prompts differ: special tokens at an edge
_ENOUGH_LONGER = 3  # lengths of prompts that must be counted as the same number before that is no chance


@dataclass(slots=True)
class PromptCounts:
    """Bytes sent and tokens counted of the prompts of one run."""

    pairs: list[tuple[int, int]] = field(default_factory=list)

    def note(self, sent: int, counted: int | None) -> None:
        """Adds a prompt; one that was not counted, or is too short to tell, says nothing."""
        if counted and sent >= _LONG_ENOUGH:
            self.pairs.append((sent, counted))

    def cut(self) -> list[tuple[int, int]]:
        """The prompts that were cut, by length."""
        if not self.pairs:
            return []
        largest = max(counted for _, counted in self.pairs)
        most = self._usual() * _BEYOND
        beyond = {pair for pair in self.pairs if pair[0] > pair[1] * most and 2 * pair[1] >= largest}
        found = beyond | self._same(largest)
        return sorted(pair for pair in self.pairs if pair in found)

    def notice(self) -> str | None:
        """The line about prompts that were cut; `None` if none was."""
        cut = self.cut()
        if not cut:
            return None
        sent, counted = cut[-1]
        tokens = sent // BYTES_PER_TOKEN
        return (
            f"the server has cut {len(cut)} prompts: one of {sent:,} bytes (some {tokens:,} tokens) was counted as "
            f"{counted:,} tokens; enlarge its context (docs/servers.md), or say --context {counted}"
        )

    def _usual(self) -> float:
        """The bytes a token of the shorter half, so that `_BEYOND` times as many are too many."""
        ordered = sorted(self.pairs)
        shorter = ordered[: len(ordered) // 2]
        if len(shorter) < _OTHERS:
            return _CUT / _BEYOND
        return min(median(sent / counted for sent, counted in shorter), _CUT / _BEYOND)

    def _same(self, largest: int) -> set[tuple[int, int]]:
        """The prompts that are clearly longer than another one and count no more, if so do all of that length."""
        shortest = min(sent for sent, counted in self.pairs if counted >= largest - _SAME)
        longer = [pair for pair in self.pairs if pair[0] >= _LONGER * shortest]
        lengths = {sent for sent, _ in longer}  # the samples of one query have one
        same = len(lengths) >= _ENOUGH_LONGER and all(counted >= largest - _SAME for _, counted in longer)
        return set(longer) if same else set()
