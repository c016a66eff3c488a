"""Small snippets and their layouts, shaped like what a whiteboard has to hold."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from site_src.diagrams import show
from site_src.diagrams.faults import Faults, Part

HEAD = """import torch
from torch import nn
"""


@dataclass(frozen=True)
class Drawing:
    """A snippet with a layout for it."""

    code: str
    grid: str
    boxes: str
    arrows: str
    groups: str = ""
    of: str | None = None

    def example(self, folder: Path) -> Any:
        """Load the snippet from a file of its own."""
        number = len([*folder.glob("toy*.py")])
        path = folder / f"toy{number}.py"
        path.write_text(self.code)
        name = f"drawings_{folder.name}_{number}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module.example

    def make(self, folder: Path) -> tuple[str, list[tuple[int, str]]]:
        """Draw it: the figure, and the faults with their lines in each text."""
        faults = Faults()
        parts = {n: Part(getattr(self, n)) for n in ("grid", "boxes", "arrows")}
        parts["groups"] = Part(self.groups)
        example = self.example(folder)
        made = show.make(
            example, parts, faults, of=self.of, title="A toy", caption="It is small."
        )
        return made, faults.found


def changed(drawing: Drawing, **edits: tuple[str, str]) -> Drawing:
    """The drawing with parts of its texts replaced, each of which is there once."""
    texts = {}
    for name, (old, new) in edits.items():
        text = getattr(drawing, name)
        assert text.count(old) == 1, (name, old, text.count(old))
        texts[name] = text.replace(old, new)
    return dataclasses.replace(drawing, **texts)


LOOP = Drawing(
    code=f'''"""A network with a loop.

Dimensions: B batch, T tokens, D input width, H hidden width.
"""
{HEAD}

class Cell(nn.Module):
    def __init__(self, input_width, hidden_width):
        super().__init__()
        self.from_input = nn.Linear(input_width, hidden_width)
        self.from_hidden = nn.Linear(hidden_width, hidden_width, bias=False)

    def forward(self, token, previous):
        hidden = torch.tanh(
            self.from_input(token) + self.from_hidden(previous)
        )  # (B, H)
        return hidden


class Net(nn.Module):
    def __init__(self, input_width, hidden_width):
        super().__init__()
        self.hidden_width = hidden_width
        self.cell = Cell(input_width, hidden_width)

    def forward(self, inputs):
        B, T, D = inputs.shape
        hidden, shown = inputs.new_zeros(B, self.hidden_width), []
        for token in inputs.unbind(1):
            hidden = self.cell(token, hidden)
            shown.append(hidden)
        outputs = torch.stack(shown, dim=1)  # (B, T, H)
        return outputs


def example(*, batch=2, tokens=7, input_width=5, hidden_width=4):
    return Net(input_width, hidden_width), (torch.randn(batch, tokens, input_width),)
''',
    grid="""
        x     W    net   y   out
        .     U    .     .   .
        .     .b   .     .a  .
    """,
    boxes="""
        x   | inputs // (B, T, D) | inputs           | 0 | What is read.
        W   | [*W x_t*]           | self.from_input  | 1 | Reads the token.
        U   | [*U h_{t−1}*]       | self.from_hidden | 1 | Reads the state.
        net | (tanh)              | hidden           | 2 | Keeps it small.
        y   | *h_t*               | hidden           | 2 | The state.
        out | outputs             | outputs          | 0 | All states.
    """,
    arrows="""
        x -> W -> net
        U -| net
        net -> y : (B, H) | 2
        y -> out
        y ~> .a ~> .b ~> U : next step | 2
    """,
    groups="""
        cell | × T | self.cell | W net U y .a .b
    """,
)

RESIDUAL = Drawing(
    code=f'''"""A stack of residual blocks on images.

Dimensions: B batch, C channels, N blocks, X classes.
"""
{HEAD}

class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.GroupNorm(1, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, images):
        bent = torch.relu(self.norm(self.first(images)))
        summed = images + self.second(bent)
        outputs = torch.relu(summed)
        return outputs


class Net(nn.Module):
    def __init__(self, channels, blocks, classes):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(channels) for _ in range(blocks)])
        self.head = nn.Linear(channels, classes)

    def forward(self, images):
        hidden = self.blocks(self.stem(images))
        pooled = hidden.mean((2, 3))  # (B, C)
        logits = self.head(pooled)  # (B, X)
        return logits


def example(*, batch=2, channels=4, blocks=5, classes=11):
    return Net(channels, blocks, classes), (torch.randn(batch, 3, 8, 9),)
''',
    grid="""
        images  .
        stem    .
        .fork   .skip
        first   .
        bend    .
        second  .
        add     .back
        relu    .
        pool    .
        head    .
        logits  .
    """,
    boxes="""
        images | images // (B, 3, 8, 9) | images      | 0 | Pictures.
        stem   | [conv 3 × 3]           | self.stem   | 1 | Makes channels.
        first  | [conv 3 × 3, norm]     | self.first, self.norm  | 2 | Looks around.
        bend   | (ReLU)                 | bent        | 2 | Bends.
        second | [conv 3 × 3]           | self.second | 2 | Looks again.
        add    | (+)                    | summed      | 1 | Keeps what was there.
        relu   | (ReLU)                 | outputs     | 1 | Bends.
        pool   | (mean over places)     | pooled      | 1 | Forgets the place.
        head   | [linear]               | self.head   | 1 | Scores.
        logits | scores // (B, X)       | logits      | 0 | One a class.
    """,
    arrows="""
        images -> stem => .fork | 1
        .fork -> first -> bend -> second -> add | 2
        .fork => .skip => .back => add | 1
        add => relu => pool => head -> logits | 1
    """,
    groups="""
        block | × N | self.blocks | .fork .skip first bend second add .back relu
    """,
)
