"""ResNet of transformers, tiny, and how its weights map to ours; torchvision's names.

torchvision cannot stand beside transformers where its compiled operators are missing,
so its names and shapes are kept in a fixture, with its version. To make it anew,
install it into a folder of its own (pip install --no-deps --target), declare its `nms`
and `qnms` to torch before the import, and call `write_fixture`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import ResNetConfig, ResNetForImageClassification

FIXTURE = Path(__file__).parents[1] / "fixtures" / "torchvision_resnet.json"
DEPTHS = {
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
    "resnet152": (3, 8, 36, 3),
}


class SmallStem(nn.Sequential):
    """The stem for small images, which transformers does not have."""

    def __init__(self, channels: int, filters: int) -> None:
        filter_bank = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
        super().__init__(filter_bank, nn.BatchNorm2d(filters), nn.ReLU())


def build(
    blocks: Sequence[int],
    *,
    bottleneck: bool = False,
    channels: int = 3,
    classes: int = 1000,
    filters: int = 64,
    small: bool = False,
) -> Any:
    """A ResNet of transformers, as we build ours; its running statistics are random."""
    wide = filters * (4 if bottleneck else 1)
    config = ResNetConfig(
        num_channels=channels,
        embedding_size=filters,
        hidden_sizes=[wide * 2**stage for stage in range(len(blocks))],
        depths=list(blocks),
        layer_type="bottleneck" if bottleneck else "basic",
        num_labels=classes,
    )
    model = ResNetForImageClassification(config)
    if small:
        model.resnet.embedder = SmallStem(channels, filters)
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_()
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 2.0)
    return model


def read(module: Any, images: Tensor) -> Tensor:
    """The scores alone."""
    scores: Tensor = module(images).logits
    return scores


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names one by one."""
    places = sorted(
        {
            (int(part[3]), int(part[5]))
            for name in theirs
            if len(part := name.split(".")) > 6 and part[1] == "encoder"
        }
    )
    ours = {}
    for name, weight in theirs.items():
        part = name.split(".")
        if part[0] == "classifier":
            ours[f"classifier.{part[2]}"] = weight
        elif part[1] == "embedder":
            norm = part[-2] in ("normalization", "1")
            ours[f"stem{'_norm' * norm}.{part[-1]}"] = weight
        else:
            block = places.index((int(part[3]), int(part[5])))
            order = ("first", "second", "third")
            layer = "project" if part[6] == "shortcut" else order[int(part[7])]
            norm = part[-2] == "normalization"
            ours[f"blocks.{block}.{layer}{'_norm' * norm}.{part[-1]}"] = weight
    return ours


def published_name(own: str, blocks: Sequence[int]) -> str:
    """Torchvision's name of one of our weights, worked out from the other side."""
    layer, _, leaf = own.rpartition(".")
    around = {"stem": "conv1", "stem_norm": "bn1", "classifier": "fc"}
    if layer in around:
        return f"{around[layer]}.{leaf}"
    _, index, part = layer.split(".")
    stage, place = 0, int(index)
    while place >= blocks[stage]:
        place -= blocks[stage]
        stage += 1
    word, _, norm = part.partition("_")
    if word == "project":
        name = f"downsample.{int(bool(norm))}"
    else:
        name = ("bn" if norm else "conv") + str(
            ("first", "second", "third").index(word) + 1
        )
    return f"layer{stage + 1}.{place}.{name}.{leaf}"


def fixture() -> dict[str, Any]:
    """Torchvision's models: name → {"parameters", "shapes"}."""
    kept = json.loads(FIXTURE.read_text())
    assert (kept["package"], kept["version"]) == ("torchvision", "0.28.0")
    models: dict[str, Any] = kept["models"]
    return models


def write_fixture(models: Any, version: str) -> None:
    """Keep names and shapes of `torchvision.models`."""
    kept = {}
    for name in DEPTHS:
        with torch.device("meta"):
            model = getattr(models, name)()
        kept[name] = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "shapes": {n: list(t.shape) for n, t in model.state_dict().items()},
        }
    facts = {
        "package": "torchvision",
        "version": version,
        "what": "names and shapes of each model's state_dict, and its parameters",
        "made_by": "tests/references/resnet.py::write_fixture",
        "models": kept,
    }
    text = json.dumps(facts, separators=(",", ":"))
    FIXTURE.write_text(text.replace('"resnet', '\n"resnet') + "\n")
