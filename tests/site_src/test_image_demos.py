"""What the image demo exports is the snippet's own model, with maps or looks inside."""

from __future__ import annotations

import importlib.util
import sys
import types

import pytest
import torch
from torch import nn

from site_src.demos import image_class, show
from site_src.demos.exporting import Runtime, weights

CLASSES = ["round", "long", "both"]
SNIPPET = """
import torch
from torch import nn


class Seer(nn.Module):
    def __init__(self):
        super().__init__()
        self.filters, self.score = nn.Conv2d(1, 5, 3), nn.Linear(5 * 4, 3)

    def forward(self, images):
        B, C, H, W = images.shape
        maps = torch.tanh(self.filters(images))
        return self.score(nn.functional.adaptive_avg_pool2d(maps, 2).flatten(1))


class Looker(nn.Module):
    def __init__(self, extra=True):
        super().__init__()
        self.embed, self.score = nn.Linear(4, 6), nn.Linear(6, 3)
        self.extra = nn.Parameter(torch.randn(1, 1, 6)) if extra else None

    def forward(self, images):
        B, C, H, W = images.shape
        tokens = nn.functional.unfold(images, 2, stride=2).mT
        tokens = self.embed(tokens)
        if self.extra is not None:
            tokens = torch.cat([self.extra.expand(B, 1, 6), tokens], 1)
        for _ in range(2):
            tokens = self.look(tokens)
        return self.score(tokens[:, 0])

    def look(self, tokens):
        heads = tokens.unflatten(-1, (2, 3)).transpose(1, 2)
        weights = (heads @ heads.mT).softmax(-1)
        return (weights @ heads).transpose(1, 2).flatten(2)
"""
MAPS = {"maps": "Seer.forward.maps"}
LOOKS = {"looks": "Looker.look.weights"}


