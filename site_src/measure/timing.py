"""How long a call takes, and how much memory, on the processor or on a CUDA device."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from typing import Any, Protocol

import torch

from site_src.measure import devices
from site_src.measure.devices import Precision

Call = Callable[[], object]


def apply(precision: Precision) -> torch.dtype:
    """Set what torch may round, for the whole process; the type of numbers."""
    torch.set_float32_matmul_precision("high" if precision.tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = precision.tf32
    found: torch.dtype = getattr(torch, precision.dtype)
    return found


class Clock(Protocol):
    """What times calls on one kind of device."""

    @property
    def kind(self) -> str:
        """The device as torch calls it: "cpu" or "cuda"."""

    def seconds(self, call: Call) -> float:
        """How long one call takes until its results are there."""

    def peak(self, call: Call) -> int | None:
        """Bytes that a call holds at once beyond what was held before it."""


class Processor:
    """The processor; what a call holds at most is not measured there."""

    kind = "cpu"

    def seconds(self, call: Call) -> float:
        """Wall time of a call."""
        began = time.perf_counter_ns()
        call()
        return (time.perf_counter_ns() - began) / 1e9

    def peak(self, call: Call) -> int | None:
        """Nothing: torch does not count what it holds on the processor."""
        return None


class Cuda:
    """The current CUDA device, timed by its own events."""

    kind = "cuda"

    def seconds(self, call: Call) -> float:
        """Time between two events around a call, the gaps between kernels included."""
        begin: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        end: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
        begin.record()
        call()
        end.record()
        torch.cuda.synchronize()
        return float(begin.elapsed_time(end)) / 1e3

    def peak(self, call: Call) -> int | None:
        """Bytes of tensors by torch's allocator."""
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before


def clock_of(kind: str) -> Clock:
    """The clock of a kind of device, "cpu" or "cuda"."""
    return Cuda() if kind == "cuda" else Processor()


def facts(kind: str) -> dict[str, str]:
    """What a time has to be read with: device, driver and versions."""
    found = {
        "kind": kind,
        "device": devices.processor(),
        "torch": torch.__version__.partition("+")[0],
        "python": platform.python_version(),
        "threads": str(torch.get_num_threads()),
    }
    if kind == "cuda":
        found |= {
            "device": torch.cuda.get_device_name(),
            "driver": devices.driver(),
            "cuda": str(torch.version.cuda),
        }
    return found
