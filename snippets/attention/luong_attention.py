"""Luong attention: a product for a score, over all that was read or a window.

Source: Luong, Pham and Manning, "Effective Approaches to Attention-based
    Neural Machine Translation", EMNLP 2015, arXiv 1508.04025, eq. 5 to 10.
Differs from the paper:
    - the attention alone: whether the last answer is fed to the decoder's
      next step (section 3.3) is the decoder's affair
    - no score by location alone (eq. 8)
    - a window hides scores that were computed; the paper's computes no others
    - positions count from 0; local-m follows the step and stays at the last
      entry where the sentence that is written outgrows the one that was read
    - W_a of "general" and the weights of "concat" stand in linear layers
      without a bias, which start as torch starts them
    - a mask, so that sentences of several lengths can share a batch
Checked against: keras.layers.Attention, keras.layers.AdditiveAttention
Torch versions: 2.13.0
Dimensions: B batch, T queries, S entries of the memory, D query width, E memory
    width, K width of the comparison in "concat".
SPDX: MIT
"""

import torch
from torch import Tensor, nn

SCORES = ("dot", "general", "concat")  # section 3.1
REACHES = ("global", "local-m", "local-p")  # sections 3.1 and 3.2


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


class Score(nn.Module):
    """How well every query fits every entry: one of three formulas.

    Args:
        kind: "dot", "general" or "concat".
        query_width: features of a query.
        memory_width: features of an entry; as many as of a query for "dot".
    """

    def __init__(self, kind: str, query_width: int, memory_width: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "general":
            self.bilinear = nn.Linear(memory_width, query_width, bias=False)
        if kind == "concat":
            both = query_width + memory_width
            self.hidden = nn.Linear(both, query_width, bias=False)
            self.weight = nn.Linear(query_width, 1, bias=False)

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        """Compare all with all.

        Args:
            query: what is asked for.
            memory: what was read.

        Shape:
            query (B, T, D), memory (B, S, E) -> scores (B, T, S)
        """
        if self.kind == "dot":  # h_tᵀ h_s
            return query @ memory.mT
        if self.kind == "general":  # h_tᵀ W_a h_s
            keys: Tensor = self.bilinear(memory)
            return query @ keys.mT
        # v_aᵀ tanh(W_a [h_t; h_s]), with W_a in its two halves
        D = query.shape[2]
        asked, found = self.hidden.weight[:, :D], self.hidden.weight[:, D:]
        halves = (query @ asked.T).unsqueeze(2), (memory @ found.T).unsqueeze(1)
        scores: Tensor = self.weight(torch.tanh(halves[0] + halves[1]))
        return scores.squeeze(3)


class LuongAttention(nn.Module):
    """Look up in a memory, everywhere or near one place, and blend it in.

    Args:
        query_width: features of a query and of what comes out, at least 1.
        memory_width: features of an entry of the memory, at least 1.
        score: "dot" compares directly, "general" through a matrix, "concat"
            with a small network.
        reach: "global" sees all entries, "local-m" those around the place of
            the query's own step, "local-p" those around a place it predicts.
        window: entries to each side that a local reach sees (the paper's D).

    Shape:
        query (B, T, D), memory (B, S, E), mask (B, S)
        -> outputs (B, T, D), weights (B, T, S)

    Raises:
        ValueError: an unknown kind, a size below 1, unequal widths for "dot".

    Source: Luong et al. 2015.
    """

    def __init__(
        self,
        *,
        query_width: int,
        memory_width: int,
        score: str = "general",
        reach: str = "global",
        window: int = 10,  # section 4.1
    ) -> None:
        super().__init__()
        for name, size in (
            ("query_width", query_width),
            ("memory_width", memory_width),
            ("window", window),
        ):
            _check_at_least_one(name, size)
        for known, kind in ((SCORES, score), (REACHES, reach)):
            if kind not in known:
                raise ValueError(f"expected one of {known}, got {kind!r}")
        if score == "dot":
            _check_equal("memory width of dot", memory_width, query_width)
        self.query_width, self.memory_width = query_width, memory_width
        self.reach, self.window = reach, window
        self.score = Score(score, query_width, memory_width)
        if reach == "local-p":
            self.place_hidden = nn.Linear(query_width, query_width, bias=False)
            self.place_weight = nn.Linear(query_width, 1, bias=False)
        both = memory_width + query_width
        self.blend = nn.Linear(both, query_width, bias=False)

    def place(self, query: Tensor, lengths: Tensor, first: int) -> Tensor:
        """Say around which position of the memory each query looks.

        Args:
            query: what is asked for.
            lengths: entries of each memory that are no padding.
            first: the step of the first query.

        Shape:
            query (B, T, D), lengths (B) -> centre (B, T)
        """
        B, T, _ = query.shape
        ends = lengths.unsqueeze(1)  # (B, 1)
        if self.reach == "local-m":  # p_t = t
            steps = torch.arange(first, first + T, device=query.device)
            return steps.expand(B, T).minimum(ends - 1)
        # p_t = S sigmoid(v_pᵀ tanh(W_p h_t)), eq. 9; half the digits blur it
        exact = torch.promote_types(query.dtype, torch.float32)
        hidden = torch.tanh(self.place_hidden(query))
        drawn = self.place_weight(hidden).squeeze(2).to(exact)  # (B, T)
        return ends * torch.sigmoid(drawn)

    def forward(
        self,
        query: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        *,
        first: int = 0,
    ) -> tuple[Tensor, Tensor]:
        """Answer queries from a memory.

        Args:
            query: a decoder's hidden vectors, after their step.
            memory: what was read.
            mask: True where there is something to see, which must be somewhere
                in every row; padding at the end.
            first: the step of the first query, at least 0, for one that comes
                alone.

        Shape:
            query (B, T, D), memory (B, S, E), mask (B, S)
            -> outputs (B, T, D), weights (B, T, S)

        Raises:
            ValueError: sizes that do not fit each other or the module.
        """
        B, _, D = query.shape
        S = memory.shape[1]
        _check_at_least_one("entries", S)
        _check_equal("query width", D, self.query_width)
        _check_equal("memory", tuple(memory.shape), (B, S, self.memory_width))
        if mask is None:
            mask = query.new_ones(B, S, dtype=torch.bool)
        _check_equal("mask shape", tuple(mask.shape), (B, S))
        visible = mask.unsqueeze(1)  # (B, 1, S)
        scores = self.score(query, memory)  # (B, T, S)
        if self.reach != "global":
            centre = self.place(query, mask.sum(1), first)  # (B, T)
            positions = torch.arange(S, device=query.device)  # (S)
            distance = positions - centre.unsqueeze(2)  # (B, T, S)
            visible = visible & (distance.abs() <= self.window)  # (B, T, S)
        # a_t(s) = softmax(score(h_t, h_s)), eq. 7, over what is visible
        hidden_away = scores.masked_fill(~visible, -torch.inf)
        weights = hidden_away.softmax(dim=2)  # (B, T, S)
        if self.reach == "local-p":
            # a_t(s) exp(-(s - p_t)² / 2σ²), eq. 10, with σ = D/2
            spread = self.window / 2
            bell = torch.exp(-(distance**2) / (2 * spread**2))
            weights = weights * bell.to(weights)
        context = weights @ memory  # (B, T, E)
        # h̃_t = tanh(W_c [c_t; h_t]), eq. 5
        both = torch.cat([context, query], dim=2)  # (B, T, D+E)
        outputs = torch.tanh(self.blend(both))  # (B, T, D)
        return outputs, weights


def example(
    *,
    batch: int = 2,
    queries: int = 3,
    entries: int = 7,
    query_width: int = 5,
    memory_width: int = 4,
    score: str = "general",
    reach: str = "local-p",
) -> tuple[LuongAttention, tuple[Tensor, Tensor, Tensor]]:
    """Build a tiny module and an input; the second half of row 0 is padding.

    Args:
        batch: sequences.
        queries: of each sequence.
        entries: of each sequence's memory.
        query_width: features of a query.
        memory_width: features of an entry.
        score: formula of the score.
        reach: where a query may look.

    Shape:
        () -> LuongAttention, (query (B, T, D), memory (B, S, E), mask (B, S))
    """
    module = LuongAttention(
        query_width=query_width,
        memory_width=memory_width,
        score=score,
        reach=reach,
        window=2,
    )
    mask = torch.ones(batch, entries, dtype=torch.bool)
    mask[0, (entries + 1) // 2 :] = False
    query = torch.randn(batch, queries, query_width)
    return module, (query, torch.randn(batch, entries, memory_width), mask)


if __name__ == "__main__":
    module, inputs = example()
    outputs, weights = module(*inputs)
    print(tuple(outputs.shape), weights.sum(-1))
