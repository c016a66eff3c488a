"""The fence ```live: another page's live model, with a link to that page."""

from __future__ import annotations

import re
from typing import Any

from site_src.rendering import links
from site_src.rendering.state import PageState, fence, site, state_of

_FIGURE = re.compile(
    r'(<figure class="plot demo">.*?)(<figcaption>.*?</figcaption>)</figure>', re.DOTALL
)


@fence
def show(name: str, md: Any) -> str:
    """HTML of the fence, which holds the page's name.

    Args:
        name: Such as family/slug.
        md: The Markdown instance of the page that shows it.
    """
    state = state_of(md)
    pages = [page for page in site().pages.values() if page.name == name]
    if not pages:
        return _fault(state, name, f"there is no page {name}")
    result = site().result(pages[0])
    if result is None:
        return "<p>The live model stands here when its page has run.</p>"
    for block in result["blocks"]:
        found = _FIGURE.search(block["output"])
        if found:
            link = links.titled(pages[0], state.page)
            return (
                f'<div class="showcase">{found[1]}<figcaption>Trained and checked when '
                f"this site was built: {link}.</figcaption></figure></div>"
            )
    return _fault(state, name, f"the page {name} has no demo")


def _fault(state: PageState, name: str, message: str) -> str:
    line = state.line_with(name)
    site().report(state.page.path, line, message)
    return ""
