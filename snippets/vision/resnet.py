"""ResNet: a deep convolutional network whose blocks add to what they are given.

Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition",
    CVPR 2016, arXiv 1512.03385, sections 3.3, 3.4 and 4.2. Normalisation:
    Ioffe and Szegedy, "Batch Normalization", ICML 2015, arXiv 1502.03167.
Differs from the paper:
    - a bottleneck that halves the resolution does so in its 3x3 convolution,
      as the published weights expect; the paper does it in the first 1x1
    - the small form (section 4.2) also projects where the width changes; the
      paper pads with zeros there (its option A)
    - starts from He's normal weights in all convolutions, fan out
Checked against: transformers.ResNetForImageClassification, the names and
    shapes of torchvision.models 0.28.0 (tests/fixtures)
Torch versions: 2.13.0
Dimensions: B images, C channels of the images, H height, W width, D channels
    into a block, E out of it, Y height out, X width out, L depth, N classes.
SPDX: MIT
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

EXPANSION = 4  # channels out of a bottleneck, per channel inside (table 1)
AROUND = {"conv1": "stem", "bn1": "stem_norm", "fc": "classifier"}
IN_BLOCKS = {
    "conv1": "first",
    "bn1": "first_norm",
    "conv2": "second",
    "bn2": "second_norm",
    "conv3": "third",
    "bn3": "third_norm",
    "downsample.0": "project",
    "downsample.1": "project_norm",
}


# Same as: recurrent/lstm.py::_check_at_least_one
def _check_at_least_one(name: str, size: int) -> None:
    """Raise ValueError for a size below one."""
    if size < 1:
        raise ValueError(f"expected {name} of at least 1, got {size}")


def _check_equal(name: str, found: int, expected: int) -> None:
    """Raise ValueError for a size that does not fit the network."""
    if found != expected:
        raise ValueError(f"expected {name} {expected}, got {found}")


def _convolution(before: int, after: int, side: int, stride: int) -> nn.Conv2d:
    """Filters that keep the image's edges; the norm after them has the bias."""
    return nn.Conv2d(before, after, side, stride, padding=side // 2, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, added to the block's own input.

    Args:
        before: channels in, at least 1.
        after: channels out, at least 1.
        stride: 1, or 2 to halve height and width.
    """

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.first = _convolution(before, after, 3, stride)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = _convolution(after, after, 3, 1)
        self.second_norm = nn.BatchNorm2d(after)
        self.project: nn.Module = nn.Identity()
        self.project_norm: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.project = _convolution(before, after, 1, stride)
            self.project_norm = nn.BatchNorm2d(after)

    def forward(self, inputs: Tensor) -> Tensor:
        """Add what two layers of filters find to what is already known.

        Args:
            inputs: maps of the block below.

        Shape:
            inputs (B, D, H, W) -> outputs (B, E, Y, X), Y and X being H and W
            divided by the stride, rounded up
        """
        shortcut = self.project_norm(self.project(inputs))  # (B, E, Y, X)
        found = torch.relu(self.first_norm(self.first(inputs)))  # (B, E, Y, X)
        change = self.second_norm(self.second(found))  # (B, E, Y, X)
        # y = ReLU(F(x) + x), eq. 1; x is projected if its shape changes, eq. 2
        outputs = torch.relu(change + shortcut)  # (B, E, Y, X)
        return outputs


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones, which spare it most channels.

    Args:
        before: channels in, at least 1.
        after: channels out, a multiple of 4.
        stride: 1, or 2 to halve height and width.
    """

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        inside = after // EXPANSION
        self.first = _convolution(before, inside, 1, 1)
        self.first_norm = nn.BatchNorm2d(inside)
        self.second = _convolution(inside, inside, 3, stride)
        self.second_norm = nn.BatchNorm2d(inside)
        self.third = _convolution(inside, after, 1, 1)
        self.third_norm = nn.BatchNorm2d(after)
        self.project: nn.Module = nn.Identity()
        self.project_norm: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.project = _convolution(before, after, 1, stride)
            self.project_norm = nn.BatchNorm2d(after)

    def forward(self, inputs: Tensor) -> Tensor:
        """Narrow, look around, widen, and add the outcome.

        Args:
            inputs: maps of the block below.

        Shape:
            inputs (B, D, H, W) -> outputs (B, E, Y, X), Y and X being H and W
            divided by the stride, rounded up
        """
        shortcut = self.project_norm(self.project(inputs))  # (B, E, Y, X)
        narrow = self.first_norm(self.first(inputs))  # (B, E//4, H, W)
        found = self.second_norm(self.second(torch.relu(narrow)))
        change = self.third_norm(self.third(torch.relu(found)))  # (B, E, Y, X)
        outputs = torch.relu(change + shortcut)  # (B, E, Y, X)
        return outputs


class ResNet(nn.Module):
    """A stem, stages of blocks that halve the image, a mean, a linear layer.

    Args:
        blocks: in each stage; (2, 2, 2, 2) is ResNet-18, (3, 4, 6, 3) is 34
            or, with bottlenecks, 50; (3, 4, 23, 3) is 101, (3, 8, 36, 3) 152.
        bottleneck: whether the blocks are bottlenecks.
        channels: of the images, at least 1.
        classes: that are told apart, at least 1.
        filters: channels after the stem, doubled in each later stage.
        small: whether images are small, as in section 4.2: a 3x3 stem that
            keeps the size, instead of a 7x7 one that quarters it.

    Shape:
        images (B, C, H, W) -> scores (B, N)

    Raises:
        ValueError: a size is below 1.

    Source: He et al. 2015, table 1.
    """

    def __init__(
        self,
        blocks: Sequence[int],
        *,
        bottleneck: bool = False,
        channels: int = 3,
        classes: int = 1000,
        filters: int = 64,
        small: bool = False,
    ) -> None:
        super().__init__()
        named = {"channels": channels, "classes": classes, "filters": filters}
        depth = sum(blocks)
        named |= {"depth": depth, "blocks": min(blocks, default=0)}
        for name, size in named.items():
            _check_at_least_one(name, size)
        self.channels = channels
        self.small = small
        side, stride = (3, 1) if small else (7, 2)
        self.stem = _convolution(channels, filters, side, stride)
        self.stem_norm = nn.BatchNorm2d(filters)
        self.stem_pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        block = Bottleneck if bottleneck else BasicBlock
        self.blocks = nn.ModuleList()
        now = filters
        for stage, count in enumerate(blocks):
            after = filters * 2**stage * (EXPANSION if bottleneck else 1)
            for place in range(count):
                stride = 2 if stage and not place else 1
                self.blocks.append(block(now, after, stride=stride))
                now = after
        self.classifier = nn.Linear(now, classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")

    def forward(self, images: Tensor) -> Tensor:
        """Score every class for every image.

        Args:
            images: of any height and width.

        Shape:
            images (B, C, H, W) -> scores (B, N)

        Raises:
            ValueError: no image, or channels that do not fit the network.
        """
        B, C, H, W = images.shape
        _check_at_least_one("images", B)
        _check_equal("channels", C, self.channels)
        _check_at_least_one("pixels", H * W)
        hidden = torch.relu(self.stem_norm(self.stem(images)))
        hidden = self.stem_pool(hidden)
        for block in self.blocks:
            hidden = block(hidden)
        features = hidden.mean((2, 3))  # (B, D)
        scores: Tensor = self.classifier(features)  # (B, N)
        return scores


def from_published(state_dict: Mapping[str, Tensor]) -> ResNet:
    """Build a ResNet from torchvision's weights, in evaluation mode.

    Args:
        state_dict: of a resnet18 to resnet152, or of one that was trained on
            other classes; all sizes are read from it.

    Raises:
        KeyError: a name that torchvision's ResNets do not have.
    """
    inside = [name.split(".") for name in state_dict if name[:5] == "layer"]
    places = sorted({(int(name[0][5:]), int(name[1])) for name in inside})
    stages = [stage for stage, _ in places]
    filters, channels = state_dict["conv1.weight"].shape[:2]
    module = ResNet(
        [stages.count(stage) for stage in sorted(set(stages))],
        bottleneck="layer1.0.conv3.weight" in state_dict,
        channels=channels,
        classes=len(state_dict["fc.bias"]),
        filters=filters,
    )
    weights = {}
    for name, weight in state_dict.items():
        if name[:5] == "layer":
            stage, place, part = name.split(".", 2)
            layer, _, leaf = part.rpartition(".")
            index = places.index((int(stage[5:]), int(place)))
            weights[f"blocks.{index}.{IN_BLOCKS[layer]}.{leaf}"] = weight
        else:
            layer, _, leaf = name.rpartition(".")
            weights[f"{AROUND[layer]}.{leaf}"] = weight
    module.to(state_dict["conv1.weight"].dtype).load_state_dict(weights)
    return module.eval()


def example(
    *,
    batch: int = 2,
    channels: int = 3,
    height: int = 13,
    width: int = 17,
    classes: int = 7,
    filters: int = 4,
    bottleneck: bool = False,
    small: bool = False,
) -> tuple[ResNet, tuple[Tensor]]:
    """Build a tiny network of three blocks and images for it.

    Args:
        batch: images.
        channels: of the images.
        height: of the images.
        width: of the images.
        classes: that are told apart.
        filters: channels after the stem.
        bottleneck: whether the blocks are bottlenecks.
        small: whether the stem is the one for small images.

    Shape:
        () -> ResNet, (images (B, C, H, W),)
    """
    module = ResNet(
        (2, 1),
        bottleneck=bottleneck,
        channels=channels,
        classes=classes,
        filters=filters,
        small=small,
    )
    return module, (torch.randn(batch, channels, height, width),)


if __name__ == "__main__":
    module, inputs = example()
    print(tuple(module(*inputs).shape))
