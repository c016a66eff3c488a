"""What the search finds: a reader's words, of rendered pages and of those left out."""

from __future__ import annotations

import html
import re
from typing import Any

from site_src import front_matter
from site_src.rendering.state import site

_NOT_SEARCHED = re.compile(
    r"<svg\b.*?</svg>|<details class=\"made-by\".*?</details>"
    r"|<(span|div) class=\"arithmatex\">(?:\\\((.*?)\\\)|.*?)</\1>",
    re.DOTALL,
)
_FOR_SEARCH = re.compile(r' data-search-exclude(?:="")?')


def before(page: Any) -> None:
    """Give the search what a reader may look for, which is a tenth of the HTML."""
    current = site().states[page.file.src_uri]
    current.html = page.content
    text = site().texts[current.page.path]
    text = _NOT_SEARCHED.sub(lambda m: _in_letters(m[2] or ""), text)
    if current.page.is_architecture and not front_matter.check(current.page):
        facts = front_matter.record(current.page)
        said = [*facts.also_known_as, facts.tagline, *facts.key_ideas]
        text = f"<p>{html.escape(' · '.join(said))}</p>{text}"
        page.meta["search"] = {"boost": 2}
    page.content = text


def _in_letters(tex: str) -> str:
    """What is left of a formula when it is read aloud."""
    return re.sub(r"[\\{}\s]+", " ", re.sub("[_^]", "", tex.replace(r"\times", "×")))


def after(page: Any, config: Any) -> None:
    """Take what the search has found on a page; `index` puts it together."""
    index = _plugin(config).search_index
    site().states[page.file.src_uri].entries, index.entries = index.entries, []


def shown(page: Any) -> str:
    """A page's HTML again, without words to the search."""
    return _FOR_SEARCH.sub("", site().states[page.file.src_uri].html)


def complete(config: Any) -> None:
    """Give the search the entries of all pages before it writes them."""
    plugin = _plugin(config)
    plugin.search_index.entries = site().unchanged.entries()
    plugin.search_index_prev = None  # of a build whose index was not complete


def _plugin(config: Any) -> Any:
    return config.plugins["material/search"]
