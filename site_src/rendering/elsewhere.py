"""What a lab's notebook has in place of the page API where there is no site.

The notebook holds this file. Figures and tables are shown as they come; a claim is
printed, so that it can be held against the text.
"""

from __future__ import annotations

import functools
import importlib
import json
import random
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy
import torch

from site_src.claims import written

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 0


def seed_everything() -> None:
    """Start all generators as the site does."""
    random.seed(SEED)
    numpy.random.seed(SEED)
    torch.manual_seed(SEED)


def experiment(function: Callable[..., Any]) -> Callable[..., Any]:
    """Start each call from the same seed, and give its result as JSON data."""

    @functools.wraps(function)
    def seeded(*args: Any, **kwargs: Any) -> Any:
        states = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
        seed_everything()
        try:
            return json.loads(json.dumps(function(*args, **kwargs)))
        finally:
            random.setstate(states[0])
            numpy.random.set_state(states[1])
            torch.set_rng_state(states[2])

    return seeded


def figure(drawing: Figure, *, alt: str, caption: str) -> None:
    """Show a figure and say what it says."""
    import matplotlib.pyplot as plt

    if "IPython" in sys.modules:
        importlib.import_module("IPython.display").display(drawing)
    plt.close(drawing)
    print(caption)


def table(
    rows: Sequence[Sequence[object]], *, header: Sequence[str], caption: str
) -> None:
    """Print a table in columns."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
    print(caption)


def claim(
    name: str, value: float | str, *, holds: bool, spec: str = ".3g", unit: str = ""
) -> None:
    """Print a measured value of the text, and whether what it says holds here too."""
    verdict = "" if holds else ", which is not what the text says"
    print(f"{name}: {written(value, spec, unit)}{verdict}")


seed_everything()
