"""The finished SVG: no inline style, colours by class, every node a link."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from site_src.diagrams import labels
from site_src.diagrams.bind import Facts
from site_src.diagrams.layout import Layout, Node
from site_src.diagrams.letter import Written
from site_src.diagrams.place import CELL, Plan, Rect
from site_src.diagrams.route import Point, Routes, Wire, crossings

EM = 16  # units to one em of the text around
_MARGIN, _ROUND, _HOP = 4, 10, 6
_HEAD = {"->": (10, 5), "~>": (10, 5), "=>": (13, 7.5)}  # length and half the width


def draw(
    layout: Layout,
    plan: Plan,
    routes: Routes,
    texts: tuple[Sequence[Written], Sequence[Written]],
    facts: Mapping[str, Facts],
    *,
    key: str,
    title: str,
) -> str:
    """Draw a diagram as SVG.

    Args:
        layout: What is drawn.
        plan: Where it stands.
        routes: Its lines.
        texts: The names of frames, and the labels of arrows.
        facts: What each node stands for.
        key: Begins every id.
        title: The name of the drawing.
    """
    titles, names = texts
    left, top, right, bottom = _bounds(plan, routes, [*titles, *names])
    width, height = right - left, bottom - top
    parts = [_frame(frame) for frame in plan.frames]
    parts += [_small("title", written) for written in titles]
    # Heavy lines lie below, so that thin ones are seen to leave them.
    for wire in sorted(routes.wires, key=lambda w: w.kind != "=>"):
        parts.append(_wire(wire, routes.wires, layout))
    parts += [f'<circle class="dot" {_at(*dot)} r="4"/>' for dot in routes.dots]
    parts += [_small(f"name tone-{name.tone}", name) for name in names]
    for number, name in enumerate(layout.order(), 1):
        node = layout.nodes[name]
        parts.append(_node(node, plan.nodes[name], facts[name], f"{key}-{number}"))
    view = " ".join(map(_n, (left, top, width, height)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" role="group" '
        f'width="{width / EM:.2f}em" height="{height / EM:.2f}em" '
        f'aria-label="{html.escape(title, quote=True)}" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<g font-size="{labels.SIZE}">{"".join(parts)}</g></svg>'
    )


def _node(node: Node, rect: Rect, facts: Facts, key: str) -> str:
    """A node as a link to its lines; its words are in the list below the drawing.

    The link is an xlink, as the theme's script takes every plain href for HTML's; role
    and tabindex say again what it is, for tools that look for the plain one.
    """
    said = " ".join(labels.plain(line) for line in node.label)
    weights = " weights" if facts.parameters else ""
    parts = [f"<title>{html.escape(_tooltip(facts, node))}</title>"]
    top = rect.y - labels.LINE * len(node.label) / 2
    x, y, width, height = (
        _n(v)
        for v in (rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top)
    )
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    if node.form == "box":
        parts.append(f'<rect class="shape" {place} rx="8"/>')
    elif node.form == "round":
        radius = _n(min(rect.right - rect.left, rect.bottom - rect.top) / 2)
        parts.append(f'<rect class="shape" {place} rx="{radius}"/>')
    else:
        parts.append(f'<rect class="ground" {place} rx="4"/>')
    if node.form == "cells":
        parts.append(_cells(facts.value, rect))
        top = rect.bottom - labels.LINE * len(node.label)
    sizes = labels.sizes(node.label)
    for number, (line, size) in enumerate(zip(node.label, sizes, strict=True)):
        base = top + labels.LINE * (number + 0.5) + size * 0.35
        small = f' font-size="{size}" class="small"' if number else ""
        symbol = ' font-size="22"' if node.form == "round" and said in "×+−·" else ""
        base += 1.5 if symbol else 0
        parts.append(
            f'<text {_xy(rect.x, base)} text-anchor="middle"{small}{symbol}>'
            f"{labels.as_svg(line)}</text>"
        )
    return (
        f'<a class="node tone-{node.tone}{weights} {node.form}" '
        f'role="link" tabindex="0" xlink:href="#{facts.anchor}" '
        f'aria-label="{html.escape(said, quote=True)}, {facts.where}" '
        f'aria-describedby="{key}">{" ".join(parts)}</a>'
    )


def _tooltip(facts: Facts, node: Node) -> str:
    shape = f"{facts.letters}. " if facts.letters else ""
    return f"{shape}{node.why}"


def _cells(value: Any, rect: Rect) -> str:
    """The values of a tensor's last two dimensions, between least and most."""
    while value.dim() > 2:
        value = value[0]
    value = value.double()
    low, high = value.min().item(), value.max().item()
    left = rect.x - value.shape[1] * CELL / 2
    parts = []
    for row, numbers in enumerate(value.tolist()):
        for column, number in enumerate(numbers):
            share = (number - low) / (high - low or 1)
            x, y = left + column * CELL, rect.top + row * CELL
            parts.append(
                f'<rect class="cell" {_xy(x + 1, y + 1)} width="{CELL - 2}" '
                f'height="{CELL - 2}" fill-opacity="{_n(share)}"/>'
            )
    return "".join(parts)


