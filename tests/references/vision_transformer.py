"""ViT of transformers, tiny and oblong, and how its weights map to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    IJepaConfig,
    IJepaForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

C, P, R, Q, D, L, H, N = 3, 4, 2, 5, 20, 3, 4, 6  # the letters of the snippet
PARTS = {
    "attention_norm": "layernorm_before",
    "attention_projection": "attention.o_proj",
    "feed_forward_norm": "layernorm_after",
    "expansion": "mlp.fc1",
    "feed_forward_projection": "mlp.fc2",
}


def build(kind: type = ViTForImageClassification, **other: Any) -> nn.Module:
    """Build a network of transformers of our sizes, or of others."""
    sizes = {
        "num_channels": C,
        "patch_size": P,
        "image_size": (R * P, Q * P),
        "hidden_size": D,
        "num_hidden_layers": L,
        "num_attention_heads": H,
        "intermediate_size": 4 * D,
        "num_labels": N,
        "attn_implementation": "eager",
    }
    config = IJepaConfig if kind is IJepaForImageClassification else ViTConfig
    sizes |= other
    if "hidden_size" in other:
        sizes["intermediate_size"] = 4 * other["hidden_size"]
    surplus = {"add_pooling_layer": False} if kind is ViTModel else {}
    module: nn.Module = kind(config(layer_norm_eps=1e-12, **sizes), **surplus)
    return module.eval()


def perturbed(module: nn.Module) -> nn.Module:
    """Move all weights so far from their start that no mistake stays small."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module.eval()


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names one by one, as they are in memory."""
    theirs = {
        name.removeprefix("vit.").removeprefix("ijepa."): weight
        for name, weight in theirs.items()
    }
    embed = "embeddings.patch_embeddings.projection"
    ours = {"positions": theirs["embeddings.position_embeddings"][0]}
    if "embeddings.cls_token" in theirs:
        ours["class_token"] = theirs["embeddings.cls_token"]
    for kind in ("weight", "bias"):
        ours[f"patch_embedding.{kind}"] = theirs[f"{embed}.{kind}"]
        ours[f"final_norm.{kind}"] = theirs[f"layernorm.{kind}"]
        if f"classifier.{kind}" in theirs:
            ours[f"head.{kind}"] = theirs[f"classifier.{kind}"]
        for layer in range(sum(name.endswith("fc1.bias") for name in theirs)):
            there, here = f"layers.{layer}", f"blocks.{layer}"
            ours[f"{here}.query_key_value.{kind}"] = torch.cat(
                [theirs[f"{there}.attention.{role}_proj.{kind}"] for role in "qkv"]
            )
            for own, published in PARTS.items():
                ours[f"{here}.{own}.{kind}"] = theirs[f"{there}.{published}.{kind}"]
    return ours


def scores(module: nn.Module, images: Tensor, **how: Any) -> tuple[Tensor, Tensor]:
    """Scores and final tokens; the bare ViTModel gives its class token instead."""
    caught: list[Tensor] = []
    bare = isinstance(module, ViTModel)
    inner = module if bare else getattr(module, module.base_model_prefix)
    norm = inner.layernorm
    handle = norm.register_forward_hook(lambda _m, _i, found: caught.append(found))
    found = module(pixel_values=images, **how)
    handle.remove()
    (final,) = caught
    return (found.last_hidden_state[:, 0] if bare else found.logits), final
