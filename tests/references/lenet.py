"""LeNet-5 written out: convolutions as matrix products over patches, no layer of torch.

The weights keep the paper's names, so that the map to ours is by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NAMES = {
    "c1": "first_filters",
    "c3": "second_filters",
    "c5": "whole_filters",
    "f6": "hidden_layer",
    "out": "output_layer",
}


class WrittenOut(nn.Module):
    """C1, S2, C3, S4, C5, F6 and the output, each filter a row of a matrix.

    Args:
        channels: of the images.
        classes: that are told apart.
    """

    def __init__(self, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        sizes = {"c1": (6, channels * 25), "c3": (16, 6 * 25), "c5": (120, 16 * 25)}
        sizes |= {"f6": (84, 120), "out": (classes, 84)}
        for name, (rows, columns) in sizes.items():
            weight = torch.randn(rows, columns) / columns**0.5
            setattr(self, f"{name}_weight", nn.Parameter(weight))
            setattr(self, f"{name}_bias", nn.Parameter(torch.randn(rows)))

    def forward(self, images: Tensor) -> Tensor:
        maps = halved(torch.tanh(self.filtered("c1", images)))
        maps = halved(torch.tanh(self.filtered("c3", maps)))
        maps = torch.tanh(self.filtered("c5", maps))
        hidden = torch.tanh(self.joined("f6", maps[:, :, 0, 0]))
        return self.joined("out", hidden)

    def filtered(self, name: str, maps: Tensor) -> Tensor:
        """Every 5x5 patch, as a column, under every filter."""
        columns = F.unfold(maps, 5)
        weight, bias = self.get_parameter(f"{name}_weight"), self.of(name)
        found = weight @ columns + bias[:, None]
        return found.unflatten(2, (maps.shape[2] - 4, maps.shape[3] - 4))

    def joined(self, name: str, values: Tensor) -> Tensor:
        return values @ self.get_parameter(f"{name}_weight").T + self.of(name)

    def of(self, name: str) -> Tensor:
        return self.get_parameter(f"{name}_bias")


def halved(maps: Tensor) -> Tensor:
    """The mean of every 2x2 patch, by slices."""
    upper = maps[:, :, ::2, ::2] + maps[:, :, ::2, 1::2]
    lower = maps[:, :, 1::2, ::2] + maps[:, :, 1::2, 1::2]
    return (upper + lower) / 4


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rows of the matrices become filters."""
    ours = {}
    for name, own in NAMES.items():
        weight = theirs[f"{name}_weight"]
        if name.startswith("c"):
            weight = weight.unflatten(1, (-1, 5, 5))
        ours[f"{own}.weight"] = weight
        ours[f"{own}.bias"] = theirs[f"{name}_bias"]
    return ours
