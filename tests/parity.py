"""Parity: a snippet equals an independent, trusted module on the same weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import torch
from recording import note
from torch import Tensor, nn
from torch.func import functional_call

Weights = dict[str, Tensor]
Run = Callable[..., Any]

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}  # relative to max|reference|
NOISE = 0.1  # at default initialisation many mistakes are too small to be seen
FLOOR = 1e-3  # a gradient this far below the largest one is compared with that one


def compare(
    ours: nn.Module,
    reference: nn.Module,
    copy_weights: Callable[[Mapping[str, Tensor]], Weights],
    inputs: tuple[Any, ...],
    *,
    dtype: torch.dtype = torch.float64,
    tolerance: float | None = None,
    extra_parameters: int = 0,
    run: Run = lambda module, *inputs: module(*inputs),
    run_reference: Run = lambda module, *inputs: module(*inputs),
) -> dict[str, float]:
    """Hold a module equal to a trusted one: outputs, gradients, parameters.

    Noise is added to every parameter of the reference first. `copy_weights`
    then makes our weights from those, as `from_published` would, and is
    differentiated through: both modules have to give the reference's own
    parameters the same gradients, whatever the map sums, splits or transposes.

    Args:
        ours: The snippet's module; left unchanged.
        reference: The trusted module; left unchanged.
        copy_weights: Maps the reference's state_dict to all of ours.
        inputs: Positional inputs, nested in tuples where the module wants
            that; floating ones get a gradient that is compared as well.
        dtype: Floating type of the whole comparison.
        tolerance: Largest relative error; TOLERANCE of the dtype without it.
        extra_parameters: How many numbers the reference has more than ours.
        run: How our module is called.
        run_reference: How the reference is called, to give the same outputs.

    Returns:
        The relative error of every output and gradient, by name.

    Raises:
        AssertionError: Something differs; the message names all that does.
    """
    ours, reference = deepcopy(ours).to(dtype), deepcopy(reference).to(dtype)
    surplus = _numbers(reference) - _numbers(ours)
    assert surplus == extra_parameters, (
        f"the reference has {surplus} parameters more, not {extra_parameters}"
    )
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in reference.parameters():
            drawn = torch.randn(parameter.shape, generator=noise, dtype=torch.float64)
            parameter.add_(NOISE * drawn.to(parameter))
    theirs = dict(reference.state_dict(keep_vars=True))
    weights = copy_weights(theirs)
    unmapped = sorted(weights.keys() ^ ours.state_dict().keys())
    assert not unmapped, f"the weight map and our state_dict differ in {unmapped}"
    for name, tensor in ours.state_dict().items():
        assert weights[name].shape == tensor.shape, (
            f"{name} is {tuple(tensor.shape)}, mapped {tuple(weights[name].shape)}"
        )

    def run_ours(*inputs: Any) -> Any:
        named = {f"module.{name}": weight for name, weight in weights.items()}
        return functional_call(_Call(ours, run), named, inputs)

    found = _measure(run_ours, theirs, inputs, dtype)
    expected = _measure(
        lambda *inputs: run_reference(reference, *inputs), theirs, inputs, dtype
    )
    limit = tolerance or TOLERANCE[dtype]
    errors = _errors(found, expected, limit)
    note(
        "comparison",
        reference=f"{type(reference).__module__}.{type(reference).__qualname__}",
        dtype=str(dtype).removeprefix("torch."),
        tolerance=limit,
        errors=errors,
    )
    return errors


class _Call(nn.Module):
    """A module called in another way than by its forward."""

    def __init__(self, module: nn.Module, run: Run) -> None:
        super().__init__()
        self.module = module
        self.run = run

    def forward(self, *inputs: Any) -> Any:
        return self.run(self.module, *inputs)


def _measure(
    call: Run, theirs: Weights, inputs: tuple[Any, ...], dtype: torch.dtype
) -> Weights:
    """Collect the outputs and all gradients of one run, by name.

    The gradients are those of a random weighting of all outputs, so that no
    mistake hides behind a symmetry.
    """
    fresh = moved(inputs, dtype=dtype)
    for tensor in tensors(fresh):
        tensor.requires_grad_(tensor.is_floating_point())
    outputs = tensors(call(*fresh))
    measured = {f"output {place}": tensor for place, tensor in enumerate(outputs)}
    draw = torch.Generator().manual_seed(2)
    loss = torch.zeros((), dtype=dtype)
    for tensor in outputs:
        if tensor.is_floating_point():
            weights = torch.randn(tensor.shape, generator=draw, dtype=torch.float64)
            loss = loss + (tensor * weights.to(tensor)).sum()
    leaves = {f"gradient of {name}": tensor for name, tensor in theirs.items()}
    for place, tensor in enumerate(tensors(fresh)):
        leaves[f"gradient of input {place}"] = tensor
    leaves = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    gradients = torch.autograd.grad(
        loss,
        list(leaves.values()),
        retain_graph=True,  # the weight map is shared by both runs
        materialize_grads=True,
    )
    return measured | dict(zip(leaves, gradients, strict=True))


def _errors(found: Weights, expected: Weights, tolerance: float) -> dict[str, float]:
    """Compare name by name, relative to the largest number of the reference."""
    assert found.keys() == expected.keys(), (
        f"we give {list(found)}, the reference {list(expected)}"
    )
    steepest = max(
        (float(t.detach().abs().max()) for n, t in expected.items() if "grad" in n),
        default=0.0,
    )
    errors, wrong = {}, []
    for name, right in expected.items():
        ours, right = found[name].detach(), right.detach()
        if ours.shape != right.shape or ours.dtype != right.dtype:
            wrong.append(f"{name}: {ours.shape} {ours.dtype}, not {right.shape}")
            continue
        scale = float(right.abs().max())
        assert right.isfinite().all(), f"the reference's {name} is not finite"
        if name.startswith("gradient"):
            scale = max(scale, FLOOR * steepest)
        difference = float((ours - right).abs().max())
        errors[name] = difference / scale if scale else difference
        if not errors[name] <= tolerance:  # nan is no equality
            wrong.append(f"{name}: relative error {errors[name]:.2g}")
    assert not wrong, f"beyond {tolerance:g}: " + "; ".join(wrong)
    return errors


def tensors(value: Any) -> list[Tensor]:
    """List the tensors in nested tuples, lists and mappings, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [tensor for part in value for tensor in tensors(part)]
    return []


def moved(value: Any, **where: Any) -> Any:
    """Copy nested tensors to a dtype or a device; whole numbers keep theirs."""
    if isinstance(value, tuple | list):
        return type(value)(moved(part, **where) for part in value)
    if not isinstance(value, Tensor):
        return value
    whole = "dtype" in where and not value.is_floating_point()
    return value.detach().clone() if whole else value.detach().clone().to(**where)


def _numbers(module: nn.Module) -> int:
    """Count the parameters' numbers."""
    return sum(parameter.numel() for parameter in module.parameters())
