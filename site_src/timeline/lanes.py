"""In which lane and row each node stands: lanes are families, rows are years."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from site_src.timeline.graph import Graph


@dataclass(frozen=True)
class Places:
    """Lanes and rows, both counted from 0.

    Args:
        families: By lane.
        years: By row; a year may take several.
        lane: Of each node.
        row: Of each node.
    """

    families: Sequence[str]
    years: Sequence[int]
    lane: Mapping[str, int]
    row: Mapping[str, int]

    def free(self, lane: int, above: int, below: int) -> bool:
        """Whether a lane is empty between two rows."""
        return not any(
            place == lane and above < self.row[name] < below
            for name, place in self.lane.items()
        )


def places(graph: Graph) -> Places:
    """Give every node a lane and a row of its own; successors stand below."""
    families = _in_order(graph)
    lane = {node.name: families.index(node.family) for node in graph.nodes}
    years: list[int] = []
    row: dict[str, int] = {}
    for year in sorted({node.year for node in graph.nodes}):
        first = len(years)
        for node in graph.nodes:
            if node.year != year:
                continue
            before = [row[e.start] for e in graph.into(node.name) if e.start in row]
            place = max([first, *(above + 1 for above in before)])
            while any(
                (lane[name], at) == (lane[node.name], place) for name, at in row.items()
            ):
                place += 1
            row[node.name] = place
            years += [year] * (place + 1 - len(years))
    return Places(families, years, lane, row)


def _in_order(graph: Graph) -> list[str]:
    """Families side by side so that edges cross few lanes, by exchanging pairs."""
    order = list(dict.fromkeys(node.family for node in graph.nodes))
    family = {node.name: node.family for node in graph.nodes}
    links = [(family[edge.start], family[edge.end]) for edge in graph.edges]

    def reach(trial: Sequence[str]) -> int:
        place = {name: number for number, name in enumerate(trial)}
        return sum(abs(place[a] - place[b]) for a, b in links)

    best = reach(order)
    improved = True
    while improved:
        improved = False
        for one, two in itertools.combinations(range(len(order)), 2):
            trial = order.copy()
            trial[one], trial[two] = trial[two], trial[one]
            if reach(trial) < best:
                order, best, improved = trial, reach(trial), True
    return order
