"""Every check that needs no execution, over the whole repository."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from site_src import addresses, glossary, tracks
from site_src.citations import read_bibliography
from site_src.lint import drafts, paragraphs, questions, records, snippet
from site_src.lint import pages as page_checks
from site_src.page import Page, read_pages
from site_src.problem import Problem


def everything(root: Path) -> list[Problem]:
    """What is wrong with pages, bibliography, snippets and records as they stand."""
    pages = read_pages(root)
    found = page_checks.check(pages, read_bibliography(root))
    led = [stop.path for track in tracks.read(pages) for stop in track.stops]
    for page in pages:
        found += paragraphs.check(page)
        if page.is_architecture:
            found += questions.check(page)
            found += drafts.check(page)
            found += _off_the_tracks(page, led)
    found += glossary.check(root)
    found += addresses.check(root, pages)
    found += records.check(root, (name for page in pages for name in page.snippets))
    for path in sorted((root / "snippets").glob("*/*.py")):
        found += snippet.style(path)
    return found


def _off_the_tracks(page: Page, led: Collection[str]) -> list[Problem]:
    """A page that readers are not led to, where there are tracks."""
    if not led or page.path in led:
        return []
    text = "no track leads to this page; make it a stop of one in docs/tracks/"
    return [Problem(page.path, page.line_of("title"), text, missing=True)]