@pytest.fixture(scope="module")
def snippet(tmp_path_factory) -> types.ModuleType:
    """A snippet with filters, and one whose places look at each other."""
    path = tmp_path_factory.mktemp("snippets") / "seeing.py"
    path.write_text(SNIPPET)
    spec = importlib.util.spec_from_file_location("snippets.seeing.demo", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    return module


def images(height: int = 6, width: int = 8) -> list:
    generator = torch.Generator().manual_seed(1)
    drawn = torch.rand(4, height, width, generator=generator)
    return [[f"no. {n}", one.tolist()] for n, one in enumerate(drawn)]


def make(model: nn.Module, **settings):
    return image_class.make(
        model, **{"classes": CLASSES, "samples": images()} | settings
    )


def read(settings) -> torch.Tensor:
    """The samples as the browser reads them."""
    height, width = settings["size"]
    texts = [text for _, text in settings["samples"]]
    pixels = [[int(one, 16) / 15 for one in text] for text in texts]
    return torch.tensor(pixels).view(-1, 1, height, width)


def test_maps_and_scores_are_the_snippets_on_the_same_weights(snippet) -> None:
    made = make(snippet.Seer(), inner=MAPS)
    assert made.lengths == [1, 3, 4]
    assert made.difference < 1e-5
    again = snippet.Seer()
    again.load_state_dict(weights(made.model))
    given = read(made.settings)
    expected = torch.tensor([rows for _, rows in images()]).unsqueeze(1)
    assert (given - expected).abs().max() < 0.034, "half of a sixteenth"
    for batch in (given, given[:1], torch.rand(2, 1, 6, 8)):
        found = Runtime(made.model).run({"images": batch})
        torch.testing.assert_close(found["scores"], again(batch))
        maps = torch.tanh(again.filters(batch))
        torch.testing.assert_close(found["inner_0"], maps)
    (part,) = made.settings["inner"]
    assert part["channels"] == [f"map {n}" for n in range(1, 6)]
    assert part["range"] == [-1.0, 1.0]
    assert not part["looking"]


@pytest.mark.parametrize("extra", [True, False])
def test_looks_of_all_layers_and_heads(snippet, extra) -> None:
    made = make(snippet.Looker(extra), looking=LOOKS, patches=(3, 4))
    (part,) = made.settings["inner"]
    assert part["extra"] is extra
    assert part["looking"]
    assert part["channels"] == [
        f"layer {layer}, head {head}" for layer in (1, 2) for head in (1, 2)
    ]
    found = Runtime(made.model).run({"images": read(made.settings)[:1]})
    size = 12 + extra
    assert found["inner_0"].shape == (1, 4, size, size)
    torch.testing.assert_close(found["inner_0"].sum(-1), torch.ones(1, 4, size))
    shown = torch.tensor(made.shown["values"])
    assert shown.shape == (3, 4)
    wanted = found["inner_0"][0, 0, 0, int(extra) :].view(3, 4)
    torch.testing.assert_close(shown, wanted, atol=0.006, rtol=0)


def test_the_figure_shows_the_image_the_chances_and_the_maps(snippet) -> None:
    made = make(snippet.Seer(), inner=MAPS)
    drawn = image_class.draw(made.settings, made.shown, "A picture")
    assert 'viewBox="0 0 8 6"' in drawn
    assert 'viewBox="0 0 20 9"' in drawn, "3 x 2 maps of 6 x 4 with lines between"
    assert all(f"<b>{name}</b>" in drawn for name in CLASSES)
    assert "tall" not in drawn
    made = make(snippet.Looker(), looking=LOOKS, patches=(3, 4))
    drawn = image_class.draw(made.settings, made.shown, "A picture")
    assert "looks, layer 1, head 1, from the extra token" in drawn


def test_maps_lie_side_by_side() -> None:
    sheet = image_class.tiled(torch.arange(1.0, 6)[:, None, None].expand(5, 2, 3))
    assert sheet.shape == (5, 11)
    assert sheet[0].tolist() == [1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3]
    assert sheet[4].tolist() == [4, 4, 4, 0, 5, 5, 5, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inner": {"m": "Seer.forward.mpas"}}, "no value of Seer.forward.mpas"),
        ({"inner": {"m": "Seer.forward.W"}}, "Seer.forward.W is no tensor"),
        ({"classes": ["a", "a", "b"]}, "a class stands twice"),
        ({"classes": ["a", "b"]}, r"\(4, 3\).* want \(4, 2\)"),
        ({"samples": images()[:3]}, "3 samples; more than 3 are needed"),
        ({"samples": [*images(), *images(7)]}, r"the sizes \[\(6, 8\), \(7, 8\)\]"),
        ({"samples": [["x", [[2.0] * 8] * 6]] * 4}, "not between 0 and 1"),
        ({"looking": MAPS}, "needs `patches`"),
        ({"looking": MAPS, "patches": (3, 4)}, "12 places, or one more"),
    ],
)
def test_a_wrong_setting_is_said(snippet, settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        make(snippet.Seer(), **settings)


def test_a_wrong_model_is_said(snippet) -> None:
    with pytest.raises(ValueError, match="no module of a snippet"):
        make(nn.Flatten())
    broken = snippet.Seer()
    broken.score.bias.data[1] = float("nan")
    with pytest.raises(ValueError, match="NaN or an infinity"):
        make(broken)


def test_it_is_a_kind_of_demo_like_the_others(snippet) -> None:
    def build() -> nn.Module:
        return snippet.Seer()

    settings = {"classes": CLASSES, "samples": images(), "inner": MAPS}
    unit = show.made(image_class, build, lambda model: 7, settings)
    assert unit["trained"] == 7
    assert "at 1, 3 and 4 images" in show._facts(unit, image_class)


class Fixed(nn.Module):
    """A model that takes one image at a time, around a snippet."""

    def __init__(self, core: nn.Module):
        super().__init__()
        self.core = core

    def forward(self, images):
        pieces = [self.core(one[None]) for one in images.unbind(0)]
        return torch.cat(pieces)


def test_a_frozen_batch_is_caught(snippet) -> None:
    with pytest.raises(ValueError, match=r"its length was frozen at 2"):
        make(Fixed(snippet.Seer()))
