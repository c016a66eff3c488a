"""From arrows to lines: ends, corners, forks and crossings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from site_src.diagrams.faults import Faults
from site_src.diagrams.layout import Arrow, Layout, Step
from site_src.diagrams.place import Plan, Rect

Point = tuple[float, float]
_NEAR = 4.0  # closer than this, a line touches a box


@dataclass(frozen=True)
class Wire:
    """A line without forks.

    Args:
        start: The node or bend that it leaves.
        end: The node or bend that it goes to.
        points: Its ends and corners.
        kind: "->", "=>" or "~>".
        head: Whether it ends in an arrow head.
        arrow: The arrow that it is a piece of.
    """

    start: str
    end: str
    points: tuple[Point, ...]
    kind: str
    head: bool
    arrow: Arrow

    def segments(self) -> Iterator[tuple[Point, Point]]:
        """Its straight pieces."""
        return itertools.pairwise(self.points)


@dataclass(frozen=True)
class Routes:
    """All lines of a diagram, and the dots where they fork."""

    wires: Sequence[Wire]
    dots: Sequence[Point]


def route(layout: Layout, plan: Plan, faults: Faults) -> Routes:
    """Draw the arrows as lines; note those that have no way."""
    return _Router(layout, plan, faults).all()


class _Router:
    def __init__(self, layout: Layout, plan: Plan, faults: Faults) -> None:
        self.layout, self.plan, self.faults = layout, plan, faults
        steps = [(s, a) for a in layout.arrows for s in a.steps]
        self.forks = set()
        for bend in layout.bends:
            leaving = sum(s.start == bend for s, _ in steps)
            entering = sum(s.end == bend for s, _ in steps)
            if leaving != 1 or entering != 1:
                self.forks.add(bend)
            if not leaving or not entering:
                line = next(a.line for s, a in steps if bend in (s.start, s.end))
                faults.add(line, f"an arrow cannot end, or begin, at the bend {bend}")

    def all(self) -> Routes:
        wires = [wire for arrow in self.layout.arrows for wire in self._wires(arrow)]
        self._overlaps(wires)
        leaving = [step.start for a in self.layout.arrows for step in a.steps]
        dots = [self._point(f) for f in sorted(self.forks) if leaving.count(f) > 1]
        return Routes(wires, dots)

    def _point(self, name: str) -> Point:
        area = self.layout.area(name)
        return self.plan.xs[area.left], self.plan.ys[area.top]

    def _rect(self, name: str) -> Rect:
        if name in self.layout.nodes:
            return self.plan.nodes[name]
        x, y = self._point(name)
        return Rect(x, y, x, y)

    def _wires(self, arrow: Arrow) -> Iterator[Wire]:
        """An arrow's steps, joined at bends where nothing forks."""
        points: list[Point] = []
        start = arrow.steps[0].start
        for number, step in enumerate(arrow.steps):
            piece = self._way(step, arrow)
            if piece is None:
                return
            points += piece[1:] if points else piece
            last = number + 1 == len(arrow.steps)
            joined = step.end in self.layout.bends and step.end not in self.forks
            after = None if last else arrow.steps[number + 1]
            if after and joined and _weight(after) == _weight(step):
                continue
            head = step.end in self.layout.nodes
            yield Wire(start, step.end, tuple(points), _weight(step), head, arrow)
            points, start = [], step.end

    def _way(self, step: Step, arrow: Arrow) -> list[Point] | None:
        """The points of one step; None, and a fault, where no straight way leads."""
        points = self._corner(step) if "|" in step.kind else self._straight(step)
        if points is None:
            kind = "share neither row nor column: turn with -| or |-, or at a bend"
            if "|" in step.kind:
                kind = "share a row or column: no corner is needed"
            self.faults.add(arrow.line, f"{step.start} and {step.end} {kind}")
            return None
        for name, rect in self.plan.nodes.items():
            if name in (step.start, step.end):
                continue
            for one, two in itertools.pairwise(points):
                if box_of(one, two).grown(_NEAR).meets(rect):
                    text = f"the arrow {step.start} {step.kind} {step.end} runs through"
                    self.faults.add(arrow.line, f"{text} {name}")
                    return points
        return points

    def _straight(self, step: Step) -> list[Point] | None:
        a, b = self.layout.area(step.start), self.layout.area(step.end)
        one, two = self._rect(step.start), self._rect(step.end)
        left, right = max(a.left, b.left), min(a.right, b.right)
        top, bottom = max(a.top, b.top), min(a.bottom, b.bottom)
        if left <= right:
            x = (self.plan.xs[left] + self.plan.xs[right]) / 2
            if one.y < two.y:
                return [(x, one.bottom), (x, two.top)]
            return [(x, one.top), (x, two.bottom)]
        if top <= bottom:
            y = (self.plan.ys[top] + self.plan.ys[bottom]) / 2
            if one.x < two.x:
                return [(one.right, y), (two.left, y)]
            return [(one.left, y), (two.right, y)]
        return None

    def _corner(self, step: Step) -> list[Point] | None:
        if self._straight(step):
            return None
        one, two = self._rect(step.start), self._rect(step.end)
        if step.kind == "-|":
            corner = (two.x, one.y)
            first = (one.right if two.x > one.x else one.left, one.y)
            return [first, corner, (two.x, two.top if one.y < two.y else two.bottom)]
        corner = (one.x, two.y)
        first = (one.x, one.bottom if two.y > one.y else one.top)
        return [first, corner, (two.left if one.x < two.x else two.right, two.y)]

    def _overlaps(self, wires: Sequence[Wire]) -> None:
        """Two lines may lie on each other only where they fork or join."""
        for one, two in itertools.combinations(wires, 2):
            if one.start == two.start or one.end == two.end:
                continue
            for a, b in itertools.product(one.segments(), two.segments()):
                if _shared(a, b) > _NEAR:
                    text = f"the arrow {two.start} to {two.end} lies on the arrow"
                    self.faults.add(two.arrow.line, f"{text} {one.start} to {one.end}")


