"""The timeline as SVG: boxes and numbered edges, each a link; colours by class."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Sequence

from site_src.diagrams import labels
from site_src.timeline.plan import BADGE, HEAD, YEARS, Box, Line, Plan, Point

EM = 16  # units to one em of the text around
TONES = 6
_ROUND, _HOP, _HEAD_LONG, _HEAD_HALF = 8, 4, 10, 5


def draw(
    plan: Plan, title: str, link: Callable[[str], str], said: Callable[[int], str]
) -> str:
    """Draw a plan; every edge stands before the box that it leads to.

    Args:
        plan: Where everything stands.
        title: The name of the drawing.
        link: The address of a node.
        said: The id of the sentence on an edge.
    """
    tones = {family: n % TONES + 1 for n, family in enumerate(plan.lanes)}
    parts = [_lane(family, plan, tones[family]) for family in plan.lanes]
    parts += [
        f'<text class="year" x="{YEARS - 14}" y="{_n(y + 5)}" text-anchor="end" '
        f'font-size="{labels.SIZE}">{year}</text>'
        for year, y in plan.years
    ]
    family = {box.node.name: box.node.family for box in plan.boxes}
    names = {box.node.name: box.node.title for box in plan.boxes}
    for box in plan.boxes:
        for line in plan.lines:
            if line.edge.end == box.node.name:
                tone = tones[family[line.edge.start]]
                path = _path(line.points, _hops(line, plan.lines))
                parts.append(_edge(line, path, tone, names, said(line.edge.number)))
        parts.append(_box(box, tones[box.node.family], link(box.node.name)))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="group" '
        f'viewBox="0 0 {_n(plan.width)} {_n(plan.height)}" '
        f'width="{plan.width / EM:.2f}em" height="{plan.height / EM:.2f}em" '
        f'aria-label="{html.escape(title, quote=True)}" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<g font-size="{labels.SMALL}">{"".join(parts)}</g></svg>'
    )


def _lane(family: str, plan: Plan, tone: int) -> str:
    rect = plan.lanes[family]
    width, height = rect.right - rect.left, rect.bottom - rect.top
    return (
        f'<g class="lane tone-{tone}"><rect x="{_n(rect.left)}" y="{_n(rect.top)}" '
        f'width="{_n(width)}" height="{_n(height)}" rx="8"/>'
        f'<text x="{_n(rect.x)}" y="{HEAD - 18}" text-anchor="middle" '
        f'font-size="{labels.SIZE}">{_words(family)}</text></g>'
    )


def _box(box: Box, tone: int, address: str) -> str:
    """A node as a link to its page; an xlink, as in the theme's other drawings."""
    rect, node = box.rect, box.node
    about = f"{node.year} · {_words(node.family)}"
    lines = [*box.lines, about]
    top = rect.y - labels.LINE * len(lines) / 2
    texts = " ".join(
        f'<text x="{_n(rect.x)}" y="{_n(top + labels.LINE * (n + 0.5) + 5)}" '
        f'text-anchor="middle"{_look(n == len(box.lines))}>'
        f"{html.escape(line, quote=False)}</text>"
        for n, line in enumerate(lines)
    )
    said = html.escape(f"{node.title} {about}", quote=True)
    return (
        f'<a class="node tone-{tone}" role="link" tabindex="0" '
        f'xlink:href="{html.escape(address, quote=True)}" aria-label="{said}">'
        f'<rect class="shape" x="{_n(rect.left)}" y="{_n(rect.top)}" '
        f'width="{_n(rect.right - rect.left)}" height="{_n(rect.bottom - rect.top)}" '
        f'rx="8"/>{texts}</a>'
    )


def _look(small: bool) -> str:
    return ' class="about"' if small else ""


def _edge(line: Line, path: str, tone: int, names: dict[str, str], anchor: str) -> str:
    """An edge as a link to its sentence in the list below."""
    edge, (x, y) = line.edge, line.badge
    text = f"{edge.number}. {names[edge.start]} → {names[edge.end]}: {edge.problem}"
    said = html.escape(text, quote=True)
    end_x, end_y = line.points[-1]
    tip = end_y - 2
    back = tip - _HEAD_LONG
    head = (
        f"{_n(end_x)},{_n(tip)} {_n(end_x - _HEAD_HALF)},{_n(back)} "
        f"{_n(end_x + _HEAD_HALF)},{_n(back)}"
    )
    return (
        f'<a class="edge tone-{tone}" role="link" tabindex="0" xlink:href="#{anchor}" '
        f'aria-label="{said}"><title>{html.escape(text, quote=False)}</title>'
        f'<path d="{path}"/><polygon points="{head}"/>'
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{BADGE}"/>'
        f'<text x="{_n(x)}" y="{_n(y + 4)}" text-anchor="middle" font-size="11">'
        f"{edge.number}</text></a>"
    )


def _hops(line: Line, lines: Sequence[Line]) -> list[Point]:
    """Where upright pieces of other nodes' lines cross the level pieces of this one."""
    others = [o for o in lines if o.edge.start != line.edge.start]
    upright = [p for o in others for p in itertools.pairwise(o.points)]
    found = set()
    for (x0, y), (x1, level) in itertools.pairwise(line.points):
        if y != level:
            continue
        for (x, top), (same, bottom) in upright:
            within = min(x0, x1) + _ROUND + _HOP <= x <= max(x0, x1) - _ROUND - _HOP
            if x == same and within and min(top, bottom) < y < max(top, bottom):
                found.add((x, y))
    return sorted(found)


def _path(points: Sequence[Point], hops: Sequence[Point]) -> str:
    """A line with rounded corners, a small arc over each line that it crosses."""
    (x, y), *_ = points
    parts = [f"M{_n(x)} {_n(y)}"]
    last = points[-1][0], points[-1][1] - _HEAD_LONG
    for number, (start, here) in enumerate(itertools.pairwise(points)):
        way = 1 if here[0] > start[0] else -1
        for x, y in hops[::way]:
            if y == start[1] == here[1] and min(start, here) < (x, y) < max(
                start, here
            ):
                parts.append(f"L{_n(x - way * _HOP)} {_n(y)}")
                sweep = int(way > 0)
                parts.append(f"A{_HOP} {_HOP} 0 0 {sweep} {_n(x + way * _HOP)} {_n(y)}")
        if number + 2 == len(points):
            break
        after = points[number + 2]
        room = min(_ROUND, _length(start, here) / 2, _length(here, after) / 2)
        (ax, ay), (bx, by) = (_towards(here, there, room) for there in (start, after))
        parts.append(
            f"L{_n(ax)} {_n(ay)}Q{_n(here[0])} {_n(here[1])} {_n(bx)} {_n(by)}"
        )
    return "".join([*parts, f"L{_n(last[0])} {_n(last[1])}"])


def _length(one: Point, two: Point) -> float:
    return abs(one[0] - two[0]) + abs(one[1] - two[1])


def _towards(start: Point, end: Point, far: float) -> Point:
    share = far / (_length(start, end) or 1)
    x, y = ((b - a) * share for a, b in zip(start, end, strict=True))
    return start[0] + x, start[1] + y


def _words(family: str) -> str:
    return html.escape(family.replace("_", " "), quote=False)


def _n(value: float) -> str:
    """A number in the shortest form that a tenth of a unit needs."""
    return f"{value:.1f}".removesuffix(".0")
