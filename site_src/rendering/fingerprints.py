"""What the HTML of each page is made of, as one hash: equal hashes, equal HTML.

A page is made of its own text, results and snippets, of the pages whose values it
names, and of what all pages share: menu, titles, glossary, bibliography, theme. A page
with a fence of ours that is not known to show less is made of all pages. Whatever else
a page or the template comes to show of others must be added here.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from site_src import glossary, tracks
from site_src.kept import content, stamp
from site_src.page import Page
from site_src.proof import record
from site_src.rendering import demos
from site_src.rendering.state import Site

# Fences that show of other pages only results and snippets that they name, or what all
# pages share; and those that say, besides, how long it takes to read a page.
_NARROW = {"python", "py", "snippet", "live", "verification", "families", "timeline"}
_TIMING = {"track", "tracks"}
_DOCSTRINGS = re.compile(r"^:::|\]\[(?:snippets|site_src)\b", re.MULTILINE)
_TITLE = re.compile(r"^(?:#\s.*|.+\n=+[ \t]*)$", re.MULTILINE)
_CLAIMED = re.compile(r"\{claim:([\w/-]+)#")
_FENCE = re.compile(
    r"^[ \t>]*(?:`{3,}|~{3,})[ \t]*(?:\{[ \t]*\.)?([\w-]+)", re.MULTILINE
)


def of_pages(current: Site, files: Any, config: Any) -> dict[str, str]:
    """The hash of each page, by its path; none where nothing may be kept.

    Args:
        current: The site.
        files: All files of the site, as MkDocs has them.
        config: MkDocs' configuration.
    """
    if not current.kept.maker:
        return {}
    pages = list(current.pages.values())
    shared = _shared(current, files, config)
    snippets = record.made_of(current.root)
    times = _hash([tracks.minutes(page) for page in pages])
    every = _hash([(_facts(p), current.identity(p)) for p in pages], snippets)
    wide = {fence["name"] for fence in _fences(config)} - _NARROW - _TIMING
    found = {}
    for page in pages:
        said = _said(page, current)
        own, kinds = _own(page, said, current, snippets), _kinds(said)
        others = times if kinds & _TIMING else "", every if kinds & wide else ""
        found[page.path] = _hash(shared, own, others)
    # What docstrings refer to is looked up among those that are rendered with them.
    own = _hash(*(found[page.path] for page in from_docstrings(pages)))
    for page in from_docstrings(pages):
        found[page.path] = _hash(found[page.path], own)
    return found


def from_docstrings(pages: Iterable[Page]) -> list[Page]:
    """The pages that mkdocstrings has a part in."""
    return [page for page in pages if _DOCSTRINGS.search(page.text)]


def _shared(current: Site, files: Any, config: Any) -> str:
    root = current.root
    models = demos.models(current)
    runtime = [stamp(path) for path in demos.runtime()]
    texts = (current.bibliography.path, glossary.PATH)
    return _hash(
        current.kept.maker,
        current.pending,
        config.site_url,
        config.nav,
        [(file.src_uri, file.url) for file in files if file.src_uri not in models],
        [(page.path, page.head, _titles(page)) for page in current.pages.values()],
        [content(root / path) for path in texts],
        runtime,
    )


def _said(page: Page, current: Site) -> str:
    """All the Markdown of a page: its own, and what its blocks print."""
    blocks = (current.result(page) or {"blocks": []})["blocks"]
    printed = zip(page.blocks, blocks, strict=False)
    texts = [stored["output"] for block, stored in printed if not block.html]
    return "\n".join((page.text, *texts))


def _own(page: Page, said: str, current: Site, snippets: Mapping[str, str]) -> str:
    """The hash of what no other page has a part in, and of values that it names."""
    lines, named = _lines(said), set(_CLAIMED.findall(said))
    others = [p for p in current.pages.values() if p.name in named or p.name in lines]
    every = "verification" in _kinds(said) and "all" in lines
    return _hash(
        page.path,
        page.text,
        page.faults,
        current.identity(page),
        current.failed.get(page.slug),
        [(other.path, current.identity(other)) for other in others],
        [of for name, of in snippets.items() if every or _speaks_of(name, said)],
    )


def _fences(config: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]]
    found = config.mdx_configs.get("pymdownx.superfences", {}).get("custom_fences", [])
    return found


@functools.lru_cache(maxsize=1024)
def _facts(page: Page) -> str:
    """What other pages may tell of a page beside its results and front matter."""
    headings = [(heading.level, heading.text) for heading in page.headings]
    return _hash(page.path, headings, page.snippets)


@functools.lru_cache(maxsize=1024)
def _titles(page: Page) -> list[str]:
    """What MkDocs may take for the title of a page that does not name it."""
    return [] if page.meta.get("title") else _TITLE.findall(page.text)


@functools.lru_cache(maxsize=1024)
def _kinds(text: str) -> frozenset[str]:
    return frozenset(_FENCE.findall(text))


@functools.lru_cache(maxsize=1024)
def _lines(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.splitlines())


@functools.lru_cache(maxsize=8192)
def _speaks_of(name: str, text: str) -> bool:
    return name in text or name.replace("/", ".") in text


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
