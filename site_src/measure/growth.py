"""How a cost grows with a size: the exponent of a power law, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 3  # sizes; two always lie on a line
STEEP = 0.5  # below this exponent between neighbours, a fixed cost still dominates


@dataclass(frozen=True)
class Growth:
    """A fit of cost = c · size^exponent.

    Args:
        exponent: Of the size.
        error: Its standard error.
        sizes: The sizes that were fitted.
    """

    exponent: float
    error: float
    sizes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.exponent:.2f} ± {self.error:.2f}"


def fit(sizes: Sequence[int], costs: Sequence[float]) -> Growth | None:
    """Least squares of log cost over log size, for the largest sizes.

    Args:
        sizes: Ascending.
        costs: One for each size, above 0.

    Returns:
        The fit over the sizes from which on the cost keeps growing, so that what a
        call costs at any size does not flatten it; None with fewer than three.
    """
    points = [(math.log(s), math.log(c)) for s, c in zip(sizes, costs, strict=True)]
    first = len(points) - 1
    while first > 0 and _slope(points[first - 1 : first + 1]) >= STEEP:
        first -= 1
    points = points[first:]
    if len(points) < LEAST:
        return None
    slope = _slope(points)
    x_mean, y_mean = (sum(column) / len(points) for column in zip(*points, strict=True))
    misses = [y - y_mean - slope * (x - x_mean) for x, y in points]
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    variance = sum(miss * miss for miss in misses) / (len(points) - 2)
    return Growth(slope, math.sqrt(variance / spread), tuple(sizes[first:]))


def _slope(points: Sequence[tuple[float, float]]) -> float:
    x_mean, y_mean = (sum(column) / len(points) for column in zip(*points, strict=True))
    joint = sum((x - x_mean) * (y - y_mean) for x, y in points)
    return float(joint / sum((x - x_mean) ** 2 for x, _ in points))
