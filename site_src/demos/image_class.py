"""The demo "image-class": an image is drawn, the chances of its classes come out.

The reader draws on a pad, or starts from a real image and moves it about. What the
snippet computes inside is taken under the names in its source and shown as small
images: maps, or how much one place looks at each of the others.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from site_src.demos.exporting import Made, Runtime
from site_src.demos.pictures import Picture

SIZED_IN = "images"
LEVELS = 15  # shades of an image's pixel above none, so that each takes one character
BATCHES = (1, 3)  # images at once; all samples are the third


def make(
    model: nn.Module,
    *,
    classes: Sequence[str],
    samples: Sequence[tuple[str, Sequence[Sequence[float]]]],
    inner: Mapping[str, str] = {},
    looking: Mapping[str, str] = {},
    patches: tuple[int, int] | None = None,
    brush: float = 1.5,
) -> Made:
    """Export a trained model and compare it with torch.

    Args:
        model: `model(images)` returns scores, or a tuple that begins with them.
        classes: A name for each score, in their order.
        samples: Real images to start from: what each shows, and its rows of pixels,
            0 for paper and 1 for ink. The figure shows the first.
        inner: Label → name of maps as the tracer knows it, "Net.forward.maps".
        looking: Label → name of weights with which places look at each other.
        patches: Rows and columns of those places.
        brush: Radius of the pen, in pixels.

    Shape:
        images (B, 1, H, W) -> scores (B, N)
    """
    shown = _images(samples)
    if len(set(classes)) < len(classes):
        raise ValueError("a class stands twice")
    if len(samples) <= max(BATCHES):
        raise ValueError(f"{len(samples)} samples; more than {max(BATCHES)} are needed")
    picture = Picture(model, inner, looking, patches).eval()
    with torch.no_grad():
        picture.learn(shown, len(classes))
        exported = picture.export(shown[:2])
        runtime = Runtime(exported)
        noise = [torch.rand(count, *shown.shape[1:]) for count in BATCHES]
        found = [picture.differences(runtime, batch) for batch in (*noise, shown)]
        outputs = runtime.run({"images": shown[:1]})
    values = [outputs[f"inner_{n}"][0] for n in range(len(picture.inner))]
    settings: dict[str, Any] = {
        "classes": list(classes),
        "samples": [
            [name, _written(image[0])]
            for (name, _), image in zip(samples, shown, strict=True)
        ],
        "size": list(shown.shape[2:]),
        "levels": LEVELS,
        "brush": brush,
        "patches": list(patches) if patches else None,
        "inner": [
            {
                "label": label,
                "range": _range(value),
                "channels": picture.channels[label],
                "looking": label in looking,
                "extra": label in looking and picture.extra,
            }
            for label, value in zip(picture.inner, values, strict=True)
        ],
    }
    seen: dict[str, Any] = {"chances": outputs["scores"][0].softmax(-1).tolist()}
    if values:
        seen["values"] = _rounded(_first_view(settings, values[0]))
    lengths = [*BATCHES, len(samples)]
    return Made(exported, lengths, max(found), settings, seen)


def draw(settings: Mapping[str, Any], shown: Mapping[str, Any], alt: str) -> str:
    """The static figure: the first image, all chances, and the maps inside."""
    from site_src.demos import heat_map  # here, so that how it looks trains nothing

    name, text = settings["samples"][0]
    height, width = settings["size"]
    rows = [text[n * width : (n + 1) * width] for n in range(height)]
    shades = [[int(one, LEVELS + 1) / LEVELS for one in row] for row in rows]
    bars = "".join(
        f"<li><b>{html.escape(label)}</b>"
        '<svg viewBox="0 0 100 1" preserveAspectRatio="none">'
        f'<rect width="{100 * chance:.1f}" height="1"/></svg>'
        f"<span>{100 * chance:.1f}\N{NARROW NO-BREAK SPACE}%</span></li>"
        for label, chance in zip(settings["classes"], shown["chances"], strict=True)
    )
    image = heat_map.draw(
        shades, [0, 1], title=f"A test image: {name}", columns="", rows=""
    )
    inside = ""
    if "values" in shown:
        first = settings["inner"][0]
        title = first["label"]
        if first["looking"]:
            title += f", {first['channels'][0]}, from {_places(settings)[0]}"
        inside = heat_map.draw(
            shown["values"], first["range"], title=title, columns="", rows=""
        )
    return (
        f'<div class="demo-view" role="img" aria-label="{html.escape(alt)}" '
        f'data-search-exclude><div class="demo-side">{image}'
        f'<ol class="demo-next demo-classes">{bars}</ol></div>{inside}</div>'
    )


def tiled(values: Tensor) -> Tensor:
    """Maps (C, Y, X) side by side, about as wide as high, with a line between."""
    count, tall, wide = values.shape
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    sheet = values.new_zeros(down * (tall + 1) - 1, across * (wide + 1) - 1)
    for number, one in enumerate(values):
        top = number // across * (tall + 1)
        left = number % across * (wide + 1)
        sheet[top : top + tall, left : left + wide] = one
    return sheet


def _first_view(settings: Mapping[str, Any], values: Tensor) -> Tensor:
    first = settings["inner"][0]
    if not first["looking"]:
        return tiled(values)
    looks = values[0, 0, 1 if first["extra"] else 0 :]
    return looks.view(*settings["patches"])


def _places(settings: Mapping[str, Any]) -> list[str]:
    """Names of what looks."""
    down, across = settings["patches"]
    extra = ["the extra token"] * settings["inner"][0]["extra"]
    return extra + [
        f"row {row + 1}, column {column + 1}"
        for row in range(down)
        for column in range(across)
    ]


def _images(samples: Sequence[tuple[str, Sequence[Sequence[float]]]]) -> Tensor:
    """The samples in the shades that the page can write, (B, 1, H, W)."""
    sizes = {(len(rows), len(row)) for _, rows in samples for row in rows}
    if len(sizes) != 1:
        raise ValueError(f"the samples have the sizes {sorted(sizes)}, not one")
    images = torch.tensor([rows for _, rows in samples], dtype=torch.float32)
    if images.min() < 0 or images.max() > 1:
        raise ValueError("a pixel of a sample is not between 0 and 1")
    return ((images * LEVELS).round() / LEVELS).unsqueeze(1)


def _written(image: Tensor) -> str:
    """A hexadecimal digit for each pixel."""
    return "".join(f"{round(one * LEVELS):x}" for one in image.flatten().tolist())


def _rounded(values: Tensor) -> list[list[float]]:
    return [[round(one, 2) for one in row] for row in values.tolist()]


def _range(values: Tensor) -> list[float]:
    """The scale's ends: from 0, or as far down as up; few values lie beyond."""
    sizes = values.abs().flatten()
    top = sizes.quantile(0.98).item() if sizes.numel() > 1 else sizes.max().item()
    end = 2.0 ** math.ceil(math.log2(max(top, 1e-6)))
    return [0.0 if values.min().item() >= 0 else -end, end]
