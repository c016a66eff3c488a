"""The perceptron learns as scikit-learn's does, mistake by mistake."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from mistakes import Mistake
from recording import note
from sklearn.linear_model import Perceptron as Theirs
from torch import Tensor

from snippets.foundations.perceptron import Perceptron, example

B, D, N = 40, 4, 3
TOLERANCE = 1e-12

MISTAKES = [
    Mistake(
        "A point on the line counted as right",
        {"target * score <= 0": "target * score < 0"},
        "From random weights, nothing. From weights of zero every score is zero, no "
        "answer is ever wrong, and the neuron learns nothing.",
    ),
    Mistake(
        "Weights moved at every point, right or wrong",
        {"self.rate * target * wrong": "self.rate * target"},
        "Answers many points rightly, for it sums them up by their targets (Hebb's "
        "rule), but never settles: points far from the line go on pulling.",
    ),
    Mistake(
        "Bias left out of the learning",
        {"            bias.add_(change)\n": ""},
        "The line keeps its first distance from the origin: AND may be learnt from one "
        "start and never from another.",
    ),
    Mistake(
        "Corrected towards the wrong side",
        {"weight.add_(": "weight.sub_("},
        "Each correction makes its mistake worse; the weights run away.",
    ),
    Mistake(
        "The error's size instead of its sign: the rule of least squares",
        {"self.rate * target * wrong": "self.rate * (target - score) * wrong"},
        "It learns, by another rule: a point far on the wrong side moves the weights "
        "more than one near the line.",
    ),
    Mistake(
        "All points judged before any correction",
        {
            "for point, target in zip(inputs, targets, strict=True):": (
                "scores = inputs @ weight.mT + bias\n"
                "        for point, target, score in zip(inputs, targets, scores):"
            ),
            "            score = weight @ point + bias\n": "",
        },
        "Learns what can be learnt, in other steps; from zeros, the first pass counts "
        "every point as a mistake.",
    ),
    Mistake(
        "The rate forgotten at the bias",
        {"bias.add_(change)": "bias.add_(target * wrong)"},
        "Nothing at a rate of one. At a small rate the line jumps to and fro, and "
        "settling takes much longer.",
    ),
    Mistake(
        "Every neuron corrected as soon as one is wrong",
        {"target * score <= 0": "(target * score <= 0).any().expand_as(target)"},
        "Nothing with one neuron. Side by side, the neurons that were right are moved "
        "by the mistakes of the others.",
    ),
    Mistake(
        "Targets taken as 0 and 1",
        {"self.rate * target * wrong": "self.rate * target.clamp(min=0) * wrong"},
        "A missed yes is corrected, a false yes never: the neuron says yes too often.",
    ),
    Mistake(
        "Bias added in learning, subtracted as a threshold in use",
        {"self.weigh(inputs)": "inputs @ self.weigh.weight.mT - self.weigh.bias"},
        "It learns without a mistake and then answers wrongly: the line lies on the "
        "other side of the origin.",
    ),
    Mistake(
        "Yes at a score of zero",
        {"scores > 0": "scores >= 0"},
        "Points on the line change sides. With whole numbers as inputs that is no rare "
        "case.",
    ),
]


def points(count: int = B, width: int = D) -> Tensor:
    """Points that lie on no line of symmetry, some of them twice."""
    made = torch.randn(count, width, dtype=torch.float64) + 0.3
    return torch.cat([made[: count - 2], made[:2]])


def sides(count: int, neurons: int) -> Tensor:
    """Answers to learn that no line gives."""
    return torch.where(torch.rand(count, neurons) < 0.4, 1.0, -1.0).double()


def ours(neurons: int = 1, rate: float = 1.0, *, zero: bool = False) -> Perceptron:
    module = Perceptron(D, neurons=neurons, rate=rate).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.zeros_like(parameter) if zero else parameter + 0.2)
    return module


def theirs(module: Perceptron, neuron: int = 0, *, epochs: int = 1) -> Theirs:
    """scikit-learn's, which starts from one of our neurons."""
    reference = Theirs(
        shuffle=False, max_iter=epochs, tol=None, eta0=module.rate, warm_start=True
    )
    reference.partial_fit(np.zeros((2, D)), [1, -1], classes=[-1, 1])
    reference.coef_[:] = module.weigh.weight[neuron].detach().numpy()
    reference.intercept_[:] = module.weigh.bias[neuron].detach().numpy()
    return reference


def differences(
    module: Perceptron, reference: Theirs, inputs: Tensor, neuron: int = 0
) -> dict[str, float]:
    """How far one of our neurons is from the reference; its answers are the same."""
    pairs = {
        "weight": (module.weigh.weight[neuron], reference.coef_[0]),
        "bias": (module.weigh.bias[neuron], reference.intercept_[0]),
        "output": (module(inputs)[:, neuron], reference.decision_function(inputs)),
    }
    said = module.predict(inputs)[:, neuron].numpy()
    assert np.array_equal(said, reference.predict(inputs))
    errors = {}
    for name, (found, right) in pairs.items():
        size = max(float(np.abs(right).max()), 1e-9)
        errors[name] = float(np.abs(found.detach().numpy() - right).max()) / size
        assert errors[name] < TOLERANCE, (name, errors[name])
    return errors


