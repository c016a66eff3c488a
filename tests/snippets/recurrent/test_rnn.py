"""The RNN equals torch's, steps as it reads, and passes its gradient step by step."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from mistakes import Mistake
from parity import compare
from torch import Tensor, nn

from snippets.recurrent.rnn import RNN, example

B, T, D, H = 3, 6, 5, 4

MISTAKES = [
    Mistake(
        "State set to zero at every step",
        {"self.cell(step, hidden)": "self.cell(step, torch.zeros_like(hidden))"},
        "Runs and trains; each output depends on one token alone, so a language model "
        "gets no better than pairs of characters allow.",
        "ageron/handson-mlp#4",
    ),
    Mistake(
        "State detached at every step",
        {"self.cell(step, hidden)": "self.cell(step, hidden.detach())"},
        "Every output is right, and text is predicted as well as ever after a short "
        "training; every gradient ends after one step, so what is asked only at the "
        "end is not learnt.",
    ),
    Mistake(
        "tanh on the state's share only, the input added after it",
        {
            "net = projected + self.from_hidden(previous_hidden)": (
                "net = self.from_hidden(previous_hidden)"
            ),
            "torch.tanh(net)": "projected + torch.tanh(net)",
        },
        "Trains nearly as well; the outputs leave the range from -1 to 1, and copied "
        "weights give wrong numbers.",
    ),
    Mistake(
        "Sigmoid instead of tanh",
        {"torch.tanh(net)": "torch.sigmoid(net)"},
        "Learns text as slowly as a network without recurrence, and nothing that is "
        "asked only at the end: its slope is 1/4 at most, and the gradient loses that "
        "in every step. What is asked at every step it holds as well as ever.",
    ),
    Mistake(
        "Recurrent weights transposed",
        {
            "self.from_hidden(previous_hidden)  #": (
                "previous_hidden @ self.from_hidden.weight  #"
            )
        },
        "Trains as well as ever. Weights copied from torch give wrong numbers and no "
        "error, for the matrix is square.",
    ),
    Mistake(
        "Residual: the old state added to the new one",
        {"hidden = torch.tanh(net)": "hidden = previous_hidden + torch.tanh(net)"},
        "Learns what is asked only at the end, even better. On texts longer than those "
        "trained on the state grows by up to 1 a step, and the predictions are lost.",
    ),
    Mistake(
        "The backward reading's outputs left in the order of reading",
        {"            shown.reverse()": "            pass"},
        "Final states are right, so a classifier works. A tagger does not: beside the "
        "first token stands what was read of the last.",
        "d2l-ai/d2l-en#2306",
    ),
    Mistake(
        "Both directions read the sequence forwards",
        {"reversed(steps) if self.reverse else steps": "steps"},
        "Trains; the half that should know the future repeats the past, and its "
        "outputs stand in the wrong order besides.",
        "stanfordmlgroup/nlc#8",
    ),
    Mistake(
        "Final state of both readings taken at the last token",
        {
            "return outputs, hidden\n\n\nclass RNN(": (
                "return outputs, outputs[:, -1]\n\n\nclass RNN("
            )
        },
        "Outputs are right. The backward half of the state has read a single token, "
        "so a classifier has only the forward half to know the beginning by.",
        "yunjey/pytorch-tutorial#149",
    ),
    Mistake(
        "Every layer and direction starts from the first row of the state",
        {"first_hidden[row])": "first_hidden[0])"},
        "Nothing, as long as the start is zeros. What continues from a state goes "
        "wrong above the first layer.",
        "pclucas14/GansFallingShort#2",
    ),
    Mistake(
        "Every layer wired to the input instead of to the layer below",
        {
            "hidden_width * self.directions if layer else input_width": "input_width",
            "(outputs, first_hidden[row])": "(inputs, first_hidden[row])",
        },
        "Trains like a single layer: the outputs depend on the last one alone.",
        "carpedm20/lstm-char-cnn-tensorflow#7",
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
    module: RNN, inputs: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
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
        inputs += (torch.randn(rows, B, H),)
    compare(
        RNN(D, H, layers=layers, bidirectional=bidirectional),
        nn.RNN(D, H, layers, bidirectional=bidirectional, batch_first=True),
        copy_weights,
        inputs,
        dtype=dtype,
        extra_parameters=rows * H,  # torch's second bias
    )


@pytest.mark.parametrize(("batch", "tokens"), [(1, 1), (1, T), (B, 1)])
def test_equals_torch_at_the_edges(batch: int, tokens: int) -> None:
    compare(
        RNN(D, H, layers=2, bidirectional=True),
        nn.RNN(D, H, 2, bidirectional=True, batch_first=True),
        copy_weights,
        (torch.randn(batch, tokens, D),),
        extra_parameters=4 * H,
    )


def test_equals_torch_where_all_layers_are_as_wide_as_the_input() -> None:
    """No size would tell the input of the first layer from that of the third."""
    compare(
        RNN(H, H, layers=3),
        nn.RNN(H, H, 3, batch_first=True),
        copy_weights,
        (torch.randn(B, T, H),),
        extra_parameters=3 * H,
    )


@pytest.mark.parametrize("with_state", [False, True], ids=["zeros", "state"])
def test_stepping_equals_torch(with_state: bool) -> None:
    inputs: tuple[object, ...] = (torch.randn(B, T, D),)
    if with_state:
        inputs += (torch.randn(2, B, H),)
    compare(
        RNN(D, H, layers=2),
        nn.RNN(D, H, 2, batch_first=True),
        copy_weights,
        inputs,
        extra_parameters=2 * H,
        run=step_by_step,
    )


def test_the_state_carries_all_that_was_read() -> None:
    module, inputs = RNN(D, H, layers=2), torch.randn(B, T, D)
    outputs, hidden = module(inputs)
    first, state = module(inputs[:, :2])
    second, last_hidden = module(inputs[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), outputs)
    torch.testing.assert_close(last_hidden, hidden)


def test_the_gradient_is_the_product_of_the_steps_jacobians() -> None:
    """Each step back multiplies by U transposed and by the slope of the tanh."""
    module = RNN(D, H).double()
    start = torch.randn(1, 1, H, dtype=torch.float64, requires_grad=True)
    outputs, hidden = module(torch.randn(1, T, D, dtype=torch.float64), start)
    direction = torch.randn(H, dtype=torch.float64)
    (found,) = torch.autograd.grad(hidden[0, 0] @ direction, start)
    weight = module.readers[0].cell.from_hidden.weight
    for shown in reversed(outputs[0]):
        direction = (direction * (1 - shown**2)) @ weight
    torch.testing.assert_close(found[0, 0], direction, rtol=1e-12, atol=0)


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = RNN(D, H, layers=2)
    inputs = torch.randn(B, T, D)
    with pytest.raises(ValueError, match="input width 5, got 6"):
        module(torch.randn(B, T, D + 1))
    with pytest.raises(ValueError, match="tokens of at least 1, got 0"):
        module(torch.randn(B, 0, D))
    shapes = r"state shape \(2, 3, 4\), got \(2, 1, 4\)"
    with pytest.raises(ValueError, match=shapes):
        module(inputs, torch.randn(2, 1, H))
    with pytest.raises(ValueError, match="expected 1 direction, got 2"):
        RNN(D, H, bidirectional=True).step(torch.randn(B, D))
    with pytest.raises(ValueError, match="input_width of at least 1, got 0"):
        RNN(0, H)
    with pytest.raises(ValueError, match="hidden_width of at least 1, got -1"):
        RNN(D, -1)
    with pytest.raises(ValueError, match="layers of at least 1, got 0"):
        RNN(D, H, layers=0)


def test_the_example_is_sized_as_asked() -> None:
    module, (inputs,) = example(batch=3, tokens=2, input_width=6, hidden_width=5)
    outputs, hidden = module(inputs)
    assert (inputs.shape, outputs.shape) == ((3, 2, 6), (3, 2, 5))
    assert hidden.shape == (3, 3, 5)
