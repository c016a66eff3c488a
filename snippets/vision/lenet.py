"""LeNet-5: a convolutional network that reads a digit with shared filters.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to
    Document Recognition", Proceedings of the IEEE 86(11), 1998, section II.B.
Differs from the paper:
    - pooling is a plain mean; the paper's subsampling layers multiply the sum
      by a learned coefficient, add a learned bias and squash
    - every map of the second convolution reads all six maps below; the paper
      connects each of them to some, 1,516 parameters instead of 2,416
    - the output is a linear layer that is trained with cross-entropy; the
      paper's output units measure distances to fixed bitmaps of the classes
    - the squashing function is tanh(x), not 1.7159 tanh(2x/3)
    - starts from torch's own random weights
Checked against: torch.nn.functional.unfold with matrix products written out
    (tests/references/lenet.py), scipy.signal.correlate2d
Torch versions: 2.13.0
Dimensions: B images, C channels, H height, W width, N classes.
SPDX: MIT
"""

import torch
from torch import Tensor, nn

SIDE = 32  # pixels of height and width that the layers fit (section II.B)


# Same as: recurrent/lstm.py::_check_at_least_one
def _check_at_least_one(name: str, size: int) -> None:
    """Raise ValueError for a size below one."""
    if size < 1:
        raise ValueError(f"expected {name} of at least 1, got {size}")


# Same as: recurrent/lstm.py::_check_equal
def _check_equal(
    name: str, found: int | tuple[int, ...], expected: int | tuple[int, ...]
) -> None:
    """Raise ValueError for a size that might broadcast silently."""
    if found != expected:
        raise ValueError(f"expected {name} {expected}, got {found}")


class LeNet(nn.Module):
    """Two convolutions with pooling, a third that sees all, and two layers.

    The names C1 to F6 are the paper's. With one channel and ten classes there
    are 61,706 parameters.

    Args:
        channels: of the images, at least 1.
        classes: that are told apart, at least 1.

    Shape:
        images (B, C, 32, 32) -> scores (B, N)

    Raises:
        ValueError: a size is below 1.

    Source: LeCun et al. 1998, section II.B.
    """

    def __init__(self, *, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        _check_at_least_one("channels", channels)
        _check_at_least_one("classes", classes)
        self.channels = channels
        self.first_filters = nn.Conv2d(channels, 6, 5)  # C1: 5x5 pixels
        self.second_filters = nn.Conv2d(6, 16, 5)  # C3
        self.whole_filters = nn.Conv2d(16, 120, 5)  # C5: as large as its input
        self.hidden_layer = nn.Linear(120, 84)  # F6
        self.output_layer = nn.Linear(84, classes)
        self.pool = nn.AvgPool2d(2)  # S2 and S4: no weights, so one serves both

    def forward(self, images: Tensor) -> Tensor:
        """Score every class for every image.

        Args:
            images: ink about 1, paper about 0.

        Shape:
            images (B, C, 32, 32) -> scores (B, N)

        Raises:
            ValueError: no image, or a size that the network was not built for.
        """
        B, C, H, W = images.shape
        _check_at_least_one("images", B)
        _check_equal("channels", C, self.channels)
        _check_equal("height", H, SIDE)
        _check_equal("width", W, SIDE)
        # One filter, the same at every place: what it finds, and where.
        first_maps = torch.tanh(self.first_filters(images))  # (B, 6, 28, 28)
        first_pooled = self.pool(first_maps)  # (B, 6, 14, 14)
        combined = self.second_filters(first_pooled)  # (B, 16, 10, 10)
        second_maps = torch.tanh(combined)
        second_pooled = self.pool(second_maps)  # (B, 16, 5, 5)
        whole = torch.tanh(self.whole_filters(second_pooled))  # (B, 120, 1, 1)
        features = whole.flatten(1)  # (B, 120)
        hidden = torch.tanh(self.hidden_layer(features))  # (B, 84)
        scores: Tensor = self.output_layer(hidden)  # (B, N)
        return scores


def example(
    *, batch: int = 2, channels: int = 3, classes: int = 7
) -> tuple[LeNet, tuple[Tensor]]:
    """Build a network and images for it; all other sizes are the paper's.

    Args:
        batch: images.
        channels: of the images.
        classes: that are told apart.

    Shape:
        () -> LeNet, (images (B, C, 32, 32),)
    """
    module = LeNet(channels=channels, classes=classes)
    return module, (torch.randn(batch, channels, SIDE, SIDE),)


if __name__ == "__main__":
    module, inputs = example()
    print(tuple(module(*inputs).shape))
