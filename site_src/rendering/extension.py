"""The Markdown extension: measured values and citations in the prose."""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as etree
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from site_src import catalogue
from site_src.citations import CITATION
from site_src.rendering import links
from site_src.rendering.state import PageState, add_anchors, site, state_of
from site_src.rendering.terms import Terms

_UNNUMBERED = "[?]"


class Claims(InlineProcessor):
    """`{claim:name}` → the measured value, linked to the block that computed it."""

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element | str, int, int]:
        state, name = state_of(self.md), m[1]
        found = site().claim(state.page, name)
        if found is None:
            if not site().pending or (state.result and "#" not in name):
                line = state.line_with("{claim:" + name + "}")
                site().report(state.page.path, line, f"unknown claim {name}")
            element = etree.Element("span", {"class": "claim"})
            element.text = AtomicString("…")
            return element, m.start(0), m.end(0)
        path, text, block = found
        address = f"#block-{block + 1}"
        title = "computed on this page"
        if path != state.page.path:
            address = self._address(path, state.page.path) + address
            title = f"computed on {path}"
        attributes = {"class": "claim", "href": address, "title": title}
        element = etree.Element("a", attributes)
        element.text = AtomicString(text)
        return element, m.start(0), m.end(0)

    def _address(self, there: str, here: str) -> str:
        """A link as MkDocs takes it in a page, or finished inside a block's output."""
        if hasattr(self.md, "_original_md"):
            pages = site().pages
            return links.address(pages[there], pages[here])
        uri = site().pages[there].uri
        return posixpath.relpath(f"docs/{uri}", posixpath.dirname(here))


class Citations(InlineProcessor):
    """`[@key]` → a number that leads to the page's list of references."""

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element, int, int]:
        state = state_of(self.md)
        group = etree.Element("span", {"class": "cite"})
        for raw in m[1].split(";"):
            key = raw.strip().removeprefix("@")
            entry = site().bibliography.entries.get(key)
            if entry is None:
                line = state.line_with("@" + key)
                site().report(state.page.path, line, f"unknown citation [@{key}]")
                continue
            add_anchors(self.md, [f"ref-{key}"])
            attributes = {"href": f"#ref-{key}", "title": entry.short}
            link = etree.SubElement(group, "a", attributes)
            link.text = AtomicString(_UNNUMBERED)
        return group, m.start(0), m.end(0)


class Blueprints(Extension):
    """Registers both before attr_list and links can take the braces and brackets."""

    def extendMarkdown(self, md: Markdown) -> None:
        claims = Claims(r"\{claim:([\w/#-]+)\}", md)
        md.inlinePatterns.register(claims, "blueprints-claims", 185)
        citations = Citations(CITATION.pattern, md)
        md.inlinePatterns.register(citations, "blueprints-citations", 184)
        md.treeprocessors.register(Terms(md), "blueprints-terms", 15)


def makeExtension(**options: Any) -> Blueprints:
    """What Python-Markdown calls."""
    return Blueprints(**options)


def numbered(text: str, state: PageState) -> str:
    """A page's HTML with its citations numbered in the order in which they stand.

    Within what a block printed, markdown-exec puts the block's name before the key.
    """

    def number(match: re.Match[str]) -> str:
        key, rest = match.groups()
        if key not in state.cited:
            state.cited.append(key)
        return f'<a href="#ref-{key}"{rest}>[{state.cited.index(key) + 1}]'

    unnumbered = re.escape(_UNNUMBERED)
    pattern = rf'<a href="#(?:block-\d+-)?ref-([^"]+)"([^>]*)>{unnumbered}'
    return re.sub(pattern, number, text)


def references(source: str) -> str:
    """The numbered list of the works that a page cites."""
    state = site().states[source]
    if not state.cited:
        return ""
    entries = site().bibliography.entries
    items = "".join(
        f'<li id="ref-{key}">{entries[key].html}</li>' for key in state.cited
    )
    return (
        '<section class="references" aria-label="References" data-search-exclude>'
        f'<p class="references-title">References</p><ol>{items}</ol></section>'
    )


def card(source: str) -> dict[str, Any] | None:
    """What the card at the top of an architecture page shows."""
    from site_src.front_matter import check, record

    state = site().states[source]
    if not state.page.is_architecture or check(state.page):
        return None
    facts = record(state.page)
    entry = site().bibliography.entries.get(facts.paper)
    if entry is None:
        return None
    known = {page.name: page for page in site().pages.values()}

    def link(slug: str) -> dict[str, str]:
        there = known.get(slug)
        if there is None:
            return {"name": catalogue.name_of(slug), "address": ""}
        return {"name": there.title, "address": links.address(there, state.page)}

    return {
        "name": state.page.name,
        "facts": facts,
        "paper": {"text": entry.short, "title": entry.title, "address": entry.address},
        "predecessors": [
            link(p.slug) | {"problem": p.problem} for p in facts.predecessors
        ],
        "provenance": (state.result or {}).get("provenance"),
        "number": state.cited.index(facts.paper) + 1
        if facts.paper in state.cited
        else 0,
    }
