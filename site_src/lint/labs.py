"""What a lab must be to run as a notebook elsewhere, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from site_src import labs
from site_src.page import Page
from site_src.problem import Problem

LAST = "What to try next"
API = ("claim", "experiment", "figure", "table")
LIBRARIES = ("torch", "numpy", "matplotlib", "snippets")


def check(page: Page) -> Iterator[Problem]:
    """What is wrong with a lab beyond what can be wrong with any page."""
    if page.faults:
        return
    text = (page.root / page.path).read_text("utf-8")
    for line, name in labs.read(page.path, text).imports:
        top, _, rest = name.partition(".")
        if top == "site_src" and rest not in API:
            message = f"a lab may use {', '.join(API)} of site_src, not {rest}"
            yield Problem(page.path, line, message)
        elif top not in (*LIBRARIES, "site_src", *sys.stdlib_module_names):
            message = f"{top} may be missing elsewhere; a lab has {_LISTED}"
            yield Problem(page.path, line, message)
    for heading in page.headings:
        if heading.level == 1:
            message = f"the title stands in the front matter, not in # {heading.text}"
            yield Problem(page.path, heading.line, message)
    sections = [heading for heading in page.headings if heading.level == 2]
    if not sections or sections[-1].text != LAST:
        line = sections[-1].line if sections else 1
        yield Problem(page.path, line, f"a lab ends with a section ## {LAST}")
    for line, name in (*page.fences.snippets, *page.fences.verifications):
        message = f"a notebook cannot show {name}; link to its page"
        yield Problem(page.path, line, message)


_LISTED = "torch, numpy, matplotlib, the standard library and snippets"
