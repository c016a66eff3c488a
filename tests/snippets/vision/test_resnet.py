"""ResNet equals that of transformers, and loads weights named by torchvision."""

from __future__ import annotations

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references import resnet
from references.resnet import DEPTHS
from torch import Tensor, nn

from snippets.vision.resnet import ResNet, example, from_published

FORMS = [
    {"blocks": (2, 1), "bottleneck": False},
    {"blocks": (1, 2, 1), "bottleneck": False, "small": True},
    {"blocks": (2, 1), "bottleneck": True},
    {"blocks": (1, 2), "bottleneck": True, "small": True},
]
SIZES = {"channels": 3, "classes": 7, "filters": 4}
ADD = "eq. 2\n        outputs = torch.relu(change + shortcut)"
FIRST = "self.first(inputs)))  # (B, E, Y"
SHORTCUT = "self.project_norm(self.project(inputs))  # (B, E, Y, X)\n        narrow"
IN_FIRST = "self.first = _convolution(before, inside, 1, 1)"
IN_SECOND = "self.second = _convolution(inside, inside, 3, stride)"
STEM = "torch.relu(self.stem_norm(self.stem(images)))"
PLACES = "name[0][5:]), int(name[1])) for"
INDEX = "int(stage[5:]), int(place))"
IMAGES = (3, 3, 19, 23)  # odd, so that halving has to round

MISTAKES = [
    Mistake(
        "The sum left out",
        {ADD: ADD.replace("change + shortcut", "change")},
        "Eight layers train about as well. A deep network trains badly, with a higher "
        "loss on the very images that it is trained on.",
    ),
    Mistake(
        "ReLU before the sum instead of after",
        {ADD: ADD.replace("relu(change + shortcut)", "relu(change) + shortcut")},
        "Trains about as well. Each block can only add, and weights that were trained "
        "otherwise give wrong scores.",
    ),
    Mistake(
        "No ReLU after the sum",
        {ADD: ADD.replace("torch.relu(change + shortcut)", "change + shortcut")},
        "Trains about as well; copied weights give wrong scores.",
    ),
    Mistake(
        "ReLU before the normalisation",
        {FIRST: FIRST.replace("self.first(inputs)", "torch.relu(self.first(inputs))")},
        "Trains. Half of what the filters found is gone before it is centred.",
    ),
    Mistake(
        "Shortcut without its normalisation",
        {SHORTCUT: SHORTCUT.replace("_norm(self.project(inputs))", "(inputs)")},
        "Trains; a bottleneck's shortcut has a scale of its own, and torchvision's "
        "weights give wrong scores.",
    ),
    Mistake(
        "Every block halves the image, not the first of a stage alone",
        {"2 if stage and not place else 1": "2 if stage else 1"},
        "No size fails, as the mean takes whatever is left. A deep network soon looks "
        "at a single pixel.",
    ),
    Mistake(
        "The first stage halves the image, too",
        {"2 if stage and not place else 1": "1 if place else 2"},
        "Trains about as well on simple images; every map is half as high and wide.",
    ),
    Mistake(
        "The bottleneck halves in its first convolution",
        {
            IN_FIRST: IN_FIRST.replace("1)", "stride)"),
            IN_SECOND: IN_SECOND.replace("stride", "1"),
        },
        "It is what the paper has, and it trains. torchvision's weights fit without an "
        "error and score worse: they were trained with the stride in the middle.",
    ),
    Mistake(
        "No padding in the pooling of the stem",
        {"nn.MaxPool2d(3, 2, 1)": "nn.MaxPool2d(3, 2)"},
        "Trains as well; maps are a pixel smaller and shifted against the weights.",
    ),
    Mistake(
        "Mean instead of maximum in the stem",
        {"nn.MaxPool2d(3, 2, 1)": "nn.AvgPool2d(3, 2, 1)"},
        "Trains as well; copied weights give wrong scores.",
    ),
    Mistake(
        "No ReLU after the stem",
        {STEM: STEM.removeprefix("torch.relu(").removesuffix(")")},
        "Trains as well; the shortcut of the first block carries negative numbers.",
    ),
    Mistake(
        "Maximum over the image instead of the mean at the end",
        {"hidden.mean((2, 3))": "hidden.amax((2, 3))"},
        "Trains as well, as another network.",
    ),
    Mistake(
        "Published weights handed out in training mode",
        {"return module.eval()": "return module"},
        "Scores depend on which images share a batch, and each call changes the model.",
    ),
    Mistake(
        "Blocks of the published weights taken in alphabetical order",
        {
            PLACES: PLACES.replace("int(name[1])", "name[1]"),
            INDEX: INDEX.replace("int(place)", "place"),
        },
        "ResNet-18 to 50 load rightly. In a stage of more than ten blocks, block 10 "
        "lands behind block 1: shapes fit, scores do not.",
    ),
    Mistake(
        "Filters started too small",
        {'mode="fan_out"': 'mode="fan_out", nonlinearity="sigmoid"'},
        "The norms hide it: training is about as good, with other effective steps.",
    ),
]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_equals_transformers(form: dict, training: bool, dtype: torch.dtype) -> None:
    theirs = resnet.build(**form, **SIZES).train(training)
    compare(
        ResNet(**form, **SIZES).train(training),
        theirs,
        resnet.copy_weights,
        (torch.randn(IMAGES),),
        dtype=dtype,
        tolerance=None if dtype == torch.float64 else 1e-4,
        run_reference=resnet.read,
    )


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_training_moves_the_running_statistics_as_in_transformers(form: dict) -> None:
    """A step in training mode, then scores in evaluation mode."""
    theirs = resnet.build(**form, **SIZES).double()
    ours = ResNet(**form, **SIZES).double()
    ours.load_state_dict(resnet.copy_weights(theirs.state_dict()))
    images = torch.randn(IMAGES, dtype=torch.float64)
    for module in (ours, theirs):
        module.train()(images)
        module.eval()
    found, expected = ours.state_dict(), resnet.copy_weights(theirs.state_dict())
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-12, atol=1e-12)
    right = resnet.read(theirs, images)
    torch.testing.assert_close(ours(images), right, rtol=1e-12, atol=1e-12)