def crossings(wire: Wire, wires: Sequence[Wire]) -> list[Point]:
    """Where upright lines of other wires cross the level pieces of this one."""
    found = []
    for (x0, y0), (x1, y1) in wire.segments():
        if y0 != y1:
            continue
        low, high = sorted((x0, x1))
        for other in wires:
            for (x2, y2), (x3, y3) in other.segments():
                if other is wire or x2 != x3:
                    continue
                top, bottom = sorted((y2, y3))
                if low + 8 < x2 < high - 8 and top + 4 < y0 < bottom - 4:
                    found.append((x2, y0))
    return sorted(set(found))


def _weight(step: Step) -> str:
    return step.kind if step.kind in ("=>", "~>") else "->"


def is_level(segment: tuple[Point, Point]) -> bool:
    """Whether a straight piece runs from side to side."""
    return segment[0][1] == segment[1][1]


def _shared(one: tuple[Point, Point], two: tuple[Point, Point]) -> float:
    """How far two straight pieces lie on each other."""
    a, b = box_of(*one), box_of(*two)
    if is_level(one) != is_level(two):
        return 0
    if is_level(one):
        return min(a.right, b.right) - max(a.left, b.left) if a.top == b.top else 0
    return min(a.bottom, b.bottom) - max(a.top, b.top) if a.left == b.left else 0


def length(segment: tuple[Point, Point]) -> float:
    """How long a straight piece is."""
    (x0, y0), (x1, y1) = segment
    return abs(x1 - x0) + abs(y1 - y0)


def box_of(one: Point, two: Point) -> Rect:
    """The rectangle, without area, that a straight piece fills."""
    (x0, x1), (y0, y1) = sorted((one[0], two[0])), sorted((one[1], two[1]))
    return Rect(x0, y0, x1, y1)
