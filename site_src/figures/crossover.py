"""Costs over a size, one line a competitor, both axes logarithmic."""

from __future__ import annotations

import io
from dataclasses import dataclass

from site_src.figures import style, svg
from site_src.figures.tables import inline

_MARKERS = "osd^vP"


@dataclass(frozen=True)
class Line:
    """One line.

    Args:
        name: What the legend calls it.
        points: (size, cost), ascending.
    """

    name: str
    points: tuple[tuple[float, float], ...]


def figure(lines: tuple[Line, ...], size: str, cost: str, caption: str) -> str:
    """HTML of the figure.

    Args:
        lines: At most six; there are no more colours.
        size: What the horizontal axis shows.
        cost: What the vertical axis shows, with its unit.
        caption: What the figure says.
    """
    import matplotlib.pyplot as plt

    style.apply()
    drawing, axes = plt.subplots(figsize=(4.6, 3.6))
    for line, marker in zip(lines, _MARKERS, strict=False):
        axes.plot(*zip(*line.points, strict=True), marker=marker, label=line.name)
    ticks = sorted({x for line in lines for x, _ in line.points})
    axes.set(xscale="log", yscale="log", xlabel=size, ylabel=cost)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.17), handlelength=2.6)
    raw = io.StringIO()
    drawing.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(drawing)
    alt = f"{cost} against {size}, both logarithmic. " + " ".join(map(_said, lines))
    return (
        f'<figure class="plot">{svg.finish(raw.getvalue(), alt)}'
        f"<figcaption>{inline(caption)}</figcaption></figure>"
    )


def _said(line: Line) -> str:
    """A line for a reader who does not see it."""
    (first, low), (last, high) = line.points[0], line.points[-1]
    return f"{line.name}: from {low:.3g} at {first:g} to {high:.3g} at {last:g}."
