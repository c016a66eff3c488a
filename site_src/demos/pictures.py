"""A trained model that looks at images, in torch and outside of it.

What is exported calls the snippet's own module, and adds as outputs what the tracer
finds inside it: maps, one image a channel, or who looks at whom, one square of weights
a head.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from site_src import tracing
from site_src.demos.exporting import Runtime, export
from site_src.demos.readers import Reader


class Picture(Reader):
    """Images go in; scores and inner values come out.

    Args:
        model: The trained model, which holds a module of a snippet.
        inner: Label → name of maps inside, (B, C, Y, X) in each call.
        looking: Label → name of weights inside, (B, heads, T, T) or (B, T, T).
        patches: Rows and columns of the places that look at each other.

    Shape:
        images (B, 1, H, W) -> scores (B, N), inner (B, channels, Y, X) or (B,
        channels, T, T), channels of all calls after another
    """

    def __init__(
        self,
        model: nn.Module,
        inner: Mapping[str, str],
        looking: Mapping[str, str],
        patches: tuple[int, int] | None,
    ) -> None:
        super().__init__(model, {**inner, **looking})
        self.looking, self.patches = set(looking), patches
        self.extra = False  # whether a token that is no place looks, too

    def call(self, *arguments: Any) -> tuple[Any, dict[str, Tensor]]:
        """The model's outputs, and each inner value stacked over its calls."""
        with tracing.watch(self.file) as calls:
            outputs = self.model(*arguments)
        values = {}
        for label, name in self.inner.items():
            found = tracing.values(calls, name)
            if not all(isinstance(value, Tensor) for value in found):
                raise ValueError(f"{name} is no tensor")
            shapes = [tuple(value.shape[1:]) for value in found]
            if any(shape != shapes[0] for shape in shapes):
                raise ValueError(f"{name} has several shapes: {shapes}")
            values[label] = torch.stack(found)
        return outputs, values

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        outputs, values = self.call(images)
        inner = [self._joined(label, value) for label, value in values.items()]
        return scores_of(outputs), *inner

    def _joined(self, label: str, value: Tensor) -> Tensor:
        """(calls, B, ..., Y, X) → (B, channels, Y, X)."""
        if label in self.looking and value.dim() == 4:
            value = value.unsqueeze(2)
        if value.dim() != 5:
            wanted = "(B, heads, T, T)" if label in self.looking else "(B, C, Y, X)"
            shape = tuple(value.shape[1:])
            raise ValueError(f"{self.inner[label]} has the shape {shape}, not {wanted}")
        return value.transpose(0, 1).flatten(1, 2)

    def learn(self, images: Tensor, size: int) -> None:
        """Look at one run: sizes, and names of channels."""
        scores = scores_of(self.model(images))
        wanted = (len(images), size)
        if tuple(scores.shape) != wanted:
            raise ValueError(
                f"the model's scores have the shape {tuple(scores.shape)}, "
                f"the images and their classes want {wanted}"
            )
        if not bool(torch.isfinite(scores).all()):
            raise ValueError("the model's scores hold a NaN or an infinity")
        for label, value in self.call(images)[1].items():
            self._joined(label, value)
            calls, each = len(value), value.shape[2] if value.dim() == 5 else 1
            word = "map"
            if label in self.looking:
                word = "head"
                self._check_places(label, value)
            self.channels[label] = [
                ", ".join(
                    [f"layer {call + 1}"] * (calls > 1)
                    + [f"{word} {one + 1}"] * (each > 1 or calls == 1)
                )
                for call in range(calls)
                for one in range(each)
            ]

    def _check_places(self, label: str, value: Tensor) -> None:
        if self.patches is None:
            raise ValueError(f"{label} needs `patches`, the rows and columns of places")
        places = math.prod(self.patches)
        tall, wide = value.shape[-2:]
        if tall != wide or tall - places not in (0, 1):
            raise ValueError(
                f"{self.inner[label]} has the shape {tuple(value.shape[1:])}; "
                f"{places} places, or one more, look at as many"
            )
        self.extra = tall > places

    def differences(self, runtime: Runtime, images: Tensor) -> float:
        """The largest difference between onnxruntime and the model in torch.

        The scores are those of the model alone, the inner values of this wrapper.
        """
        found = runtime.run({"images": images})
        wanted = dict(zip(self.names(), self(images), strict=True))
        wanted["scores"] = scores_of(self.model(images))
        gaps = [(found[name] - wanted[name]).abs().max() for name in wanted]
        largest = torch.stack(gaps).max().item()
        if not math.isfinite(largest):
            raise ValueError("the model computes a NaN or an infinity")
        return largest

    def export(self, images: Tensor) -> bytes:
        return export(self, {"images": images}, self.names(), varying={"images": 0})


def scores_of(outputs: Any) -> Tensor:
    """The scores among what a model returns."""
    scores = outputs[0] if isinstance(outputs, tuple) else outputs
    if not isinstance(scores, Tensor) or scores.dim() != 2:
        raise ValueError("the model must return scores (B, N), or a tuple with them")
    return scores
