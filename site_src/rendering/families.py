"""The fence ```families: the map of all architectures, a field each family."""

from __future__ import annotations

import html
from typing import Any

from mkdocs.utils import get_relative_url

from site_src import catalogue
from site_src.page import Page
from site_src.rendering.state import fence, site, state_of


@fence
def show(_: str, md: Any) -> str:
    """HTML of the fence: families in the order of their oldest architecture."""
    here = site().addresses[state_of(md).page.path]

    def link(page: Page) -> str:
        address = get_relative_url(site().addresses[page.path], here)
        title = html.escape(str(page.meta.get("title", page.name)))
        year = html.escape(str(page.meta.get("year", "")))
        return f'<li><a href="{address}">{title}</a> <small>{year}</small></li>'

    fields = "".join(
        f'<div><p class="family">{html.escape(family)}</p>'
        f"<ul>{''.join(map(link, pages))}</ul></div>"
        for family, pages in catalogue.families(site().pages.values()).items()
    )
    return f'<div class="families">{fields}</div>'
