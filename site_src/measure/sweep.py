"""Take the samples: every size and every competitor in turn, round after round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from site_src.measure import counting, timing
from site_src.measure.devices import FLOAT32, Precision
from site_src.measure.timing import Clock

Example = Callable[..., tuple[nn.Module, tuple[Any, ...]]]

SECONDS = {"cpu": 2.0, "cuda": 12.0}  # of sampling, for one sweep in one precision
LEAST, MOST = 5, 25  # rounds; with fewer there is no spread, more say nothing new
PASSES = ("forward", "training")


@dataclass(frozen=True)
class Sweep:
    """What is measured.

    Args:
        snippet: Its name, such as "family/slug".
        size: The argument of `example()` that is varied.
        values: What it is set to, ascending.
        fixed: The other arguments.
        examples: By name what builds (module, inputs); the snippet's own comes first.
    """

    snippet: str
    size: str
    values: tuple[int, ...]
    fixed: Mapping[str, int]
    examples: Mapping[str, Example]


class TooSlow(Exception):
    """The time was over before there were enough rounds."""


class _Case:
    """One competitor at one size, ready to be timed."""

    def __init__(self, name: str, value: int, module: nn.Module, inputs: Any) -> None:
        self.name, self.value, self.module, self.inputs = name, value, module, inputs
        self.times: dict[str, list[float]] = {name: [] for name in PASSES}
        self.peak: int | None = None
        self._gradient: Tensor | None = None

    def forward(self) -> None:
        """What inference costs."""
        with torch.no_grad():
            self.module(*self.inputs)

    def training(self) -> None:
        """Forward, then the gradients of all parameters from a random one on top."""
        top = counting.leaves(self.module(*self.inputs))[0]
        if self._gradient is None:
            self._gradient = torch.randn_like(top)
        torch.autograd.backward(top, self._gradient)

    def prepare(self, name: str) -> Callable[[], None]:
        """Set the mode and drop old gradients, which nobody times."""
        self.module.train(name == "training")
        self.module.zero_grad(set_to_none=True)
        return self.training if name == "training" else self.forward

    def warm_up(self, clock: Clock) -> None:
        """Let kernels be chosen and memory be taken; then see how much is held."""
        for name in PASSES:
            self.prepare(name)()
        self.peak = clock.peak(self.prepare("training"))
        self.module.zero_grad(set_to_none=True)


def take(
    sweep: Sweep,
    precision: Precision,
    clock: Clock,
    *,
    seconds: float,
    quietly: AbstractContextManager[None] = nullcontext(),  # noqa: B008
    now: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Measure a sweep in one precision.

    Args:
        sweep: What to measure.
        precision: In which.
        clock: On which device, and how.
        seconds: How long to take samples; whole rounds, `LEAST` to `MOST` of them.
        quietly: Entered for the samples alone: while what is measured is imported and
            built, others need not be still.
        now: The time.

    Returns:
        JSON data: `cases`, each with its raw samples in seconds, and `left_out`, by
        name why a competitor was not measured.

    Raises:
        TooSlow: When even the fewest rounds would have taken ten times as long.
    """
    dtype = timing.apply(precision)
    cases, rows, left_out = _ready(sweep, dtype, clock, count=precision == FLOAT32)
    with quietly:
        _sample(sweep, cases, clock, seconds, now)
    for case in cases:
        times = {n: [float(f"{s:.4g}") for s in t] for n, t in case.times.items()}
        rows[case.name, case.value] |= {"peak": case.peak, **times}
    return {"cases": list(rows.values()), "left_out": left_out}


def _sample(
    sweep: Sweep,
    cases: Sequence[_Case],
    clock: Clock,
    seconds: float,
    now: Callable[[], float],
) -> None:
    """Take the samples of every case, round by round."""
    gc.collect()
    gc.disable()
    began = now()
    try:
        for number in range(MOST):
            spent = now() - began
            if number >= LEAST and spent >= seconds:
                break
            if spent > 10 * seconds:
                text = f"{number} of {LEAST} rounds took {spent:.0f} s"
                raise TooSlow(f"{sweep.snippet}: {text}; choose smaller sizes")
            # Who comes first changes, as the second may find warmer caches.
            for case in cases if number % 2 == 0 else reversed(cases):
                for name in PASSES:
                    call = case.prepare(name)
                    case.times[name].append(clock.seconds(call))
    finally:
        gc.enable()


def _ready(
    sweep: Sweep, dtype: torch.dtype, clock: Clock, *, count: bool
) -> tuple[list[_Case], dict[tuple[str, int], dict[str, Any]], dict[str, str]]:
    """All cases that can be timed, a row for each case, and who is left out."""
    cases: list[_Case] = []
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    left_out: dict[str, str] = {}
    for value in sweep.values:
        for name, example in sweep.examples.items():
            if name in left_out:
                continue
            try:
                module, inputs = example(**sweep.fixed, **{sweep.size: value})
            except ModuleNotFoundError as error:
                left_out[name] = f"{error.name} is not installed"
                continue
            row = rows[name, value] = {"name": name, "value": value}
            row["parameters"] = counting.parameters(module)
            try:
                case = _placed(name, value, module, inputs, dtype, clock)
                case.warm_up(clock)
                row["kept"] = counting.kept_bytes(case.module, case.inputs)
                if name == sweep.snippet and count:  # the same in every precision
                    row["operations"] = counting.operations(case.module, case.inputs)
                cases.append(case)
            except torch.OutOfMemoryError:
                row["failed"] = "out of memory"
                torch.cuda.empty_cache()
    return cases, rows, left_out


def _placed(
    name: str,
    value: int,
    module: nn.Module,
    inputs: tuple[Any, ...],
    dtype: torch.dtype,
    clock: Clock,
) -> _Case:
    """A case on its device, numbers in its precision; whole numbers stay whole."""

    def move(part: Any) -> Any:
        if not isinstance(part, Tensor):
            return part
        return part.to(clock.kind, dtype if part.is_floating_point() else part.dtype)

    placed = module.to(clock.kind, dtype)
    return _Case(name, value, placed, tuple(move(part) for part in inputs))
