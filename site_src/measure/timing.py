"""How long a call takes, and how much memory, on the processor or on a CUDA device."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

Call = Callable[[], object]


@dataclass(frozen=True)
class Precision:
    """How numbers are held and multiplied.

    Args:
        name: As it is written in tables.
        dtype: Of weights, inputs and activations.
        tf32: Whether matrix products of float32 may be rounded to TF32.
    """

    name: str
    dtype: torch.dtype
    tf32: bool = False

    def apply(self) -> None:
        """Set what torch may round, for the whole process."""
        torch.set_float32_matmul_precision("high" if self.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = self.tf32


FLOAT32 = Precision("float32", torch.float32)
PRECISIONS = {
    "cpu": (FLOAT32,),
    "cuda": (
        FLOAT32,
        Precision("float32, TF32", torch.float32, tf32=True),
        Precision("bfloat16", torch.bfloat16),
    ),
}


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
        "device": _processor(),
        "torch": torch.__version__.partition("+")[0],
        "python": platform.python_version(),
        "threads": str(torch.get_num_threads()),
    }
    if kind == "cuda":
        found |= {
            "device": torch.cuda.get_device_name(),
            "driver": _driver(),
            "cuda": str(torch.version.cuda),
        }
    return found


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
        found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def _driver() -> str:
    """The version of NVIDIA's kernel module, which torch does not tell."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text()
        found = re.search(r"\s(\d+\.\d+(\.\d+)?)\s", text)
    except OSError:
        found = None
    return found[1] if found else "unknown"
