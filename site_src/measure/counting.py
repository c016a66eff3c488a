"""What can be counted of a module without a clock: parameters, work, kept bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


def parameters(module: nn.Module) -> int:
    """Numbers that training sets, each counted once."""
    return sum(parameter.numel() for parameter in module.parameters())


def operations(module: nn.Module, inputs: Sequence[Any]) -> int:
    """Floating-point operations of a forward pass by the formulas of torch's counter.

    They are those of matrix products and convolutions. Fused attention, of which some
    kernels have no formula, is spelled out for the count; a fused recurrent layer has
    none, and counts as what it is made of where torch takes it apart.
    """
    counter = _Counter()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        module(*inputs)
    return counter.total


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Torch's `FlopCounterMode` without its report by module, for long loops."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def kept_bytes(module: nn.Module, inputs: Sequence[Any]) -> int:
    """Bytes kept for the backward pass, weights and inputs apart."""
    tensors = [*module.parameters(), *module.buffers(), *leaves(inputs)]
    known = {tensor.untyped_storage().data_ptr() for tensor in tensors}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with hooks:
        # Held until the count is made, or an address could be given out twice.
        held = module(*inputs)
    total = sum(kept.values())
    del held
    return total


def leaves(value: Any) -> list[Tensor]:
    """All tensors in nested tuples, lists and mappings, in their order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [leaf for part in value for leaf in leaves(part)]
