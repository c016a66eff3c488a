"""A snippet and pages whose demos read one text and write another, in three ways."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

SNIPPET = '''"""A cell, and a look at a memory.

Source: Nobody, "A test", 2026.
Differs from the paper: nothing.
Checked against: nothing.
Torch versions: 2.13.0
Dimensions: B batch, T tokens, S tokens read, D input width, H width.
SPDX: MIT
"""

import torch
from torch import Tensor, nn


class Cell(nn.Module):
    """A blend of the state and of news.

    Args:
        inputs: features of a step.
        width: features of the state.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.gate = nn.Linear(inputs + width, width)
        self.news = nn.Linear(inputs + width, width)

    def forward(self, step: Tensor, hidden: Tensor) -> Tensor:
        """Read one step.

        Args:
            step: what is read.
            hidden: the state before.

        Shape:
            step (B, D), hidden (B, H) -> hidden (B, H)
        """
        B, D = step.shape
        both = torch.cat([step, hidden], -1)  # (B, D+H)
        gate = torch.sigmoid(self.gate(both))  # (B, H)
        hidden = gate * hidden + (1 - gate) * torch.tanh(self.news(both))
        return hidden


class Look(nn.Module):
    """Looks at a memory, with several heads.

    Args:
        inputs: features of what looks.
        width: features of the memory.
        heads: how often it looks.
    """

    def __init__(self, inputs: int, width: int, heads: int) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(inputs, width), nn.Linear(width, width)
        self.heads = heads

    def forward(self, target: Tensor, memory: Tensor) -> Tensor:
        """Look for every step of the target.

        Args:
            target: what looks.
            memory: what is looked at.

        Shape:
            target (B, T, D), memory (B, S, H) -> (B, T, H)
        """
        B, T, D = target.shape
        sizes = B, -1, self.heads, memory.shape[-1] // self.heads
        query = 3 * self.query(target).view(sizes).transpose(1, 2)
        key = self.key(memory).view(sizes).transpose(1, 2)
        value = memory.view(sizes).transpose(1, 2)
        weights = (query @ key.mT).softmax(-1)
        return (weights @ value).transpose(1, 2).flatten(2)


def example(
    *, batch: int = 2, width: int = 3
) -> tuple[Cell, tuple[Tensor, Tensor]]:
    """Build a cell and its inputs.

    Args:
        batch: sequences.
        width: features of the state.

    Shape:
        () -> Cell, (step (B, D), hidden (B, H))
    """
    return Cell(5, width), (torch.randn(batch, 5), torch.randn(batch, width))


if __name__ == "__main__":
    module, inputs = example()
    print(tuple(module(*inputs).shape))
'''
MODELS = '''\
import torch
from torch import nn
from snippets.toy.pair import Cell, Look

READ = "; un deux trois août novembre 1 2 3 20 26 99".split()
WRITTEN = "<end> ; one two three August November , 1 2 3 20 26 99".split()
WIDTH = 6


