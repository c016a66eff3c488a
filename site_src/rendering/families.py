"""The fence ```families: the map of all architectures, a field each family."""

from __future__ import annotations

import html
from typing import Any

from site_src import catalogue
from site_src.page import Page
from site_src.rendering import links
from site_src.rendering.state import fence, site, state_of


@fence
def show(_: str, md: Any) -> str:
    """HTML of the fence: families in the order of their oldest architecture."""
    here = state_of(md).page

    def link(page: Page) -> str:
        year = html.escape(str(page.meta.get("year", "")))
        return f"<li>{links.titled(page, here)} <small>{year}</small></li>"

    fields = "".join(
        f'<div><p class="family">{html.escape(family)}</p>'
        f"<ul>{''.join(map(link, pages))}</ul></div>"
        for family, pages in catalogue.families(site().pages.values()).items()
    )
    return f'<div class="families">{fields}</div>'
