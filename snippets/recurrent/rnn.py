"""Simple recurrent network: one state, computed anew at every step.

Source: Elman, "Finding Structure in Time", Cognitive Science, 1990.
    Both directions: Schuster and Paliwal, "Bidirectional Recurrent Neural
    Networks", IEEE Transactions on Signal Processing 45(11), 1997.
Differs from the paper:
    - tanh squashes the state, as in torch
    - the state is passed on; Elman copies it into context units over fixed
      weights of one
    - autograd follows every path back through time
    - layers are stacked and may read backwards, which the paper does not do
    - the layer that reads the state out is left to the user
Checked against: torch.nn.RNN
Torch versions: 2.13.0
Dimensions: B batch, T tokens, D input width, H hidden width, L layers.
SPDX: MIT
"""

import torch
from torch import Tensor, nn


# Same as: recurrent/lstm.py::_check_at_least_one
def _check_at_least_one(name: str, size: int) -> None:
    """Raise ValueError for a size below one."""
    if size < 1:
        raise ValueError(f"expected {name} of at least 1, got {size}")


# Same as: recurrent/lstm.py::_check_equal
def _check_equal(
    name: str, found: int | tuple[int, ...], expected: int | tuple[int, ...]
) -> None:
    """Raise ValueError for a size that might broadcast silently."""
    if found != expected:
        raise ValueError(f"expected {name} {expected}, got {found}")


class RNNCell(nn.Module):
    """One time step of one layer: input and state are mixed and squashed.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of the state, at least 1.
    """

    def __init__(self, input_width: int, hidden_width: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(input_width, hidden_width)
        self.from_hidden = nn.Linear(hidden_width, hidden_width, bias=False)

    def forward(self, projected: Tensor, previous_hidden: Tensor) -> Tensor:
        """Read one token.

        Args:
            projected: `from_input` of the token, made for all tokens at once.
            previous_hidden: the state after the token before.

        Shape:
            projected (B, H), previous_hidden (B, H) -> hidden (B, H)
        """
        # h = tanh(W x + U h₋₁ + b)
        net = projected + self.from_hidden(previous_hidden)  # (B, H)
        hidden = torch.tanh(net)
        return hidden


class RNNLayer(nn.Module):
    """One cell run along a sequence, in one direction.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of the state, at least 1.
        reverse: whether to read from the last token to the first.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        reverse: bool,
    ) -> None:
        super().__init__()
        self.reverse = reverse
        self.cell = RNNCell(input_width, hidden_width)

    def forward(self, inputs: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Read a sequence; the outputs stand in the order of the tokens.

        Args:
            inputs: the sequence.
            hidden: the state before the first step.

        Shape:
            inputs (B, T, D), hidden (B, H) -> outputs (B, T, H), hidden (B, H)
        """
        # The input's share does not wait for the recurrence.
        projected = self.cell.from_input(inputs)  # (B, T, H)
        steps = projected.unbind(1)  # T x (B, H)
        shown = []
        for step in reversed(steps) if self.reverse else steps:
            hidden = self.cell(step, hidden)
            shown.append(hidden)
        if self.reverse:
            shown.reverse()
        outputs = torch.stack(shown, dim=1)  # (B, T, H)
        return outputs, hidden


class RNN(nn.Module):
    """A stack of recurrent layers that read in one or both directions.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of a layer's state in one direction, at least 1.
        layers: depth of the stack, at least 1.
        bidirectional: whether each layer also reads from the end; the layer
            above then sees both readings side by side.

    Shape:
        inputs (B, T, D) -> outputs (B, T, H*directions),
        hidden (L*directions, B, H), ordered by layer, then forward before
        backward

    Raises:
        ValueError: a size is below 1.

    Source: Elman 1990.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        layers: int = 1,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        _check_at_least_one("input_width", input_width)
        _check_at_least_one("hidden_width", hidden_width)
        _check_at_least_one("layers", layers)
        self.input_width = input_width
        self.hidden_width = hidden_width
        self.layers = layers
        self.directions = 2 if bidirectional else 1
        self.readers = nn.ModuleList()
        for layer in range(layers):
            width = hidden_width * self.directions if layer else input_width
            for direction in range(self.directions):
                reader = RNNLayer(width, hidden_width, reverse=direction == 1)
                self.readers.append(reader)

    def forward(
        self, inputs: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read whole sequences.

        Args:
            inputs: the sequences, all of one length.
            state: the hidden state to start from; zeros without it.

        Shape:
            inputs (B, T, D), state (L*directions, B, H)
            -> outputs (B, T, H*directions), hidden (L*directions, B, H)

        Raises:
            ValueError: no token, or a size that does not fit the network.
        """
        B, T, D = inputs.shape
        L, H, directions = self.layers, self.hidden_width, self.directions
        _check_at_least_one("tokens", T)
        _check_equal("input width", D, self.input_width)
        shape = (L * directions, B, H)
        if state is None:
            state = inputs.new_zeros(shape)
        _check_equal("state shape", tuple(state.shape), shape)
        first_hidden = state.unbind(0)
        last_hidden = []
        outputs = inputs
        for layer in range(L):
            readings = []
            for row in range(layer * directions, (layer + 1) * directions):
                reading, hidden = self.readers[row](outputs, first_hidden[row])
                readings.append(reading)
                last_hidden.append(hidden)
            outputs = torch.cat(readings, dim=-1)  # (B, T, H*directions)
        hidden_state = torch.stack(last_hidden)  # (L*directions, B, H)
        return outputs, hidden_state

    def step(
        self,
        token: Tensor,
        state: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Read one token, for generation; one direction only.

        Args:
            token: the next token of every sequence.
            state: the hidden state after the tokens before; zeros without it.

        Shape:
            token (B, D), state (L, B, H) -> output (B, H), hidden (L, B, H)

        Raises:
            ValueError: a bidirectional network, which needs the future, or a
                size that does not fit.
        """
        if self.directions != 1:
            raise ValueError(f"expected 1 direction, got {self.directions}")
        B, D = token.shape
        inputs = token.view(B, 1, D)  # (B, 1, D)
        outputs, state = self(inputs, state)
        output = outputs.squeeze(1)  # (B, H)
        return output, state


def example(
    *,
    batch: int = 2,
    tokens: int = 7,
    input_width: int = 5,
    hidden_width: int = 4,
    layers: int = 3,
    bidirectional: bool = False,
) -> tuple[RNN, tuple[Tensor]]:
    """Build a tiny network and an input for it.

    Args:
        batch: sequences.
        tokens: steps of each sequence.
        input_width: features of one token.
        hidden_width: features of the state in one direction.
        layers: depth of the stack.
        bidirectional: whether each layer also reads from the end.

    Shape:
        () -> RNN, (inputs (B, T, D),)
    """
    module = RNN(
        input_width,
        hidden_width,
        layers=layers,
        bidirectional=bidirectional,
    )
    return module, (torch.randn(batch, tokens, input_width),)


if __name__ == "__main__":
    module, inputs = example()
    outputs, state = module(*inputs)
    print(tuple(outputs.shape), tuple(state.shape))
