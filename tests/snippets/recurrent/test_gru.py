"""The GRU equals torch's, and in its other form the paper's equations."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references.gru import PaperStack, PaperUnit, copy_paper_weights
from torch import Tensor, nn

from snippets.recurrent.gru import GRU, GRUCell, example

B, T, D, H = 3, 6, 5, 4

MISTAKES = [
    Mistake(
        "Gates read in the order update, reset",
        {
            "in_reset, in_update, in_candidate": "in_update, in_reset, in_candidate",
            "past_reset, past_update = ": "past_update, past_reset = ",
        },
        "Trains from scratch as well as ever. Weights copied from torch, which stacks "
        "the reset gate first, give wrong numbers and no error.",
        "keras-team/keras#8720",
    ),
    Mistake(
        "Update gate the wrong way round",
        {"update_gate = torch": "update_gate = 1 - torch"},
        "Trains from scratch as well as ever: the gate learns the opposite. Copied "
        "weights overwrite what they should keep.",
        "pytorch/pytorch#20129",
    ),
    Mistake(
        "Reset gate before the product where it belongs behind it, and the reverse",
        {"if self.reset_after:": "if not self.reset_after:"},
        "Trains from scratch as well as ever. Copied weights give outputs that look "
        "right and are a little off at every step.",
        "pytorch/pytorch#8153",
    ),
    Mistake(
        "Candidate's second bias outside the reset gate",
        {
            "reset_gate * self.candidate_from_hidden(previous_hidden)": (
                "reset_gate * (previous_hidden @ self.candidate_from_hidden.weight.T)"
                " + self.candidate_from_hidden.bias"
            )
        },
        "Trains from scratch as well as ever. Copied weights give outputs that look "
        "right and are a little off at every step.",
        "foss-xtensa/nnlib-hifi4#20",
    ),
    Mistake(
        "Candidate's second bias left out where the state is zero",
        {"= reset_gate * self": "= previous_hidden.any() * reset_gate * self"},
        "The first output is off, the next ones less and less: the end of a long "
        "sequence looks right.",
        "ml-explore/mlx#3252",
    ),
    Mistake(
        "Candidate computed without the reset gate",
        {"= reset_gate * self": "= self"},
        "Trains about as well. The reset gate's weights get no gradient.",
        "zhiyongc/GRU-D#2",
    ),
    Mistake(
        "Sigmoid instead of tanh on the candidate",
        {"torch.tanh(in_candidate": "torch.sigmoid(in_candidate"},
        "Trains; the state never turns negative. On sequences longer than those in "
        "training it forgets sooner.",
    ),
    Mistake(
        "Candidate added whole, without 1 - z",
        {"(1 - update_gate) * candidate": "candidate"},
        "Trains with a higher loss, and the state grows far beyond 1.",
    ),
    Mistake(
        "Reset gate also on the state that is kept",
        {"hidden = update_gate": "hidden = reset_gate * update_gate"},
        "Learns what is asked at every step. What is asked only at the end it does "
        "not learn: two gates shorten every memory.",
    ),
    Mistake(
        "State detached at every step",
        {"self.cell(step, hidden)": "self.cell(step, hidden.detach())"},
        "Every output is right; every gradient ends after one step. What is asked only "
        "at the end is not learnt.",
    ),
    Mistake(
        "The backward reading's outputs left in the order of reading",
        {"            shown.reverse()": "            pass"},
        "Final states are right, so a classifier works. A tagger does not: beside the "
        "first token stands what was read of the last.",
        "keras-team/keras#3163",
    ),
    Mistake(
        "Final state of both readings taken at the last token",
        {"return outputs, hidden\n": "return outputs, outputs[:, -1]\n"},
        "Outputs are right. The backward half of the state has read a single token, "
        "so a classifier that needs the beginning guesses.",
        "yalesong/pvse#13",
    ),
    Mistake(
        "Stepping ignores the state it is given",
        {"self(inputs, state)": "self(inputs)"},
        "Training is right. Text written token by token follows from the last token "
        "alone.",
        "keras-team/keras#1128",
    ),
]


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map torch's names to ours.

    The two biases of the reset and the update gate are added, so we keep their
    sum; the candidate's second one stands inside the reset gate and stays.
    """
    ours = {}
    endings = [name.removeprefix("weight_ih") for name in theirs if "weight_ih" in name]
    for row, ending in enumerate(endings):
        cell = f"readers.{row}.cell"
        weight, bias = theirs[f"weight_hh{ending}"], theirs[f"bias_hh{ending}"]
        added = torch.cat([bias[: 2 * H], torch.zeros_like(bias[2 * H :])])
        ours[f"{cell}.from_input.weight"] = theirs[f"weight_ih{ending}"]
        ours[f"{cell}.from_input.bias"] = theirs[f"bias_ih{ending}"] + added
        ours[f"{cell}.gates_from_hidden.weight"] = weight[: 2 * H]
        ours[f"{cell}.candidate_from_hidden.weight"] = weight[2 * H :]
        ours[f"{cell}.candidate_from_hidden.bias"] = bias[2 * H :]
    return ours


def step_by_step(
    module: GRU, inputs: Tensor, state: Tensor | None = None
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
        GRU(D, H, layers=layers, bidirectional=bidirectional),
        nn.GRU(D, H, layers, bidirectional=bidirectional, batch_first=True),
        copy_weights,
        inputs,
        dtype=dtype,
        extra_parameters=rows * 2 * H,  # torch's second bias of both gates
    )


