"""Tracks: ordered paths through the pages, from their front matter."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from site_src import front_matter
from site_src.page import Page
from site_src.problem import Problem

FOLDER = "tracks/"
_WORDS_A_MINUTE = 200  # of prose that one thinks about


@dataclass(frozen=True)
class Track:
    """A path through the pages.

    Args:
        page: Where it is described.
        facts: Its front matter.
        stops: The pages that it leads through.
    """

    page: Page
    facts: front_matter.TrackRecord
    stops: tuple[Page, ...]

    def place_of(self, page: Page) -> int | None:
        """The index of a page on the track, if it is on it."""
        paths = [stop.path for stop in self.stops]
        return paths.index(page.path) if page.path in paths else None

    @property
    def minutes(self) -> int:
        """How long it takes to read its pages."""
        return sum(minutes(page) for page in self.stops)


@functools.lru_cache(maxsize=1024)
def minutes(page: Page) -> int:
    """How long a page's prose takes to read, in whole minutes."""
    words = sum(len(line.split()) for _, line in page.prose)
    return math.ceil(words / _WORDS_A_MINUTE)


def read(pages: Iterable[Page]) -> list[Track]:
    """The tracks whose front matter is good, in their order."""
    every = list(pages)
    known = {page.name: page for page in every}
    found = []
    for page in _track_pages(every):
        if not front_matter.check(page):
            facts = front_matter.track(page)
            stops = [known[stop.page] for stop in facts.stops if stop.page in known]
            found.append(Track(page, facts, tuple(stops)))
    return sorted(found, key=lambda track: (track.facts.order, track.page.path))


def check(pages: Sequence[Page]) -> list[Problem]:
    """Stops without a page, stops named twice, and tracks at one place."""
    known = {page.name for page in pages}
    found, orders = [], dict[int, str]()
    for page in _track_pages(pages):
        if front_matter.check(page):
            continue
        facts, seen = front_matter.track(page), set[str]()
        for number, stop in enumerate(facts.stops):
            line = page.line_of(f"stops.{number}.page")
            if stop.page not in known:
                text = f"stops: there is no page {stop.page}"
                found.append(Problem(page.path, line, text))
            if stop.page in seen:
                found.append(Problem(page.path, line, f"stops: {stop.page} twice"))
            seen.add(stop.page)
        other = orders.setdefault(facts.order, page.path)
        if other != page.path:
            text = f"order: {facts.order} is that of {other}"
            found.append(Problem(page.path, page.line_of("order"), text))
    return found


def _track_pages(pages: Iterable[Page]) -> list[Page]:
    return [page for page in pages if page.slug.startswith(FOLDER)]
