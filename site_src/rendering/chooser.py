"""The fence ```choose: reasons by question and answer, and whom they are about."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown.extensions.toc import slugify, unique

from site_src import catalogue, choices, front_matter
from site_src.choices import QUESTIONS, VERDICTS, Choice, Question
from site_src.figures.tables import inline
from site_src.page import Page
from site_src.rendering import benchmarks, compare, links, machines, verification
from site_src.rendering.state import PageState, add_anchors, fence, site, state_of


@dataclass(frozen=True)
class Candidate:
    """What may be chosen.

    Args:
        name: An architecture's or a baseline's.
        title: In words.
        tagline: One sentence.
        page: The page that gives the reasons.
        where: What leads to the reasons in its front matter.
        shows: The section about a baseline; empty for an architecture.
        said: Its reasons.
    """

    name: str
    title: str
    tagline: str
    page: Page
    where: str
    shows: str
    said: Sequence[Choice]


@fence
def show(_: str, md: Any) -> str:
    """HTML of the fence; the script asks, sorts and copies, and adds no words."""
    state = state_of(md)
    candidates = _candidates()
    add_anchors(md, [f"asks-{question.key}" for question in QUESTIONS])
    tables = "".join(_table(question, candidates, state) for question in QUESTIONS)
    listed = "".join(_candidate(each, state) for each in candidates)
    return (
        f'<section class="chooser" data-search-exclude>{tables}'
        "<h2>All that can be chosen</h2>"
        f'<ol class="candidates">{listed}</ol></section>'
    )


def _candidates() -> list[Candidate]:
    """Baselines first, since of two that fit one takes the simpler; then the others."""
    good = [p for p in site().pages.values() if not front_matter.check(p)]
    found = []
    for page in good:
        for number, one in enumerate(front_matter.baselines(page)):
            where = f"baselines.{number}."
            about = (one.name, one.title, one.tagline, page, where, one.shows)
            found.append(Candidate(*about, one.choices))
    known = site().bibliography.entries
    for page in catalogue.in_order(p for p in good if p.meta.get("paper") in known):
        facts = front_matter.record(page)
        about = (page.name, facts.title, facts.tagline, page, "", "")
        found.append(Candidate(*about, facts.choices))
    return found


def _table(
    question: Question, candidates: Sequence[Candidate], state: PageState
) -> str:
    """A question: under each answer, the reasons of all candidates."""
    bodies = "".join(
        f'<tbody id="{question.key}-{answer}"><tr><th scope="rowgroup" colspan="2">'
        f"{html.escape(words)}</th></tr>{rows}</tbody>"
        for answer, words in question.answers.items()
        if (rows := "".join(_reasons(question.key, answer, candidates, state)))
    )
    silent = (
        ""
        if question.of_all
        else "<p><small>Who is not named under an answer has nothing to say to it."
        "</small></p>"
    )
    return (
        f'<details class="decision" id="asks-{question.key}" open><summary>'
        f'{html.escape(question.words)}</summary><div class="computed-table" '
        f'tabindex="0" role="region" aria-label="Reasons: {question.words}">'
        '<table class="values"><thead><tr><th scope="col">for or against</th>'
        '<th scope="col">because</th></tr></thead>'
        f"{bodies}</table></div>{silent}</details>"
    )


def _reasons(
    asks: str, answer: str, candidates: Sequence[Candidate], state: PageState
) -> Iterator[str]:
    """A row for each reason that speaks to an answer, those in favour first."""
    found = [
        (list(VERDICTS).index(choice.verdict), place, one, number, choice)
        for place, one in enumerate(candidates)
        for number, choice in enumerate(one.said)
        if choice.asks == asks and answer in choice.answers
    ]
    for _, _, one, number, choice in sorted(found, key=lambda row: row[:2]):
        line = one.page.line_of(f"{one.where}choices.{number}.because")
        text = _with_claims(choice.because, one.page, line, state)
        yield (
            f'<tr data-page="{one.name}" data-verdict="{choice.verdict}">'
            f"<td><b>{VERDICTS[choice.verdict]}</b> · {html.escape(one.title)}</td>"
            f'<td title="{one.page.path}:{line}">{text} '
            f"{_section(one.page, choice.shows, state)}</td></tr>"
        )


def _with_claims(text: str, page: Page, line: int, state: PageState) -> str:
    """A sentence of a page's front matter, its claims leading to their blocks."""

    def value(match: re.Match[str]) -> str:
        found = site().claim(page, match[1])
        if found is None:
            if not site().pending:
                site().report(page.path, line, f"unknown claim {match[1]}")
            return '<span class="claim">…</span>'
        path, shown, block = found
        address = f"{_address(path, state)}#block-{block + 1}"
        link = f'<a class="claim" href="{address}" title="computed on {path}">'
        return f"{link}{html.escape(shown)}</a>"

    return choices.CLAIM.sub(value, inline(text))


def _section(page: Page, shows: str, state: PageState) -> str:
    """A link to the section that shows it, by its name, and by its page's if other."""
    name, title = choices.place(page, shows)
    pages = [each for each in site().pages.values() if each.name == name]
    if not pages:
        return html.escape(shows)  # the lint says so at its line
    used: set[str] = set()
    anchors = [
        (heading.text, unique(slugify(heading.text, "-"), used))
        for heading in pages[0].headings
    ]
    anchor = dict(reversed(anchors)).get(title, "")
    address = f"{_address(pages[0].path, state)}#{anchor}"
    of = "" if pages[0] in (page, state.page) else f"{pages[0].title}: "
    return f'<a class="shows" href="{address}">{html.escape(of)}{inline(title)}</a>'


def _candidate(one: Candidate, state: PageState) -> str:
    """Whom the reasons are about, with what was measured of it."""
    if one.shows:
        link = _section(one.page, one.shows, state)
        facts = f'<p class="facts">Measured in {link}</p>'
        title = html.escape(one.title)
    else:
        title = f'<a href="{_address(one.page.path, state)}">'
        title += f"{html.escape(one.title)}</a>"
        facts = _facts(one.page, state)
    return (
        f'<li data-page="{one.name}"><p><strong>{title}</strong><br>'
        f"{inline(one.tagline)}</p>{facts}</li>"
    )


def _facts(page: Page, state: PageState) -> str:
    """The cells of the table that compares, as terms with what is said of them."""
    one = machines.architecture(site(), page)
    address = _address(page.path, state)
    terms = [
        ("time", compare.code(one.complexity.time)),
        ("memory to generate", compare.to_generate(one.complexity)),
    ]
    for snippet in one.snippets:
        anchor = f"{address}#{benchmarks.anchor(snippet.name)}"
        speeds = [each for each in snippet.measured.speeds if each.against]
        found = "".join(f"time {compare.ratio(s, anchor)}<br>" for s in speeds)
        if parity := snippet.measured.parity:
            anchor = f"{address}#{verification.anchor(snippet.name)}"
            errors = compare.errors(parity).replace("<br>", ", ")
            found += f'error <a href="{anchor}">{errors}</a>'
        file = compare.code(f"{snippet.name.rpartition('/')[2]}.py")
        terms.append((file, found or "not measured yet"))
    return (
        '<dl class="facts">'
        + "".join(f"<div><dt>{term}</dt><dd>{said}</dd></div>" for term, said in terms)
        + "</dl>"
    )


def _address(path: str, state: PageState) -> str:
    """The page's address; of the page at hand none, so that the link stays within."""
    pages = site().pages
    own = path == state.page.path
    return "" if own else links.address(pages[path], state.page)
