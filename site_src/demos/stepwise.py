"""A model that reads and writes a word at a time, with a state that is handed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from site_src import tracing
from site_src.demos.exporting import Runtime, export
from site_src.demos.readers import leaves, like
from site_src.demos.translators import Translation, Translator, numbered


class Stepwise(Translator):
    """One word of the source and one of the target go in, each with its state.

    The model has `read(tokens, state) -> (shown, state)`, which is called with every
    word of the source, one column a direction: the second column holds the words from
    the last to the first. `shown` is None, or what the writing may look at; `begin`
    makes the first state of the writing from the last of the reading, and
    `write(tokens, state[, memory]) -> (scores, state)` writes a word.

    Shape:
        source (1, directions), target (1, 1), states, memory (1, S, M) -> scores
        (1, V), states, shown (directions, M / directions), values (channels, units)
    """

    def __init__(self, *arguments: Any, directions: int) -> None:
        super().__init__(*arguments)
        self.directions = directions

    def learn(self, source: Tensor, size: int) -> None:
        super().learn(source, size)
        token = source[:, :1].expand(-1, self.directions)
        (shown, self.reading), read = self.watched(self.model.read, token, None)
        self.writing = self.model.begin(self.reading)
        self.memory = 0 if shown is None else shown[0].numel()
        memory = [] if shown is None else [source.new_zeros(1, 3, self.memory).float()]
        state = self.writing
        _, written = self.watched(self.model.write, source[:, :1] * 0, state, *memory)
        self.read_of, self.write_of = [], []
        for label, name in self.inner.items():
            shapes = [_units(calls, name) for calls in (read, written)]
            found = [shape for shape in shapes if shape is not None]
            if not found:
                tracing.values([*read, *written], name)  # says what is there
            where = [
                side for side, s in zip(("source", "target"), shapes, strict=True) if s
            ]
            if len(found) == 2 and found[0] != found[1]:
                where = ["target"]
            self.read_of += [label] if "source" in where else []
            self.write_of += [label] if "target" in where else []
            self.axes[label] = ["units", " ".join(where)]
            self.channels[label] = numbered("layer", found[-1][0])
        for label, name in self.alignment.items():
            rows = _looks(written, name)
            if rows.shape[1:] != (3,):
                raise ValueError(
                    f"{name} has the shape {tuple(rows.shape[1:])}; an alignment has "
                    "a number for each of the 3 words of the source"
                )
            self.axes[label] = ["target", "source"]
            self.channels[label] = numbered("head", len(rows))
        parts = {"writing": self.writing, "reading": self.reading}
        counts = {name: len([*leaves(part)]) for name, part in parts.items()}
        self.outputs = [
            "scores",
            *(
                f"{name}_{n}_next"
                for name, count in counts.items()
                for n in range(count)
            ),
            *(f"begin_{n}" for n in range(counts["writing"])),
            *(["shown"] if self.memory else []),
            *(f"read_{n}" for n in range(len(self.read_of))),
            *(f"write_{n}" for n in range(len(self.write_of))),
            *(f"looks_{n}" for n in range(len(self.alignment))),
        ]

    def forward(
        self, source: Tensor, target: Tensor, *rest: Tensor
    ) -> tuple[Tensor, ...]:
        parts = iter(rest)
        writing, reading = like(self.writing, parts), like(self.reading, parts)
        (shown, after), read = self.watched(self.model.read, source, reading)
        begin = self.model.begin(after)
        (scores, state), written = self.watched(
            self.model.write, target, writing, *parts
        )
        return (  # a copy, for what is handed through may not be an output
            scores[:, -1],
            *(part.clone() for part in leaves((state, after, begin))),
            *([shown.reshape(self.directions, -1)] if self.memory else []),
            *(_stacked(read, self.inner[label]) for label in self.read_of),
            *(_stacked(written, self.inner[label]) for label in self.write_of),
            *(_looks(written, name) for name in self.alignment.values()),
        )

    def inputs(
        self, source: Tensor, target: Tensor, given: Mapping[str, Any], words: int
    ) -> dict[str, Tensor]:
        """All inputs by name; what is not given is zero."""
        found = {"source": source, "target": target}
        for name, state in (("writing", self.writing), ("reading", self.reading)):
            for n, part in enumerate(leaves(state)):
                zero = torch.zeros_like(part)
                found[f"{name}_{n}"] = given.get(f"{name}_{n}", zero)
        if self.memory:
            zero = torch.zeros(1, words, self.memory)
            found["memory"] = given.get("memory", zero)
        return found

    def translate(
        self,
        runtime: Runtime | Translator,
        source: Tensor,
        most: int,
        forced: Tensor | None = None,
    ) -> Translation:
        S, D = source.shape[1], self.directions
        nothing = torch.zeros(1, 1, dtype=torch.long)
        memory = torch.zeros(1, S, self.memory)
        state: dict[str, Tensor] = {}
        read, written = [], []
        for here in range(S):
            ways = [here, S - 1 - here][:D]
            found = runtime.run(self.inputs(source[:, ways], nothing, state, S))
            state = _carried(found, "reading")
            for place, row, part in zip(
                ways, found.get("shown", ()), memory.chunk(D, -1), strict=False
            ):
                part[0, place] = row
            read.append(found)
        state = {
            name.replace("begin", "writing"): value
            for name, value in read[-1].items()
            if name.startswith("begin")
        }
        given = {"memory": memory} if self.memory else {}
        done: list[int] = []
        word = self.ends[0]
        while not self.ended(done, most, forced):
            token = torch.tensor([[word]])
            found = runtime.run(
                self.inputs(nothing.expand(1, D), token, state | given, S)
            )
            state = _carried(found, "writing")
            word = self.next_word(found["scores"][0], done, forced)
            done.append(word)
            written.append(found)
        scores = torch.cat([found["scores"] for found in written])
        return Translation(torch.tensor(done), scores, self._maps(read, written))

    def _maps(self, read: list[Any], written: list[Any]) -> dict[str, Tensor]:
        maps = {}
        for label in self.inner:
            columns = []
            for side, labels, prefix in (
                (read, self.read_of, "read"),
                (written, self.write_of, "write"),
            ):
                if label in labels:
                    name = f"{prefix}_{labels.index(label)}"
                    columns += [found[name] for found in side]
            maps[label] = torch.stack(columns, -1)
        for n, label in enumerate(self.alignment):
            maps[label] = torch.stack([found[f"looks_{n}"] for found in written], 1)
        return maps

    def export(self, source: Tensor) -> bytes:
        ways = source[:, :1].expand(-1, self.directions)
        inputs = self.inputs(ways, source[:, :1] * 0, {}, source.shape[1])
        varying = {"memory": 1} if self.memory else {}
        return export(self, inputs, self.outputs, varying=varying)

    def settings(self) -> dict[str, Any]:
        """What the browser has to know to step it."""
        return {
            "directions": self.directions,
            "memory": self.memory,
            "writing": [list(part.shape) for part in leaves(self.writing)],
            "reading": [list(part.shape) for part in leaves(self.reading)],
            "read_of": self.read_of,
            "write_of": self.write_of,
        }


def _carried(found: Mapping[str, Tensor], side: str) -> dict[str, Tensor]:
    """The states that a step gave, as the next one takes them."""
    return {
        name.removesuffix("_next"): value
        for name, value in found.items()
        if name.startswith(side)
    }


def _stacked(calls: list[tracing.Call], name: str) -> Tensor:
    """A value of all its calls, (channels, units)."""
    return torch.stack(tracing.values(calls, name)).flatten(1)


def _looks(calls: list[tracing.Call], name: str) -> Tensor:
    """An alignment of one step: a row for each call and head, (channels, S)."""
    found = torch.stack(tracing.values(calls, name))
    return found.reshape(-1, found.shape[-1])


def _units(calls: list[tracing.Call], name: str) -> tuple[int, ...] | None:
    """The shape of a value, if these calls bound it."""
    try:
        return tuple(_stacked(calls, name).shape)
    except ValueError:
        return None
