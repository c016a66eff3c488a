"""Paragraphs that are too long to be read on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from site_src.page import Page
from site_src.problem import Problem

MOST = 90  # words
_ENDS = re.compile(r"\s*(?:[-*] |\d+\. |$)")  # a line that ends what stood before it


def check(page: Page) -> Iterator[Problem]:
    """Every paragraph of more than ninety words, at its first line."""
    start, words, last = 0, 0, 0
    for number, line in [*page.prose, (len(page.text.splitlines()) + 2, "")]:
        if _ENDS.match(line) or number != last + 1:
            if words > MOST:
                text = f"a paragraph of {words} words, {MOST} at most; split it"
                yield Problem(page.path, start, text)
            words = 0
        start = start if words else number
        last = number
        if not line.startswith("|"):
            words += len(line.split())