def _wire(wire: Wire, wires: Sequence[Wire], layout: Layout) -> str:
    tone = wire.arrow.tone
    kind = {"->": "wire", "=>": "wire heavy", "~>": "wire later"}[wire.kind]
    points = list(wire.points)
    tip = ""
    if wire.head:
        (x0, y0), (x1, y1) = points[-2:]
        length = math.hypot(x1 - x0, y1 - y0) or 1
        u, v = (x1 - x0) / length, (y1 - y0) / length
        long, half = _HEAD[wire.kind]
        x, y = x1 - 2 * u, y1 - 2 * v  # a little before the box
        back = (x - long * u, y - long * v)
        corners = [
            (x, y),
            (back[0] - half * v, back[1] + half * u),
            (back[0] + half * v, back[1] - half * u),
        ]
        points[-1] = (back[0] + 2 * u, back[1] + 2 * v)
        spots = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
        tip = f'<polygon points="{spots}"/>'
    path = _path(points, crossings(wire, wires))
    return f'<g class="{kind} tone-{tone}"><path d="{path}"/>{tip}</g>'


def _path(points: Sequence[Point], hops: Iterable[Point]) -> str:
    """A line with rounded corners and a small arc over each line it crosses."""
    parts = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    hops = list(hops)
    for number in range(1, len(points)):
        (x0, y0), (x1, y1) = points[number - 1], points[number]
        way = 1 if x1 > x0 else -1
        if y0 == y1:
            between = [x for x, y in hops if y == y0 and min(x0, x1) < x < max(x0, x1)]
            for x in sorted(between, reverse=way < 0):
                sweep = 1 if way > 0 else 0
                parts.append(f"L{_n(x - way * _HOP)} {_n(y0)}")
                parts.append(
                    f"A{_HOP} {_HOP} 0 0 {sweep} {_n(x + way * _HOP)} {_n(y0)}"
                )
        if number == len(points) - 1:
            parts.append(f"L{_n(x1)} {_n(y1)}")
            continue
        x2, y2 = points[number + 1]
        before, after = abs(x1 - x0) + abs(y1 - y0), abs(x2 - x1) + abs(y2 - y1)
        turn = min(_ROUND, before / 2, after / 2)
        a = (x1 - turn * _sign(x1 - x0), y1 - turn * _sign(y1 - y0))
        b = (x1 + turn * _sign(x2 - x1), y1 + turn * _sign(y2 - y1))
        parts.append(f"L{_n(a[0])} {_n(a[1])}")
        parts.append(f"Q{_n(x1)} {_n(y1)} {_n(b[0])} {_n(b[1])}")
    return "".join(parts)


def _frame(rect: Rect) -> str:
    return (
        f'<rect class="frame" {_xy(rect.left, rect.top)} '
        f'width="{_n(rect.right - rect.left)}" '
        f'height="{_n(rect.bottom - rect.top)}" rx="14"/>'
    )


def _small(kind: str, written: Written) -> str:
    return (
        f'<text class="{kind}" {_xy(written.x, written.y)} '
        f'font-size="{labels.SMALL}">{labels.as_svg(written.text)}</text>'
    )


def _bounds(
    plan: Plan, routes: Routes, texts: Iterable[Written]
) -> tuple[float, float, float, float]:
    rects = [*plan.nodes.values(), *plan.frames, *(text.room() for text in texts)]
    for wire in routes.wires:
        rects += [Rect(x, y, x, y).grown(4) for x, y in wire.points]
    return (
        min(r.left for r in rects) - _MARGIN,
        min(r.top for r in rects) - _MARGIN,
        max(r.right for r in rects) + _MARGIN,
        max(r.bottom for r in rects) + _MARGIN,
    )


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _n(value: float) -> str:
    """A number in the shortest form that a tenth of a unit needs."""
    return f"{value:.1f}".rstrip("0").rstrip(".").replace("-0", "0") or "0"


def _xy(x: float, y: float) -> str:
    return f'x="{_n(x)}" y="{_n(y)}"'


def _at(x: float, y: float) -> str:
    return f'cx="{_n(x)}" cy="{_n(y)}"'
