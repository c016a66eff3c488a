"""The demo "process": something is carried step by step from a start to an end.

It assumes a fixed number of steps; a state that is a small picture; a start that is
normal noise, drawn from a seed in the same way here and in the browser; and at each
step, beside the next state, the picture that the model believes the end will be. One
choice from a list and one knob may steer it. Several runs go side by side.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from site_src.demos.exporting import Made, Runtime, export

SIZED_IN = "runs side by side"
TOGETHER = 5  # runs that are shown side by side
OUTPUTS = ("after", "belief")
_MASK = 2**32 - 1


def make(
    model: nn.Module,
    *,
    steps: int,
    size: Sequence[int],
    limits: Sequence[float],
    choices: Sequence[str],
    chosen: int,
    knob: Mapping[str, Any],
    words: Mapping[str, str],
    seed: int = 1,
) -> Made:
    """Export a trained model and compare whole runs with torch.

    Args:
        model: `model(state, step, choice, knob)` returns the state after the step and
            what it believes the end to be.
        steps: How many there are, counted from 0.
        size: Of the state of one run, such as (1, rows, columns).
        limits: The values that are drawn as nothing and as full ink.
        choices: Names of what can be asked for, by number.
        chosen: The choice at the beginning.
        knob: label, low, high, step and value of the one number that steers.
        words: What "choice", "state" and "belief" are called.
        seed: Of the first start.

    Shape:
        state (B, ...), step (1), choice (B), knob (1) -> after, belief (B, ...)
    """
    if len(size) != 3 or size[0] != 1:
        raise ValueError(
            f"a state of size {tuple(size)}; pictures are (1, rows, columns)"
        )
    if not 0 <= chosen < len(choices):
        raise ValueError(f"choice {chosen} of {len(choices)}")
    stepper = Step(model.eval())
    with torch.no_grad():
        first = feeds(start(seed, TOGETHER, size), 0, chosen, float(knob["value"]))
        check(stepper, first)
        varying = {"state": 0, "choice": 0}
        exported = export(stepper, first, OUTPUTS, varying=varying)
        runtime = Runtime(exported)
        lengths, found = [1, 2, TOGETHER], []
        for count in lengths:
            for value in (knob["low"], knob["value"], knob["high"]):
                given = (start(seed + count, count, size), steps, chosen, float(value))
                found.append(apart(trace(runtime, *given), trace(stepper, *given)))
        shown = trace(
            stepper, start(seed, TOGETHER, size), steps, chosen, knob["value"]
        )
    settings = {
        "steps": steps,
        "size": list(size),
        "limits": list(limits),
        "choices": list(choices),
        "chosen": chosen,
        "knob": dict(knob),
        "words": dict(words),
        "seed": seed,
        "together": TOGETHER,
    }
    rounded = [
        [[round(v, 2) for v in part[0].flatten().tolist()] for part in pair]
        for pair in shown
    ]
    return Made(exported, lengths, max(found), settings, {"run": rounded})


class Step(nn.Module):
    """What is exported: the trained model, asked for one step.

    Args:
        model: The trained model.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, state: Tensor, step: Tensor, choice: Tensor, knob: Tensor
    ) -> tuple[Tensor, Tensor]:
        after, belief = self.model(state, step, choice, knob)
        return after, belief

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """In torch, what `Runtime.run` does in onnxruntime."""
        return dict(zip(OUTPUTS, self(*inputs.values()), strict=True))


def start(seed: int, count: int, size: Sequence[int]) -> Tensor:
    """Normal noise for some runs, each from a seed of its own.

    mulberry32 gives whole numbers that a browser computes alike; two of them make a
    normal number (Box and Muller).
    """
    runs = []
    for number in range(count):
        state = (seed * 1000 + number) & _MASK
        values: list[float] = []
        for _ in range(math.prod(size)):
            shares = []
            for _ in range(2):
                state = (state + 0x6D2B79F5) & _MASK
                mixed = ((state ^ (state >> 15)) * (state | 1)) & _MASK
                add = ((mixed ^ (mixed >> 7)) * (mixed | 61)) & _MASK
                mixed ^= (mixed + add) & _MASK
                shares.append(((mixed ^ (mixed >> 14)) + 0.5) / 2**32)
            away = math.sqrt(-2 * math.log(shares[0]))
            values.append(away * math.cos(2 * math.pi * shares[1]))
        runs.append(torch.tensor(values).view(*size))
    return torch.stack(runs)


def feeds(state: Tensor, step: int, choice: int, knob: float) -> dict[str, Tensor]:
    """The inputs of one step by name."""
    return {
        "state": state,
        "step": torch.tensor([step]),
        "choice": torch.full((len(state),), choice),
        "knob": torch.tensor([knob]),
    }


def trace(
    runner: Runtime | Step, state: Tensor, steps: int, choice: int, knob: float
) -> list[tuple[Tensor, Tensor]]:
    """A whole run: before each step the state, and the belief about the end."""
    found = []
    for step in range(steps):
        outputs = runner.run(feeds(state, step, choice, knob))
        found.append((state, outputs["belief"]))
        state = outputs["after"]
    return [*found, (state, state)]


def apart(
    some: Sequence[tuple[Tensor, Tensor]], others: Sequence[tuple[Tensor, Tensor]]
) -> float:
    """The largest difference between two runs, of any state or belief."""
    pairs = zip(some, others, strict=True)
    gaps = [(a - b).abs().max() for x, y in pairs for a, b in zip(x, y, strict=True)]
    largest = torch.stack(gaps).max().item()
    if not math.isfinite(largest):
        raise ValueError("the model computes a NaN or an infinity")
    return largest


def check(stepper: Step, inputs: Mapping[str, Tensor]) -> None:
    """Raise unless a step gives two pictures of the state's shape."""
    shape = inputs["state"].shape
    for name, tensor in stepper.run(inputs).items():
        if tensor.shape != shape:
            raise ValueError(
                f"{name} is {tuple(tensor.shape)}, the state {tuple(shape)}"
            )


def draw(settings: Mapping[str, Any], shown: Mapping[str, Any], alt: str) -> str:
    """The static figure: one run as a strip, states above and beliefs below."""
    from site_src.demos import heat_map  # here, so that how it looks trains nothing

    width = settings["size"][-1]
    low, high = settings["limits"]
    run, last = shown["run"], settings["steps"]
    places = [round(last * share / 5) for share in range(6)]
    rows = ""
    for part, name in enumerate(("state", "belief")):
        cells = ""
        for place in places:
            shares = [
                min(1.0, max(0.0, (v - low) / (high - low))) for v in run[place][part]
            ]
            grid = [shares[n : n + width] for n in range(0, len(shares), width)]
            cells += heat_map.picture(grid)
        title = html.escape(settings["words"][name])
        rows += (
            f'<p class="demo-title">{title}</p><div class="demo-strip">{cells}</div>'
        )
    marks = "".join(f"<i>{place}</i>" for place in places)
    return (
        f'<div class="demo-view" role="img" aria-label="{html.escape(alt)}" '
        f'data-search-exclude><div class="demo-process">{rows}'
        f'<div class="demo-strip demo-marks">{marks}</div></div></div>'
    )
