"""Attention of keras behind torch projections, and Luong's written out in loops."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

os.environ["KERAS_BACKEND"] = "torch"  # before keras is imported; it asks only once

import keras
import torch
from torch import Tensor, nn

# A class below that only puts projections or masks around a layer of another library
# bears the name of that layer, under which the record keeps the comparison.
Pair = tuple[Tensor, Tensor]


def _ask(
    kind: type[keras.layers.Layer],
    parts: list[Tensor],
    mask: Tensor | None,
    scale: Tensor | None = None,
) -> Pair:
    """Call a layer of keras on query, value and key, with `scale` for its weight.

    The layer is built anew at each call, since keras copies layers through files.
    It works in float64, but multiplies matrices in float32 at most: there the
    context is made of its weights by torch.
    """
    before = keras.config.floatx()
    keras.config.set_floatx(str(parts[0].dtype).removeprefix("torch."))
    try:
        layer = kind(dtype=keras.config.floatx())
        layer.build([tuple(part.shape) for part in parts])
        if scale is not None:
            object.__setattr__(layer, "scale", scale)
        masks = None if mask is None else [None, mask, None]
        context, weights = layer(parts, mask=masks, return_attention_scores=True)
    finally:
        keras.config.set_floatx(before)
    if context.dtype != parts[1].dtype:
        context = torch.einsum("bts,bse->bte", weights, parts[1])
    return context, weights


class KerasAdditive(nn.Module):
    """keras.layers.AdditiveAttention between two projections, which it lacks.

    Its `scale` is the paper's v; W and U are matrices with a row a feature.
    """

    __module__, __qualname__ = "keras.layers", "AdditiveAttention"  # see above

    def __init__(self, query_width: int, memory_width: int, width: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(query_width, width))
        self.U = nn.Parameter(torch.randn(memory_width, width))
        self.scale = nn.Parameter(torch.randn(width))

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None = None
    ) -> Pair:
        """As ours, in the order of keras: query, value, key."""
        parts = [query @ self.W, memory, memory @ self.U]
        return _ask(keras.layers.AdditiveAttention, parts, mask, self.scale)


class KerasLuong(nn.Module):
    """Global attention with keras' layers for the scores and the lookup.

    The score "general" is a product with projected entries, "concat" keras'
    additive one after the two halves of W_a.
    """

    __module__, __qualname__ = "keras.layers", "Attention"

    def __init__(self, score: str, query_width: int, memory_width: int) -> None:
        super().__init__()
        self.score, D, E = score, query_width, memory_width
        if score == "general":
            self.W_a = nn.Parameter(torch.randn(D, E))
        if score == "concat":
            self.W_a = nn.Parameter(torch.randn(D + E, D))
            self.scale = nn.Parameter(torch.randn(D))
        self.W_c = nn.Parameter(torch.randn(E + D, D))

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None = None
    ) -> Pair:
        """As ours."""
        D, keys = query.shape[2], memory
        if self.score == "general":
            keys = torch.einsum("bse,de->bsd", memory, self.W_a)
        if self.score == "concat":
            parts = [query @ self.W_a[:D], memory, memory @ self.W_a[D:]]
            kind, scale = keras.layers.AdditiveAttention, self.scale
        else:
            parts, kind, scale = [query, memory, keys], keras.layers.Attention, None
        context, weights = _ask(kind, parts, mask, scale)
        return torch.tanh(torch.cat([context, query], 2) @ self.W_c), weights


class KerasConcat(KerasLuong):
    """The score whose layer of keras is the additive one."""

    __module__, __qualname__ = "keras.layers", "AdditiveAttention"


class LoopLuong(nn.Module):
    """Eq. 5 to 10, one query and one entry at a time, columns instead of rows."""

    def __init__(
        self, score: str, reach: str, window: int, query_width: int, memory_width: int
    ) -> None:
        super().__init__()
        self.score, self.reach, self.window = score, reach, window
        D, E = query_width, memory_width
        shapes = {"W_c": (D, E + D)}
        if score == "general":
            shapes["W_a"] = (D, E)
        if score == "concat":
            shapes |= {"W_a": (D, D + E), "v_a": (D,)}
        if reach == "local-p":
            shapes |= {"W_p": (D, D), "v_p": (D,)}
        for symbol, shape in shapes.items():
            self.register_parameter(symbol, nn.Parameter(torch.randn(shape) / 2))

    def compare(self, h_t: Tensor, h_s: Tensor) -> Tensor:
        """score(h_t, h_s), eq. 8."""
        if self.score == "dot":
            return sum(a * b for a, b in zip(h_t, h_s, strict=True))
        if self.score == "general":
            return torch.einsum("i,ij,j->", h_t, self.W_a, h_s)
        return torch.dot(self.v_a, torch.tanh(self.W_a @ torch.cat([h_t, h_s])))

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None = None, first: int = 0
    ) -> Pair:
        """As ours."""
        B, T, _ = query.shape
        S = memory.shape[1]
        weights = torch.zeros(B, T, S, dtype=query.dtype)
        rows = []
        for b in range(B):
            n = S if mask is None else int(mask[b].sum())
            for t in range(T):
                h = query[b, t]
                if self.reach == "local-m":
                    p = torch.tensor(float(min(first + t, n - 1)))
                elif self.reach == "local-p":
                    drawn = torch.dot(self.v_p, torch.tanh(self.W_p @ h))
                    p = n / (1 + torch.exp(-drawn))
                near = range(n)
                if self.reach != "global":
                    near = [s for s in near if abs(s - p.item()) <= self.window]
                shares = [self.compare(h, memory[b, s]).exp() for s in near]
                c = torch.zeros_like(memory[0, 0])
                for s, share in zip(near, shares, strict=True):
                    a = share / sum(shares)
                    if self.reach == "local-p":
                        sigma = self.window / 2
                        a = a * torch.exp(-((s - p) ** 2) / (2 * sigma**2))
                    weights[b, t, s] = a
                    c = c + a * memory[b, s]
                rows.append(torch.tanh(self.W_c @ torch.cat([c, h])))
        return torch.stack(rows).view(B, T, -1), weights


class TorchHeads(nn.Module):
    """nn.MultiheadAttention with our masks: True is what can be seen."""

    __module__, __qualname__ = "torch.nn", "MultiheadAttention"

    def __init__(
        self, width: int, heads: int, memory_width: int, causal: bool = False
    ) -> None:
        super().__init__()
        widths = {"kdim": memory_width, "vdim": memory_width}
        options = {"bias": False, "batch_first": True}
        self.layer = nn.MultiheadAttention(width, heads, **options, **widths)
        self.causal = causal

    def forward(
        self, query: Tensor, memory: Tensor | None = None, mask: Tensor | None = None
    ) -> Pair:
        """As ours, with the weights of every head."""
        memory = query if memory is None else memory
        T, S = query.shape[1], memory.shape[1]
        later = torch.ones(T, S, dtype=torch.bool).triu(S - T + 1)
        hidden = None if mask is None else ~mask
        masks = {
            "key_padding_mask": hidden,
            "attn_mask": later if self.causal else None,
        }
        return self.layer(query, memory, memory, average_attn_weights=False, **masks)


def loop_attention(
    query: Tensor, key: Tensor, value: Tensor, visible: Tensor
) -> Tensor:
    """Eq. 1 of the transformer for one head, number by number."""
    T, K = query.shape
    mixed = []
    for t in range(T):
        near = [s for s in range(len(key)) if visible[t, s]]
        scores = [float(torch.dot(query[t], key[s])) / math.sqrt(K) for s in near]
        shares = [math.exp(score) for score in scores]
        total = sum(shares)
        rows = [a / total * value[s] for a, s in zip(shares, near, strict=True)]
        mixed.append(torch.stack(rows).sum(0))
    return torch.stack(mixed)


def copy_additive(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map W, U and keras' scale to our linear layers."""
    return {
        "query_projection.weight": theirs["W"].T,
        "memory_projection.weight": theirs["U"].T,
        "score.weight": theirs["scale"][None],
    }


