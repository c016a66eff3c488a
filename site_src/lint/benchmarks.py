"""The benchmarks of a page: each can run alone, and measures a snippet of its own."""

from __future__ import annotations

from collections import Counter

from site_src.measure import blocks
from site_src.page import Page
from site_src.problem import Problem


def check(page: Page) -> list[Problem]:
    """What is wrong with the blocks of a page that measure."""
    found: list[Problem] = []
    seen: Counter[str] = Counter()
    for measuring in blocks.in_blocks(page.path, page.blocks):
        found += measuring.problems
        for call in measuring.calls:
            seen[call.snippet] += 1
            text = ""
            if call.snippet not in page.snippets:
                text = f"{call.snippet} is no snippet of this page"
            elif seen[call.snippet] > 1:
                text = f"{call.snippet} is measured twice on this page"
            if text:
                found.append(Problem(page.path, call.line, text))
    return found
