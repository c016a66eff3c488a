"""U-Net: looks at a noisy image at several sizes and tells noise from picture.

Source: Ho, Jain and Abbeel, 2020, arXiv 2006.11239, section 4, appendix B and
    code; the shape: Ronneberger, Fischer and Brox, 2015, arXiv 1505.04597.
Differs from the paper:
    - no dropout; the paper has 0.1 on CIFAR10
    - may be told a class, added to the time, as in arXiv 2105.05233
    - layers start as in torch, but for those that start near zero
Checked against: diffusers.UNet2DModel
Torch versions: 2.13.0
Dimensions: B batch, C channels in, D channels out, Y rows, X columns, W width
    of the first level, E = 4*W width of what is told.
SPDX: MIT
"""

import math

import torch
from torch import Tensor, nn

LONGEST = 10_000  # the slowest wave's period over 2π: arXiv 1706.03762, 3.5
EXPANSION = 4  # width of what is told over width, as in the authors' code
EPSILON = 1e-6  # in each GroupNorm, as in the authors' code
NEARLY_ZERO = 1e-10  # std of some first weights; in their code the variance


# Same as: attention/gpt.py::_require
def _require(fits: bool, wanted: str, found: object) -> None:
    """Raise ValueError where something does not fit."""
    if not fits:
        raise ValueError(f"expected {wanted}, got {found}")


