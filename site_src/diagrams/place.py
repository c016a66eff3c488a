"""From the grid to coordinates: how wide columns are, where nodes and frames stand.

Lengths are in units of which 16 make one em of the text on the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from site_src.diagrams import labels
from site_src.diagrams.layout import Area, Group, Layout, Node

GAP_ACROSS, GAP_DOWN = 24, 28  # between neighbours: room for an arrow
BEND_GAP = 16  # where one of the two holds only bends
EMPTY = 6  # half of a column or row without anything
FRAME = 14  # from a frame to what it holds
TITLE = 20  # for the name on a frame
CELL = 11  # side of one value of a tensor that is drawn
MOST_CELLS = 16
_PAD_ACROSS, _PAD_DOWN = 14, 9  # from a box to its text


@dataclass(frozen=True)
class Rect:
    """A rectangle with its sides parallel to the axes."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def x(self) -> float:
        """Its middle, across."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """Its middle, down."""
        return (self.top + self.bottom) / 2

    def meets(self, other: Rect) -> bool:
        """Whether the two overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def grown(self, by: float) -> Rect:
        """The same with a margin."""
        return Rect(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True)
class Plan:
    """Where everything stands.

    Args:
        xs: The middle of each column.
        ys: The middle of each row.
        nodes: By name.
        frames: In the order of the groups.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    nodes: Mapping[str, Rect]
    frames: Sequence[Rect]


def arrange(
    layout: Layout, values: Mapping[str, Any], wider: Mapping[str, float]
) -> Plan:
    """Give every node and frame its place.

    Args:
        layout: The layout.
        values: The tensors of nodes that are drawn as cells.
        wider: How much more room the frame of a group needs at its left.
    """
    sizes = {n.name: extent(n, values.get(n.name)) for n in layout.nodes.values()}
    across = _Axis(layout.columns, GAP_ACROSS, "left", "right", wider)
    titles = {group.name: float(TITLE) for group in layout.groups}
    down = _Axis(layout.rows, GAP_DOWN, "top", "bottom", titles)
    for node in layout.nodes.values():
        across.fit(node.area, sizes[node.name][0])
        down.fit(node.area, sizes[node.name][1])
    for axis in (across, down):
        for group in layout.groups:
            axis.frame(group, layout.groups)
    _make_room(layout, across, down)
    xs, ys = across.middles(), down.middles()
    nodes = {}
    for node in layout.nodes.values():
        area, (width, height) = node.area, sizes[node.name]
        x, y = (
            (xs[area.left] + xs[area.right]) / 2,
            (ys[area.top] + ys[area.bottom]) / 2,
        )
        if node.form in ("box", "round") and area.right > area.left:
            reach = xs[area.right] - xs[area.left]
            width = reach + across.half[area.left] + across.half[area.right]
        elif node.form == "box":
            width = _common_width(node, layout, sizes)
        left, top = x - width / 2, y - height / 2
        nodes[node.name] = Rect(left, top, left + width, top + height)
    frames = []
    for group in layout.groups:
        left, right = across.edges(group, layout.groups, xs)
        top, bottom = down.edges(group, layout.groups, ys)
        frames.append(Rect(left, top, right, bottom))
    return Plan(xs, ys, nodes, frames)


def extent(node: Node, value: Any) -> tuple[float, float]:
    """Width and height that a node needs."""
    width, height = labels.extent(node.label)
    if node.form == "box":
        return max(width + 2 * _PAD_ACROSS, 48), height + 2 * _PAD_DOWN
    if node.form == "round":
        return max(width + 18, 34), max(height + 8, 34)
    if node.form == "cells":
        rows, columns = value.shape[-2:]
        return max(width, columns * CELL), height + rows * CELL + 4
    return width + 8, height + 4


def _common_width(
    node: Node, layout: Layout, sizes: Mapping[str, tuple[float, float]]
) -> float:
    """Boxes of one column are of one width."""
    return max(
        sizes[other.name][0]
        for other in layout.nodes.values()
        if other.form == "box" and other.area.left == other.area.right == node.area.left
    )


def _make_room(layout: Layout, across: _Axis, down: _Axis) -> None:
    """Widen gaps so that each label fits along a straight piece of its arrow."""
    for arrow in layout.arrows:
        if not arrow.label:
            continue
        ends = [(layout.area(s.start), layout.area(s.end)) for s in arrow.steps]
        width = labels.width(arrow.label, labels.SMALL)
        level = [(a, b) for a, b in ends if a.top <= b.bottom and b.top <= a.bottom]
        upright = [(a, b) for a, b in ends if a.left <= b.right and b.left <= a.right]
        if level:
            across.between(*level[0], width + 26)
        elif upright:
            down.between(*upright[0], labels.LINE + 22)


class _Axis:
    """One direction: half sizes of its tracks, and the gaps between them."""

    def __init__(
        self, count: int, gap: int, low: str, high: str, extra: Mapping[str, float]
    ) -> None:
        self.count, self.low, self.high, self.extra = count, low, high, extra
        self.half = [0.0] * count
        self.spans: list[tuple[int, int, float]] = []
        self.used = [False] * count
        self.lead, self.trail = [0.0] * count, [0.0] * count
        self.gap = gap

    def fit(self, area: Area, size: float) -> None:
        """Make an area's tracks large enough for what stands in it."""
        first, last = getattr(area, self.low), getattr(area, self.high)
        for track in range(first, last + 1):
            self.used[track] = True
        if first == last:
            self.half[first] = max(self.half[first], size / 2)
        else:
            self.spans.append((first, last, size))

    def frame(self, group: Group, groups: Iterable[Group]) -> None:
        """Keep room for the frame of a group on both sides."""
        first, last = getattr(group.area, self.low), getattr(group.area, self.high)
        before, after = self._paddings(group, groups)
        self.lead[first] = max(self.lead[first], before)
        self.trail[last] = max(self.trail[last], after)

    def between(self, one: Area, two: Area, room: float) -> None:
        """Keep a distance between what stands in two areas."""
        (a, b) = sorted((one, two), key=lambda area: int(getattr(area, self.low)))
        first, last = getattr(a, self.high), getattr(b, self.low)
        if first < last:
            size = room + 2 * self.half[first] + 2 * self.half[last]
            self.spans.append((first, last, size))

    def middles(self) -> list[float]:
        """The middle of each track, the first edge at 0."""
        half = [h or (0 if self.used[t] else EMPTY) for t, h in enumerate(self.half)]
        gaps = []
        for track in range(self.count - 1):
            full = self.half[track] and self.half[track + 1]
            gap = self.gap if full else BEND_GAP
            room = self.trail[track] + self.lead[track + 1]
            gaps.append(half[track] + half[track + 1] + gap + room)
        for first, last, size in sorted(self.spans, key=lambda s: s[1] - s[0]):
            short = size - half[first] - half[last] - sum(gaps[first:last])
            for track in range(first, last):
                gaps[track] += max(short, 0) / (last - first)
        places = [self.lead[0] + half[0]]
        for distance in gaps:
            places.append(places[-1] + distance)
        return places

    def edges(
        self, group: Group, groups: Iterable[Group], middles: Sequence[float]
    ) -> tuple[float, float]:
        """Where the frame of a group begins and ends."""
        first, last = getattr(group.area, self.low), getattr(group.area, self.high)
        before, after = self._paddings(group, groups)
        return (
            middles[first] - self.half[first] - before,
            middles[last] + self.half[last] + after,
        )

    def _paddings(self, group: Group, groups: Iterable[Group]) -> tuple[float, float]:
        """A frame's distance from its tracks, more when it holds other frames."""
        extra = self.extra.get(group.name, 0)
        before, after = FRAME + extra, float(FRAME)
        for other in groups:
            if other is not group and group.area.holds(other.area):
                first_pad, last_pad = self._paddings(other, groups)
                if getattr(other.area, self.low) == getattr(group.area, self.low):
                    before = max(before, first_pad + FRAME / 2 + extra)
                if getattr(other.area, self.high) == getattr(group.area, self.high):
                    after = max(after, last_pad + FRAME / 2)
        return before, after
