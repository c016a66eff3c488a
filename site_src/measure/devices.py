"""What a device is called, and in which precisions it measures; without torch."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Precision:
    """How numbers are held and multiplied.

    Args:
        name: As it is written in tables.
        dtype: Torch's name for that of weights, inputs and activations.
        tf32: Whether matrix products of float32 may be rounded to TF32.
    """

    name: str
    dtype: str
    tf32: bool = False


FLOAT32 = Precision("float32", "float32")
PRECISIONS = {
    "cpu": (FLOAT32,),
    "cuda": (
        FLOAT32,
        Precision("float32, TF32", "float32", tf32=True),
        Precision("bfloat16", "bfloat16"),
    ),
}


def processor() -> str:
    """The processor's own name, or at least its kind."""
    found = _find("/proc/cpuinfo", r"^model name\s*:\s*(.+)$")
    return found or platform.processor() or platform.machine()


def driver() -> str:
    """The version of NVIDIA's kernel module, which torch does not tell."""
    found = _find("/proc/driver/nvidia/version", r"\s(\d+\.\d+(?:\.\d+)?)\s")
    return found or "unknown"


def _find(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1].strip() if found else ""