def copy_keras_luong(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map what stands beside keras' layer."""
    ours = {"blend.weight": theirs["W_c"].T}
    if "scale" in theirs:
        ours["score.hidden.weight"] = theirs["W_a"].T
        ours["score.weight.weight"] = theirs["scale"][None]
    elif "W_a" in theirs:
        ours["score.bilinear.weight"] = theirs["W_a"]
    return ours


def copy_luong(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the paper's symbols."""
    ours = {"blend.weight": theirs["W_c"]}
    if "v_a" in theirs:
        ours["score.hidden.weight"] = theirs["W_a"]
        ours["score.weight.weight"] = theirs["v_a"][None]
    elif "W_a" in theirs:
        ours["score.bilinear.weight"] = theirs["W_a"]
    if "W_p" in theirs:
        ours["place_hidden.weight"] = theirs["W_p"]
        ours["place_weight.weight"] = theirs["v_p"][None]
    return ours


def copy_torch(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map nn.MultiheadAttention, which packs equal widths in one matrix."""
    theirs = {name.removeprefix("layer."): weight for name, weight in theirs.items()}
    if "in_proj_weight" in theirs:
        parts = theirs["in_proj_weight"].chunk(3)
    else:
        parts = tuple(theirs[f"{part}_proj_weight"] for part in "qkv")
    names = ("query_projection", "key_projection", "value_projection")
    ours = {f"{name}.weight": w for name, w in zip(names, parts, strict=True)}
    return ours | {"output_projection.weight": theirs["out_proj.weight"]}
