"""The LSTM equals torch's, steps as it reads, and starts as the papers say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from mistakes import Mistake
from parity import compare
from torch import Tensor, nn

from snippets.recurrent.lstm import LSTM, LSTMCell, example

B, T, D, H = 3, 6, 5, 4

MISTAKES = [
    Mistake(
        "Gates read in the order input, forget, output, candidate",
        {"net_cell, net_out = net": "net_out, net_cell = net"},
        "Trains from scratch as well as ever. Weights copied from torch, which stacks "
        "the candidate third, give wrong numbers and no error.",
        "apple/coremltools#93",
    ),
    Mistake(
        "Forget bias put on the rows of the input gate",
        {"slice(hidden_width, 2 * hidden_width)": "slice(hidden_width)"},
        "Learns what is asked at every step. What is asked only at the end, many "
        "steps later, it learns late or not at all.",
    ),
    Mistake(
        "No tanh on the cell before it is shown",
        {"output_gate * torch.tanh(cell)": "output_gate * cell"},
        "Trains about as well; the outputs leave the range from -1 to 1, and copied "
        "weights give wrong numbers.",
        "nicodjimenez/lstm#7",
    ),
    Mistake(
        "Sigmoid instead of tanh on the candidate",
        {"torch.tanh(net_cell)": "torch.sigmoid(net_cell)"},
        "A write can only add to the cell. Short memories are learnt, long ones fade.",
    ),
    Mistake(
        "Input gate added to the candidate, not multiplied",
        {"input_gate * candidate\n": "input_gate + candidate\n"},
        "Trains badly, and differently with every seed: no gate can refuse a write.",
        "MartinuzziFrancesco/torchrecurrent#22",
    ),
    Mistake(
        "Forget gate keeps the last hidden vector instead of the last cell",
        {"forget_gate * previous_cell": "forget_gate * previous_hidden"},
        "Learns what is asked at every step, even well. What is asked only at the end "
        "it does not learn: a tanh and a gate stand in the gradient's way each step.",
    ),
    Mistake(
        "The layer shows its cell instead of its hidden vector",
        {"shown.append(hidden)": "shown.append(cell)"},
        "Trains about as well. The output gate is left out of all that is shown, and "
        "the outputs leave the range from -1 to 1.",
        "pytorch/examples#167",
    ),
    Mistake(
        "State detached at every step",
        {"(step, hidden, cell)": "(step, hidden.detach(), cell.detach())"},
        "Every output is right; every gradient ends after one step. What is asked only "
        "at the end is learnt badly or not at all.",
    ),
    Mistake(
        "The backward reading's outputs left in the order of reading",
        {"            shown.reverse()": "            pass"},
        "Final states are right, so a classifier works. A tagger does not: beside the "
        "first token stands what was read of the last.",
        "keras-team/keras#1431",
    ),
    Mistake(
        "Final hidden vector of both readings taken at the last token",
        {"return outputs, hidden, cell": "return outputs, outputs[:, -1], cell"},
        "Outputs are right. The backward half of the state has read a single token, "
        "so a classifier that needs the beginning guesses.",
        "yunjey/pytorch-tutorial#149",
    ),
    Mistake(
        "Every layer and direction starts from the first rows of the state",
        {"first_hidden[row], first_cell[row]": "first_hidden[0], first_cell[0]"},
        "Nothing, as long as the start is zeros. What continues from a state goes "
        "wrong above the first layer.",
        "pclucas14/GansFallingShort#2",
    ),
    Mistake(
        "Every layer wired to the input instead of to the layer below",
        {
            "hidden_width * self.directions if layer else input_width": "input_width",
            "outputs, first_hidden[row]": "inputs, first_hidden[row]",
        },
        "Trains like a single layer: the outputs depend on the last one alone.",
        "carpedm20/lstm-char-cnn-tensorflow#7",
    ),
    Mistake(
        "Final state returned as (cell, hidden)",
        {"(hidden_state, cell_state)\n": "(cell_state, hidden_state)\n"},
        "One call is right. Hand its state to the next call, and the text derails "
        "at the seam without an error: both have the same shape.",
        "microsoft/nni#2839",
    ),
    Mistake(
        "Stepping ignores the state it is given",
        {"self(inputs, state)": "self(inputs)"},
        "Training is right. Text written token by token follows from the last token "
        "alone.",
        "tensorflow/tensorflow#27789",
    ),
]


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map torch's names to ours; torch adds its two biases, we keep the sum."""
    ours = {}
    endings = [name.removeprefix("weight_ih") for name in theirs if "weight_ih" in name]
    for row, ending in enumerate(endings):
        cell = f"readers.{row}.cell"
        bias = theirs[f"bias_ih{ending}"] + theirs[f"bias_hh{ending}"]
        ours[f"{cell}.from_input.weight"] = theirs[f"weight_ih{ending}"]
        ours[f"{cell}.from_input.bias"] = bias
        ours[f"{cell}.from_hidden.weight"] = theirs[f"weight_hh{ending}"]
    return ours


