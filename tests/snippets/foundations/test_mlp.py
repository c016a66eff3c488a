"""The MLP equals scikit-learn's and torch's; its chain rule is autograd's."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from parity import compare
from recording import note
from references.mlp_mistakes import MISTAKES as MISTAKES  # planted in copies
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import Tensor, nn
from torch.nn import functional as F

from snippets.foundations.mlp import ACTIVATIONS, MLP, example

B, D, H, N = 7, 4, 5, 3
TOLERANCE = 1e-12
KINDS = list(ACTIVATIONS)
BLOCKS = {"tanh": nn.Tanh, "logistic": nn.Sigmoid, "relu": nn.ReLU}


def build(
    kind: str = "tanh", layers: int = 2, *, hidden: int = H, width: int = D
) -> MLP:
    """A network in double precision, with weights that are not small."""
    module = MLP(width, hidden, N, layers=layers, activation=kind).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return module


def stack(kind: str, layers: int) -> nn.Sequential:
    """The same layers in a row."""
    parts: list[nn.Module] = []
    for layer in range(layers):
        parts += [nn.Linear(H if layer else D, H), BLOCKS[kind]()]
    return nn.Sequential(*parts, nn.Linear(H, N))


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The rows of Sequential, by our names."""
    places = sorted({int(name.partition(".")[0]) for name in theirs})
    ours = {}
    for row, place in enumerate(places):
        last = place == places[-1]
        layer = "output_layer" if last else f"hidden_layers.{row}"
        for part in ("weight", "bias"):
            ours[f"{layer}.{part}"] = theirs[f"{place}.{part}"]
    return ours


def layers_of(module: MLP) -> list[nn.Linear]:
    return [*module.hidden_layers, module.output_layer]


