"""The fence ```timeline: a drawing of what led to what, and all of it as a list."""

from __future__ import annotations

import html
from typing import Any

from site_src import catalogue, front_matter
from site_src.figures.tables import inline
from site_src.page import Page
from site_src.rendering import links
from site_src.rendering.state import PageState, add_anchors, fence, site, state_of
from site_src.timeline import draw, graph, plan
from site_src.timeline.graph import Graph

_LIST = "timeline-list"


@fence
def show(_: str, md: Any) -> str:
    """HTML of the fence; the list holds every word of the drawing."""
    state = state_of(md)
    good = [p for p in site().pages.values() if not front_matter.check(p)]
    known = {p.name: p for p in catalogue.in_order(good)}
    found = graph.of_pages(list(known.values()))
    if not found.nodes:
        return "<p>No architecture has a page yet.</p>"
    add_anchors(md, [_LIST, *(_anchor(edge.number) for edge in found.edges)])
    families = len({node.family for node in found.nodes})
    title = (
        f"Timeline of {len(found.nodes)} architectures in {families} families, "
        f"with {len(found.edges)} problems that led from one to the next"
    )
    drawing = draw.draw(
        plan.arrange(found),
        title,
        lambda name: links.address(known[name], state.page),
        _anchor,
    )
    rows = "".join(_row(page, found, known, state) for page in known.values())
    return (
        f'<section class="timeline"><p class="timeline-skip"><a href="#{_LIST}">Skip '
        "the drawing: the list below it says the same</a></p>"
        '<figure class="timeline-drawing"><div class="timeline-sheet" tabindex="0" '
        f'role="region" aria-label="Drawing of the timeline">{drawing}</div>'
        '<p class="timeline-note" aria-hidden="true" hidden></p></figure>'
        f'<ol class="lineage" id="{_LIST}">{rows}</ol></section>'
    )


def _row(page: Page, found: Graph, known: dict[str, Page], state: PageState) -> str:
    """An architecture with its paper, and the problems that it took up."""
    facts = front_matter.record(page)
    entry = site().bibliography.entries.get(facts.paper)
    paper = ""
    if entry:
        address = html.escape(entry.address, quote=True)
        paper = f' <small><a href="{address}">{html.escape(entry.title)}</a></small>'
    numbers = {edge.start: edge.number for edge in found.into(page.name)}
    problems = ""
    for before in facts.predecessors:
        problem = inline(before.problem)
        if before.slug in numbers:
            number = numbers[before.slug]
            start = f'<p id="{_anchor(number)}"><b>{number}</b> '
            name = links.titled(known[before.slug], state.page)
        else:
            start, name = "<p>", _elsewhere(before.slug, state)
        problems += f"{start}After {name}: {problem}</p>"
    return (
        f"<li><p><strong>{links.titled(page, state.page)}</strong> "
        f"<small>{facts.year}, {page.name.partition('/')[0].replace('_', ' ')}</small>"
        f"{paper}<br>"
        f"{inline(facts.tagline)}</p>{problems}</li>"
    )


def _elsewhere(name: str, state: PageState) -> str:
    """What came before and is no architecture, or has no page yet."""
    pages = [page for page in site().pages.values() if page.name == name]
    return (
        links.titled(pages[0], state.page)
        if pages
        else html.escape(catalogue.name_of(name))
    )


def _anchor(number: int) -> str:
    return f"takes-up-{number}"