@pytest.mark.parametrize(("batch", "tokens"), [(1, 1), (1, T), (B, 1)])
def test_equals_torch_at_the_edges(batch: int, tokens: int) -> None:
    compare(
        GRU(D, H, layers=2, bidirectional=True),
        nn.GRU(D, H, 2, bidirectional=True, batch_first=True),
        copy_weights,
        (torch.randn(batch, tokens, D),),
        extra_parameters=4 * 2 * H,
    )


def test_equals_torch_where_all_layers_are_as_wide_as_the_input() -> None:
    """No size would tell the input of the first layer from that of the third."""
    compare(
        GRU(H, H, layers=3),
        nn.GRU(H, H, 3, batch_first=True),
        copy_weights,
        (torch.randn(B, T, H),),
        extra_parameters=3 * 2 * H,
    )


@pytest.mark.parametrize("with_state", [False, True], ids=["zeros", "state"])
def test_stepping_equals_torch(with_state: bool) -> None:
    inputs: tuple[object, ...] = (torch.randn(B, T, D),)
    if with_state:
        inputs += (torch.randn(2, B, H),)
    compare(
        GRU(D, H, layers=2),
        nn.GRU(D, H, 2, batch_first=True),
        copy_weights,
        inputs,
        extra_parameters=2 * 2 * H,
        run=step_by_step,
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_reset_before_equals_the_paper(dtype: torch.dtype) -> None:
    compare(
        GRU(D, H, layers=2, bidirectional=True, reset_after=False),
        PaperStack(D, H),
        copy_paper_weights,
        (torch.randn(B, T, D), torch.randn(4, B, H)),
        dtype=dtype,
    )


@pytest.mark.parametrize("tokens", [1, T])
def test_reset_before_steps_as_the_paper(tokens: int) -> None:
    compare(
        GRU(D, H, reset_after=False),
        PaperUnit(D, H),
        copy_paper_weights,
        (torch.randn(B, tokens, D), torch.randn(1, B, H)),
        run=step_by_step,
    )


def test_both_forms_agree_where_units_recall_only_themselves() -> None:
    """r ⊙ (U h) is U (r ⊙ h) for a diagonal U without bias, and for no other."""
    before = GRU(D, H, reset_after=False).double()
    after = GRU(D, H, reset_after=True).double()
    inputs = torch.randn(B, T, D, dtype=torch.float64)
    for diagonal in (True, False):
        recall = torch.randn(H, H, dtype=torch.float64)
        weights = before.state_dict()
        name = "readers.0.cell.candidate_from_hidden"
        weights[f"{name}.weight"] = recall.diag().diag() if diagonal else recall
        before.load_state_dict(weights)
        zeros = torch.zeros(H, dtype=torch.float64)
        after.load_state_dict({**weights, f"{name}.bias": zeros})
        error = (before(inputs)[0] - after(inputs)[0]).abs().max()
        assert (error < 1e-12) == diagonal


def test_the_state_carries_all_that_was_read() -> None:
    module, inputs = GRU(D, H, layers=2), torch.randn(B, T, D)
    outputs, hidden = module(inputs)
    first, state = module(inputs[:, :2])
    second, last = module(inputs[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), outputs)
    torch.testing.assert_close(last, hidden)


def test_a_closed_update_gate_keeps_the_state_and_its_gradient() -> None:
    cell = GRUCell(D, H, reset_after=True).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.from_input.bias[H : 2 * H] = 800.0
    start = torch.randn(B, H, dtype=torch.float64, requires_grad=True)
    hidden = start
    for token in torch.randn(100, B, D, dtype=torch.float64):
        hidden = cell(cell.from_input(token), hidden)
    assert torch.equal(hidden, start)
    (gradient,) = torch.autograd.grad(hidden.sum(), start)
    assert torch.equal(gradient, torch.ones_like(start))


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = GRU(D, H, layers=2)
    inputs = torch.randn(B, T, D)
    with pytest.raises(ValueError, match="input width 5, got 6"):
        module(torch.randn(B, T, D + 1))
    with pytest.raises(ValueError, match="tokens of at least 1, got 0"):
        module(torch.randn(B, 0, D))
    with pytest.raises(ValueError, match=r"shape \(2, 3, 4\), got \(2, 1, 4\)"):
        module(inputs, torch.randn(2, 1, H))
    with pytest.raises(ValueError, match="expected 1 direction, got 2"):
        GRU(D, H, bidirectional=True).step(torch.randn(B, D))
    with pytest.raises(ValueError, match="input_width of at least 1, got 0"):
        GRU(0, H)
    with pytest.raises(ValueError, match="hidden_width of at least 1, got -1"):
        GRU(D, -1)
    with pytest.raises(ValueError, match="layers of at least 1, got 0"):
        GRU(D, H, layers=0)


def test_the_example_is_sized_as_asked() -> None:
    module, (inputs,) = example(batch=3, tokens=2, input_width=6, hidden_width=5)
    outputs, hidden = module(inputs)
    assert (inputs.shape, outputs.shape) == ((3, 2, 6), (3, 2, 5))
    assert hidden.shape == (3, 3, 5)
