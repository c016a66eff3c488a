"""What a snippet's functions computed is noted under the names in their source."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from site_src import tracing

SNIPPET = """
import torch
from torch import nn

class Inner(nn.Module):
    def forward(self, inputs):
        doubled = 2 * inputs
        return doubled + 1

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleList([Inner(), Inner()])

    def forward(self, inputs):
        hidden = inputs
        for layer in self.inner:
            hidden = layer(hidden)
        return hidden

def example():
    return Net(), (torch.ones(2, 3),)
"""


@pytest.fixture
def example(tmp_path: Path) -> Callable[[], Any]:
    path = tmp_path / "net.py"
    path.write_text(SNIPPET)
    spec = importlib.util.spec_from_file_location("net", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.example


def test_notes_arguments_locals_and_owners_in_order(example) -> None:
    module, inputs = example()
    with tracing.watch(tracing.file_of(example)) as calls:
        output = module(*inputs)
    assert [c.function for c in calls] == ["Inner.forward"] * 2 + ["Net.forward"]
    assert [c.owner for c in calls] == [*module.inner, module]
    assert calls[0].names["inputs"] is inputs[0]
    assert calls[-1].returned is output
    doubled = tracing.values(calls, "Inner.forward.doubled")
    assert [tensor[0, 0].item() for tensor in doubled] == [2, 6]


def test_other_files_and_later_calls_pass_unseen(example) -> None:
    module, inputs = example()
    with tracing.watch(Path(__file__)) as calls:
        module(*inputs)
    module(*inputs)
    assert calls == []


def test_the_profiler_of_before_is_put_back_after_an_error(example) -> None:
    def before(*_: Any) -> None:
        """Some other profiler."""

    sys.setprofile(before)
    try:
        with pytest.raises(ZeroDivisionError), tracing.watch(Path(__file__)):
            raise ZeroDivisionError
        assert sys.getprofile() is before
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "Inner.forward.tripled",
            "no value of Inner.forward.tripled: it bound doubled",
        ),
        ("Inner.step.doubled", "Inner.step was not called"),
    ],
)
def test_an_unknown_name_says_what_is_known(example, name, words) -> None:
    module, inputs = example()
    with tracing.watch(tracing.file_of(example)) as calls:
        module(*inputs)
    with pytest.raises(ValueError, match=words):
        tracing.values(calls, name)


def test_a_value_inside_becomes_an_output_of_an_exported_program(example) -> None:
    class Exposed(torch.nn.Module):
        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            with tracing.watch(tracing.file_of(example)) as calls:
                output = self.inner(inputs)
            return output, tracing.values(calls, "Inner.forward.doubled")[-1]

    module, inputs = example()
    program = torch.export.export(Exposed(module), inputs, strict=False)
    other = torch.randn(2, 3)
    output, doubled = program.module()(other)
    torch.testing.assert_close(output, module(other))
    torch.testing.assert_close(doubled, 2 * (2 * other + 1))
