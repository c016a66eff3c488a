"""The repository's own pages, as far as they can be judged without running them."""

from __future__ import annotations

import re
from pathlib import Path

from site_src.lint.site import everything
from site_src.page import read_pages

ROOT = Path(__file__).parents[1]


def test_no_page_bibliography_or_snippet_has_a_problem() -> None:
    assert [str(problem) for problem in everything(ROOT)] == []


def test_no_paragraph_is_longer_than_ninety_words() -> None:
    too_long = []
    for page in read_pages(ROOT):
        lines = page.text.splitlines()
        prose = "\n".join(
            "" if number in page.fences.fenced else line
            for number, line in enumerate(lines, 1)
        )
        for paragraph in re.split(r"\n\s*(?:\n|(?=[-*] |\d+\. ))", prose):
            count = len(paragraph.split())
            if count > 90 and not paragraph.startswith(("|", "---")):
                too_long.append(f"{page.path}: {count} words: {paragraph[:60]}")
    assert too_long == []
