"""Long short-term memory: a recurrent network whose gated cell keeps gradients.

Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural
    Computation 9(8), 1997. Forget gate: Gers, Schmidhuber and Cummins,
    "Learning to Forget", Neural Computation 12(10), 2000. Both directions:
    Schuster and Paliwal, "Bidirectional Recurrent Neural Networks", IEEE
    Transactions on Signal Processing 45(11), 1997.
Differs from the paper:
    - has the forget gate, which came in 2000; its bias starts at 1, as
      Jozefowicz, Zaremba and Sutskever (ICML 2015) advise
    - one cell a memory block; every gate sees the input and the whole hidden
      state, and none sees the cell (no peepholes)
    - both squashing functions are tanh
    - autograd follows every path back through time; the paper truncates the
      gradient "where this does not do harm"
    - layers are stacked and may read backwards, which the paper does not do
Checked against: torch.nn.LSTM
Torch versions: 2.13.0
Dimensions: B batch, T tokens, D input width, H hidden width, L layers.
SPDX: MIT
"""

import torch
from torch import Tensor, nn


def _check_at_least_one(name: str, size: int) -> None:
    """Raise ValueError for a size below one."""
    if size < 1:
        raise ValueError(f"expected {name} of at least 1, got {size}")


def _check_equal(
    name: str, found: int | tuple[int, ...], expected: int | tuple[int, ...]
) -> None:
    """Raise ValueError for a size that might broadcast silently."""
    if found != expected:
        raise ValueError(f"expected {name} {expected}, got {found}")


