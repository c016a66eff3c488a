"""The GRU of the paper's version 3, from its equations alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class PaperUnit(nn.Module):
    """Version 3 of the paper, unit by unit and time step by time step.

    Written from the equations alone: one matrix a symbol, columns instead of
    rows, an index instead of an iterator.
    """

    def __init__(self, input_width: int, hidden_width: int) -> None:
        super().__init__()
        sizes = {"W": input_width, "U": hidden_width}
        for symbol in ("Wr", "Ur", "Wz", "Uz", "W", "U"):
            weight = torch.randn(hidden_width, sizes[symbol[0]]) / 2
            self.register_parameter(symbol, nn.Parameter(weight))
        for symbol in ("br", "bz", "b"):
            self.register_parameter(symbol, nn.Parameter(torch.randn(hidden_width)))

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (B, T, D), state (1, B, H): outputs (B, T, H), state as given."""
        h, trace = state[0].T, []
        for t in range(inputs.shape[1]):
            x = inputs[:, t].T
            r = 1 / (1 + torch.exp(-(self.Wr @ x + self.Ur @ h + self.br[:, None])))
            z = 1 / (1 + torch.exp(-(self.Wz @ x + self.Uz @ h + self.bz[:, None])))
            news = torch.tanh(self.W @ x + self.U @ (r * h) + self.b[:, None])
            h = z * h + (1 - z) * news
            trace.append(h.T)
        return torch.stack(trace, dim=1), h.T[None]


class PaperStack(nn.Module):
    """Two layers of PaperUnits that read both ways."""

    def __init__(self, input_width: int, hidden_width: int) -> None:
        super().__init__()
        widths = (input_width, input_width, 2 * hidden_width, 2 * hidden_width)
        self.units = nn.ModuleList(PaperUnit(width, hidden_width) for width in widths)

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (B, T, D), state (4, B, H): outputs (B, T, 2 H), state as given."""
        outputs, ends = inputs, []
        for layer in (0, 2):
            onward, first = self.units[layer](outputs, state[layer : layer + 1])
            mirrored = outputs.flip(1)
            back, last = self.units[layer + 1](mirrored, state[layer + 1 : layer + 2])
            outputs = torch.cat([onward, back.flip(1)], dim=2)
            ends += [first, last]
        return outputs, torch.cat(ends)


def copy_paper_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the paper's symbols to our blocks of rows."""
    ours = {}
    owners = sorted({name.rpartition(".")[0] for name in theirs})
    for row, owner in enumerate(owners):
        unit = {
            name.removeprefix(f"{owner}."): weight
            for name, weight in theirs.items()
            if name.rpartition(".")[0] == owner
        }
        cell = f"readers.{row}.cell"
        ours[f"{cell}.from_input.weight"] = torch.cat(
            [unit[s] for s in ("Wr", "Wz", "W")]
        )
        ours[f"{cell}.from_input.bias"] = torch.cat(
            [unit[s] for s in ("br", "bz", "b")]
        )
        ours[f"{cell}.gates_from_hidden.weight"] = torch.cat([unit["Ur"], unit["Uz"]])
        ours[f"{cell}.candidate_from_hidden.weight"] = unit["U"]
    return ours
