"""Additive attention: a learned soft lookup, scored by a small network.

Source: Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly
    Learning to Align and Translate", ICLR 2015, arXiv 1409.0473, eq. 5 and 6
    and appendix A.1.2.
Differs from the paper:
    - the attention alone, without the recurrent networks at its two sides
    - a mask, so that sentences of several lengths can share a batch
    - linear layers start as torch starts them, not as appendix B says
Checked against: keras.layers.AdditiveAttention
Torch versions: 2.13.0
Dimensions: B batch, T queries, S entries of the memory (T_x in the paper), D
    query width (n), E memory width (2n), K width of the comparison (n').
SPDX: MIT
"""

import torch
from torch import Tensor, nn


# Same as: recurrent/lstm.py::_check_at_least_one
def _check_at_least_one(name: str, size: int) -> None:
    """Raise ValueError for a size below one."""
    if size < 1:
        raise ValueError(f"expected {name} of at least 1, got {size}")


# Same as: recurrent/lstm.py::_check_equal
def _check_equal(
    name: str, found: int | tuple[int, ...], expected: int | tuple[int, ...]
) -> None:
    """Raise ValueError for a size that might broadcast silently."""
    if found != expected:
        raise ValueError(f"expected {name} {expected}, got {found}")


class AdditiveAttention(nn.Module):
    """Look up in a memory what fits a query; tanh layer, then softmax.

    Args:
        query_width: features of a query, at least 1.
        memory_width: features of an entry of the memory, at least 1.
        width: features in which the two are compared, at least 1.

    Shape:
        query (B, T, D), memory (B, S, E), mask (B, S)
        -> context (B, T, E), weights (B, T, S)

    Raises:
        ValueError: a size is below 1.

    Source: Bahdanau et al. 2014, eq. 5 and 6.
    """

    def __init__(
        self,
        *,
        query_width: int,
        memory_width: int,
        width: int,
    ) -> None:
        super().__init__()
        _check_at_least_one("query_width", query_width)
        _check_at_least_one("memory_width", memory_width)
        _check_at_least_one("width", width)
        self.query_width = query_width
        self.memory_width = memory_width
        self.query_projection = nn.Linear(query_width, width, bias=False)
        self.memory_projection = nn.Linear(memory_width, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def prepare(self, memory: Tensor) -> Tensor:
        """Compute the memory's half of the comparison, for every query to come.

        Args:
            memory: what was read.

        Shape:
            memory (B, S, E) -> keys (B, S, K)

        Raises:
            ValueError: no entry, or a width that is not the module's.
        """
        _, S, E = memory.shape
        _check_at_least_one("entries", S)
        _check_equal("memory width", E, self.memory_width)
        keys: Tensor = self.memory_projection(memory)  # (B, S, K)
        return keys

    def forward(
        self,
        query: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        keys: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Answer queries from a memory.

        Args:
            query: what is asked for, such as a decoder's last hidden vector.
            memory: what was read.
            mask: True where there is something to see, which must be somewhere
                in every row; all can be seen without it.
            keys: `prepare(memory)`, for a decoder that asks again and again;
                computed without it.

        Shape:
            query (B, T, D), memory (B, S, E), mask (B, S), keys (B, S, K)
            -> context (B, T, E), weights (B, T, S)

        Raises:
            ValueError: sizes that do not fit each other or the module.
        """
        B, _, D = query.shape
        keys = self.prepare(memory) if keys is None else keys  # (B, S, K)
        S, K = keys.shape[1], self.query_projection.out_features
        _check_equal("query width", D, self.query_width)
        _check_equal("memory", tuple(memory.shape), (B, S, self.memory_width))
        _check_equal("keys", tuple(keys.shape), (B, S, K))
        # e_ij = vᵀ tanh(W s_{i-1} + U h_j), appendix A.1.2
        asked = self.query_projection(query).unsqueeze(2)  # (B, T, 1, K)
        match = torch.tanh(asked + keys.unsqueeze(1))  # (B, T, S, K)
        scores = self.score(match).squeeze(3)  # (B, T, S)
        if mask is not None:
            _check_equal("mask shape", tuple(mask.shape), (B, S))
            scores = scores.masked_fill(~mask.unsqueeze(1), -torch.inf)
        # α_ij = exp(e_ij) / Σ_k exp(e_ik), eq. 6;   c_i = Σ_j α_ij h_j, eq. 5
        weights = scores.softmax(dim=2)  # (B, T, S)
        context = weights @ memory  # (B, T, E)
        return context, weights


def example(
    *,
    batch: int = 2,
    queries: int = 3,
    entries: int = 7,
    query_width: int = 5,
    memory_width: int = 4,
    width: int = 6,
) -> tuple[AdditiveAttention, tuple[Tensor, Tensor, Tensor]]:
    """Build a tiny module and an input; the second half of row 0 is padding.

    Args:
        batch: sequences.
        queries: of each sequence.
        entries: of each sequence's memory.
        query_width: features of a query.
        memory_width: features of an entry.
        width: features in which the two are compared.

    Shape:
        () -> AdditiveAttention, (query (B, T, D), memory (B, S, E),
        mask (B, S))
    """
    module = AdditiveAttention(
        query_width=query_width, memory_width=memory_width, width=width
    )
    mask = torch.ones(batch, entries, dtype=torch.bool)
    mask[0, (entries + 1) // 2 :] = False
    query = torch.randn(batch, queries, query_width)
    return module, (query, torch.randn(batch, entries, memory_width), mask)


if __name__ == "__main__":
    module, inputs = example()
    context, weights = module(*inputs)
    print(tuple(context.shape), weights.sum(-1))