def step_by_step(
    module: LSTM, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
    """Read a sequence a token at a time."""
    outputs = []
    for token in inputs.unbind(1):
        output, state = module.step(token, state)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("with_state", [False, True], ids=["zeros", "state"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_equals_torch(
    layers: int, bidirectional: bool, with_state: bool, dtype: torch.dtype
) -> None:
    rows = layers * (2 if bidirectional else 1)
    inputs: tuple[object, ...] = (torch.randn(B, T, D),)
    if with_state:
        inputs += ((torch.randn(rows, B, H), torch.randn(rows, B, H)),)
    compare(
        LSTM(D, H, layers=layers, bidirectional=bidirectional),
        nn.LSTM(D, H, layers, bidirectional=bidirectional, batch_first=True),
        copy_weights,
        inputs,
        dtype=dtype,
        extra_parameters=rows * 4 * H,  # torch's second bias of every gate
    )


@pytest.mark.parametrize(("batch", "tokens"), [(1, 1), (1, T), (B, 1)])
def test_equals_torch_at_the_edges(batch: int, tokens: int) -> None:
    compare(
        LSTM(D, H, layers=2, bidirectional=True),
        nn.LSTM(D, H, 2, bidirectional=True, batch_first=True),
        copy_weights,
        (torch.randn(batch, tokens, D),),
        extra_parameters=4 * 4 * H,
    )


def test_equals_torch_where_all_layers_are_as_wide_as_the_input() -> None:
    """No size would tell the input of the first layer from that of the third."""
    compare(
        LSTM(H, H, layers=3),
        nn.LSTM(H, H, 3, batch_first=True),
        copy_weights,
        (torch.randn(B, T, H),),
        extra_parameters=3 * 4 * H,
    )


@pytest.mark.parametrize("with_state", [False, True], ids=["zeros", "state"])
def test_stepping_equals_torch(with_state: bool) -> None:
    inputs: tuple[object, ...] = (torch.randn(B, T, D),)
    if with_state:
        inputs += ((torch.randn(2, B, H), torch.randn(2, B, H)),)
    compare(
        LSTM(D, H, layers=2),
        nn.LSTM(D, H, 2, batch_first=True),
        copy_weights,
        inputs,
        extra_parameters=2 * 4 * H,
        run=step_by_step,
    )


def test_the_state_carries_all_that_was_read() -> None:
    module, inputs = LSTM(D, H, layers=2), torch.randn(B, T, D)
    outputs, (hidden, cell) = module(inputs)
    first, state = module(inputs[:, :2])
    second, (last_hidden, last_cell) = module(inputs[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), outputs)
    torch.testing.assert_close(last_hidden, hidden)
    torch.testing.assert_close(last_cell, cell)


@pytest.mark.parametrize("bias", [None, 0.0, 1.0, 2.5])
def test_only_the_forget_gate_starts_at_the_forget_bias(bias: float | None) -> None:
    flags = {} if bias is None else {"forget_bias": bias}
    module = LSTM(D, H, layers=2, bidirectional=True, **flags)
    torch.manual_seed(0)
    other = LSTM(D, H, layers=2, bidirectional=True, forget_bias=9.0)
    cells = [cell for cell in module.modules() if isinstance(cell, LSTMCell)]
    others = [cell for cell in other.modules() if isinstance(cell, LSTMCell)]
    assert len(cells) == 4
    for cell, twin in zip(cells, others, strict=True):
        kept = torch.ones(4 * H, dtype=torch.bool)
        kept[H : 2 * H] = False
        assert (cell.from_input.bias[~kept] == (1.0 if bias is None else bias)).all()
        assert torch.equal(cell.from_input.bias[kept], twin.from_input.bias[kept])
        assert (cell.from_input.bias[kept] != 0).all()


def test_an_open_forget_gate_keeps_the_cell_and_its_gradient() -> None:
    """The constant error carousel: forget 1 and input 0 change nothing."""
    cell = LSTMCell(D, H, forget_bias=1.0).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.from_input.bias[:H] = -800.0
        cell.from_input.bias[H : 2 * H] = 800.0
    start = torch.randn(B, H, dtype=torch.float64, requires_grad=True)
    hidden, memory = torch.zeros(B, H, dtype=torch.float64), start
    for token in torch.randn(100, B, D, dtype=torch.float64):
        hidden, memory = cell(cell.from_input(token), hidden, memory)
    assert torch.equal(memory, start)
    (gradient,) = torch.autograd.grad(memory.sum(), start)
    assert torch.equal(gradient, torch.ones_like(start))


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = LSTM(D, H, layers=2)
    inputs, good = torch.randn(B, T, D), torch.randn(2, B, H)
    with pytest.raises(ValueError, match="input width 5, got 6"):
        module(torch.randn(B, T, D + 1))
    with pytest.raises(ValueError, match="tokens of at least 1, got 0"):
        module(torch.randn(B, 0, D))
    for name, state in (
        ("hidden", (torch.randn(2, 1, H), good)),
        ("cell", (good, torch.randn(2, 1, H))),
    ):
        shapes = rf"{name} shape \(2, 3, 4\), got \(2, 1, 4\)"
        with pytest.raises(ValueError, match=shapes):
            module(inputs, state)
    with pytest.raises(ValueError, match="expected 1 direction, got 2"):
        LSTM(D, H, bidirectional=True).step(torch.randn(B, D))
    with pytest.raises(ValueError, match="input_width of at least 1, got 0"):
        LSTM(0, H)
    with pytest.raises(ValueError, match="hidden_width of at least 1, got -1"):
        LSTM(D, -1)
    with pytest.raises(ValueError, match="layers of at least 1, got 0"):
        LSTM(D, H, layers=0)


def test_the_example_is_sized_as_asked() -> None:
    module, (inputs,) = example(batch=3, tokens=2, input_width=6, hidden_width=5)
    outputs, (hidden, cell) = module(inputs)
    assert (inputs.shape, outputs.shape) == ((3, 2, 6), (3, 2, 5))
    assert hidden.shape == cell.shape == (3, 3, 5)
