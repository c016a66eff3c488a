"""From lanes and rows to coordinates: boxes, and lines that run between them.

Lines leave a box in the middle of its lower edge, run level in the space below its row,
down beside a lane, level again above the row that they lead to, and into the box from
above. All lines from one box share what they can; those of two never lie on each other.
Lengths are in units of which 16 make one em.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from site_src.diagrams import labels
from site_src.diagrams.place import Rect
from site_src.timeline.graph import Edge, Graph, Node
from site_src.timeline.lanes import Places, places

Point = tuple[float, float]
Interval = tuple[float, float]

YEARS = 64  # width of the column that tells the years
HEAD = 44  # height of the row that tells the families
TEXT = 146  # a title is broken at this width
PAD_ACROSS, PAD_DOWN = 12, 9  # from a box to its text
TRACK = 10  # from one line to the next beside it
SPACE = 14  # from a box to the first line, across and down
PORT = 26  # from one arrow head to the next: room for a badge
BADGE = 9  # radius of the number on an edge
LANDING = 38  # room for arrow head and badge above a box


@dataclass(frozen=True)
class Box:
    """A node in its place, with the lines of its title."""

    node: Node
    rect: Rect
    lines: Sequence[str]


@dataclass(frozen=True)
class Line:
    """An edge in its place: its corners, and the middle of its number's badge."""

    edge: Edge
    points: Sequence[Point]
    badge: Point


@dataclass(frozen=True)
class Plan:
    """Everything in its place.

    Args:
        width: Of the drawing.
        height: Of the drawing.
        lanes: By family.
        years: Each with the middle of its first row.
        boxes: In the order of the graph.
        lines: In the order of the edges.
    """

    width: float
    height: float
    lanes: Mapping[str, Rect]
    years: Sequence[tuple[int, float]]
    boxes: Sequence[Box]
    lines: Sequence[Line]


def arrange(graph: Graph) -> Plan:
    """Give all nodes and edges of a graph their place."""
    return _Planner(graph).plan()


@dataclass
class _Tracks:
    """Lines side by side that must not touch: the first free track for each."""

    taken: list[list[Interval]] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)

    def put(self, wanted: Mapping[str, Interval], apart: float) -> None:
        """Find a track for each interval, those that begin first first."""
        for name, (low, high) in sorted(wanted.items(), key=lambda w: (w[1], w[0])):
            free = [
                all(high + apart < a or b + apart < low for a, b in track)
                for track in self.taken
            ]
            if True not in free:
                self.taken.append([])
                free.append(True)
            self.of[name] = free.index(True)
            self.taken[self.of[name]].append((low, high))


