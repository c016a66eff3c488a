"""The contract every snippet keeps: one function a clause, each given a file."""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from pathlib import Path
from typing import Any

import torch
import warm
from parity import moved, tensors
from torch import Tensor, nn

from site_src.lint.shape_comments import shape_comments
from site_src.lint.snippet import style
from site_src.lint.source import Source, read

Built = tuple[nn.Module, tuple[Any, ...]]

# Parameters that get no gradient in the example: {slug: {parameter: reason}}.
WITHOUT_GRADIENT: dict[str, dict[str, str]] = {}
# What a snippet may not find when it runs alone.
OURS = ("snippets", "site_src", "tests", "parity", "contract")


def runs_alone(path: Path, folder: Path) -> None:
    """A copy in an empty folder runs as __main__ and prints something."""
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    done = warm.script(copy, OURS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "nothing is printed under __main__"
    assert not done.stderr.strip(), done.stderr


def gives_every_parameter_a_gradient(path: Path) -> None:
    """Forward and backward work, and no parameter stands idle."""
    idle: set[str] = set()
    for module, inputs in _variants(path):
        noise = torch.Generator().manual_seed(1)
        with torch.no_grad():  # zeros at the start would hide what lies behind
            for parameter in module.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=noise))
        draw = torch.Generator().manual_seed(2)
        loss = torch.zeros(())
        for output in _floating(module(*inputs)):
            assert output.isfinite().all(), "an output is not finite"
            loss = loss + (output * torch.randn(output.shape, generator=draw)).sum()
        loss.backward()
        for name, parameter in module.named_parameters():
            if parameter.grad is None or not parameter.grad.any():
                idle.add(name)
            else:
                assert parameter.grad.isfinite().all(), f"{name}: not finite"
    excused = WITHOUT_GRADIENT.get(path.stem, {}).keys()
    assert idle == excused, f"without gradient: {sorted(idle)}, not {sorted(excused)}"


def restores_its_state(path: Path) -> None:
    """Saved weights, loaded into another network, give the same outputs."""
    module, inputs = _build(path, seed=0)
    other, _ = _build(path, seed=1)
    expected = _outputs(module, inputs)
    assert not _same(_outputs(other, inputs), expected), "the weights change nothing"
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer, weights_only=True))
    assert _same(_outputs(other, inputs), expected), "state_dict does not hold it all"


def repeats_itself(path: Path) -> None:
    """The same seed gives the same network, inputs and outputs."""
    first, second = (_build(path, seed=3) for _ in range(2))
    assert _same(tensors(first[1]), tensors(second[1])), "other inputs"
    assert _same(_outputs(*first), _outputs(*second)), "other outputs"


def follows_dtype(path: Path) -> None:
    """float64 and, where torch can, bfloat16 inputs give outputs of that type."""
    for dtype in (torch.float64, torch.bfloat16):
        for module, inputs in _variants(path):
            try:
                outputs = _floating(module.to(dtype)(*moved(inputs, dtype=dtype)))
            except NotImplementedError:
                assert dtype == torch.bfloat16, f"{dtype} is not implemented"
                continue
            found = {output.dtype for output in outputs}
            assert found == {dtype}, f"{dtype} in, {found} out"


def follows_device(path: Path) -> None:
    """Outputs are on the device of the inputs, and so is all between.

    Every machine has the device "meta", which holds shapes and no numbers;
    what needs numbers to go on cannot run there and is left to CUDA.
    """
    devices = ["meta", "cuda"] if torch.cuda.is_available() else ["meta"]
    for device in devices:
        for module, inputs in _variants(path):
            try:
                outputs = tensors(module.to(device)(*moved(inputs, device=device)))
            except NotImplementedError:
                assert device == "meta", f"{device} is not implemented"
                continue
            found = {output.device.type for output in outputs}
            assert found == {device}, f"{device} in, {found} out"


def refuses_wrong_sizes(path: Path) -> None:
    """A size that does not fit raises ValueError with both numbers.

    Each dimension of each input is made one longer, then 1; other sizes may be
    welcome, but what refuses one may not broadcast the other. A size that is
    refused as a limit, "at most", may be 1: a shorter text is no broadcast.
    """
    refused = 0
    module, inputs = _build(path, seed=0)
    for place, tensor in enumerate(inputs):
        if not isinstance(tensor, Tensor):
            continue
        for axis in range(tensor.dim()):
            size = tensor.shape[axis]
            longer = torch.cat([tensor, tensor.narrow(axis, 0, 1)], dim=axis)
            others = (longer, tensor.narrow(axis, 0, 1))
            messages = [_refusal(module, inputs, place, other) for other in others]
            where = f"dimension {axis} of input {place}"
            for message, other in zip(messages, (size + 1, 1), strict=True):
                numbers = set(map(int, re.findall(r"\d+", message or "")))
                both = message is None or {size, other} <= numbers
                assert both, f"{where}: {message!r} lacks {size} or {other}"
            if messages[0] is not None:
                refused += 1
                refuses_one = messages[1] or "at most" in messages[0]
                assert size == 1 or refuses_one, f"{where} of size 1 broadcasts"
        for other in (tensor.unsqueeze(0), tensor.sum(0)):
            _refusal(module, inputs, place, other)
    assert refused, "no wrong size is refused"


