"""LeNet-5 equals a network written out in patches, and has the sizes of the paper."""

from __future__ import annotations

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references.lenet import WrittenOut, copy_weights
from scipy.signal import correlate2d
from torch import nn

from snippets.vision.lenet import LeNet, example

MISTAKES = [
    Mistake(
        "No squashing after the first convolution",
        {"torch.tanh(self.first_filters(images))": "self.first_filters(images)"},
        "Trains about as well on easy digits: two convolutions and a mean in a row are "
        "one linear map, and nobody is told.",
    ),
    Mistake(
        "No squashing after the second convolution",
        {"second_maps = torch.tanh(combined)": "second_maps = combined"},
        "Trains, with larger numbers inside; copied weights give wrong scores.",
    ),
    Mistake(
        "ReLU instead of tanh on the whole maps",
        {"torch.tanh(self.whole_filters": "torch.relu(self.whole_filters"},
        "Trains about as well. Weights that were trained with tanh are wrong.",
    ),
    Mistake(
        "Largest value of a patch instead of its mean",
        {"nn.AvgPool2d(2)": "nn.MaxPool2d(2)"},
        "Trains at least as well, as another network: weights do not carry over.",
    ),
    Mistake(
        "Pooling windows that overlap",
        {"nn.AvgPool2d(2)": "nn.AvgPool2d(3, 2, 1)"},
        "Every size fits and it trains, a little worse. At the edges, zeros that are "
        "no part of the image are averaged in.",
    ),
    Mistake(
        "Pooling before the squashing",
        {
            "torch.tanh(self.first_filters(images))": "self.first_filters(images)",
            "self.pool(first_maps)": "torch.tanh(self.pool(first_maps))",
        },
        "Trains as well. The mean of a tanh is not the tanh of a mean, so copied "
        "weights give wrong scores.",
    ),
    Mistake(
        "A squashing after the output",
        {"self.output_layer(hidden)": "torch.tanh(self.output_layer(hidden))"},
        "Most answers are right and the loss stays high: no score can exceed 1.",
    ),
    Mistake(
        "Softmax inside the network",
        {"self.output_layer(hidden)": "self.output_layer(hidden).softmax(-1)"},
        "Trains slowly: torch's cross-entropy takes a softmax of its own, and a second "
        "one leaves it almost no slope.",
    ),
    Mistake(
        "Images laid on their side",
        {"self.first_filters(images)": "self.first_filters(images.mT)"},
        "Trains exactly as well on its own data. Published filters look the wrong way.",
    ),
    Mistake(
        "Filters flipped, as the mathematical convolution has it",
        {"(first_pooled)": "(first_pooled.flip(2, 3)).flip(2, 3)"},
        "Trains exactly as well: the layers of deep learning correlate. Copied weights "
        "find everything mirrored.",
    ),
    Mistake(
        "Maps flattened with the channel last",
        {
            "whole_filters(second_pooled)": "whole_filters(second_pooled.permute("
            "0, 2, 3, 1).reshape(B, 16, 5, 5))"
        },
        "Trains as well. Weights from a library that puts channels last are read in a "
        "wrong order.",
    ),
    Mistake(
        "Filters without a bias",
        {"nn.Conv2d(6, 16, 5)": "nn.Conv2d(6, 16, 5, bias=False)"},
        "Trains about as well, with 16 parameters fewer than it should have.",
    ),
    Mistake(
        "The image wrapped around its edges",
        {"_filters(images)": "_filters(images.roll((1, 1), (2, 3)))"},
        "Trains as well: the filters learn to look one pixel further.",
    ),
]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize(("batch", "channels", "classes"), [(3, 1, 10), (1, 3, 7)])
def test_equals_the_network_written_out(
    batch: int, channels: int, classes: int, dtype: torch.dtype
) -> None:
    compare(
        LeNet(channels=channels, classes=classes),
        WrittenOut(channels, classes),
        copy_weights,
        (torch.randn(batch, channels, 32, 32),),
        dtype=dtype,
    )


def test_evaluates_as_it_trains() -> None:
    compare(
        LeNet().eval(),
        WrittenOut().eval(),
        copy_weights,
        (torch.randn(2, 1, 32, 32),),
    )


def test_first_maps_are_scipys_correlation() -> None:
    """A filter looks at the image unflipped: a correlation, in the words of scipy."""
    module, images = LeNet().double(), torch.randn(1, 1, 32, 32, dtype=torch.float64)
    seen: list[torch.Tensor] = []
    module.second_filters.register_forward_pre_hook(lambda _, args: seen.append(*args))
    module(images)
    layer = module.first_filters
    for number in range(6):
        weight = layer.weight[number, 0].detach().numpy()
        found = correlate2d(images[0, 0].numpy(), weight, mode="valid")
        maps = torch.tanh(torch.from_numpy(found) + layer.bias[number].detach())
        pooled = maps.unflatten(0, (14, 2)).unflatten(2, (14, 2)).mean((1, 3))
        torch.testing.assert_close(seen[0][0, number], pooled, rtol=1e-12, atol=1e-12)


def test_has_the_papers_sizes() -> None:
    """All but C3 as in section II.B; C3 has 900 more, as it reads all maps."""
    module = LeNet()
    counted = [
        sum(p.numel() for p in layer.parameters())
        for layer in module.children()
        if not isinstance(layer, nn.AvgPool2d)
    ]
    assert counted == [156, 1516 + 900, 48_120, 10_164, 850]
    assert sum(p.numel() for p in module.parameters()) == 61_706


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = LeNet()
    with pytest.raises(ValueError, match="images of at least 1, got 0"):
        module(torch.randn(0, 1, 32, 32))
    with pytest.raises(ValueError, match="channels 1, got 3"):
        module(torch.randn(2, 3, 32, 32))
    with pytest.raises(ValueError, match="height 32, got 28"):
        module(torch.randn(2, 1, 28, 32))
    with pytest.raises(ValueError, match="width 32, got 28"):
        module(torch.randn(2, 1, 32, 28))
    with pytest.raises(ValueError, match="classes of at least 1, got 0"):
        LeNet(classes=0)
    with pytest.raises(ValueError, match="channels of at least 1, got -1"):
        LeNet(channels=-1)


def test_the_example_is_sized_as_asked() -> None:
    module, (images,) = example(batch=3, channels=2, classes=5)
    assert images.shape == (3, 2, 32, 32)
    assert module(images).shape == (3, 5)
