"""The smallest snippet that keeps every rule; tests plant faults in copies.

Source: Elman, "Finding Structure in Time", Cognitive Science 14(2), 1990.
Differs from the paper:
    - tanh, and a scale on the news
Checked against: torch.nn.RNN
Torch versions: 2.13.0
Dimensions: B batch, T tokens, D input width, H hidden width.
SPDX: MIT
"""

import torch
from torch import Tensor, nn

SCALE = 1.0  # no source: this is a specimen


def check_width(found: int, expected: int) -> None:
    """Refuse a width that does not fit.

    Args:
        found: the width given.
        expected: the width that fits.

    Raises:
        ValueError: the two differ.
    """
    if found != expected:
        raise ValueError(f"expected width {expected}, got {found}")


class Cell(nn.Module):
    """One step.

    Args:
        input_width: features of a token.
        hidden_width: features of the state.
        rectify: whether the squashing is a rectifier instead of tanh.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        rectify: bool,
    ) -> None:
        super().__init__()
        self.rectify = rectify
        self.from_input = nn.Linear(input_width, hidden_width)
        self.from_hidden = nn.Linear(hidden_width, hidden_width)

    def forward(self, token: Tensor, hidden: Tensor) -> Tensor:
        """Read one token.

        Args:
            token: the token.
            hidden: the state before it.

        Shape:
            token (B, D), hidden (B, H) -> hidden (B, H)
        """
        news = SCALE * self.from_input(token)  # (B, H)
        both = torch.cat([news, self.from_hidden(hidden)], dim=-1)  # (B, 2*H)
        parts = both.chunk(2, -1)  # 2 x (B, H)
        if self.rectify:
            return torch.relu(parts[0] + parts[1])  # (B, H)
        return torch.tanh(parts[0] + parts[1])  # (B, H)


class Elman(nn.Module):
    """A recurrent network of one layer.

    Args:
        input_width: features of a token.
        hidden_width: features of the state.
        rectify: whether the squashing is a rectifier instead of tanh.
    """

    def __init__(
        self, input_width: int, hidden_width: int, *, rectify: bool = False
    ) -> None:
        super().__init__()
        self.input_width = input_width
        self.cell = Cell(input_width, hidden_width, rectify=rectify)
        self.start = nn.Parameter(torch.zeros(hidden_width))

    def forward(
        self, inputs: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read sequences.

        Args:
            inputs: the sequences.
            state: the state to start from.

        Shape:
            inputs (B, T, D), state (B, H) -> outputs (B, T, H), state (B, H)

        Raises:
            ValueError: a width that does not fit.
        """
        B, T, D = inputs.shape
        check_width(D, self.input_width)
        hidden = self.start.expand(B, -1) if state is None else state  # (B, H)
        shown = []
        for token in inputs.unbind(1):
            hidden = self.cell(token, hidden)
            shown.append(hidden)
        outputs = torch.stack(shown[:T], dim=1)  # (B, T, H)
        return outputs, hidden

    def step(
        self,
        token: Tensor,
        state: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Read one token.

        Args:
            token: the token.
            state: the state to start from.

        Shape:
            token (B, D), state (B, H) -> output (B, H), state (B, H)
        """
        outputs, state = self(token.unsqueeze(1), state)
        output = outputs[:, 0]  # (B, H)
        return output, state


def from_published(weights: dict[str, Tensor]) -> Elman:
    """Build the network that published weights belong to.

    Args:
        weights: the published state_dict.
    """
    hidden_width, input_width = weights["weight_ih_l0"].shape
    module = Elman(input_width, hidden_width)
    renamed = {
        "start": weights["weight_ih_l0"].new_zeros(hidden_width),
        "cell.from_input.weight": weights["weight_ih_l0"],
        "cell.from_input.bias": weights["bias_ih_l0"],
        "cell.from_hidden.weight": weights["weight_hh_l0"],
        "cell.from_hidden.bias": weights["bias_hh_l0"],
    }
    module.load_state_dict(renamed)
    return module


def example(
    *,
    batch: int = 2,
    tokens: int = 7,
    input_width: int = 5,
    hidden_width: int = 3,
    rectify: bool = False,
) -> tuple[Elman, tuple[Tensor]]:
    """Build a tiny network and its input.

    Args:
        batch: sequences.
        tokens: steps of each.
        input_width: features of a token.
        hidden_width: features of the state.
        rectify: whether the squashing is a rectifier instead of tanh.

    Shape:
        () -> Elman, (inputs (B, T, D),)
    """
    module = Elman(input_width, hidden_width, rectify=rectify)
    return module, (torch.randn(batch, tokens, input_width),)


if __name__ == "__main__":
    module, inputs = example()
    outputs, state = module(*inputs)
    print(tuple(outputs.shape), tuple(state.shape))
