"""nn.Transformer between embeddings of our own, and how its weights map to ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

V, W, D, F, L, H = 11, 13, 24, 9, 3, 4  # words read and written, widths, layers, heads
SUBLAYERS = {
    "encoder": {"norm1": "attention_norm", "norm2": "feed_forward_norm"},
    "decoder": {
        "norm1": "attention_norm",
        "norm2": "cross_norm",
        "norm3": "feed_forward_norm",
    },
}
ATTENTIONS = {"self_attn": "attention", "multihead_attn": "cross_attention"}
LINEARS = {"linear1": "expansion", "linear2": "contraction"}


def waves(first: int, tokens: int, width: int) -> Tensor:
    """Section 3.5 of the paper, one number after the other, in float64."""
    rows = []
    for place in range(first, first + tokens):
        row = []
        for feature in range(width):
            angle = place / math.pow(10000, 2 * (feature // 2) / width)
            row.append(math.cos(angle) if feature % 2 else math.sin(angle))
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float64)


class Reference(nn.Module):
    """Words to scores by PyTorch's own stacks, of our sizes or of others."""

    def __init__(self, *, norm_first: bool = False, shared: bool = False, **other: int):
        super().__init__()
        sizes = {"d_model": D, "nhead": H, "dim_feedforward": F}
        sizes |= {"num_encoder_layers": L, "num_decoder_layers": L} | other
        self.source = nn.Embedding(V, sizes["d_model"])
        self.target = self.source if shared else nn.Embedding(W, sizes["d_model"])
        options = {"dropout": 0.0, "batch_first": True, "norm_first": norm_first}
        self.core = nn.Transformer(**sizes, **options)
        if not norm_first:  # torch ends with a norm in both orders, the paper does not
            self.core.encoder.norm = self.core.decoder.norm = None

    def forward(
        self, source: Tensor, target: Tensor, *more: Any, **ways: Any
    ) -> Tensor:
        """Score; `ways` go to nn.Transformer."""
        tables = (self.source.weight, self.target.weight)
        return score(self.core, tables, source, target, *more, **ways)


def score(
    core: nn.Module,
    tables: tuple[Tensor, Tensor],
    source: Tensor,
    target: Tensor,
    visible: Tensor | None = None,
    **ways: Any,
) -> Tensor:
    """Words to scores by an nn.Transformer between two tables of words."""
    T, root = target.shape[1], math.sqrt(tables[0].shape[1])
    read, written = tables[0][source] * root, tables[1][target] * root
    hidden = core(
        read + waves(0, source.shape[1], tables[0].shape[1]).to(read),
        written + waves(0, T, tables[0].shape[1]).to(read),
        tgt_mask=torch.full((T, T), -torch.inf).triu(1).to(read),
        src_key_padding_mask=None if visible is None else ~visible,
        memory_key_padding_mask=None if visible is None else ~visible,
        **ways,
    )
    return hidden @ tables[1].T


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names one by one; PyTorch packs queries, keys and values."""
    ours = {
        "source_embedding.weight": theirs["source.weight"],
        "target_embedding.weight": theirs["target.weight"],
    }
    for stack, norms in SUBLAYERS.items():
        layers = sum(
            n.startswith(f"core.{stack}.") and n.endswith("norm1.bias") for n in theirs
        )
        for kind in ("weight", "bias"):
            if f"core.{stack}.norm.{kind}" in theirs:
                ours[f"{stack}_norm.{kind}"] = theirs[f"core.{stack}.norm.{kind}"]
            for layer in range(layers):
                old, new = f"core.{stack}.layers.{layer}", f"{stack}.{layer}"
                for name, own in (norms | LINEARS).items():
                    ours[f"{new}.{own}.{kind}"] = theirs[f"{old}.{name}.{kind}"]
                for name, own in ATTENTIONS.items():
                    if f"{old}.{name}.in_proj_{kind}" not in theirs:
                        continue  # an encoder has no second attention
                    packed = theirs[f"{old}.{name}.in_proj_{kind}"].chunk(3)
                    for part, rows in zip(
                        ("query", "key", "value"), packed, strict=True
                    ):
                        ours[f"{new}.{own}.{part}.{kind}"] = rows
                    out = theirs[f"{old}.{name}.out_proj.{kind}"]
                    ours[f"{new}.{own}.projection.{kind}"] = out
    return ours


def perturbed(module: nn.Module) -> nn.Module:
    """Move all weights so far from their start that no mistake stays small."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module.double()


def in_steps(
    module: Any, source: Tensor, target: Tensor, visible: Tensor | None = None
) -> Tensor:
    """Read once, then write word by word from what is cached."""
    state, scores = module.read(source, visible), []
    for word in target.split(1, dim=1):
        found, state = module.write(word, state)
        scores.append(found)
    return torch.cat(scores, dim=1)


def in_chunks(
    module: Any, source: Tensor, target: Tensor, visible: Tensor | None = None
) -> Tensor:
    """Read once, then write one word, then two, then the rest."""
    state, scores = module.read(source, visible), []
    for words in target.split([1, 2, target.shape[1] - 3], dim=1):
        found, state = module.write(words, state)
        scores.append(found)
    return torch.cat(scores, dim=1)
