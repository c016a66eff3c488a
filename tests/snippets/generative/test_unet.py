"""The U-Net equals that of diffusers in the DDPM's form, on mapped weights."""

from __future__ import annotations

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references import unet as theirs
from torch import nn

from snippets.generative.unet import UNet, example

MISTAKES = [
    Mistake(
        "No skips: the way up does not see the way down",
        {
            "torch.cat([hidden, skips.pop()], dim=1)": (
                "torch.cat([hidden, torch.zeros_like(skips.pop())], dim=1)"
            )
        },
        "Trains, with a higher loss: fine detail has to squeeze through the bottom.",
    ),
    Mistake(
        "Skip joined before what came from below instead of after it",
        {"[hidden, skips.pop()], dim=1": "[skips.pop(), hidden], dim=1"},
        "Trains from scratch as well as ever. Copied weights give noise.",
    ),
    Mistake(
        "The block is not told the time",
        {
            "informed = seen + shift[:, :, None, None]": (
                "informed = seen + 0 * shift[:, :, None, None]"
            )
        },
        "On these digits nothing: the noise can be seen in the image. Copied weights "
        "leave noise in.",
    ),
    Mistake(
        "The time is added after the second convolution instead of before it",
        {
            "second_norm(informed)": "second_norm(seen)",
            "self.second_conv(active_again)": (
                "self.second_conv(active_again) + shift[:, :, None, None]"
            ),
        },
        "Trains; the time can no longer change what the second convolution sees.",
    ),
    Mistake(
        "No SiLU on what is told, before its linear layer",
        {"nn.functional.silu(told)": "told"},
        "Trains as well as ever. Copied weights give slightly wrong images.",
    ),
    Mistake(
        "Cosines before sines in the waves of the time",
        {"[angles.sin(), angles.cos()]": "[angles.cos(), angles.sin()]"},
        "Trains as well as ever. Copied weights see another time: noise stays in.",
    ),
    Mistake(
        "Rates of the waves divided by W/2 instead of W/2 - 1",
        {"/ (width // 2 - 1)": "/ (width // 2)"},
        "Trains as well as ever. Copied weights see a time a little off.",
    ),
    Mistake(
        "Padding on all sides before halving",
        {"(0, 1, 0, 1)": "(1, 0, 1, 0)"},
        "Trains as well as ever. Copied weights give images shifted at each level.",
    ),
    Mistake(
        "Attention over rows and columns swapped when it is folded back",
        {".mT.reshape(B, C, Y, X)": ".mT.reshape(B, C, X, Y).mT"},
        "Nothing on square images but a higher loss: each place gets what another "
        "one looked for.",
    ),
    Mistake(
        "Attention divides by C instead of its root",
        {
            "nn.functional.scaled_dot_product_attention(query, key, value)": (
                "nn.functional.scaled_dot_product_attention("
                "query, key, value, scale=1 / C)"
            )
        },
        "Trains about as well. Copied weights look too evenly.",
    ),
    Mistake(
        "Attention replaces what was there instead of adding to it",
        {"return inputs + change": "return change"},
        "Trains badly: at the start the level gives nothing.",
    ),
    Mistake(
        "No attention in the middle",
        {"E, groups, 1)": "E, groups, 0)"},
        "Trains about as well at small sizes; weights of the attention are missing.",
    ),
    Mistake(
        "Class added to the waves instead of to what is made of them",
        {
            "told = told + self.class_embedding(labels)": (
                "told = self.time_second(nn.functional.silu(self.time_first(waves)"
                " + self.class_embedding(labels)))"
            )
        },
        "Trains as well as ever. Copied weights give the wrong class.",
    ),
    Mistake(
        "GroupNorm with torch's default epsilon",
        {"EPSILON = 1e-6": "EPSILON = 1e-5"},
        "Nothing that can be seen: values are off by millionths.",
    ),
    Mistake(
        "The last convolution starts like any other",
        {'in ("second_conv", "mix", "final")': 'in ("second_conv", "mix")'},
        "The first loss is above that of a network that answers 0.",
    ),
]
LARGER = {"multiples": (1, 2, 3), "blocks": 2, "attention_levels": (0, 2)}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_equals_diffusers(dtype) -> None:
    module, inputs = example()
    reference = theirs.build()
    ways = {"run_reference": theirs.run, "dtype": dtype}
    compare(module, reference, theirs.copy_weights, inputs, **ways)


@pytest.mark.parametrize(
    "sizes",
    [
        LARGER,
        {"classes": 0, "multiples": (1,), "attention_levels": ()},
        {"classes": 0, "multiples": (1, 3), "blocks": 3, "image_channels": 1},
    ],
    ids=str,
)
def test_equals_diffusers_at_other_sizes(sizes) -> None:
    whole = {"width": 6, "groups": 2, "classes": 5, "blocks": 1, "multiples": (1, 2)}
    module, reference = UNet(**(whole | sizes)), theirs.build(**(whole | sizes))
    channels = sizes.get("image_channels", 3)
    inputs = [torch.randn(3, channels, 4, 12), torch.tensor([0, 7, 999])]
    inputs += [torch.tensor([4, 0, 1])] if module.class_embedding is not None else []
    compare(
        module,
        reference,
        theirs.copy_weights,
        tuple(inputs),
        run_reference=theirs.run,
        tolerance=1e-11,
    )


def test_without_arguments_it_is_the_papers_for_cifar10() -> None:
    with torch.device("meta"):
        ours = UNet()
        sizes = {"width": 128, "multiples": (1, 2, 2, 2), "blocks": 2, "groups": 32}
        reference = theirs.build(**sizes, classes=0)
    mapped = theirs.copy_weights(reference.state_dict())
    shapes = {name: tensor.shape for name, tensor in ours.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in mapped.items()}
    assert sum(p.numel() for p in ours.parameters()) == 35_746_307


def test_starts_near_zero_and_with_blocks_that_add_nothing() -> None:
    module, inputs = example()
    assert module(*inputs).abs().max() < 1e-6
    block = module.down[0].blocks[0]
    hidden = torch.randn(2, 6, 4, 8)
    torch.testing.assert_close(block(hidden, torch.randn(2, 24)), hidden)
    look = module.middle.attentions[0]
    hidden = torch.randn(2, 12, 2, 3)
    torch.testing.assert_close(look(hidden), hidden)


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, (images, times, labels) = example()
    for words, call in {
        "3 channels, got 2": lambda: module(images[:, :2], times, labels),
        "multiple of 4 such as 4 or 8, got 6": lambda: module(
            images[..., :6], times, labels
        ),
        "one for each of 2, got": lambda: module(images, times[:1], labels),
        "labels: True, got False": lambda: module(images, times),
        "or 8, got 0": lambda: module(images[..., :0], times, labels),
        "sizes of at least 1, got 0": lambda: UNet(blocks=0),
        "of at least 1, got 0": lambda: UNet(multiples=(1, 0)),
        "at least 1, got 0": lambda: UNet(multiples=()),
        r"levels below 4, got \{16\}": lambda: UNet(attention_levels=(16,)),
        "from 4 on, in 4 groups, got 6": lambda: UNet(width=6, groups=4),
        "from 4 on, in 1 groups, got 2": lambda: UNet(width=2, groups=1),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(ValueError, match="labels: False, got True"):
        UNet(width=4, groups=2)(torch.randn(1, 3, 8, 8), times[:1], labels[:1])


def test_the_example_is_sized_as_asked() -> None:
    module, inputs = example(batch=3, image_channels=1, rows=2, width=4, classes=2)
    assert module(*inputs).shape == (3, 1, 8, 16)
    assert isinstance(module, nn.Module)