def record(every: list[dict[str, float]]) -> None:
    """Note a run as one comparison: the largest difference of all its steps."""
    note(
        "comparison",
        reference="sklearn.linear_model.Perceptron",
        dtype="float64",
        tolerance=TOLERANCE,
        errors={name: max(errors[name] for errors in every) for name in every[0]},
    )


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("zero", [False, True], ids=["random", "zeros"])
@pytest.mark.parametrize("rate", [1.0, 0.3])
def test_every_step_is_that_of_scikit_learn(rate: float, zero: bool) -> None:
    module = ours(rate=rate, zero=zero)
    inputs, targets = points(), sides(B, 1)
    reference, every = theirs(module), []
    for _ in range(3):
        for point, target in zip(inputs, targets, strict=True):
            module.learn(point[None], target[None])
            reference.partial_fit(point[None].numpy(), target.numpy())
            every.append(differences(module, reference, inputs))
    record(every)


@pytest.mark.parametrize("neurons", [1, N])
def test_a_pass_is_that_of_scikit_learn_for_each_neuron(neurons: int) -> None:
    module = ours(neurons, rate=0.5)
    inputs, targets = points(), sides(B, neurons)
    references, every = [theirs(module, n) for n in range(neurons)], []
    for _ in range(4):
        module.learn(inputs, targets)
        for neuron, reference in enumerate(references):
            reference.partial_fit(inputs.numpy(), targets[:, neuron].numpy())
            every.append(differences(module, reference, inputs, neuron))
    record(every)


def test_whole_trainings_are_those_of_scikit_learn() -> None:
    module, inputs = ours(zero=True), points()
    targets = torch.where(
        inputs @ torch.tensor([1.0, -2, 0.5, 1]).double() > 0.4, 1, -1
    )
    targets = targets.double().unsqueeze(1)
    reference = Theirs(shuffle=False, max_iter=500, tol=None)
    reference.fit(inputs.numpy(), targets[:, 0].numpy())
    for _ in range(500):
        mistakes = module.learn(inputs, targets)
    assert mistakes.tolist() == [0]
    assert torch.equal(module.predict(inputs), targets)
    record([differences(module, reference, inputs)])


def test_mistakes_are_counted_as_they_happen() -> None:
    """Three points by hand; the third is right when its turn comes."""
    module = Perceptron(1)
    torch.nn.init.zeros_(module.weigh.weight)
    torch.nn.init.zeros_(module.weigh.bias)
    inputs = torch.tensor([[1.0], [2.0], [-1.0]])
    targets = torch.tensor([[1.0], [-1.0], [1.0]])
    assert module.learn(inputs, targets).tolist() == [2]
    assert module.weigh.weight.item() == -1
    assert module.weigh.bias.item() == 0


def test_learns_what_a_line_divides_and_never_settles_on_xor() -> None:
    corners = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2)))
    for wanted, settles in (([-1, -1, -1, 1], True), ([-1, 1, 1, -1], False)):
        module = Perceptron(2)
        targets = torch.tensor(wanted).float().unsqueeze(1)
        counts = [int(module.learn(corners, targets)) for _ in range(200)]
        assert (counts[-1] == 0) == settles
        assert torch.equal(module.predict(corners), targets) == settles


def test_a_score_of_zero_is_a_no() -> None:
    module = ours(zero=True)
    assert (module.predict(points()) == -1).all()


def test_scores_have_the_gradients_of_a_weighted_sum() -> None:
    module, inputs = ours(2), points()
    inputs.requires_grad_()
    weights = torch.randn(B, 2, dtype=torch.float64)
    (module(inputs) * weights).sum().backward()
    torch.testing.assert_close(inputs.grad, weights @ module.weigh.weight)
    torch.testing.assert_close(module.weigh.weight.grad, weights.mT @ inputs)
    torch.testing.assert_close(module.weigh.bias.grad, weights.sum(0))


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = Perceptron(D)
    with pytest.raises(ValueError, match="input width 4, got 5"):
        module(torch.randn(B, D + 1))
    with pytest.raises(ValueError, match="input width 4, got 5"):
        module.learn(torch.randn(B, D + 1), torch.ones(B, 1))
    with pytest.raises(ValueError, match=r"targets shape \(40, 1\), got \(40,\)"):
        module.learn(torch.randn(B, D), torch.ones(B))
    with pytest.raises(ValueError, match="points of at least 1, got 0"):
        module(torch.randn(0, D))
    with pytest.raises(ValueError, match="input_width of at least 1, got 0"):
        Perceptron(0)
    with pytest.raises(ValueError, match="neurons of at least 1, got 0"):
        Perceptron(D, neurons=0)
    with pytest.raises(ValueError, match="a rate above 0, got -1"):
        Perceptron(D, rate=-1)


def test_the_example_is_sized_as_asked() -> None:
    module, (inputs,) = example(batch=4, input_width=6, neurons=1)
    assert (inputs.shape, module(inputs).shape) == ((4, 6), (4, 1))