class LSTMCell(nn.Module):
    """One time step of one layer: three gates around a memory cell.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: memory cells, at least 1.
        forget_bias: where the forget gate's bias starts; sigmoid(1) = 0.73
            of the cell survives an early step, sigmoid(0) only half.
    """

    def __init__(
        self, input_width: int, hidden_width: int, *, forget_bias: float
    ) -> None:
        super().__init__()
        # The four blocks of H rows: input, forget, candidate, output.
        self.from_input = nn.Linear(input_width, 4 * hidden_width)
        self.from_hidden = nn.Linear(hidden_width, 4 * hidden_width, bias=False)
        forget_rows = slice(hidden_width, 2 * hidden_width)
        nn.init.constant_(self.from_input.bias[forget_rows], forget_bias)

    def forward(
        self, projected: Tensor, previous_hidden: Tensor, previous_cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Read one token.

        Args:
            projected: `from_input` of the token, made for all tokens at once.
            previous_hidden: what the layer showed one step ago.
            previous_cell: what it remembered.

        Shape:
            projected (B, 4*H), previous_hidden (B, H), previous_cell (B, H)
            -> hidden (B, H), cell (B, H)
        """
        net = projected + self.from_hidden(previous_hidden)  # (B, 4*H)
        net_in, net_forget, net_cell, net_out = net.chunk(4, -1)  # 4 x (B, H)
        # i = σ(net_in), f = σ(net_forget), g = tanh(net_cell), o = σ(net_out)
        input_gate = torch.sigmoid(net_in)
        forget_gate = torch.sigmoid(net_forget)
        candidate = torch.tanh(net_cell)
        output_gate = torch.sigmoid(net_out)
        # c = f ⊙ c₋₁ + i ⊙ g,   h = o ⊙ tanh(c)
        cell = forget_gate * previous_cell + input_gate * candidate
        hidden = output_gate * torch.tanh(cell)
        return hidden, cell


class LSTMLayer(nn.Module):
    """One cell run along a sequence, in one direction.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: memory cells, at least 1.
        reverse: whether to read from the last token to the first.
        forget_bias: where the forget gate's bias starts.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        reverse: bool,
        forget_bias: float,
    ) -> None:
        super().__init__()
        self.reverse = reverse
        self.cell = LSTMCell(input_width, hidden_width, forget_bias=forget_bias)

    def forward(
        self, inputs: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read a sequence; the outputs stand in the order of the tokens.

        Args:
            inputs: the sequence.
            hidden: the hidden state before the first step.
            cell: the cell before the first step.

        Shape:
            inputs (B, T, D), hidden (B, H), cell (B, H)
            -> outputs (B, T, H), hidden (B, H), cell (B, H)
        """
        # The input's share of every gate does not wait for the recurrence.
        projected = self.cell.from_input(inputs)  # (B, T, 4*H)
        steps = projected.unbind(1)  # T x (B, 4*H)
        shown = []
        for step in reversed(steps) if self.reverse else steps:
            hidden, cell = self.cell(step, hidden, cell)
            shown.append(hidden)
        if self.reverse:
            shown.reverse()
        outputs = torch.stack(shown, dim=1)  # (B, T, H)
        return outputs, hidden, cell


class LSTM(nn.Module):
    """A stack of LSTM layers that read in one or both directions.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: memory cells of a layer in one direction, at least 1.
        layers: depth of the stack, at least 1.
        bidirectional: whether each layer also reads from the end; the layer
            above then sees both readings side by side.
        forget_bias: where the forget gate's bias starts (Jozefowicz et al.
            2015). One bias a gate, as in the paper; torch keeps two and adds
            them.

    Shape:
        inputs (B, T, D) -> outputs (B, T, H*directions), (hidden, cell) each
        (L*directions, B, H), ordered by layer, then forward before backward

    Raises:
        ValueError: a size is below 1.

    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        layers: int = 1,
        bidirectional: bool = False,
        forget_bias: float = 1.0,
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
                reader = LSTMLayer(
                    width,
                    hidden_width,
                    reverse=direction == 1,
                    forget_bias=forget_bias,
                )
                self.readers.append(reader)

    def forward(
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read whole sequences.

        Args:
            inputs: the sequences, all of one length.
            state: (hidden, cell) to start from; zeros without it.

        Shape:
            inputs (B, T, D), (hidden, cell) each (L*directions, B, H)
            -> outputs (B, T, H*directions), (hidden, cell) as given

        Raises:
            ValueError: no token, or a size that does not fit the network.
        """
        B, T, D = inputs.shape
        L, H, directions = self.layers, self.hidden_width, self.directions
        _check_at_least_one("tokens", T)
        _check_equal("input width", D, self.input_width)
        shape = (L * directions, B, H)
        if state is None:
            state = (inputs.new_zeros(shape), inputs.new_zeros(shape))
        _check_equal("hidden shape", tuple(state[0].shape), shape)
        _check_equal("cell shape", tuple(state[1].shape), shape)
        first_hidden, first_cell = state[0].unbind(0), state[1].unbind(0)
        last_hidden, last_cell = [], []
        outputs = inputs
        for layer in range(L):
            readings = []
            for row in range(layer * directions, (layer + 1) * directions):
                reading, hidden, cell = self.readers[row](
                    outputs, first_hidden[row], first_cell[row]
                )
                readings.append(reading)
                last_hidden.append(hidden)
                last_cell.append(cell)
            outputs = torch.cat(readings, dim=-1)  # (B, T, H*directions)
        hidden_state = torch.stack(last_hidden)  # (L*directions, B, H)
        cell_state = torch.stack(last_cell)  # (L*directions, B, H)
        return outputs, (hidden_state, cell_state)

    def step(
        self,
        token: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read one token, for generation; one direction only.

        Args:
            token: the next token of every sequence.
            state: (hidden, cell) after the tokens before; zeros without it.

        Shape:
            token (B, D), (hidden, cell) each (L, B, H)
            -> output (B, H), (hidden, cell) as given

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
) -> tuple[LSTM, tuple[Tensor]]:
    """Build a tiny network and an input for it.

    Args:
        batch: sequences.
        tokens: steps of each sequence.
        input_width: features of one token.
        hidden_width: memory cells of a layer in one direction.
        layers: depth of the stack.
        bidirectional: whether each layer also reads from the end.

    Shape:
        () -> LSTM, (inputs (B, T, D),)
    """
    module = LSTM(
        input_width,
        hidden_width,
        layers=layers,
        bidirectional=bidirectional,
    )
    return module, (torch.randn(batch, tokens, input_width),)


if __name__ == "__main__":
    module, inputs = example()
    outputs, state = module(*inputs)
    print(tuple(outputs.shape), [tuple(part.shape) for part in state])
