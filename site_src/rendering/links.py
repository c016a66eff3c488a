"""Links from a page of the site to another."""

from __future__ import annotations

import html

from mkdocs.utils import get_relative_url

from site_src.page import Page
from site_src.rendering.state import site


def address(there: Page, here: Page) -> str:
    """The address of a page as another page has to write it."""
    addresses = site().addresses
    return get_relative_url(addresses[there.path], addresses[here.path])


def titled(there: Page, here: Page) -> str:
    """A link with the title of the page that it leads to."""
    return f'<a href="{address(there, here)}">{html.escape(there.title)}</a>'
