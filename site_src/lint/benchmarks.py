"""The benchmarks of a page: each can run alone, and measures a snippet of its own."""

from __future__ import annotations

import functools
from collections import Counter

from site_src.measure import blocks, records
from site_src.measurements import record_file
from site_src.page import Page
from site_src.problem import Problem


@functools.lru_cache(maxsize=1024)
def measuring(page: Page) -> list[blocks.Benchmarks]:
    """The blocks of a page that measure."""
    return blocks.in_blocks(page.path, page.blocks)


def check(page: Page) -> list[Problem]:
    """What is wrong with the blocks of a page that measure."""
    found: list[Problem] = []
    seen: Counter[str] = Counter()
    for block in measuring(page):
        found += block.problems
        for call in block.calls:
            seen[call.snippet] += 1
            text = _damage(page, call.snippet)
            if text:
                found.append(Problem(record_file(call.snippet), 1, text))
            text = ""
            if call.snippet not in page.snippets:
                text = f"{call.snippet} is no snippet of this page"
            elif seen[call.snippet] > 1:
                text = f"{call.snippet} is measured twice on this page"
            if text:
                found.append(Problem(page.path, call.line, text))
    return found


def _damage(page: Page, snippet: str) -> str:
    """What is wrong with the record of a snippet's benchmarks."""
    try:
        records.read(records.file_of(page.root, snippet, "cuda"))
    except ValueError as error:
        return str(error)
    return ""
