"""A trained model that reads one sequence and writes another, in torch and outside.

Such a model is called as `model(source, target)`, with the words that it wrote so far,
and returns scores for the word after each. One that loops over time also says how it
goes on by one word: `read`, `begin` and `write`. What is exported is either that whole
call, or one step of reading and one of writing, side by side in one graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from site_src import tracing
from site_src.demos.exporting import Runtime, export
from site_src.demos.readers import scores_of, snippet_of


@dataclass(frozen=True)
class Translation:
    """What came of one source.

    Args:
        words: The numbers of the words written, (T,).
        scores: Of every word of the vocabulary at each place, (T, V).
        maps: Label → (channels, rows, columns).
    """

    words: Tensor
    scores: Tensor
    maps: dict[str, Tensor]


class Translator(nn.Module):
    """What is exported: the trained model, and what it holds inside while it works.

    Args:
        model: The trained model, which holds a module of a snippet.
        inner: Label → name of a value with one number a unit.
        alignment: Label → name of a value with one number a word looked at.
        ends: The numbers of the words that the writing starts and stops with.
    """

    model: Any  # what it has beside `forward` depends on the way it is run
    size: int  # words that can be written

    def __init__(
        self,
        model: nn.Module,
        inner: Mapping[str, str],
        alignment: Mapping[str, str],
        ends: tuple[int, int],
    ) -> None:
        super().__init__()
        self.model, self.ends = model, ends
        self.inner, self.alignment = dict(inner), dict(alignment)
        self.file = snippet_of(model)
        self.axes: dict[str, list[str]] = {}
        self.channels: dict[str, list[str]] = {}
        self.outputs: list[str] = []

    def watched(
        self, function: Callable[..., Any], *arguments: Any
    ) -> tuple[Any, list[tracing.Call]]:
        """What a function returns, and the calls inside the snippet."""
        with tracing.watch(self.file) as calls:
            outputs = function(*arguments)
        return outputs, calls

    def learn(self, source: Tensor, size: int) -> None:
        """Look at one run: sizes, names of channels, states."""
        target = torch.full((1, 3), self.ends[0])
        scores = scores_of(self.model(source, target))
        if tuple(scores.shape) != (1, 3, size):
            raise ValueError(
                f"the model's scores have the shape {tuple(scores.shape)}, the words "
                f"written and their vocabulary want (1, 3, {size})"
            )
        if not bool(torch.isfinite(scores).all()):
            raise ValueError("the model's scores hold a NaN or an infinity")
        self.size = size

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """In torch, what `Runtime.run` does in onnxruntime."""
        return dict(zip(self.outputs, self(*inputs.values()), strict=True))

    def translate(
        self,
        runtime: Runtime | Translator,
        source: Tensor,
        most: int,
        forced: Tensor | None = None,
    ) -> Translation:
        """Write the likeliest word each time, or the words of `forced` (T,)."""
        raise NotImplementedError

    def export(self, source: Tensor) -> bytes:
        """The model as a file."""
        raise NotImplementedError

    def next_word(self, scores: Tensor, done: list[int], forced: Tensor | None) -> int:
        """The word to write after `done`."""
        likeliest = int(scores.argmax())
        return likeliest if forced is None else int(forced[len(done)])

    def ended(self, done: list[int], most: int, forced: Tensor | None) -> bool:
        """Whether nothing is to be written any more."""
        if forced is not None:
            return len(done) == len(forced)
        return len(done) == most or (bool(done) and done[-1] == self.ends[1])

    def difference(self, runtime: Runtime, source: Tensor, words: int) -> float:
        """The largest difference between onnxruntime and the model in torch.

        The scores are those of the whole call, as the snippet computes them; the maps
        are those of this wrapper, run in torch.
        """
        forced = torch.randint(self.size, (words,))
        found = self.translate(runtime, source, words, forced)
        before = torch.cat([torch.tensor([self.ends[0]]), forced[:-1]])
        pairs = [(found.scores, scores_of(self.model(source, before[None]))[0])]
        ours = self.translate(self, source, words, forced).maps
        pairs += [(found.maps[label], ours[label]) for label in ours]
        largest = max((a - b).abs().max().item() for a, b in pairs)
        if not math.isfinite(largest):
            raise ValueError("the model computes a NaN or an infinity")
        return largest


class Whole(Translator):
    """The source and the words written so far go in, scores of every place come out.

    Shape:
        source (1, S), target (1, T) -> scores (T, V), values (channels, rows, columns)
    """

    def learn(self, source: Tensor, size: int) -> None:
        super().learn(source, size)
        if self.inner:
            raise ValueError(
                "a model without `write` shows alignments, no inner values"
            )
        target = torch.full((1, source.shape[1] + 2), self.ends[0])
        lengths = {source.shape[1]: "source", target.shape[1]: "target"}
        _, calls = self.watched(self.model, source, target)
        for label, name in self.alignment.items():
            found = tracing.values(calls, name)
            shape = tuple(found[0].shape)
            if len(shape) not in (3, 4) or not {*shape[-2:]} <= lengths.keys():
                raise ValueError(
                    f"{name} has the shape {shape}; an alignment has rows and columns "
                    f"of the {source.shape[1]} words read or {target.shape[1]} written"
                )
            self.axes[label] = [lengths[size] for size in shape[-2:]]
            heads = shape[1] if len(shape) == 4 else 1
            layers = numbered("layer", len(found)) or [""]
            self.channels[label] = [
                ", ".join(filter(None, (layer, head)))
                for layer in layers
                for head in numbered("head", heads) or [""]
            ]
        self.outputs = ["scores", *(f"looks_{n}" for n in range(len(self.alignment)))]

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, ...]:
        outputs, calls = self.watched(self.model, source, target)
        looks = [
            torch.stack(tracing.values(calls, name)).squeeze(1).flatten(0, -3)
            for name in self.alignment.values()
        ]
        return scores_of(outputs).squeeze(0), *looks

    def translate(
        self,
        runtime: Runtime | Translator,
        source: Tensor,
        most: int,
        forced: Tensor | None = None,
    ) -> Translation:
        done: list[int] = []
        found: dict[str, Tensor] = {}
        while not self.ended(done, most, forced):
            target = torch.tensor([[self.ends[0], *done]])
            found = runtime.run({"source": source, "target": target})
            done.append(self.next_word(found["scores"][-1], done, forced))
        maps = {label: found[f"looks_{n}"] for n, label in enumerate(self.alignment)}
        return Translation(torch.tensor(done), found["scores"], maps)

    def export(self, source: Tensor) -> bytes:
        target = torch.full((1, source.shape[1] + 2), self.ends[0])
        inputs = {"source": source, "target": target}
        return export(self, inputs, self.outputs, varying=dict.fromkeys(inputs, 1))

    def settings(self) -> None:
        """It is not stepped."""


def numbered(what: str, count: int) -> list[str]:
    return [f"{what} {n + 1}" for n in range(count)] if count > 1 else []
