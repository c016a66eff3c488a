"""Gated recurrent unit: a recurrent network that blends its state with news.

Source: Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk and
    Bengio, "Learning Phrase Representations using RNN Encoder-Decoder for
    Statistical Machine Translation", EMNLP 2014, arXiv 1406.1078. Both
    directions: Schuster and Paliwal, "Bidirectional Recurrent Neural
    Networks", IEEE Transactions on Signal Processing 45(11), 1997.
Differs from the paper:
    - by default the reset gate acts after the recurrent matrix, as in torch,
      in cuDNN and in version 1 on arXiv; `reset_after=False` makes it act
      before, as in version 3
    - every gate has a bias, and so has the candidate; with `reset_after` the
      candidate has a second one inside the reset gate, as in torch
    - layers are stacked and may read backwards, which the paper does not do
Checked against: torch.nn.GRU
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


class GRUCell(nn.Module):
    """One time step of one layer: two gates around the hidden state.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of the state, at least 1.
        reset_after: whether the reset gate acts after the recurrent matrix or
            before it.
    """

    def __init__(
        self, input_width: int, hidden_width: int, *, reset_after: bool
    ) -> None:
        super().__init__()
        H = hidden_width
        self.reset_after = reset_after
        # The three blocks of H rows: reset, update, candidate.
        self.from_input = nn.Linear(input_width, 3 * H)
        self.gates_from_hidden = nn.Linear(H, 2 * H, bias=False)
        self.candidate_from_hidden = nn.Linear(H, H, bias=reset_after)

    def forward(self, projected: Tensor, previous_hidden: Tensor) -> Tensor:
        """Read one token.

        Args:
            projected: `from_input` of the token, made for all tokens at once.
            previous_hidden: what the layer showed one step ago.

        Shape:
            projected (B, 3*H), previous_hidden (B, H) -> hidden (B, H)
        """
        in_reset, in_update, in_candidate = projected.chunk(3, -1)  # 3 x (B, H)
        past = self.gates_from_hidden(previous_hidden)  # (B, 2*H)
        past_reset, past_update = past.chunk(2, -1)  # 2 x (B, H)
        # r = σ(W x + U h₋₁ + b), z the same with weights of its own
        reset_gate = torch.sigmoid(in_reset + past_reset)
        update_gate = torch.sigmoid(in_update + past_update)
        # r ⊙ (U h₋₁ + b) in version 1, U (r ⊙ h₋₁) in version 3
        if self.reset_after:
            recalled = reset_gate * self.candidate_from_hidden(previous_hidden)
        else:
            recalled = self.candidate_from_hidden(reset_gate * previous_hidden)
        # g = tanh(W x + b + recalled),   h = z ⊙ h₋₁ + (1 - z) ⊙ g
        candidate = torch.tanh(in_candidate + recalled)
        hidden = update_gate * previous_hidden + (1 - update_gate) * candidate
        return hidden


class GRULayer(nn.Module):
    """One cell run along a sequence, in one direction.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of the state, at least 1.
        reverse: whether to read from the last token to the first.
        reset_after: whether the reset gate acts after the recurrent matrix.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        reverse: bool,
        reset_after: bool,
    ) -> None:
        super().__init__()
        self.reverse = reverse
        self.cell = GRUCell(input_width, hidden_width, reset_after=reset_after)

    def forward(self, inputs: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Read a sequence; the outputs stand in the order of the tokens.

        Args:
            inputs: the sequence.
            hidden: the hidden state before the first step.

        Shape:
            inputs (B, T, D), hidden (B, H) -> outputs (B, T, H), hidden (B, H)
        """
        # The input's share of every gate does not wait for the recurrence.
        projected = self.cell.from_input(inputs)  # (B, T, 3*H)
        steps = projected.unbind(1)  # T x (B, 3*H)
        shown = []
        for step in reversed(steps) if self.reverse else steps:
            hidden = self.cell(step, hidden)
            shown.append(hidden)
        if self.reverse:
            shown.reverse()
        outputs = torch.stack(shown, dim=1)  # (B, T, H)
        return outputs, hidden


class GRU(nn.Module):
    """A stack of GRU layers that read in one or both directions.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of a layer's state in one direction, at least 1.
        layers: depth of the stack, at least 1.
        bidirectional: whether each layer also reads from the end; the layer
            above then sees both readings side by side.
        reset_after: whether the reset gate acts after the recurrent matrix
            (torch, cuDNN, version 1 of the paper) or before it (version 3).

    Shape:
        inputs (B, T, D) -> outputs (B, T, H*directions), hidden
        (L*directions, B, H), ordered by layer, then forward before backward

    Raises:
        ValueError: a size is below 1.

    Source: Cho et al. 2014.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        *,
        layers: int = 1,
        bidirectional: bool = False,
        reset_after: bool = True,
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
                reader = GRULayer(
                    width,
                    hidden_width,
                    reverse=direction == 1,
                    reset_after=reset_after,
                )
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
            -> outputs (B, T, H*directions), state as given

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
        _check_equal("hidden shape", tuple(state.shape), shape)
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
            token (B, D), state (L, B, H) -> output (B, H), state as given

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
    reset_after: bool = True,
) -> tuple[GRU, tuple[Tensor]]:
    """Build a tiny network and an input for it.

    Args:
        batch: sequences.
        tokens: steps of each sequence.
        input_width: features of one token.
        hidden_width: features of a layer's state in one direction.
        layers: depth of the stack.
        bidirectional: whether each layer also reads from the end.
        reset_after: whether the reset gate acts after the recurrent matrix.

    Shape:
        () -> GRU, (inputs (B, T, D),)
    """
    module = GRU(
        input_width,
        hidden_width,
        layers=layers,
        bidirectional=bidirectional,
        reset_after=reset_after,
    )
    return module, (torch.randn(batch, tokens, input_width),)


if __name__ == "__main__":
    module, inputs = example()
    outputs, state = module(*inputs)
    print(tuple(outputs.shape), tuple(state.shape))
