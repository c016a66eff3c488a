"""The architectures in the order in which one led to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from site_src import tracks
from site_src.page import Page

Menu: TypeAlias = "str | dict[str, list[Menu]]"

_NO_YEAR = 9999
_TO_LEARN = ("tracks", "foundations", "labs")
_TO_CHOOSE = ("choose", "compare", "timeline", "benchmarks", "verification")
_INITIALS = 4  # a name as short as this is an abbreviation


def in_order(pages: Iterable[Page]) -> list[Page]:
    """Each architecture after its predecessors; of those that may be next, the oldest.

    Args:
        pages: Pages of any kind; only the architectures are taken.
    """
    waiting = {page.name: page for page in pages if page.is_architecture}
    ordered: list[Page] = []
    while waiting:
        free = [page for page in waiting.values() if not waiting.keys() & before(page)]
        # Where two name each other, the years decide.
        first = min(free or waiting.values(), key=lambda p: (_year(p), p.name))
        ordered.append(waiting.pop(first.name))
    return ordered


def before(page: Page) -> set[str]:
    """Names of an architecture's predecessors, whether they have a page or not."""
    named = page.meta.get("predecessors")
    entries = named if isinstance(named, list) else []
    return {str(entry["slug"]) for entry in entries if _names(entry)}


def families(pages: Iterable[Page]) -> dict[str, list[Page]]:
    """Architectures in order, by the name of their family as the menu shows it."""
    found: dict[str, list[Page]] = {}
    for page in in_order(pages):
        family = page.name.partition("/")[0].replace("_", " ").capitalize()
        found.setdefault(family, []).append(page)
    return found


def navigation(pages: Iterable[Page]) -> list[Menu]:
    """The site's menu, of paths below docs/; a page finds its place by its folder."""
    every = list(pages)
    plain = {page.slug: page for page in every if not page.is_architecture}
    learn = [_section(name, _in_folder(every, name)) for name in _TO_LEARN]
    sections = [
        _section("Learn", [part for part in learn if part]),
        _section(
            "Architectures",
            [_section(name, _paths(own)) for name, own in families(every).items()],
        ),
        _section("Choose", _paths(plain[n] for n in _TO_CHOOSE if n in plain)),
    ]
    placed = {"index", *_TO_CHOOSE}
    others = [
        page
        for slug, page in plain.items()
        if slug not in placed and slug.partition("/")[0] not in _TO_LEARN
    ]
    home = _paths(page for slug, page in plain.items() if slug == "index")
    files = [page for page in others if page.slug.startswith("reference/")]
    general = _paths(page for page in others if page not in files)
    snippets = _section("Snippets", _paths(files))
    sections.append(_section("Reference", [*general, *filter(None, [snippets])]))
    return [*home, *(section for section in sections if section)]


def _in_folder(pages: list[Page], folder: str) -> list[Menu]:
    """Tracks as they are numbered, all else as the tracks lead through it."""
    found = tracks.read(pages)
    steps = [p.slug for t in found for p in (t.page, *t.stops)]
    own = [page for page in pages if page.slug.startswith(f"{folder}/")]
    end = len(steps)
    own.sort(key=lambda p: (steps.index(p.slug) if p.slug in steps else end, p.slug))
    return _paths(own)


def _paths(pages: Iterable[Page]) -> list[Menu]:
    return [page.uri for page in pages]


def _section(name: str, parts: list[Menu]) -> Menu:
    return {name.capitalize(): parts} if parts else ""


def name_of(slug: str) -> str:
    """What to call an architecture that has no page yet."""
    words = slug.rpartition("/")[2].replace("_", " ")
    return words.upper() if len(words) <= _INITIALS else words


def _names(entry: Any) -> bool:
    return isinstance(entry, dict) and "slug" in entry


def _year(page: Page) -> int:
    year = page.meta.get("year")
    return year if isinstance(year, int) else _NO_YEAR