def test_batches_matter_in_training_alone() -> None:
    module, images = ResNet((1, 1), **SIZES), torch.randn(IMAGES)
    alone, together = module(images[:1]), module(images)[:1]
    assert (alone - together).abs().max() > 0.1
    module.eval()
    torch.testing.assert_close(module(images[:1]), module(images)[:1])


@pytest.mark.parametrize("name", DEPTHS)
def test_has_torchvisions_names_shapes_and_parameters(name: str) -> None:
    blocks, wanted = DEPTHS[name], resnet.fixture()[name]
    bottleneck = int(name.removeprefix("resnet")) > 34
    with torch.device("meta"):
        ours = ResNet(blocks, bottleneck=bottleneck)
        theirs = resnet.build(blocks, bottleneck=bottleneck)
    assert sum(p.numel() for p in ours.parameters()) == wanted["parameters"]
    assert sum(p.numel() for p in theirs.parameters()) == wanted["parameters"]
    shapes = {
        resnet.published_name(own, blocks): list(tensor.shape)
        for own, tensor in ours.state_dict().items()
    }
    assert shapes == wanted["shapes"]


def published(blocks: tuple[int, ...], bottleneck: bool) -> tuple[dict, nn.Module]:
    """Random weights under torchvision's names, and the same in transformers."""
    theirs = resnet.build(blocks, bottleneck=bottleneck, **SIZES).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    own = resnet.copy_weights(theirs.state_dict())
    return {resnet.published_name(n, blocks): t for n, t in own.items()}, theirs


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("bottleneck", [False, True], ids=["basic", "bottleneck"])
def test_loads_weights_under_torchvisions_names(
    bottleneck: bool, dtype: torch.dtype
) -> None:
    weights, theirs = published((2, 1, 12), bottleneck)  # block 10 after block 9
    loaded = from_published(
        {n: t.to(dtype) if t.is_floating_point() else t for n, t in weights.items()}
    )
    assert not loaded.training
    assert {p.dtype for p in loaded.parameters()} == {dtype}
    images = torch.randn(2, 3, 33, 35, dtype=torch.float64)
    right = resnet.read(theirs.double(), images)
    found = loaded.double()(images)
    torch.testing.assert_close(found, right, rtol=1e-9, atol=1e-9)


def test_a_foreign_name_is_refused() -> None:
    weights, _ = published((1, 1), False)
    with pytest.raises(KeyError, match="conv9"):
        from_published(weights | {"conv9.weight": torch.zeros(1)})


def test_filters_start_as_he_says() -> None:
    """Variance 2 / fan out, in every convolution (torchvision starts so, too)."""
    module = ResNet((1, 1), filters=48, bottleneck=True)
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d):
            fan = layer.out_channels * layer.kernel_size[0] ** 2
            spread = layer.weight.std().item() / (2 / fan) ** 0.5
            assert 0.9 < spread < 1.1, name


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = ResNet((1, 1), **SIZES)
    with pytest.raises(ValueError, match="channels 3, got 1"):
        module(torch.randn(2, 1, 9, 9))
    with pytest.raises(ValueError, match="images of at least 1, got 0"):
        module(torch.randn(0, 3, 9, 9))
    with pytest.raises(ValueError, match="pixels of at least 1, got 0"):
        module(torch.randn(2, 3, 0, 9))
    for wrong in ({"classes": 0}, {"filters": 0}, {"channels": -1}):
        ((name, size),) = wrong.items()
        with pytest.raises(ValueError, match=f"{name} of at least 1, got {size}"):
            ResNet((1, 1), **wrong)
    with pytest.raises(ValueError, match="depth of at least 1, got 0"):
        ResNet(())
    with pytest.raises(ValueError, match="blocks of at least 1, got 0"):
        ResNet((2, 0))


def test_the_example_is_sized_as_asked() -> None:
    module, (images,) = example(batch=3, channels=2, height=9, width=11, classes=5)
    assert images.shape == (3, 2, 9, 11)
    scores: Tensor = module(images)
    assert scores.shape == (3, 5)
