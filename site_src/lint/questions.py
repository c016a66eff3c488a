"""The self-check at the end of a page: its form, not its sense."""

from __future__ import annotations

import re
from collections.abc import Iterator

from site_src.page import Page
from site_src.problem import Problem

TITLE = "Check yourself"
FEWEST, MOST = 4, 6
_QUESTION = re.compile(r'\?\?\?\+? question "(.*)"\s*')
_TO_DO = re.compile(r"\]\([^)\s]*#(?:demo|[\w.]+\.py-L\d)")
_DEMO = re.compile(r"\]\([^)\s]*#demo\)")
_NOT_IN_TITLES = re.compile(r"\{claim:|\]\(|\$")


def check(page: Page) -> list[Problem]:
    """Four to six questions with answers, one of them answered by doing something."""
    own = [h for h in page.headings if h.text == TITLE]
    if len(own) != 1 or own[0] != page.headings[-1] or own[0].level != 3:
        last = len(page.text.splitlines())
        line = own[0].line if own else last
        text = f"the page ends with one section ### {TITLE} (see CONTRIBUTING.md)"
        return [Problem(page.path, line, text)]
    start = own[0].line
    lines = [(n, line) for n, line in page.prose if n > start]
    return list(_questions(page, start, lines))


def _questions(
    page: Page, start: int, lines: list[tuple[int, str]]
) -> Iterator[Problem]:
    titles = [(n, m[1]) for n, line in lines if (m := _QUESTION.fullmatch(line))]
    if not FEWEST <= len(titles) <= MOST:
        text = f"{len(titles)} questions, not {FEWEST} to {MOST}"
        few = len(titles) < FEWEST
        yield Problem(page.path, start, text, missing=few)
    ends = [n for n, _ in titles[1:]] + [lines[-1][0] + 1 if lines else start]
    for (line, title), end in zip(titles, ends, strict=False):
        if _NOT_IN_TITLES.search(title):
            text = "a question is plain words: no claim, link or maths"
            yield Problem(page.path, line, text)
        answer = [s for n, s in lines if line < n < end and s.startswith("    ")]
        if not "".join(answer).strip():
            text = "a question without an answer, indented by four spaces"
            yield Problem(page.path, line, text)
        if _DEMO.search(whole := " ".join(answer)) and "{claim:" not in whole:
            yield Problem(page.path, line, _TYPED_IN)
    if titles and not any(_TO_DO.search(line) for _, line in lines):
        text = "no question sends the reader to the [demo](#demo) or to a line of code"
        yield Problem(page.path, start, text)


# Other processors round otherwise, and their small models answer otherwise.
_TYPED_IN = (
    "an answer says what the demo shows and names no claim; return it from the "
    "function that trains the demo, and claim it"
)
