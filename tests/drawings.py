"""Small snippets and their layouts, shaped like what a whiteboard has to hold."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, field
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
    changes: dict[str, str] = field(default_factory=dict)

    def example(self, folder: Path) -> Any:
        """Load the snippet from a file of its own."""
        number = len([*folder.glob("toy*.py")])
        path = folder / f"toy{number}.py"
        path.write_text(self.code)
        name = f"drawings_{folder.name}_{number}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader
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

TOWERS = Drawing(
    code=f'''"""A translator: one tower reads, one writes.

Dimensions: B batch, S source tokens, T target tokens, D width, N layers,
    V vocabulary.
"""
{HEAD}

class Reader(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.Linear(width, width)
        self.feed_forward = nn.Linear(width, width)

    def forward(self, source):
        met = source + self.attention(source)
        read = met + self.feed_forward(met)
        return read


class Writer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.Linear(width, width)
        self.cross = nn.Linear(width, width)
        self.feed_forward = nn.Linear(width, width)

    def forward(self, target, memory):
        met = target + self.attention(target)
        asked = met + self.cross(memory).mean(1, keepdim=True)
        written = asked + self.feed_forward(asked)
        return written


class Translator(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.source_embedding = nn.Embedding(vocabulary, width)
        self.target_embedding = nn.Embedding(vocabulary, width)
        self.readers = nn.ModuleList([Reader(width) for _ in range(layers)])
        self.writers = nn.ModuleList([Writer(width) for _ in range(layers)])
        self.head = nn.Linear(width, vocabulary)

    def forward(self, source, target):
        memory = self.source_embedding(source)  # (B, S, D)
        hidden = self.target_embedding(target)  # (B, T, D)
        for reader in self.readers:
            memory = reader(memory)
        for writer in self.writers:
            hidden = writer(hidden, memory)
        logits = self.head(hidden)  # (B, T, V)
        return logits


def example(*, batch=2, source_tokens=7, target_tokens=5, vocabulary=13, layers=3):
    source = torch.randint(vocabulary, (batch, source_tokens))
    target = torch.randint(vocabulary, (batch, target_tokens))
    return Translator(vocabulary, 8, layers), (source, target)
''',
    grid="""
        .    source  .     .     target .
        .    embed   .     .     wembed .
        .a1  .a0     .     .     .d0    .d1
        .    look    .     .     wlook  .
        .a2  add     .     .     wadd   .d2
        .b1  .b0     .     .     .e0    .e1
        .    think   .     .c1   cross  .
        .b2  done    .     .m1   cadd   .e2
        .    .       .     .     .g0    .g1
        .    .       .     .     wthink .
        .    .       .     .     wdone  .g2
        .    .       .     .     head   .
        .    .       .     .     scores .
    """,
    boxes="""
        source | source // (B, S)     | source                | 0 | What is read.
        embed  | [embedding]          | self.source_embedding | 1 | Looks up vectors.
        look   | [self-attention]     | self.attention        | 4 | Looks around.
        add    | (+)                  | met                   | 1 | Keeps.
        think  | [feed-forward]       | self.feed_forward     | 3 | Thinks.
        done   | (+)                  | read                  | 1 | Keeps.
        target | target // (B, T)     | target                | 0 | What was written.
        wembed | [embedding]          | self.target_embedding | 1 | Looks up vectors.
        wlook  | [masked self-attention] | self.attention     | 4 | Looks back.
        wadd   | (+)                  | met                   | 1 | Keeps.
        cross  | [cross-attention]    | self.cross            | 6 | Looks at what was read.
        cadd   | (+)                  | asked                 | 1 | Keeps.
        wthink | [feed-forward]       | self.feed_forward     | 3 | Thinks.
        wdone  | (+)                  | written               | 1 | Keeps.
        head   | [linear]             | self.head             | 1 | Scores.
        scores | scores // (B, T, V)  | logits                | 0 | What comes next.
    """,
    arrows="""
        source -> embed => .a0 | 1
        .a0 -> look -> add | 4
        .a0 => .a1 => .a2 => add => .b0 | 1
        .b0 -> think -> done | 3
        .b0 => .b1 => .b2 => done | 1
        done => .m1 => .c1 => cross : (B, S, D) | 1
        target -> wembed => .d0 | 1
        .d0 -> wlook -> wadd | 4
        .d0 => .d1 => .d2 => wadd => .e0 | 1
        .e0 -> cross -> cadd | 6
        .e0 => .e1 => .e2 => cadd => .g0 | 1
        .g0 -> wthink -> wdone | 3
        .g0 => .g1 => .g2 => wdone => head -> scores | 1
    """,
    groups="""
        encoder | × N | self.readers | .a0 .a1 look .a2 add .b0 .b1 think .b2 done
        decoder | × N | self.writers | .d0 .d1 wlook .d2 wadd .e0 .e1 cross cadd .e2 .g0 .g1 wthink wdone .g2
    """,
)

U_SHAPED = Drawing(
    code=f'''"""A network in the shape of a U.

