"""Every check that needs no execution, over the whole repository."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from site_src import addresses, glossary, tracks
from site_src.citations import read_bibliography
from site_src.kept import Kept, content
from site_src.lint import drafts, paragraphs, questions, records, snippet
from site_src.lint import pages as page_checks
from site_src.page import Page, read_pages
from site_src.problem import Problem
from site_src.proof import record


def everything(root: Path) -> list[Problem]:
    """What is wrong with pages, bibliography, snippets and records as they stand."""
    pages, kept = read_pages(root), Kept(root, "checked")
    found = page_checks.check(pages, read_bibliography(root, kept))
    led = [stop.path for track in tracks.read(pages) for stop in track.stops]
    for page in pages:
        found += paragraphs.check(page)
        if page.is_architecture:
            found += questions.check(page)
            found += drafts.check(page)
            found += _off_the_tracks(page, led)
    found += glossary.check(root)
    found += addresses.check(root, pages)

    def checked(what: str, key: object, check: Callable[[], Sequence[Problem]]) -> None:
        said = kept.of(what, key, lambda: [asdict(problem) for problem in check()])
        found.extend(Problem(**problem) for problem in said)

    made_of = record.made_of(root)
    for name in dict.fromkeys(name for page in pages for name in page.snippets):
        key = (name, made_of.get(name))
        checked("record", key, partial(records.check, root, [name]))
    files = sorted((root / "snippets").glob("*/*.py"))
    every = [(path.relative_to(root).as_posix(), content(path)) for path in files]
    for path in files:
        checked("style", (str(path), every), partial(snippet.style, path))
    kept.save(all_pages=True)
    return found


def _off_the_tracks(page: Page, led: Collection[str]) -> list[Problem]:
    """A page that readers are not led to, where there are tracks."""
    if not led or page.path in led:
        return []
    text = "no track leads to this page; make it a stop of one in docs/tracks/"
    return [Problem(page.path, page.line_of("title"), text, missing=True)]
