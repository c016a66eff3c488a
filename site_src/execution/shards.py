"""Divide the pages of a run among machines and processors, by how long each takes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from site_src.execution.store import Store
from site_src.page import Page


def recorded_times(store: Store, pages: Iterable[Page]) -> dict[str, float]:
    """Seconds that each page took, by slug, for pages with a result of any age.

    The longest of the kept results counts: a run whose experiments were all kept says
    little about one that starts from nothing.
    """
    times = {}
    for page in pages:
        walls = [r["provenance"]["wall"] for r in store.results("pages", page.slug)]
        if walls:
            times[page.slug] = max(walls)
    return times


def shard_of(
    pages: Iterable[Page], shard: tuple[int, int], times: Mapping[str, float]
) -> list[Page]:
    """The pages of one shard, in the order in which they were given.

    The longest page goes first, always to the shard with the least to do; machines
    with the same pages and the same times agree without speaking to each other.

    Args:
        pages: All pages of the run.
        shard: (i, n): the i-th of n, counted from 1.
        times: Seconds by slug; a page without any counts as the median.
    """
    ordered = list(pages)
    middle = statistics.median(times.values()) if times else 1.0
    load = [0.0] * shard[1]
    mine = set()
    by_length = sorted(ordered, key=lambda p: (-times.get(p.slug, middle), p.path))
    for page in by_length:
        least = load.index(min(load))
        load[least] += times.get(page.slug, middle)
        if least == shard[0] - 1:
            mine.add(page.slug)
    return [page for page in ordered if page.slug in mine]


def longest_first(pages: Sequence[Page], times: Mapping[str, float]) -> list[Page]:
    """The pages in the order that leaves no processor idle for long at the end.

    Args:
        pages: Pages to execute.
        times: Seconds by slug; without any, a page counts by the length of its code.
    """
    code = {page.slug: sum(len(block.code) for block in page.blocks) for page in pages}
    known = [slug for slug in code if slug in times]
    rate = sum(times[slug] for slug in known) / (sum(code[slug] for slug in known) or 1)

    def seconds(page: Page) -> float:
        return times.get(page.slug, (rate or 1) * code[page.slug])

    return sorted(pages, key=seconds, reverse=True)
