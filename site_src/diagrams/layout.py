"""The language of layouts: a grid of names, boxes, arrows, frames around groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Area:
    """Cells of the grid, counted from 0, ends included."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, other: Area) -> bool:
        """Whether all cells of another area belong to this one."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def meets(self, other: Area) -> bool:
        """Whether the two have a cell in common."""
        across = self.left <= other.right and other.left <= self.right
        return across and self.top <= other.bottom and other.top <= self.bottom

    def around(self, other: Area) -> Area:
        """The smallest area that holds both."""
        return Area(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True)
class Node:
    """A thing that is drawn.

    Args:
        name: What the layout calls it.
        line: The page's line that says what it is.
        form: "box", "round", "cells" (a tensor's values) or "text".
        label: Its lines of text.
        bound: What it stands for in the code; the last gives the shape.
        tone: 0 for ink, else one of the six colours.
        why: A sentence on why it is there.
        area: Where it stands.
    """

    name: str
    line: int
    form: str
    label: tuple[str, ...]
    bound: tuple[str, ...]
    tone: int
    why: str
    area: Area


@dataclass(frozen=True)
class Step:
    """A piece of an arrow, from one name to the next.

    Args:
        start: A node, or a bend such as ".fork".
        end: The same.
        kind: "->", "=>" heavy, "~>" dashed, "-|" or "|-" round a corner.
    """

    start: str
    end: str
    kind: str


@dataclass(frozen=True)
class Arrow:
    """One line of the arrows: its steps, a label, a colour."""

    line: int
    steps: tuple[Step, ...]
    label: str
    tone: int


@dataclass(frozen=True)
class Group:
    """A frame around nodes.

    Args:
        name: What is written on it.
        line: The page's line that says what it is.
        times: How often it runs, as an expression; empty for once.
        bound: The submodule that its nodes are parts of; empty for none.
        members: Names of nodes and bends.
        area: The cells it takes.
    """

    name: str
    line: int
    times: str
    bound: str
    members: tuple[str, ...]
    area: Area


@dataclass
class Layout:
    """A layout that was read.

    Args:
        line: The page's line on which the grid begins.
        columns: How many the grid has.
        rows: How many it has.
        nodes: By name.
        bends: Cells where lines turn or fork, by name with the dot.
        arrows: As they stand.
        groups: As they stand.
    """

    line: int
    columns: int = 0
    rows: int = 0
    nodes: dict[str, Node] = field(default_factory=dict)
    bends: dict[str, Area] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def area(self, name: str) -> Area:
        """Where a node or a bend stands."""
        return self.bends[name] if name in self.bends else self.nodes[name].area

    def scope(self, name: str) -> tuple[Group, ...]:
        """The bound groups around a node, from outer to inner."""
        around = [g for g in self.groups if g.bound and name in g.members]
        return tuple(sorted(around, key=lambda g: -len(g.members)))

    def follows(self) -> dict[str, list[str]]:
        """The nodes that each node's solid arrows lead to, bends passed through."""
        leads: dict[str, list[str]] = {}
        for arrow in self.arrows:
            for step in arrow.steps:
                if step.kind != "~>":
                    leads.setdefault(step.start, []).append(step.end)

        def ends(name: str, seen: frozenset[str]) -> Iterator[str]:
            for end in leads.get(name, ()):
                if end in self.nodes:
                    yield end
                elif end not in seen:
                    yield from ends(end, seen | {end})

        return {n: list(dict.fromkeys(ends(n, frozenset()))) for n in self.nodes}

    def order(self) -> list[str]:
        """The nodes in the order of the data; where arrows circle, what is left."""
        after = self.follows()
        waits = dict.fromkeys(self.nodes, 0)
        for ends in after.values():
            for end in ends:
                waits[end] += 1
        done: list[str] = []
        while ready := [n for n, count in waits.items() if count == 0]:
            last = done[-1] if done else ""
            follow = [n for n in ready if n in after.get(last, ())]
            name = (follow or ready)[0]
            del waits[name]
            done.append(name)
            for end in after[name]:
                waits[end] -= 1
        return done