class Vector(nn.Module):
    """All that was read is one vector."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(len(READ), 5)
        self.answers = nn.Embedding(len(WRITTEN), 5)
        self.reader, self.writer = Cell(5, WIDTH), Cell(5 + WIDTH, WIDTH)
        self.score = nn.Linear(WIDTH, len(WRITTEN))

    def read(self, tokens, state):
        if state is None:
            state = torch.zeros(len(tokens), WIDTH)
        return None, self.reader(self.words(tokens[:, 0]), state)

    def begin(self, state):
        return torch.tanh(state), state

    def write(self, tokens, state):
        hidden, vector = state
        step = torch.cat([self.answers(tokens[:, 0]), vector], -1)
        hidden = self.writer(step, hidden)
        return self.score(hidden)[:, None], (hidden, vector)

    def forward(self, source, target):
        state = None
        for token in source.unbind(1):
            _, state = self.read(token[:, None], state)
        state, scores = self.begin(state), []
        for token in target.unbind(1):
            score, state = self.write(token[:, None], state)
            scores.append(score)
        return torch.cat(scores, 1)


class Looking(nn.Module):
    """Reads from both ends, and looks at all of it for each word."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(len(READ), 5)
        self.answers = nn.Embedding(len(WRITTEN), 5)
        self.forth, self.back = Cell(5, WIDTH), Cell(5, WIDTH)
        self.look = Look(WIDTH, 2 * WIDTH, 1)
        self.writer = Cell(5 + 2 * WIDTH, WIDTH)
        self.score = nn.Linear(WIDTH, len(WRITTEN))

    def read(self, tokens, state):
        forth, back = [torch.zeros(len(tokens), WIDTH)] * 2 if state is None else state
        forth = self.forth(self.words(tokens[:, 0]), forth)
        back = self.back(self.words(tokens[:, 1]), back)
        return torch.stack([forth, back], 1), (forth, back)

    def begin(self, state):
        return torch.tanh(state[1])

    def write(self, tokens, state, memory):
        seen = self.look(state[:, None], memory)[:, 0]
        step = torch.cat([self.answers(tokens[:, 0]), seen], -1)
        state = self.writer(step, state)
        return self.score(state)[:, None], state

    def forward(self, source, target):
        state, forth, back = None, [], []
        for pair in zip(source.unbind(1), source.flip(1).unbind(1)):
            shown, state = self.read(torch.stack(pair, 1), state)
            forth.append(shown[:, 0])
            back.insert(0, shown[:, 1])
        memory = torch.cat([torch.stack(forth, 1), torch.stack(back, 1)], -1)
        state, scores = self.begin(state), []
        for token in target.unbind(1):
            score, state = self.write(token[:, None], state, memory)
            scores.append(score)
        return torch.cat(scores, 1)


class Sees(nn.Module):
    """Sees the source and all it wrote so far at once."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(len(READ), WIDTH)
        self.answers = nn.Embedding(len(WRITTEN), WIDTH)
        self.look = Look(WIDTH, WIDTH, 2)
        self.score = nn.Linear(WIDTH, len(WRITTEN))

    def forward(self, source, target):
        place = torch.arange(target.shape[1])[:, None] / 9
        answers = self.answers(target) + place
        return self.score(self.look(answers, self.words(source)) + answers)


def spread(model):
    for parameter in model.parameters():
        parameter.data += 0.5 * torch.randn_like(parameter)
    return 7
'''
CALL = """\
from site_src import demo

demo(
    "sequence-to-sequence",
    {model},
    spread,
    vocabulary=READ,
    written=WRITTEN,
    samples=["3 août 2026 ; 2 novembre 1", "un deux ; trois"],
    limits=(12, 10),
    first="<end>",
    last="<end>",
    {settings}
    alt="Words and a map",
    caption="It runs.",
)
"""
GATE = 'inner={"gate": "Cell.forward.gate"},'
LOOKS = 'alignment={"looks": "Look.forward.weights"},'
SETTINGS = {
    "Vector": GATE,
    "Looking": f"directions=2, {GATE} {LOOKS}",
    "Sees": LOOKS,
}


def page(model: str) -> str:
    """A page with the demo of one of the models."""
    call = CALL.format(model=model, settings=SETTINGS[model])
    blocks = f'```python exec="1" html="1"\n{MODELS}{call}```\n'
    return f"# {model}\n\nBefore.\n\n{blocks}\nAfter.\n"


def models(folder: Path) -> types.ModuleType:
    """The models as a module of their own, around a snippet in a folder."""
    path = folder / "snippets" / "toy" / "pair.py"
    path.parent.mkdir(parents=True)
    path.write_text(SNIPPET)
    spec = importlib.util.spec_from_file_location("snippets.toy.pair", path)
    assert spec
    assert spec.loader
    snippet = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = snippet
    spec.loader.exec_module(snippet)
    made = types.ModuleType("models")
    exec(MODELS, made.__dict__)
    return made