def is_sweepable(path: Path) -> None:
    """Every size of `example()` can be changed, and changes something."""
    example = _load(path).example
    defaults = {n: p.default for n, p in signature(example).parameters.items()}
    sizes = {n: d for n, d in defaults.items() if type(d) is int}
    assert "batch" in sizes, "example() has no batch"
    assert len(set(sizes.values())) == len(sizes), f"sizes are not distinct: {sizes}"
    usual = _footprint(*example())
    for name, size in sizes.items():
        swept = 0
        for other in (2 * size, size + 1, 1):
            if other == size:
                continue
            try:
                module, inputs = example(**{name: other})
            except ValueError:
                continue  # not every width can be divided among the heads
            assert _footprint(module, inputs) != usual, f"{name} changes nothing"
            module(*inputs)
            swept += 1
        assert swept, f"{name} cannot be swept"


def leaves_inputs_alone(path: Path) -> None:
    """No input is written to, in training or in evaluation."""
    for module, inputs in _variants(path):
        for training in (True, False):
            before = [tensor.clone() for tensor in tensors(inputs)]
            versions = [tensor._version for tensor in tensors(inputs)]
            with torch.no_grad():
                module.train(training)(*inputs)
            assert _same(tensors(inputs), before), "an input was changed"
            after = [tensor._version for tensor in tensors(inputs)]
            assert after == versions, "an input was written to"


def steps_as_it_reads(path: Path) -> None:
    """A module with `step` gives, token by token, what forward gives at once."""
    module, inputs = _build(path, seed=0)
    if not hasattr(module, "step"):
        return
    module.double().eval()
    (first,) = moved(inputs, dtype=torch.float64)
    expected = tensors(module(first))
    state, outputs = None, []
    for token in first.unbind(1):
        output, state = module.step(token, state)
        outputs.append(output)
    found = [torch.stack(outputs, dim=1), *tensors(state)]
    for ours, right in zip(found, expected, strict=False):  # state: if forward has it
        torch.testing.assert_close(ours, right, rtol=1e-10, atol=1e-12)


def has_true_shape_comments(path: Path) -> None:
    """Each shape comment was run and is true; there is at least one."""
    problems = shape_comments(path)
    assert not problems, "\n".join(map(str, problems))
    assert re.search(r"\S  # (\w+ x )?\([A-Z]", path.read_text()), "no shape comment"


def keeps_the_style(path: Path) -> None:
    """The house style, as far as a machine can check it."""
    problems = style(path)
    assert not problems, "\n".join(map(str, problems))


def names_the_torch_that_ran(path: Path) -> None:
    """The header names the version of torch that is installed here."""
    source = read(path)
    assert isinstance(source, Source), source
    here = torch.__version__.partition("+")[0]
    named = source.entry("Torch versions").split(", ")
    assert here in named, f"ran with torch {here}, the header names {named}"


def _load(path: Path) -> Any:
    """Execute a file as a module of its own; a DeprecationWarning is an error."""
    spec = spec_from_file_location(f"contract_{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        spec.loader.exec_module(module)
    return module


def _build(path: Path, *, seed: int, **sizes: Any) -> Built:
    """Call a file's example under a seed."""
    example: Callable[..., Built] = _load(path).example
    torch.manual_seed(seed)
    return example(**sizes)


def _variants(path: Path) -> Iterator[Built]:
    """The example as it is, then with each boolean argument flipped."""
    parameters = signature(_load(path).example).parameters
    yield _build(path, seed=0)
    for name, parameter in parameters.items():
        if isinstance(parameter.default, bool):
            yield _build(path, seed=0, **{name: not parameter.default})


def _outputs(module: nn.Module, inputs: tuple[Any, ...]) -> list[Tensor]:
    """Evaluate under a seed, for models that sample."""
    torch.manual_seed(4)
    with torch.no_grad():
        return tensors(module.eval()(*inputs))


def _floating(value: Any) -> list[Tensor]:
    """The floating tensors of an output; there has to be one."""
    found = [tensor for tensor in tensors(value) if tensor.is_floating_point()]
    assert found, "no floating output"
    return found


def _same(left: list[Tensor], right: list[Tensor]) -> bool:
    """Whether two lists of tensors are equal, bit for bit."""
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


def _refusal(
    module: nn.Module, inputs: tuple[Any, ...], place: int, other: Tensor
) -> str | None:
    """The words of the ValueError that refuses an input; None if it is taken."""
    try:
        module(*inputs[:place], other, *inputs[place + 1 :])
    except ValueError as error:
        return str(error)
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        raise AssertionError(f"expected a ValueError, got {found}") from error
    return None


def _footprint(module: nn.Module, inputs: tuple[Any, ...]) -> list[tuple[int, ...]]:
    """The shapes of all parameters and inputs."""
    return [tuple(t.shape) for t in (*module.parameters(), *tensors(inputs))]
