"""What can be checked without running: front matter, sections, citations."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from site_src import choices, front_matter, tracks
from site_src.citations import CITATION, Bibliography
from site_src.lint import benchmarks, drafts, labs, numbers
from site_src.page import Heading, Page
from site_src.problem import Problem

SECTIONS = (
    "Origin and intuition",
    "Inputs and outputs",
    "Architecture diagram",
    "Training objective",
    "Variants and refinements",
    "Practical considerations",
    "Real-world deployments",
    "Related architectures",
)
_NO_PLACE = (
    (re.compile(r"^#{1,6}\s.*"), "a heading"),
    (re.compile(r"\[[^\]]*\]\("), "a link"),
    (re.compile(r"`[^`]*`"), "code"),
    (re.compile(r"\$[^$\s](?:[^$]*[^$\s])?\$"), "maths"),
)


def check(pages: Sequence[Page], bibliography: Bibliography) -> list[Problem]:
    """Everything that can be said of the pages before they run."""
    found = [*bibliography.problems, *tracks.check(pages)]
    good = [page for page in pages if not front_matter.check(page)]
    found += choices.check(good, pages)
    used: set[str] = set()
    for page in pages:
        found += check_page(page, bibliography)
        used |= {key for key, _ in _citations(page)}
    for key, line in bibliography.lines.items():
        if key not in used:
            text = f"{key} is cited by no page; cite it or remove the entry"
            found.append(Problem(bibliography.path, line, text))
    return found


def check_page(page: Page, bibliography: Bibliography) -> list[Problem]:
    """What can be said of one page before it runs."""
    found = [*front_matter.check(page), *page.fences.problems]
    if page.is_architecture:
        found += sections(page)
    found += _claims_out_of_place(page)
    found += _verifications(page)
    found += numbers.check(page)
    found += benchmarks.check(page)
    if page.is_lab:
        found += labs.check(page)
    for key, line in _citations(page):
        if key not in bibliography.entries and key != drafts.MARK:
            hint = bibliography.nearest(key)
            found.append(Problem(page.path, line, f"unknown citation [@{key}]{hint}"))
    return found


def sections(page: Page) -> list[Problem]:
    """The eight headings, in their order, and no other of that level."""
    found = [
        Problem(
            page.path,
            h.line,
            f"the title stands in the front matter, not in # {h.text}",
        )
        for h in page.headings
        if h.level == 1
    ]
    headings = [h for h in page.headings if h.level == 2]
    names = [h.text for h in headings]
    if names == list(SECTIONS):
        return found
    found += _strange(page, headings)
    end = len(page.text.splitlines())
    for number, name in enumerate(SECTIONS):
        if name not in names:
            later = [h.line for h in headings if h.text in SECTIONS[number:]]
            line = min(later, default=end)
            found.append(Problem(page.path, line, f"the section ## {name} is missing"))
    known = [h for h in headings if h.text in SECTIONS]
    for before, after in itertools.pairwise(known):
        if SECTIONS.index(before.text) > SECTIONS.index(after.text):
            text = f"## {after.text} must come before ## {before.text}"
            found.append(Problem(page.path, after.line, text))
    return found


def _strange(page: Page, headings: Sequence[Heading]) -> Iterator[Problem]:
    seen: set[str] = set()
    for heading in headings:
        if heading.text not in SECTIONS:
            text = f"## {heading.text} is none of the eight sections; use ###"
            yield Problem(page.path, heading.line, text)
        elif heading.text in seen:
            text = f"the section ## {heading.text} stands twice"
            yield Problem(page.path, heading.line, text)
        seen.add(heading.text)


def _citations(page: Page) -> Iterator[tuple[str, int]]:
    paper = page.meta.get("paper")
    if page.is_architecture and isinstance(paper, str):
        yield paper, page.line_of("paper")
    for number, line in page.prose:
        plain = re.sub(r"`[^`]*`", "", line)
        for group in CITATION.finditer(plain):
            for key in group[1].split(";"):
                yield key.strip().removeprefix("@"), number


def _claims_out_of_place(page: Page) -> Iterator[Problem]:
    for number, line in page.prose:
        for pattern, place in _NO_PLACE:
            if any("{claim:" in part for part in pattern.findall(line)):
                yield Problem(page.path, number, f"a claim cannot stand in {place}")


def _verifications(page: Page) -> Iterator[Problem]:
    """One fence with the checks of each snippet that the page owns, and of no other."""
    shown = [name for _, name in page.fences.verifications]
    for number, name in enumerate(page.snippets):
        if (count := shown.count(name)) != 1:
            text = f"{count} fences ```verification hold {name}, not one"
            yield Problem(page.path, page.line_of(f"snippets.{number}"), text)
    for line, name in page.fences.verifications:
        if name not in (*page.snippets, "all"):
            yield Problem(page.path, line, f"{name} is no snippet of this page")
