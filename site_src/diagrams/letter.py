"""Where texts stand: names on frames, labels beside arrows; none touches anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from site_src.diagrams import labels
from site_src.diagrams.faults import Faults
from site_src.diagrams.layout import Layout
from site_src.diagrams.place import Plan, Rect
from site_src.diagrams.route import Point, Wire, box_of, is_level, length


@dataclass(frozen=True)
class Written:
    """A small text.

    Args:
        text: Its markup.
        x: Where it begins.
        y: Its base line.
        tone: Its colour.
    """

    text: str
    x: float
    y: float
    tone: int = 0

    def room(self) -> Rect:
        """What it covers."""
        width = labels.width(self.text, labels.SMALL)
        return Rect(self.x, self.y - 12, self.x + width, self.y + 5)


def titles(
    layout: Layout, plan: Plan, wires: Sequence[Wire]
) -> tuple[list[Written], Mapping[str, float]]:
    """The names of frames, at the first free place along the upper edge.

    Returns:
        The names, and how much more room the frames need that have none for theirs.
    """
    taken = [box_of(*s).grown(5) for wire in wires for s in wire.segments()]
    taken += plan.nodes.values()
    found, cramped = [], {}
    for group, frame in zip(layout.groups, plan.frames, strict=True):
        text = f"{group.name} × *{group.times}*" if group.times else group.name
        title = Written(text, frame.left + 12, frame.top + 20)
        first = title
        while any(title.room().meets(other) for other in taken):
            title = Written(text, title.x + 4, title.y)
            if title.room().right > frame.right:
                cramped[group.name] = labels.width(text, labels.SMALL)
                title = first
                break
        found.append(title)
    return found, cramped


def names(
    layout: Layout,
    plan: Plan,
    wires: Sequence[Wire],
    titles: Sequence[Written],
    faults: Faults,
) -> list[Written]:
    """The labels of arrows; note those that have no room."""
    taken = [rect.grown(2) for rect in plan.nodes.values()]
    taken += [box_of(*s).grown(4) for wire in wires for s in wire.segments()]
    taken += [title.room() for title in titles]
    for frame in plan.frames:
        taken += [
            Rect(frame.left, frame.top - 1, frame.right, frame.top + 1),
            Rect(frame.left, frame.bottom - 1, frame.right, frame.bottom + 1),
            Rect(frame.left - 1, frame.top, frame.left + 1, frame.bottom),
            Rect(frame.right - 1, frame.top, frame.right + 1, frame.bottom),
        ]
    found = []
    for arrow in layout.arrows:
        pieces = [s for w in wires if w.arrow is arrow for s in w.segments()]
        if not arrow.label or not pieces:
            continue
        pieces.sort(key=lambda segment: -length(segment))
        for x, y in (p for s in pieces for p in _beside(arrow.label, s)):
            name = Written(arrow.label, x, y, arrow.tone)
            if not any(name.room().meets(other) for other in taken):
                found.append(name)
                taken.append(name.room())
                break
        else:
            text = f"there is no room for the label {arrow.label} along its arrow"
            faults.add(arrow.line, text)
    return found


def _beside(text: str, segment: tuple[Point, Point]) -> Iterator[Point]:
    """Places for a text along a straight piece, the best first."""
    (x0, y0), (x1, y1) = segment
    width = labels.width(text, labels.SMALL)
    for share in (0.5, 0.4, 0.6, 0.25, 0.75):
        x, y = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
        if is_level(segment):
            yield from ((x - width / 2, y - 8), (x - width / 2, y + 18))
        else:
            yield from ((x + 9, y + 4), (x - 9 - width, y + 4))
