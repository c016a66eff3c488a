"""What its author marked as still to be written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from site_src.page import Page
from site_src.problem import Problem
from site_src.proof.identity import test_file

MARK = "TODO"
# What follows the mark, or else the comment at the end of its line.
_LINE = re.compile(rf"\b{MARK}\b:?\s*(?P<what>[^\"\[\]{{}}#]*)[^#]*(?:# (?P<note>.*))?")


def check(page: Page) -> list[Problem]:
    """Every mark in an architecture's page, its snippets and their tests."""
    return [problem for name in files(page) for problem in _marks(page.root, name)]


def files(page: Page) -> list[str]:
    """The files that a page's author writes."""
    tests = (test_file(name) for name in page.snippets)
    return [*(f"snippets/{name}.py" for name in page.snippets), *tests, page.path]


def _marks(root: Path, name: str) -> Iterator[Problem]:
    path = root / name
    if not path.is_file():
        return  # said elsewhere
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if match := _LINE.search(line):
            said = match["what"].strip(" .|:") or match["note"]
            what = said or line.partition(MARK)[0].strip(" :-[#")
            text = f"still to be written: {what}"
            yield Problem(name, number, text, missing=True)
