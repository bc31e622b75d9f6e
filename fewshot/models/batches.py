"""Which texts are run together: alike in length, as many as fit into a budget of tokens.

>>> batches([9, 1, 8, 2], budget=18)
[[0, 2], [3, 1]]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

TOKENS = 8192
"""The default budget of a batch: padded tokens, rows × longest."""


def batches(lengths: Sequence[int], *, budget: int = TOKENS, most: int = 256) -> list[list[int]]:
    """Indices in batches, longest first (what does not fit into memory fails at once). A text that is longer than
    the budget is a batch of its own."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    groups: list[list[int]] = []
    for i in order:
        widest = lengths[groups[-1][0]] if groups else 0
        if groups and len(groups[-1]) < most and widest * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def padded(rows: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Tensor, Tensor]:
    """Ids and attention mask, both (rows, longest), of rows of unequal length."""
    import torch

    widest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (widest - len(row))] for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (widest - len(row)) for row in rows], device=device)
    return ids, mask
