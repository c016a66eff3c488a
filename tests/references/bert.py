"""BERT of transformers, tiny and without dropout, and how its weights map to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertModel

V, C, D, L, H = 11, 9, 20, 3, 4  # vocabulary, context, width, layers, heads
INPUTS = {
    "token_embedding.weight": "word_embeddings.weight",
    "position_embedding.weight": "position_embeddings.weight",
    "segment_embedding.weight": "token_type_embeddings.weight",
    "embedding_norm.weight": "LayerNorm.weight",
    "embedding_norm.bias": "LayerNorm.bias",
}
LINEARS = {
    "attention_projection": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "expansion": "intermediate.dense",
    "feed_forward_projection": "output.dense",
    "feed_forward_norm": "output.LayerNorm",
}
HEADS = {
    "pooler": "bert.pooler.dense",
    "head_layer": "cls.predictions.transform.dense",
    "head_norm": "cls.predictions.transform.LayerNorm",
    "sentence_head": "cls.seq_relationship",
}


def build(kind: type = BertForPreTraining, **other: Any) -> nn.Module:
    """Build a model of transformers of our sizes, or of others."""
    sizes = {"vocab_size": V, "max_position_embeddings": C, "hidden_size": D}
    depth = {"num_hidden_layers": L, "num_attention_heads": H}
    width = {"intermediate_size": 4 * other.get("hidden_size", D)}
    off = {"hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0}
    special = {"pad_token_id": None}
    return kind(BertConfig(**(sizes | depth | width | off | special | other)))


def perturbed(module: nn.Module) -> nn.Module:
    """Move all weights so far from their start that no mistake stays small."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module.eval()


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names one by one; query, key and value are packed."""
    stack = {name.removeprefix("bert."): weight for name, weight in theirs.items()}
    ours = {own: stack[f"embeddings.{name}"] for own, name in INPUTS.items()}
    for layer in range(sum(name.endswith("intermediate.dense.bias") for name in stack)):
        for kind in ("weight", "bias"):
            there, here = f"encoder.layer.{layer}", f"blocks.{layer}"
            three = [f"{there}.attention.self.{p}" for p in ("query", "key", "value")]
            packed = torch.cat([stack[f"{name}.{kind}"] for name in three])
            ours[f"{here}.query_key_value.{kind}"] = packed
            for own, name in LINEARS.items():
                ours[f"{here}.{own}.{kind}"] = stack[f"{there}.{name}.{kind}"]
    for own, name in HEADS.items():
        for kind in ("weight", "bias"):
            if f"{name}.{kind}" in theirs:
                ours[f"{own}.{kind}"] = theirs[f"{name}.{kind}"]
    if "cls.predictions.bias" in theirs:
        ours["head_bias"] = theirs["cls.predictions.bias"]
    return ours


def read(
    module: nn.Module,
    tokens: Tensor,
    segments: Tensor | None = None,
    present: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Give the scores of tokens and of the sentences that follow."""
    mask = None if present is None else present.long()
    found = module(tokens, token_type_ids=segments, attention_mask=mask)
    return found.prediction_logits, found.seq_relationship_logits


__all__ = ["BertForMaskedLM", "BertForPreTraining", "BertModel"]
