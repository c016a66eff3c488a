"""The U-Net of diffusers in the DDPM's form, and how its weights map to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn

DDPM = {  # https://huggingface.co/google/ddpm-cifar10-32, config.json
    "act_fn": "silu",
    "attention_head_dim": None,
    "center_input_sample": False,
    "downsample_padding": 0,
    "flip_sin_to_cos": False,
    "freq_shift": 1,
    "norm_eps": 1e-6,
}
NAMES = {
    "conv_in": "first",
    "conv_norm_out": "final_norm",
    "conv_out": "final",
    "time_embedding.linear_1": "time_first",
    "time_embedding.linear_2": "time_second",
    "class_embedding": "class_embedding",
}
INSIDE = {
    "norm1": "first_norm",
    "conv1": "first_conv",
    "time_emb_proj": "from_told",
    "norm2": "second_norm",
    "conv2": "second_conv",
    "conv_shortcut": "shortcut",
    "group_norm": "norm",
    "to_out.0": "mix",
}


def build(
    *,
    image_channels: int = 3,
    width: int = 6,
    multiples: tuple[int, ...] = (1, 2, 2),
    blocks: int = 1,
    attention_levels: tuple[int, ...] = (1,),
    groups: int = 2,
    classes: int = 5,
    **other: Any,
) -> nn.Module:
    """A UNet2DModel from the words that our UNet takes."""
    looks = [place in attention_levels for place in range(len(multiples))]
    return UNet2DModel(
        in_channels=image_channels,
        out_channels=image_channels,
        block_out_channels=tuple(multiple * width for multiple in multiples),
        down_block_types=tuple(
            "AttnDownBlock2D" if look else "DownBlock2D" for look in looks
        ),
        up_block_types=tuple(
            "AttnUpBlock2D" if look else "UpBlock2D" for look in reversed(looks)
        ),
        layers_per_block=blocks,
        norm_num_groups=groups,
        num_class_embeds=classes or None,
        **(DDPM | other),
    )


def run(module: Any, *inputs: Any) -> Tensor:
    """Call it as ours is called; the class is given by name."""
    images, times, *labels = inputs
    named = {"class_labels": labels[0]} if labels else {}
    return module(images, times, **named).sample


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names one by one; query, key and value are packed."""
    ours: dict[str, Tensor] = {}
    for name, weight in theirs.items():
        path, _, kind = name.rpartition(".")
        if path.endswith((".to_k", ".to_v")):
            continue
        if path.endswith(".to_q"):
            parts = [theirs[f"{path[:-1]}{letter}.{kind}"] for letter in "qkv"]
            path, weight = f"{path[:-4]}query_key_value", torch.cat(parts)
        ours[f"{_renamed(path)}.{kind}"] = weight
    return ours


def _renamed(path: str) -> str:
    if path in NAMES:
        return NAMES[path]
    way, *rest = path.split(".")
    if way == "mid_block":
        place = "middle"
    elif "samplers" in path:
        return f"{'shrink' if way == 'down_blocks' else 'enlarge'}.{rest[0]}"
    else:
        place = f"{way.removesuffix('_blocks')}.{rest.pop(0)}"
    part = "blocks" if rest[0] == "resnets" else "attentions"
    last = ".".join(rest[2:])
    return f"{place}.{part}.{rest[1]}.{INSIDE.get(last, last)}"