Dimensions: B batch, C channels, W width.
"""
{HEAD}

class UNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.down = nn.ModuleList([
            nn.Conv1d(1, channels, 3, padding=1),
            nn.Conv1d(channels, 2 * channels, 3, padding=1),
        ])
        self.bottom = nn.Conv1d(2 * channels, 2 * channels, 3, padding=1)
        self.up = nn.ModuleList([
            nn.Conv1d(4 * channels, channels, 3, padding=1),
            nn.Conv1d(2 * channels, 1, 3, padding=1),
        ])

    def forward(self, images):
        fine = self.down[0](images)
        halved = nn.functional.max_pool1d(fine, 2)
        coarse = self.down[1](halved)
        lowest = nn.functional.max_pool1d(coarse, 2)
        thought = self.bottom(lowest)
        raised = nn.functional.interpolate(thought, scale_factor=2)
        beside = torch.cat([coarse, raised], 1)
        joined = self.up[0](beside)
        widened = nn.functional.interpolate(joined, scale_factor=2)
        together = torch.cat([fine, widened], 1)
        outputs = self.up[1](together)
        return outputs


def example(*, batch=2, channels=5, width=16):
    return UNet(channels), (torch.randn(batch, 1, width),)
''',
    grid="""
        images  .       .       .       outputs
        fine    .       .       .       last
        .f0     .       .       .       together
        halve   .       .       .       widen
        .       coarse  .       joined  .join
        .       .c0     .       beside  .
        .       lower   .       raise   .
        .       .low    bottom  .up     .
    """,
    boxes="""
        images  | images            | images      | 0 | What comes in.
        fine    | [conv]            | self.down.0 | 1 | Fine detail.
        halve   | (pool)            | halved      | 0 | Half the places.
        coarse  | [conv]            | self.down.1 | 2 | Coarser.
        lower   | (pool)            | lowest      | 0 | Half again.
        bottom  | [conv]            | self.bottom | 3 | Sees the whole.
        raise   | (enlarge)         | raised      | 0 | Twice the places.
        beside  | (concat)          | beside      | 2 | Detail comes back.
        joined  | [conv]            | self.up.0   | 2 | Joins.
        widen   | (enlarge)         | widened     | 0 | Twice the places.
        together | (concat)         | together    | 1 | Detail comes back.
        last    | [conv]            | self.up.1   | 1 | Joins.
        outputs | outputs           | outputs     | 0 | What goes out.
    """,
    arrows="""
        images -> fine -> .f0 -> halve | 1
        halve |- coarse | 1
        coarse -> .c0 -> lower -> .low -> bottom | 2
        bottom -> .up -> raise -> beside -> joined | 3
        .c0 => beside : (B, 2*C, 8) | 2
        joined -> .join -> widen -> together -> last -> outputs | 2
        .f0 => together : (B, C, W) | 1
    """,
)

DRAWINGS = {
    "loop": LOOP,
    "residual": RESIDUAL,
    "towers": TOWERS,
    "u_shaped": U_SHAPED,
}
