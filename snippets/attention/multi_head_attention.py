"""Multi-head attention: scaled products, several lookups side by side.

Source: Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and
    Polosukhin, "Attention Is All You Need", NeurIPS 2017, arXiv 1706.03762,
    section 3.2, eq. 1.
Differs from the paper:
    - no dropout on the weights
    - the memory may have a width of its own
Checked against: torch.nn.MultiheadAttention,
    torch.nn.functional.scaled_dot_product_attention
Torch versions: 2.13.0
Dimensions: B batch, T queries, S entries of the memory, D width, E memory
    width, H heads, K head width (d_k = d_v).
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


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, visible: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Mix values by how well their keys fit each query.

    Args:
        query: what is asked for.
        key: what entries are found by.
        value: what entries hand over.
        visible: True where a query may look, (..., T, S); all without it.

    Shape:
        query (..., T, K), key (..., S, K), value (..., S, K)
        -> mixed (..., T, K), weights (..., T, S)

    Source: Vaswani et al. 2017, eq. 1.
    """
    # softmax(Q Kᵀ / √K) V
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if visible is not None:
        scores = scores.masked_fill(~visible, -torch.inf)
    weights = scores.softmax(dim=-1)
    return weights @ value, weights


class MultiHeadAttention(nn.Module):
    """Several lookups in one memory, each in a space of its own.

    Args:
        width: features of a query and of what comes out, a multiple of heads.
        heads: lookups side by side, at least 1.
        memory_width: features of an entry of the memory; `width` without it.
        causal: whether the queries are the memory's last entries, and none
            sees one after itself.
        fused: whether one kernel of torch computes what is spelled out here;
            it keeps no weights.

    Shape:
        query (B, T, D), memory (B, S, E), mask (B, S)
        -> outputs (B, T, D), weights (B, H, T, S) or None

    Raises:
        ValueError: a size below 1, or a width that heads do not divide.

    Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        memory_width: int | None = None,
        causal: bool = False,
        fused: bool = True,
    ) -> None:
        super().__init__()
        memory_width = width if memory_width is None else memory_width
        _check_at_least_one("width", width)
        _check_at_least_one("heads", heads)
        _check_at_least_one("memory_width", memory_width)
        if width % heads:
            raise ValueError(f"expected a width of {heads} heads, got {width}")
        self.width, self.memory_width = width, memory_width
        self.heads, self.causal, self.fused = heads, causal, fused
        self.query_projection = nn.Linear(width, width, bias=False)
        self.key_projection = nn.Linear(memory_width, width, bias=False)
        self.value_projection = nn.Linear(memory_width, width, bias=False)
        self.output_projection = nn.Linear(width, width, bias=False)

    def split(self, projected: Tensor) -> Tensor:
        """Cut every vector into heads.

        Args:
            projected: queries, keys or values of all heads.

        Shape:
            projected (B, S, D) -> heads (B, H, S, K)
        """
        B, S, D = projected.shape
        H, K = self.heads, D // self.heads
        heads = projected.view(B, S, H, K).transpose(1, 2)  # (B, H, S, K)
        return heads

    def forward(
        self,
        query: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Answer queries from a memory, or from among themselves.

        Args:
            query: who asks.
            memory: who answers (cross-attention); the queries themselves
                without it (self-attention).
            mask: True where there is something to see, False at padding;
                every query has to see at least one entry.

        Shape:
            query (B, T, D), memory (B, S, E), mask (B, S)
            -> outputs (B, T, D), weights (B, H, T, S) or None

        Raises:
            ValueError: sizes that do not fit each other or the module, or a
                mask that is not boolean.
        """
        B, T, D = query.shape
        memory = query if memory is None else memory
        S = memory.shape[1]
        _check_at_least_one("entries", S)
        _check_equal("query width", D, self.width)
        _check_equal("memory", tuple(memory.shape), (B, S, self.memory_width))
        if self.causal and S < T:
            raise ValueError(f"expected at least {T} entries, got {S}")
        asked = self.split(self.query_projection(query))  # (B, H, T, K)
        keys = self.split(self.key_projection(memory))  # (B, H, S, K)
        values = self.split(self.value_projection(memory))  # (B, H, S, K)
        visible = None
        if self.causal:  # query t stands at place S - T + t
            every = query.new_ones(T, S, dtype=torch.bool)  # (T, S)
            visible = every.tril(S - T)  # (T, S)
        if mask is not None:
            _check_equal("mask shape", tuple(mask.shape), (B, S))
            if mask.dtype != torch.bool:  # the kernel would add numbers
                raise ValueError(f"expected a mask of bool, got {mask.dtype}")
            real = mask.view(B, 1, 1, S)  # (B, 1, 1, S)
            visible = real if visible is None else visible & real
        if self.fused:
            kernel = nn.functional.scaled_dot_product_attention
            mixed, weights = kernel(asked, keys, values, visible), None
        else:
            parts = (asked, keys, values, visible)
            mixed, weights = scaled_dot_product_attention(*parts)
        # Concat(head_1, ..., head_H) W_O
        merged = mixed.transpose(1, 2).reshape(B, T, D)  # (B, T, D)
        outputs = self.output_projection(merged)  # (B, T, D)
        return outputs, weights


def example(
    *,
    batch: int = 2,
    queries: int = 3,
    entries: int = 7,
    heads: int = 4,
    head_width: int = 5,
    memory_width: int = 6,
    causal: bool = False,
    fused: bool = True,
) -> tuple[MultiHeadAttention, tuple[Tensor, Tensor, Tensor]]:
    """Build a tiny cross-attention; the second half of row 0 is padding.

    Args:
        batch: sequences.
        queries: of each sequence.
        entries: of each sequence's memory.
        heads: lookups side by side.
        head_width: features of a head.
        memory_width: features of an entry.
        causal: whether no query sees an entry after itself.
        fused: whether one kernel of torch computes the attention.

    Shape:
        () -> MultiHeadAttention, (query (B, T, D), memory (B, S, E),
        mask (B, S))
    """
    width = heads * head_width
    flags = {"causal": causal, "fused": fused}
    module = MultiHeadAttention(
        width=width, heads=heads, memory_width=memory_width, **flags
    )
    mask = torch.ones(batch, entries, dtype=torch.bool)
    mask[0, (entries + 1) // 2 :] = False
    query = torch.randn(batch, queries, width)
    return module, (query, torch.randn(batch, entries, memory_width), mask)


if __name__ == "__main__":
    module, inputs = example()
    outputs, _ = module(*inputs)
    print(tuple(outputs.shape))
