"""Perceptron: a neuron, or a row of them, that learns from its mistakes.

Source: Rosenblatt, "The Perceptron: A Probabilistic Model for Information
    Storage and Organization in the Brain", Psychological Review 65(6), 1958.
    Learning rule: Novikoff, "On Convergence Proofs for Perceptrons",
    Symposium on the Mathematical Theory of Automata, 1962.
Differs from the paper:
    - inputs are any numbers; the paper's neurons see a retina through fixed
      connections that are drawn at random
    - a weight changes only when the neuron was wrong, as in the rule of 1962
    - the threshold is a learned bias
    - starts from torch's own random weights
Checked against: sklearn.linear_model.Perceptron
Torch versions: 2.13.0
Dimensions: B points, D input width, N neurons.
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


class Perceptron(nn.Module):
    """Neurons side by side, each with a weight for every input and a bias.

    Args:
        input_width: numbers that describe one point, at least 1.
        neurons: answers to a point, each yes or no, at least 1.
        rate: by how much of a point a mistake moves the weights, above 0.

    Shape:
        inputs (B, D) -> scores (B, N)

    Raises:
        ValueError: a size is below 1, or the rate is not above 0.

    Source: Rosenblatt 1958; Novikoff 1962.
    """

    def __init__(
        self, input_width: int, *, neurons: int = 1, rate: float = 1.0
    ) -> None:
        super().__init__()
        _check_at_least_one("input_width", input_width)
        _check_at_least_one("neurons", neurons)
        if rate <= 0:
            raise ValueError(f"expected a rate above 0, got {rate}")
        self.input_width = input_width
        self.rate = rate
        self.weigh = nn.Linear(input_width, neurons)

    def forward(self, inputs: Tensor) -> Tensor:
        """Weigh the inputs of each point and add them up.

        Args:
            inputs: the points.

        Shape:
            inputs (B, D) -> scores (B, N)

        Raises:
            ValueError: no point, or of another width than the weights.
        """
        B, D = inputs.shape
        _check_at_least_one("points", B)
        _check_equal("input width", D, self.input_width)
        # s = w · x + b
        scores: Tensor = self.weigh(inputs)  # (B, N)
        return scores

    def predict(self, inputs: Tensor) -> Tensor:
        """Answer yes, 1, where the score is above zero, and no, -1, elsewhere.

        Args:
            inputs: the points.

        Shape:
            inputs (B, D) -> answers (B, N)
        """
        scores = self(inputs)
        answers = torch.where(scores > 0, 1, -1).to(scores)
        return answers

    @torch.no_grad()
    def learn(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Go through the points once, in order, and correct each mistake.

        Args:
            inputs: the points.
            targets: the right answers, 1 or -1.

        Shape:
            inputs (B, D), targets (B, N) -> mistakes (N), how many of each
            neuron

        Raises:
            ValueError: a size does not fit the neurons.
        """
        B, D = inputs.shape
        weight, bias = self.weigh.weight, self.weigh.bias
        _check_equal("input width", D, self.input_width)
        _check_equal("targets shape", tuple(targets.shape), (B, len(bias)))
        mistakes = torch.zeros_like(bias)
        for point, target in zip(inputs, targets, strict=True):
            score = weight @ point + bias
            wrong = target * score <= 0
            # Where wrong: w ← w + η y x and b ← b + η y
            change = self.rate * target * wrong
            weight.add_(torch.outer(change, point))
            bias.add_(change)
            mistakes += wrong.to(mistakes)
        return mistakes


def example(
    *, batch: int = 5, input_width: int = 3, neurons: int = 2
) -> tuple[Perceptron, tuple[Tensor]]:
    """Build a row of neurons and points for it.

    Args:
        batch: points.
        input_width: numbers that describe a point.
        neurons: side by side.

    Shape:
        () -> Perceptron, (inputs (B, D),)
    """
    module = Perceptron(input_width, neurons=neurons)
    return module, (torch.randn(batch, input_width),)


if __name__ == "__main__":
    module, inputs = example()
    print(tuple(module(*inputs).shape))
