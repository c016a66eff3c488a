"""From a module of torch to the bytes of a model for onnxruntime, and back again.

The graph is left as torch.export recorded it, so that every parameter stands in the
file under its own name, with its own bits; the runtime simplifies it when it loads it.
What a run does not need, such as the source that every operation carries, is dropped.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn

_VARIES = torch.export.Dim.DYNAMIC  # with AUTO a frozen size is no error
_FROZEN = re.compile(r"inferred a static shape of (\d+)")


@dataclass(frozen=True)
class Made:
    """What a kind of demo makes of a trained model.

    Args:
        model: The exported model.
        lengths: The sizes at which it was compared with torch.
        difference: The largest difference found, of any output at any size.
        settings: JSON data for the kind's module in the browser.
        shown: JSON data for its static figure.
    """

    model: bytes
    lengths: list[int]
    difference: float
    settings: dict[str, Any]
    shown: dict[str, Any]


def export(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    *,
    varying: Mapping[str, int] = {},
) -> bytes:
    """Export a module whose attribute `model` holds what was trained.

    Args:
        module: Takes the inputs in their order, and returns a tuple.
        inputs: Name → an example of at least two along what varies.
        outputs: A name for each tensor that it returns.
        varying: Input → the dimension along which its size may change.

    Raises:
        ValueError: When the size was frozen on the way, or a parameter got lost.
    """
    sizes: list[Any] = [{varying[n]: _VARIES} if n in varying else {} for n in inputs]
    kinds = [p.kind for p in inspect.signature(module.forward).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:  # its arguments count as one
        named = len(kinds) - 1
        sizes = [*sizes[:named], tuple(sizes[named:])]
    try:
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            dynamo=True,
            dynamic_shapes=tuple(sizes) if varying else None,
            external_data=False,
            input_names=list(inputs),
            output_names=list(outputs),
            optimize=False,
            verbose=False,
        )
    except Exception as error:
        raise ValueError(f"the model cannot be exported: {_reason(error)}") from None
    assert program is not None
    stripped = strip(program.model_proto)
    used = _reached(module, tuple(inputs.values()))
    _same_weights(module.get_submodule("model"), weights(stripped), used)
    return stripped


def strip(model: onnx.ModelProto) -> bytes:
    """The model without names of operations, lines of source and inferred shapes."""
    graph = model.graph
    parts = [model, graph, *graph.node, *graph.input, *graph.output, *model.functions]
    for part in parts:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    for node in graph.node:
        node.ClearField("name")
    graph.ClearField("value_info")
    return bytes(model.SerializeToString())


def weights(model: bytes) -> dict[str, Tensor]:
    """Parameters and buffers by their names in the module that was exported."""
    held = onnx.ModelProto.FromString(model).graph.initializer
    return {
        tensor.name.removeprefix("model."): torch.from_numpy(
            numpy_helper.to_array(tensor).copy()
        )
        for tensor in held
        if tensor.name.startswith("model.")
    }


class Runtime:
    """A model in onnxruntime, on one thread.

    Args:
        model: As from `export`.
    """

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(model, options, providers)
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs by name.

        Raises:
            ValueError: When the model does not take these sizes.
        """
        arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
        try:
            found = self.session.run(self.outputs, arrays)
        except Exception as error:
            raise ValueError(f"onnxruntime fails: {_reason(error)}") from None
        pairs = zip(self.outputs, found, strict=True)
        return {name: torch.from_numpy(numpy.asarray(array)) for name, array in pairs}


def _reached(module: nn.Module, inputs: tuple[Tensor, ...]) -> set[Tensor]:
    """The parameters that the outputs depend on; a head that is not shown is none."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    with torch.enable_grad():
        total = torch.stack([output.sum() for output in module(*inputs)]).sum()
        found = torch.autograd.grad(total, parameters, allow_unused=True)
    pairs = zip(parameters, found, strict=True)
    return {parameter for parameter, slope in pairs if slope is not None}


def _same_weights(
    model: nn.Module, found: Mapping[str, Tensor], used: set[Tensor]
) -> None:
    """Raise unless every parameter in use stands in the file as it is."""
    for name, parameter in model.named_parameters():
        if parameter not in used and name not in found:
            continue
        if name not in found or not torch.equal(parameter.detach(), found[name]):
            raise ValueError(f"the exported model does not hold the parameter {name}")


def _reason(error: BaseException) -> str:
    """The innermost cause, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = str(error).strip()
    if frozen := _FROZEN.search(text):
        return (
            f"its length was frozen at {frozen[1]}, as by a loop over time; such a "
            "model is exported as one step"
        )
    return text.partition("\n")[0][:200] or type(error).__name__
