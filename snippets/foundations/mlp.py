"""Multi-layer perceptron: layers of neurons, each reading all of the one below.

Source: Rumelhart, Hinton and Williams, "Learning Representations by
    Back-Propagating Errors", Nature 323, 1986, equations 1 and 2.
Differs from the paper:
    - the squashing function is chosen; the paper's is the logistic one
    - all hidden layers have one width, and no connection skips a layer
    - the output is not squashed, so that any loss can be put on it
    - starts from torch's own random weights
Checked against: sklearn.neural_network.MLPClassifier,
    sklearn.neural_network.MLPRegressor, torch.nn.Sequential
Torch versions: 2.13.0
Dimensions: B points, D input width, H hidden width, L hidden layers,
    N outputs.
SPDX: MIT
"""

import torch
from torch import Tensor, nn

ACTIVATIONS = {
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "relu": torch.relu,
}


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


def _slope(activation: str, hidden: Tensor) -> Tensor:
    """Give the slope of an activation, from what it gave."""
    if activation == "tanh":
        return 1 - hidden**2
    if activation == "logistic":
        return hidden * (1 - hidden)
    return (hidden > 0).to(hidden)


class MLP(nn.Module):
    """Hidden layers of neurons, and a layer of plain sums on top.

    Args:
        input_width: numbers that describe one point, at least 1.
        hidden_width: neurons of each hidden layer, at least 1.
        output_width: numbers that are answered, at least 1.
        layers: hidden layers, at least 1.
        activation: what squashes a hidden neuron's sum: "tanh", "logistic" or
            "relu".

    Shape:
        inputs (B, D) -> outputs (B, N)

    Raises:
        ValueError: a size is below 1, or the activation is none of the three.

    Source: Rumelhart, Hinton and Williams 1986.
    """

    def __init__(
        self,
        input_width: int,
        hidden_width: int,
        output_width: int,
        *,
        layers: int = 1,
        activation: str = "tanh",
    ) -> None:
        super().__init__()
        _check_at_least_one("input_width", input_width)
        _check_at_least_one("hidden_width", hidden_width)
        _check_at_least_one("output_width", output_width)
        _check_at_least_one("layers", layers)
        if activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"expected one of {known}, got {activation}")
        self.input_width = input_width
        self.activation = activation
        self.hidden_layers = nn.ModuleList()
        for layer in range(layers):
            width = hidden_width if layer else input_width
            self.hidden_layers.append(nn.Linear(width, hidden_width))
        self.output_layer = nn.Linear(hidden_width, output_width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Answer every point.

        Args:
            inputs: the points.

        Shape:
            inputs (B, D) -> outputs (B, N)

        Raises:
            ValueError: no point, or of another width than the weights.
        """
        B, D = inputs.shape
        _check_at_least_one("points", B)
        _check_equal("input width", D, self.input_width)
        squash = ACTIVATIONS[self.activation]
        hidden = inputs
        for layer in self.hidden_layers:
            # x = W y + b, eq. 1; y = f(x), eq. 2
            net = layer(hidden)  # (B, H)
            hidden = squash(net)
        outputs: Tensor = self.output_layer(hidden)  # (B, N)
        return outputs

    @torch.no_grad()
    def backpropagate(self, inputs: Tensor, slopes: Tensor) -> list[Tensor]:
        """Give the gradient of every parameter by the chain rule, written out.

        It is here to be read: autograd gives the same.

        Args:
            inputs: the points.
            slopes: of the loss for each output.

        Shape:
            inputs (B, D), slopes (B, N) -> gradients in the order and the
            shapes of `parameters()`

        Raises:
            ValueError: slopes of another shape than the outputs.
        """
        shown = [inputs]  # what each layer reads
        for layer in self.hidden_layers:
            shown.append(ACTIVATIONS[self.activation](layer(shown[-1])))
        wanted = (len(inputs), self.output_layer.out_features)
        _check_equal("slopes shape", tuple(slopes.shape), wanted)
        weights = [*self.parameters()][::2]  # each stands before its bias
        gradients: list[Tensor] = []
        blame = slopes
        for depth in range(len(weights) - 1, -1, -1):
            # ∂L/∂W = δᵀ y_below and ∂L/∂b = Σ δ
            gradients = [blame.mT @ shown[depth], blame.sum(0), *gradients]
            if depth:
                # δ_below = (δ W) ⊙ f'(x_below)
                passed = blame @ weights[depth]
                blame = passed * _slope(self.activation, shown[depth])
        return gradients


def example(
    *,
    batch: int = 6,
    input_width: int = 3,
    hidden_width: int = 5,
    output_width: int = 4,
    layers: int = 2,
) -> tuple[MLP, tuple[Tensor]]:
    """Build a tiny network and points for it.

    Args:
        batch: points.
        input_width: numbers that describe a point.
        hidden_width: neurons of each hidden layer.
        output_width: numbers that are answered.
        layers: hidden layers.

    Shape:
        () -> MLP, (inputs (B, D),)
    """
    module = MLP(input_width, hidden_width, output_width, layers=layers)
    return module, (torch.randn(batch, input_width),)


if __name__ == "__main__":
    module, inputs = example()
    print(tuple(module(*inputs).shape))
