"""A trained model read token by token or window by window, in torch and outside of it.

A reader is what is exported: it calls the snippet's own module, and adds as outputs
what the tracer finds inside it under the names in its source.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from site_src import tracing
from site_src.demos.exporting import Runtime, export


class Reader(nn.Module):
    """What is exported: the trained model, read in one way, and what it holds inside.

    Args:
        model: The trained model, which holds a module of a snippet.
        inner: Label → name of a value inside.
    """

    def __init__(self, model: nn.Module, inner: Mapping[str, str]) -> None:
        super().__init__()
        self.model, self.inner = model, dict(inner)
        self.file = snippet_of(model)
        self.channels: dict[str, list[str]] = {}
        self.state: list[Tensor] = []

    def names(self) -> list[str]:
        """Names of the outputs of the exported model."""
        states = [f"state_{n}_next" for n in range(len(self.state))]
        return ["scores", *states, *(f"inner_{n}" for n in range(len(self.inner)))]

    def call(self, *arguments: Any) -> tuple[Any, dict[str, Tensor]]:
        """The model's outputs, and each inner value stacked over its calls."""
        with tracing.watch(self.file) as calls:
            outputs = self.model(*arguments)
        return outputs, {
            label: torch.stack(tracing.values(calls, name))
            for label, name in self.inner.items()
        }

    def learn(self, tokens: Tensor, size: int) -> None:
        """Look at one run: sizes, names of channels, the state."""
        scores = scores_of(self.model(tokens))
        wanted = (1, tokens.shape[1], size)
        if tuple(scores.shape) != wanted:
            raise ValueError(
                f"the model's scores have the shape {tuple(scores.shape)}, "
                f"the text and its vocabulary want {wanted}"
            )
        if not bool(torch.isfinite(scores).all()):
            raise ValueError("the model's scores hold a NaN or an infinity")

    def differences(self, runtime: Runtime, tokens: Tensor) -> float:
        """The largest difference between onnxruntime and the model in torch.

        The scores are those of the whole text at once, as the snippet computes them;
        the inner values are those of this wrapper, run in torch.
        """
        scores, values = self.read(runtime, tokens)
        whole = scores_of(self.model(tokens))[0]
        pairs = [(scores, whole)]
        if self.inner:
            ours, theirs = values, self.read(self, tokens)[1]
            pairs += [(ours[label], theirs[label]) for label in self.inner]
        found = torch.stack([(a - b).abs().max() for a, b in pairs]).max().item()
        if not math.isfinite(found):
            raise ValueError("the model computes a NaN or an infinity")
        return found

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """In torch, what `Runtime.run` does in onnxruntime."""
        return dict(zip(self.names(), self(*inputs.values()), strict=True))

    def read(
        self, runtime: Runtime | Reader, tokens: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores of every position (T, V), and inner values (channels, rows, T)."""
        raise NotImplementedError

    def export(self, tokens: Tensor) -> bytes:
        """The model as a file."""
        raise NotImplementedError

    def arrangement(self, values: Tensor) -> dict[str, Any]:
        """How the heat map is shown at first."""
        raise NotImplementedError


class Steps(Reader):
    """One token and the state go in; scores, state and inner values come out.

    Shape:
        tokens (1, 1), state -> scores (1, V), state, inner (channels, rows)
    """

    def learn(self, tokens: Tensor, size: int) -> None:
        super().learn(tokens, size)
        outputs, values = self.call(tokens[:, :1])
        if not isinstance(outputs, tuple) or len(outputs) < 2:
            raise ValueError("a model without `context` returns (scores, state)")
        self.nested = outputs[1]
        self.state = [torch.zeros_like(part) for part in leaves(self.nested)]
        for label, value in values.items():
            calls = len(value)
            self.channels[label] = [f"layer {n + 1}" for n in range(calls) if calls > 1]

    def forward(self, tokens: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        parts = iter(state)
        (scores, after, *_), values = self.call(tokens, like(self.nested, parts))
        inner = [value.flatten(1) for value in values.values()]
        return scores[:, -1], *leaves(after), *inner

    def read(
        self, runtime: Runtime | Reader, tokens: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        names = [f"state_{n}" for n in range(len(self.state))]
        state, found = self.state, []
        for token in tokens.unbind(1):
            given = dict(zip(names, state, strict=True))
            outputs = runtime.run({"tokens": token[:, None], **given})
            state = [outputs[f"{name}_next"] for name in names]
            found.append(outputs)
        inner = {
            label: torch.stack([outputs[f"inner_{n}"] for outputs in found], -1)
            for n, label in enumerate(self.inner)
        }
        return torch.cat([outputs["scores"] for outputs in found]), inner

    def export(self, tokens: Tensor) -> bytes:
        states = {f"state_{n}": part for n, part in enumerate(self.state)}
        return export(self, {"tokens": tokens[:, :1], **states}, self.names())

    def arrangement(self, values: Tensor) -> dict[str, Any]:
        """Units by the mean of the first value, the highest on top."""
        means = values[0].mean(-1)
        return {"order": means.argsort(descending=True).tolist(), "channel": 0}


class Window(Reader):
    """A text goes in; scores and inner values of all its places come out.

    Shape:
        tokens (1, T) -> scores (T, V), inner (channels, T, T)
    """

    def learn(self, tokens: Tensor, size: int) -> None:
        super().learn(tokens, size)
        T = tokens.shape[1]
        for label, value in self.call(tokens)[1].items():
            if value.dim() not in (4, 5) or value.shape[-2:] != (T, T):
                raise ValueError(
                    f"{self.inner[label]} has the shape {tuple(value.shape[1:])}; a "
                    f"model with a window shows (1, {T}, {T}) or (1, heads, {T}, {T})"
                )
            heads = (
                [""]
                if value.dim() == 4
                else [f"head {n + 1}" for n in range(value.shape[2])]
            )
            layers = [f"layer {n + 1}" for n in range(len(value))]
            self.channels[label] = [
                ", ".join(part for part in (layer, head) if part)
                for layer in layers
                for head in heads
            ]

    def forward(self, tokens: Tensor) -> tuple[Tensor, ...]:
        outputs, values = self.call(tokens)
        inner = [value.squeeze(1).flatten(0, -3) for value in values.values()]
        return scores_of(outputs).squeeze(0), *inner

    def read(
        self, runtime: Runtime | Reader, tokens: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        outputs = runtime.run({"tokens": tokens})
        inner = {label: outputs[f"inner_{n}"] for n, label in enumerate(self.inner)}
        return outputs["scores"], inner

    def export(self, tokens: Tensor) -> bytes:
        return export(self, {"tokens": tokens}, self.names(), varying={"tokens": 1})

    def arrangement(self, values: Tensor) -> dict[str, Any]:
        """The channel that picks most sharply."""
        return {"channel": int(values.square().sum(-1).mean(-1).argmax())}


def scores_of(outputs: Any) -> Tensor:
    scores = outputs[0] if isinstance(outputs, tuple) else outputs
    if not isinstance(scores, Tensor) or scores.dim() != 3:
        raise ValueError("the model must return scores (1, T, V), or (scores, state)")
    return scores


def scale_of(values: Tensor) -> list[float]:
    """A round range for the scale: from 0, or as far down as up.

    What has no natural end is cut where few values lie beyond.
    """
    sizes = values.abs().flatten()
    top = sizes.quantile(0.98).item() if sizes.max().item() > 1.001 else 1.0
    end = 2.0 ** math.ceil(math.log2(top))
    return [0.0 if values.min().item() >= 0 else -end, end]


def snippet_of(model: nn.Module) -> Path:
    """The file of the outermost module that a snippet defines."""
    for module in model.modules():
        if type(module).__module__.startswith("snippets."):
            return Path(inspect.getsourcefile(type(module)) or "")
    raise ValueError("the model holds no module of a snippet")


def leaves(nested: Any) -> Iterator[Tensor]:
    """The tensors of a state, however it is nested."""
    if isinstance(nested, Tensor):
        yield nested
    else:
        for part in nested:
            yield from leaves(part)


def like(nested: Any, parts: Iterator[Tensor]) -> Any:
    """The tensors put back as they were nested."""
    if isinstance(nested, Tensor):
        return next(parts)
    return tuple(like(part, parts) for part in nested)
