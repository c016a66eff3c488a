"""What led to what: architectures as nodes, the problem that was taken up as edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from site_src import catalogue, front_matter
from site_src.page import Page


@dataclass(frozen=True)
class Node:
    """An architecture.

    Args:
        name: Such as "family/slug".
        title: In words.
        year: Of its paper.
    """

    name: str
    title: str
    year: int

    @property
    def family(self) -> str:
        """Its family."""
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class Edge:
    """A problem that an architecture left and another one took up.

    Args:
        number: Counted from 1 through all edges.
        start: Who left it.
        end: Who took it up.
        problem: In a sentence.
    """

    number: int
    start: str
    end: str
    problem: str


@dataclass(frozen=True)
class Graph:
    """Nodes, each after its predecessors, and the edges between them."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]

    def into(self, name: str) -> list[Edge]:
        """The edges that end at a node."""
        return [edge for edge in self.edges if edge.end == name]


def of_pages(pages: Sequence[Page]) -> Graph:
    """The graph of all architectures among pages whose front matter is good.

    A predecessor without a page of its own has no place in it.
    """
    nodes, pairs = [], []
    ordered = catalogue.in_order(pages)
    known = {page.name for page in ordered}
    for page in ordered:
        facts = front_matter.record(page)
        nodes.append(Node(page.name, facts.title, facts.year))
        pairs += [
            (before.slug, page.name, before.problem)
            for before in facts.predecessors
            if before.slug in known - {page.name}
        ]
    return Graph(nodes, [Edge(n, *pair) for n, pair in enumerate(pairs, 1)])
