"""The first use of a term on a page leads to the glossary, and the glossary back."""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as etree
from pathlib import Path

from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from site_src.glossary import PATH, Term
from site_src.rendering import links, reference
from site_src.rendering.state import PageState, add_anchors, site, state_of

Links = list[tuple[etree.Element, str]]

_LEFT_ALONE = {"a", "code", "pre", "table", "dt", "summary"}
_LEFT_ALONE |= {"h1", "h2", "h3", "h4", "h5", "h6"}


class Terms(Treeprocessor):
    """Links in the prose; entries of the glossary get ids and link to one another."""

    def run(self, root: etree.Element) -> None:
        if hasattr(self.md, "_original_md") or PATH not in site().addresses:
            return  # what a block printed
        state = state_of(self.md)
        if reference.holds(state.page):
            return  # docstrings, and titles of papers
        if state.page.path == PATH:
            self._entries(root, state)
        else:
            _link(root, set(), state)

    def _entries(self, root: etree.Element, state: PageState) -> None:
        named = {term.name: term for term in site().glossary.terms}
        term = None
        for element in list(root.iter()):
            if element.tag == "dt":
                term = named.get((element.text or "").strip())
                if term:
                    element.set("id", term.anchor)
                    add_anchors(self.md, [term.anchor])
            elif element.tag == "dd" and term:
                _link(element, {term.anchor}, state)


def _link(element: etree.Element, seen: set[str], state: PageState) -> None:
    """Link what an element says itself and what its children say, in their order."""
    if element.tag in _LEFT_ALONE:
        return
    first, links = _split(element.text, seen, state)
    element.text = first
    _insert(element, 0, links)
    for child in [c for c in element if c not in dict(links)]:
        _link(child, seen, state)
        first, links = _split(child.tail, seen, state)
        child.tail = first
        _insert(element, list(element).index(child) + 1, links)


def _insert(element: etree.Element, place: int, links: Links) -> None:
    for offset, (link, text) in enumerate(links):
        link.tail = text
        element.insert(place + offset, link)


def _split(
    text: str | None, seen: set[str], state: PageState
) -> tuple[str | None, Links]:
    """The text before the first term; then each link with the text after it."""
    if not text or isinstance(text, AtomicString):
        return text, []
    found = []
    for start, end, term in site().glossary.uses(text):
        if term.anchor not in seen:
            seen.add(term.anchor)
            found.append((start, end, term))
    ends = [start for start, _, _ in found] + [len(text)]
    links = [
        (_to(term, text[start:end], state), text[end:following])
        for (start, end, term), following in zip(found, ends[1:], strict=True)
    ]
    return text[: ends[0]], links


def _to(term: Term, word: str, state: PageState) -> etree.Element:
    here = state.page.path
    address = "" if here == PATH else posixpath.relpath(PATH, posixpath.dirname(here))
    attributes = {
        "class": "term",
        "href": f"{address}#{term.anchor}",
        "title": re.sub(r"[*`$]", "", term.text),
    }
    link = etree.Element("a", attributes)
    link.text = AtomicString(word)
    if here != PATH:
        site().uses.setdefault(term.anchor, {})[here] = None
    return link


def add_uses(folder: Path) -> None:
    """Write into a built glossary on which pages each term is used.

    Args:
        folder: The site.
    """
    if address := site().addresses.get(PATH):
        path = folder / address / "index.html"
        path.write_text(_with_uses(path.read_text("utf-8")), "utf-8")


def _with_uses(content: str) -> str:

    def add(match: re.Match[str]) -> str:
        pages = site().pages
        using = [
            links.titled(pages[path], pages[PATH])
            for path in sorted(site().uses.get(match[2], ()))
        ]
        told = f' <small class="uses">On {", ".join(using)}.</small>' if using else ""
        return f"{match[1]}{told}{match[3]}"

    pattern = r'(<dt id="([\w-]+)">.*?</dt>\s*<dd>.*?)((?:</p>\s*)?</dd>)'
    return re.sub(pattern, add, content, flags=re.DOTALL)
