"""The architectures in the order in which one led to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from site_src.page import Page

_NO_YEAR = 9999


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


def navigation(
    pages: Iterable[Page],
) -> list[str | dict[str, list[dict[str, list[str]]]]]:
    """The site's menu: home, the families in order, all else; paths below docs/."""
    every = list(pages)
    families: dict[str, list[str]] = {}
    for page in in_order(every):
        family = page.name.partition("/")[0].replace("_", " ").capitalize()
        families.setdefault(family, []).append(page.path.removeprefix("docs/"))
    others = sorted(
        page.path.removeprefix("docs/") for page in every if not page.is_architecture
    )
    others.sort(key=lambda path: path != "index.md")
    menu = [{family: paths} for family, paths in families.items()]
    return [*others[:1], *([{"Architectures": menu}] if menu else []), *others[1:]]


def _names(entry: Any) -> bool:
    return isinstance(entry, dict) and "slug" in entry


def _year(page: Page) -> int:
    year = page.meta.get("year")
    return year if isinstance(year, int) else _NO_YEAR
