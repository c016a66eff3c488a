"""The parity harness passes what is equal and sees what is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from parity import compare
from torch import Tensor, nn
from torch.nn import functional as F


class Affine(nn.Module):
    """Ours: one weight the other way round, one bias; a fault for each name."""

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.weight = nn.Parameter(torch.randn(3, 4))
        self.bias = nn.Parameter(torch.randn(4))
        self.register_buffer("scale", torch.ones(4))

    def forward(self, inputs: Tensor, others: tuple[Tensor, Tensor]) -> object:
        weight, bias, scale = self.weight, self.bias, self.scale
        if self.fault == "output":
            inputs = inputs * (1 + 1e-11)
        if self.fault == "bias forgotten":
            bias = torch.zeros_like(bias)
        if self.fault == "gradient of a weight":
            weight = weight.detach()
        if self.fault == "gradient of an input":
            inputs = inputs.detach()
        if self.fault == "buffer forgotten":
            scale = torch.ones_like(scale)
        outputs = F.linear(inputs, weight.T, bias) * scale + others[0]
        if self.fault == "nan":
            outputs = outputs * float("nan")
        if self.fault == "one output":
            return outputs
        if self.fault == "shape":
            return outputs[:, None], {"sum": others[1]}
        if self.fault == "dtype":
            return outputs.float(), {"sum": others[1]}
        return outputs, {"sum": others[1] + outputs.argmax()}


class TwoBiases(nn.Module):
    """The reference: a Linear and a second bias that is added."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.second = nn.Parameter(torch.zeros(4))
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 3.0, 4.0]))

    def forward(self, inputs: Tensor, others: tuple[Tensor, Tensor]) -> object:
        outputs = (self.linear(inputs) + self.second) * self.scale + others[0]
        return outputs, others[1] + outputs.argmax()


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Transpose the weight, add the biases."""
    return {
        "weight": theirs["linear.weight"].T,
        "bias": theirs["linear.bias"] + theirs["second"],
        "scale": theirs["scale"],
    }


def inputs() -> tuple[Tensor, tuple[Tensor, Tensor]]:
    torch.manual_seed(0)
    return torch.randn(2, 3), (torch.randn(2, 4), torch.arange(2))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_equals_pass(dtype: torch.dtype) -> None:
    ours, reference = Affine(), TwoBiases()
    before = [p.clone() for p in (*ours.parameters(), *reference.parameters())]
    errors = compare(
        ours, reference, copy_weights, inputs(), dtype=dtype, extra_parameters=4
    )
    assert sorted(errors) == [
        "gradient of input 0",
        "gradient of input 1",
        "gradient of linear.bias",
        "gradient of linear.weight",
        "gradient of second",
        "output 0",
        "output 1",
    ]
    after = (*ours.parameters(), *reference.parameters())
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("output", "output 0: relative error"),
        ("bias forgotten", "gradient of second: relative error"),
        ("gradient of a weight", "gradient of linear.weight: relative error 1$"),
        ("gradient of an input", "gradient of input 0: relative error 1$"),
        ("buffer forgotten", "output 0: relative error"),
        ("nan", "relative error nan"),
        ("one output", "the reference"),
        ("shape", "output 0: torch.Size"),
        ("dtype", "output 0: torch.Size"),
    ],
)
def test_faults_fail(fault: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        compare(Affine(fault), TwoBiases(), copy_weights, inputs(), extra_parameters=4)


def test_a_wrong_count_fails() -> None:
    with pytest.raises(AssertionError, match="has 4 parameters more, not 0"):
        compare(Affine(), TwoBiases(), copy_weights, inputs())


def test_an_incomplete_map_fails() -> None:
    with pytest.raises(AssertionError, match=r"differ in \['bias', 'bios'\]"):
        compare(
            Affine(),
            TwoBiases(),
            lambda theirs: {
                "weight": theirs["linear.weight"].T,
                "bios": theirs["linear.bias"],
                "scale": theirs["scale"],
            },
            inputs(),
            extra_parameters=4,
        )


def test_a_map_of_another_shape_fails() -> None:
    with pytest.raises(AssertionError, match=r"weight is \(3, 4\), mapped \(4, 3\)"):
        compare(
            Affine(),
            TwoBiases(),
            lambda theirs: {
                **copy_weights(theirs),
                "weight": theirs["linear.weight"],
            },
            inputs(),
            extra_parameters=4,
        )


def test_a_module_may_be_called_in_another_way() -> None:
    with pytest.raises(AssertionError, match="output 0: relative error"):
        compare(
            Affine(),
            TwoBiases(),
            copy_weights,
            inputs(),
            extra_parameters=4,
            run=lambda module, first, rest: module(first * 2, rest),
        )