def theirs(
    estimator: type, module: MLP, inputs: Tensor, targets: np.ndarray
) -> MLPClassifier | MLPRegressor:
    """scikit-learn's network with our weights."""
    reference = estimator(
        hidden_layer_sizes=(module.hidden_layers[0].out_features,)
        * len(module.hidden_layers),
        activation=module.activation,
        alpha=0.0,
        max_iter=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference.fit(inputs.numpy(), targets)
    parts = [layer.weight.detach().numpy().T.copy() for layer in layers_of(module)]
    reference.coefs_ = parts
    reference.intercepts_ = [layer.bias.detach().numpy() for layer in layers_of(module)]
    return reference


def gradients_of(
    reference: MLPClassifier | MLPRegressor, inputs: Tensor, targets: np.ndarray
) -> list[np.ndarray]:
    """What its own backpropagation gives, in the order of our parameters."""
    layers = len(reference.coefs_)
    shown: list[np.ndarray | None] = [inputs.numpy(), *[None] * layers]
    empty = ([None] * layers, [None] * layers, [None] * layers)
    _, weights, biases = reference._backprop(
        inputs.numpy(), targets, None, shown, *empty
    )
    pairs = zip(weights, biases, strict=True)
    return [part for weight, bias in pairs for part in (weight.T, bias)]


def hold_equal(kind: type, pairs: Mapping[str, tuple[Tensor, np.ndarray]]) -> None:
    """Numbers of ours are those of the reference."""
    errors = {}
    for name, (found, right) in pairs.items():
        assert tuple(found.shape) == right.shape, (name, found.shape, right.shape)
        gap = np.abs(found.detach().numpy() - right).max() / np.abs(right).max()
        errors[name] = float(gap)
        assert errors[name] < TOLERANCE, (name, errors[name])
    note(
        "comparison",
        reference=f"sklearn.neural_network.{kind.__name__}",
        dtype="float64",
        tolerance=TOLERANCE,
        errors=errors,
    )


def all_gradients(
    module: MLP, inputs: Tensor, slopes: Tensor, right: list[np.ndarray]
) -> dict[str, tuple[Tensor, np.ndarray]]:
    """Both of our ways to the gradients, beside the reference's."""
    names = [name for name, _ in module.named_parameters()]
    by_torch = torch.autograd.grad(module(inputs), [*module.parameters()], slopes)
    by_hand = module.backpropagate(inputs, slopes)
    pairs = {}
    for name, auto, hand, wanted in zip(names, by_torch, by_hand, right, strict=True):
        pairs[f"gradient of {name}"] = (auto, wanted)
        pairs[f"gradient of {name}, by hand"] = (hand, wanted)
    return pairs


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_equals_the_same_layers_in_a_row(
    layers: int, kind: str, dtype: torch.dtype
) -> None:
    module = MLP(D, H, N, layers=layers, activation=kind)
    row = stack(kind, layers)
    compare(module, row, copy_weights, (torch.randn(B, D),), dtype=dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_chances_and_gradients_are_those_of_mlpclassifier(
    layers: int, kind: str
) -> None:
    module, inputs = build(kind, layers), torch.randn(B, D, dtype=torch.float64)
    labels = torch.arange(B) % N
    reference = theirs(MLPClassifier, module, inputs, labels.numpy())
    one_hot = F.one_hot(labels, N).double()
    slopes = (module(inputs).softmax(-1) - one_hot).detach() / B
    right = gradients_of(reference, inputs, one_hot.numpy())
    chances = module(inputs).softmax(-1)
    pairs = {"output": (chances, reference.predict_proba(inputs.numpy()))}
    hold_equal(MLPClassifier, pairs | all_gradients(module, inputs, slopes, right))
    loss = F.cross_entropy(module(inputs), labels)
    found = torch.autograd.grad(loss, [*module.parameters()])
    for auto, hand in zip(found, module.backpropagate(inputs, slopes), strict=True):
        torch.testing.assert_close(auto, hand, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 3])
def test_answers_and_gradients_are_those_of_mlpregressor(
    layers: int, kind: str
) -> None:
    module, inputs = build(kind, layers), torch.randn(B, D, dtype=torch.float64)
    targets = torch.randn(B, N, dtype=torch.float64)
    reference = theirs(MLPRegressor, module, inputs, targets.numpy())
    slopes = (module(inputs) - targets).detach() / B
    right = gradients_of(reference, inputs, targets.numpy())
    pairs = {"output": (module(inputs), reference.predict(inputs.numpy()))}
    hold_equal(MLPRegressor, pairs | all_gradients(module, inputs, slopes, right))


@pytest.mark.parametrize("kind", KINDS)
def test_the_chain_rule_holds_where_all_widths_are_equal(kind: str) -> None:
    """No shape would tell one layer's gradient from another's."""
    module = MLP(N, N, N, layers=3, activation=kind).double()
    inputs, slopes = torch.randn(2, N, N, dtype=torch.float64)
    found = torch.autograd.grad(module(inputs), [*module.parameters()], slopes)
    for auto, hand in zip(found, module.backpropagate(inputs, slopes), strict=True):
        torch.testing.assert_close(auto, hand, rtol=1e-12, atol=1e-15)


def test_xor_by_hand() -> None:
    """Two neurons of ReLU: the sum, and what is above one of it, counted twice."""
    module = MLP(2, 2, 1, activation="relu")
    with torch.no_grad():
        module.hidden_layers[0].weight.fill_(1)
        module.hidden_layers[0].bias.copy_(torch.tensor([0.0, -1.0]))
        module.output_layer.weight.copy_(torch.tensor([[1.0, -2.0]]))
        module.output_layer.bias.zero_()
    corners = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    assert module(corners).flatten().tolist() == [0, 1, 1, 0]


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = MLP(D, H, N)
    with pytest.raises(ValueError, match="input width 4, got 5"):
        module(torch.randn(B, D + 1))
    with pytest.raises(ValueError, match="points of at least 1, got 0"):
        module(torch.randn(0, D))
    with pytest.raises(ValueError, match=r"slopes shape \(7, 3\), got \(7, 4\)"):
        module.backpropagate(torch.randn(B, D), torch.randn(B, N + 1))
    for name, sizes in {
        "input_width": (0, H, N),
        "hidden_width": (D, 0, N),
        "output_width": (D, H, 0),
    }.items():
        with pytest.raises(ValueError, match=f"{name} of at least 1, got 0"):
            MLP(*sizes)
    with pytest.raises(ValueError, match="layers of at least 1, got 0"):
        MLP(D, H, N, layers=0)
    with pytest.raises(ValueError, match="one of tanh, logistic, relu, got sine"):
        MLP(D, H, N, activation="sine")


def test_the_example_is_sized_as_asked() -> None:
    module, (inputs,) = example(batch=2, input_width=6, output_width=1, layers=1)
    assert (inputs.shape, module(inputs).shape) == ((2, 6), (2, 1))