def _waves(times: Tensor, width: int) -> Tensor:
    """Turn times (B) into waves (B, W), each slower than the one before."""
    # sin(t / 10000^(k / (W/2 - 1))), then the same with cos
    places = torch.arange(width // 2, device=times.device).float()
    rates = torch.exp(-math.log(LONGEST) * places / (width // 2 - 1))
    angles = times.float()[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _plan(sizes: list[int], blocks: int) -> list[list[int]]:
    """List how many channels each block reads, by level, down and then up."""
    reads, kept, last = [], [sizes[0]], sizes[0]
    for D in sizes:
        reads.append([last] + [D] * (blocks - 1))
        kept += [D] * (blocks + 1)  # the last one is that of half the size
        last = D
    kept.pop()  # the smallest size is not halved
    for D in reversed(sizes):
        reads.append([before + kept.pop() for before in [last] + [D] * blocks])
        last = D
    return reads


class Block(nn.Module):
    """Two convolutions with a way around them; told the time and the class.

    Args:
        C: channels of what it reads.
        D: channels of what it gives.
        told: features of what it is told.
        groups: of channels that are normalised together.
    """

    def __init__(self, C: int, D: int, told: int, groups: int) -> None:
        super().__init__()
        self.first_norm = nn.GroupNorm(groups, C, eps=EPSILON)
        self.first_conv = nn.Conv2d(C, D, 3, padding=1)
        self.from_told = nn.Linear(told, D)
        self.second_norm = nn.GroupNorm(groups, D, eps=EPSILON)
        self.second_conv = nn.Conv2d(D, D, 3, padding=1)
        self.shortcut = nn.Conv2d(C, D, 1) if C != D else nn.Identity()

    def forward(self, inputs: Tensor, told: Tensor) -> Tensor:
        """Add what two convolutions make of the input.

        Args:
            inputs: features at each place.
            told: a vector for the time and the class.

        Shape:
            inputs (B, C, Y, X), told (B, E) -> outputs (B, D, Y, X)
        """
        active = nn.functional.silu(self.first_norm(inputs))
        seen = self.first_conv(active)  # (B, D, Y, X)
        shift = self.from_told(nn.functional.silu(told))  # (B, D)
        informed = seen + shift[:, :, None, None]  # (B, D, Y, X)
        active_again = nn.functional.silu(self.second_norm(informed))
        change = self.second_conv(active_again)  # (B, D, Y, X)
        outputs: Tensor = self.shortcut(inputs) + change
        return outputs


class Attention(nn.Module):
    """Every place looks at all places, with one head.

    Args:
        channels: of input and output.
        groups: of channels that are normalised together.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, eps=EPSILON)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.mix = nn.Linear(channels, channels)

    def forward(self, inputs: Tensor) -> Tensor:
        """Add what each place finds elsewhere.

        Args:
            inputs: features at each place.

        Shape:
            inputs (B, C, Y, X) -> outputs (B, C, Y, X)
        """
        B, C, Y, X = inputs.shape
        places = self.norm(inputs).view(B, 1, C, Y * X).mT  # (B, 1, Y*X, C)
        query, key, value = self.query_key_value(places).chunk(3, dim=-1)
        # softmax(Q Kᵀ / √C) V, arXiv 1706.03762, eq. 1
        found = nn.functional.scaled_dot_product_attention(query, key, value)
        change: Tensor = self.mix(found).mT.reshape(B, C, Y, X)
        return inputs + change  # (B, C, Y, X)


class Level(nn.Module):
    """The blocks that work at one size, each followed by attention or nothing.

    Args:
        reads: how many channels each of them reads.
        D: channels that each of them gives.
        told: features of what they are told.
        groups: of channels that are normalised together.
        looks: after how many blocks there is attention.
    """

    def __init__(
        self, reads: list[int], D: int, told: int, groups: int, looks: int
    ) -> None:
        super().__init__()
        self.blocks, self.attentions = nn.ModuleList(), nn.ModuleList()
        for place, before in enumerate(reads):
            look = Attention(D, groups) if place < looks else None
            self.blocks.append(Block(before, D, told, groups))
            self.attentions.append(look or nn.Identity())

    def forward(
        self, hidden: Tensor, told: Tensor, skips: list[Tensor]
    ) -> list[Tensor]:
        """Give the result of every block, the last of which is the level's.

        Args:
            hidden: what came before.
            told: a vector for the time and the class.
            skips: each takes the last one off, to see it too; none downwards.

        Shape:
            hidden (B, C, Y, X), told (B, E) -> results, each (B, D, Y, X)
        """
        results = []
        for block, attention in zip(self.blocks, self.attentions, strict=True):
            if skips:
                hidden = torch.cat([hidden, skips.pop()], dim=1)
            hidden = attention(block(hidden, told))
            results.append(hidden)
        return results


class UNet(nn.Module):
    """A number for each pixel of noisy images; by default the paper's CIFAR10.

    Args:
        image_channels: channels of the image, at least 1.
        width: channels of the first level, even, from 4 on, in equal groups.
        multiples: channels of each level, in widths; each has half the size.
        blocks: of a level on the way down; one more on the way up.
        attention_levels: the levels with attention, counted from 0.
        groups: of channels that are normalised together.
        classes: how many it can be told; 0 for none.
    """

    def __init__(
        self,
        *,
        image_channels: int = 3,
        width: int = 128,
        multiples: tuple[int, ...] = (1, 2, 2, 2),
        blocks: int = 2,
        attention_levels: tuple[int, ...] = (1,),
        groups: int = 32,
        classes: int = 0,
    ) -> None:
        super().__init__()
        for size in (image_channels, blocks, groups, *(multiples or (0,))):
            _require(size > 0, "sizes of at least 1", size)
        fits = width > 3 and width % 2 == 0 and width % groups == 0
        _require(fits, f"an even width from 4 on, in {groups} groups", width)
        extra = set(attention_levels) - set(range(len(multiples)))
        _require(not extra, f"levels below {len(multiples)}", extra)
        E = EXPANSION * width
        self.time_first = nn.Linear(width, E)
        self.time_second = nn.Linear(E, E)
        self.class_embedding = nn.Embedding(classes, E) if classes else None
        self.first = nn.Conv2d(image_channels, width, 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        self.up, self.enlarge = nn.ModuleList(), nn.ModuleList()
        sizes = [multiple * width for multiple in multiples]
        order = [*range(len(sizes)), *reversed(range(len(sizes)))]
        for place, reads in zip(order, _plan(sizes, blocks), strict=True):
            looks = len(reads) if place in attention_levels else 0
            way = self.down if len(self.down) < len(sizes) else self.up
            way.append(Level(reads, sizes[place], E, groups, looks))
        self.middle = Level([sizes[-1]] * 2, sizes[-1], E, groups, 1)
        for D, larger in zip(sizes[:-1], sizes[:0:-1], strict=True):
            self.shrink.append(nn.Conv2d(D, D, 3, stride=2))
            self.enlarge.append(nn.Conv2d(larger, larger, 3, padding=1))
        self.final_norm = nn.GroupNorm(groups, width, eps=EPSILON)
        self.final = nn.Conv2d(width, image_channels, 3, padding=1)
        for name, parameter in self.named_parameters():
            if name.split(".")[-2] in ("second_conv", "mix", "final"):
                nn.init.normal_(parameter, std=NEARLY_ZERO)

    def forward(
        self, images: Tensor, times: Tensor, labels: Tensor | None = None
    ) -> Tensor:
        """Read noisy images, whose sides can be halved from level to level.

        Args:
            images: the noisy images.
            times: how noisy each is, as a step, counted from 0.
            labels: a class for each, if and only if it can be told some.

        Shape:
            images (B, C, Y, X), times (B), labels (B) -> guess (B, C, Y, X)
        """
        B, C, Y, X = images.shape
        channels, part = self.first.in_channels, 2 ** len(self.shrink)
        _require(channels == C, f"{channels} channels", C)
        for size in (Y, X):
            low = max(size // part, 1) * part
            fits = f"a multiple of {part} such as {low} or {low + part}"
            _require(size >= part and size % part == 0, fits, size)
        for given in (times,) if labels is None else (times, labels):
            _require(given.shape == (B,), f"one for each of {B}", given.shape)
        waves = _waves(times, self.time_first.in_features).to(images)
        told = self.time_second(nn.functional.silu(self.time_first(waves)))
        knows = self.class_embedding is not None
        _require(knows == (labels is not None), f"labels: {knows}", not knows)
        if self.class_embedding is not None:
            told = told + self.class_embedding(labels)  # (B, E)
        kept = [self.first(images)]  # (B, W, Y, X)
        for place, level in enumerate(self.down):
            kept += level(kept[-1], told, [])
            if place < len(self.shrink):
                padded = nn.functional.pad(kept[-1], (0, 1, 0, 1))
                kept.append(self.shrink[place](padded))
        hidden = self.middle(kept[-1], told, [])[-1]
        for place, level in enumerate(self.up):
            hidden = level(hidden, told, kept)[-1]
            if place < len(self.enlarge):
                doubled = nn.functional.interpolate(hidden, scale_factor=2.0)
                hidden = self.enlarge[place](doubled)
        guess: Tensor = self.final(nn.functional.silu(self.final_norm(hidden)))
        return guess


def example(
    *,
    batch: int = 2,
    image_channels: int = 3,
    rows: int = 1,
    width: int = 6,
    classes: int = 5,
) -> tuple[UNet, tuple[Tensor, Tensor, Tensor]]:
    """Build a tiny network of three levels, and an input for it.

    Args:
        batch: images.
        image_channels: channels of each.
        rows: of the smallest level; an image is 4 times as high, 8 as wide.
        width: channels of the first level, even.
        classes: how many it can be told.

    Shape:
        () -> UNet, (images (B, C, Y, X), times (B), labels (B))
    """
    module = UNet(
        image_channels=image_channels, width=width, classes=classes,
        multiples=(1, 2, 2), blocks=1, groups=2,
    )  # fmt: skip
    images = torch.randn(batch, image_channels, 4 * rows, 8 * rows)
    labels = torch.arange(batch) % classes
    return module, (images, 9 * torch.arange(batch), labels)


if __name__ == "__main__":
    print(sum(weights.numel() for weights in UNet().parameters()))