class _Planner:
    """Lanes have gutters on both sides, rows have channels above and below.

    Gutter n is to the left of lane n; channel n is below row n, -1 above all.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.at: Places = places(graph)
        self.straight = {e.number for e in graph.edges if self._is_straight(e)}
        self.gutter = {e.number: self._gutter(e) for e in graph.edges}
        self.port = self._ports()
        self.lines_of = {n.name: broken(n.title, TEXT) for n in graph.nodes}

    def _is_straight(self, edge: Edge) -> bool:
        lane, row = self.at.lane, self.at.row
        start, end = row[edge.start], row[edge.end]
        same = lane[edge.start] == lane[edge.end] and start < end
        return same and self.at.free(lane[edge.start], start, end)

    def _gutter(self, edge: Edge) -> int | None:
        """Beside which lane an edge runs down: its own, on the side of the other."""
        start, end = (self.at.lane[name] for name in (edge.start, edge.end))
        rows = self.at.row[edge.start], self.at.row[edge.end]
        if edge.number in self.straight or rows[1] == rows[0] + 1:
            return None
        return start if end < start else start + 1

    def _ports(self) -> dict[int, float]:
        """How far from the middle of the box each edge enters it."""
        found: dict[int, float] = {}
        for node in self.graph.nodes:
            into = self.graph.into(node.name)
            own = [e for e in into if e.number in self.straight]
            found |= {e.number: 0.0 for e in own}
            left = [e for e in into if e not in own and self._from_left(e)]
            right = [e for e in into if e not in own and e not in left]
            # The middle is kept for lines from a box above in the same lane.
            first = PORT if own else PORT / 2
            for edges, side in ((left, -1), (right, 1)):
                edges.sort(key=lambda e: self.at.row[e.start], reverse=True)
                for number, edge in enumerate(edges):
                    found[edge.number] = side * (first + number * PORT)
        return found

    def _from_left(self, edge: Edge) -> bool:
        gutter, lane = self.gutter[edge.number], self.at.lane[edge.end]
        if gutter is None:
            return self.at.lane[edge.start] < lane
        return gutter <= lane

    def plan(self) -> Plan:
        """Across first, then down, for what runs level depends on what runs down."""
        self._across()
        self._down()
        boxes = [
            Box(n, self._rect(n.name), self.lines_of[n.name]) for n in self.graph.nodes
        ]
        lines = [self._line(edge) for edge in self.graph.edges]
        bottom = (
            self.bottoms[-1] + self._depth(len(self.bottoms) - 1) if boxes else HEAD
        )
        lanes = {
            family: Rect(
                self.middle[n] - self.half[n] - 8,
                0,
                self.middle[n] + self.half[n] + 8,
                bottom,
            )
            for n, family in enumerate(self.at.families)
        }
        years: dict[int, float] = {}
        for row, year in enumerate(self.at.years):
            years.setdefault(year, (self.tops[row] + self.bottoms[row]) / 2)
        return Plan(self.width, bottom, lanes, list(years.items()), boxes, lines)

    def _across(self) -> None:
        """Tracks in gutters, the middles of lanes and half their widths."""
        count = len(self.at.families)
        self.gutters = [_Tracks() for _ in range(count + 1)]
        for number, tracks in enumerate(self.gutters):
            wanted: dict[str, list[int]] = {}
            for edge in self.graph.edges:
                if self.gutter[edge.number] == number:
                    rows = wanted.setdefault(edge.start, [self.at.row[edge.start]])
                    rows.append(self.at.row[edge.end] - 1)
            tracks.put({name: (min(r), max(r)) for name, r in wanted.items()}, 0)
        self.half = [self._half(lane) for lane in range(count)]
        self.first_track, self.middle = [], []
        x = float(YEARS)
        for lane in range(count + 1):
            self.first_track.append(x + SPACE)
            many = len(self.gutters[lane].taken)
            x += 2 * SPACE + max(0, many - 1) * TRACK
            if lane < count:
                self.middle.append(x + self.half[lane])
                x += 2 * self.half[lane]
        self.width = x

    def _half(self, lane: int) -> float:
        """Half the width that the titles and arrow heads of a lane need."""
        own = [name for name, place in self.at.lane.items() if place == lane]
        widths = [
            labels.width(text, labels.SMALL) for n in own for text in self.lines_of[n]
        ]
        ports = [
            abs(self.port[e.number]) + PORT / 2 for n in own for e in self.graph.into(n)
        ]
        return max(
            [TEXT / 2 + PAD_ACROSS, *(w / 2 + PAD_ACROSS for w in widths), *ports]
        )

    def _down(self) -> None:
        """Tracks in channels, and where rows begin and end."""
        count = len(self.at.years)
        self.channels = [_Tracks() for _ in range(-1, count)]
        for number, tracks in enumerate(self.channels, -1):
            wanted: dict[str, list[float]] = {}
            for edge in self.graph.edges:
                if xs := self._level(edge, number):
                    wanted.setdefault(edge.start, []).extend(xs)
            tracks.put({n: (min(xs), max(xs)) for n, xs in wanted.items()}, TRACK)
        self.tops, self.bottoms = [], []
        y = HEAD + (self._depth(-1) if self.channels[0].taken else 0)
        for row in range(count):
            own = [name for name, place in self.at.row.items() if place == row]
            height = max(len(self.lines_of[n]) + 1 for n in own) * labels.LINE
            self.tops.append(y)
            self.bottoms.append(y + height + 2 * PAD_DOWN)
            y = self.bottoms[-1] + self._depth(row)

    def _level(self, edge: Edge, channel: int) -> list[float]:
        """Between which places an edge runs level in a channel; none if it does not."""
        if edge.number in self.straight:
            return []
        leaves, lands = self.at.row[edge.start], self.at.row[edge.end] - 1
        gutter = self.gutter[edge.number]
        xs = []
        if channel == leaves:
            xs.append(self.middle[self.at.lane[edge.start]])
        if channel == lands:
            xs.append(self._landing(edge))
        if xs and gutter is not None:
            xs.append(self._beside(edge.start, gutter))
        return xs

    def _landing(self, edge: Edge) -> float:
        return self.middle[self.at.lane[edge.end]] + self.port[edge.number]

    def _beside(self, name: str, gutter: int) -> float:
        return self.first_track[gutter] + TRACK * self.gutters[gutter].of[name]

    def _depth(self, channel: int) -> float:
        """How high a channel is."""
        many = len(self.channels[channel + 1].taken)
        below = [e for e in self.graph.edges if self.at.row[e.end] == channel + 1]
        return SPACE + many * TRACK + (LANDING if below else SPACE)

    def _track(self, name: str, channel: int) -> float:
        """Where the lines of a node run level in a channel."""
        top = self.bottoms[channel] if channel >= 0 else float(HEAD)
        return top + SPACE + TRACK * self.channels[channel + 1].of[name]

    def _rect(self, name: str) -> Rect:
        lane, row = self.at.lane[name], self.at.row[name]
        middle, half = self.middle[lane], self.half[lane]
        return Rect(middle - half, self.tops[row], middle + half, self.bottoms[row])

    def _line(self, edge: Edge) -> Line:
        start, end = self._rect(edge.start), self._rect(edge.end)
        x, down = self._landing(edge), [(start.x, start.bottom)]
        if edge.number not in self.straight:
            first = self._track(edge.start, self.at.row[edge.start])
            down.append((start.x, first))
            gutter = self.gutter[edge.number]
            if gutter is not None:
                last = self._track(edge.start, self.at.row[edge.end] - 1)
                beside = self._beside(edge.start, gutter)
                down += [(beside, first), (beside, last), (x, last)]
            else:
                down.append((x, first))
        down.append((x, end.top))
        return Line(edge, down, (x, end.top - LANDING + SPACE + BADGE / 2))


def broken(title: str, width: float) -> list[str]:
    """A title in lines that are not wider, unless a word is."""
    lines: list[str] = []
    for word in title.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and labels.width(joined, labels.SMALL) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines
