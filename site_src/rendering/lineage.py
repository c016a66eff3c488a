"""The fence ```lineage: all architectures, each with the problem that it takes up."""

from __future__ import annotations

import html
from typing import Any

from mkdocs.utils import get_relative_url

from site_src import catalogue, front_matter
from site_src.figures.tables import inline
from site_src.page import Page
from site_src.rendering.state import PageState, fence, site, state_of


@fence
def show(_: str, md: Any) -> str:
    """HTML of the fence: what led to what, oldest first."""
    state = state_of(md)
    good = [p for p in site().pages.values() if not front_matter.check(p)]
    rows = "".join(_row(page, state) for page in catalogue.in_order(good))
    return f'<ol class="lineage">{rows}</ol>'


def _row(page: Page, state: PageState) -> str:
    facts = front_matter.record(page)
    known = {p.name: p for p in site().pages.values()}
    problems = "".join(
        f"<p>After {_link(known[before.slug], state)}: {inline(before.problem)}</p>"
        for before in facts.predecessors
        if before.slug in known
    )
    return (
        f"<li><p><strong>{_link(page, state)}</strong> <small>{facts.year}</small><br>"
        f"{inline(facts.tagline)}</p>{problems}</li>"
    )


def _link(page: Page, state: PageState) -> str:
    there, here = (site().addresses[p.path] for p in (page, state.page))
    title = html.escape(str(page.meta.get("title", page.name)))
    return f'<a href="{get_relative_url(there, here)}">{title}</a>'
