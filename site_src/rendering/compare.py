"""The fence ```compare: all architectures in one table, or any two side by side."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mkdocs.utils import get_relative_url

from site_src import catalogue, front_matter
from site_src.figures.tables import inline
from site_src.front_matter import Complexity
from site_src.page import Page
from site_src.rendering import benchmarks, links, machines, verification
from site_src.rendering.machines import Architecture, Snippet
from site_src.rendering.measured import Parity, Speed
from site_src.rendering.state import PageState, fence, site, state_of


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Args:
        head: Its name.
        key: How an address names it for sorting; empty where order says nothing.
    """

    head: str
    key: str = ""


_SAID = (
    Column("year", "year"),
    Column("family", "family"),
    Column("objective"),
    Column("longest path"),
    Column("time"),
    Column("memory to train"),
    Column("memory to generate"),
    Column("trains in parallel", "parallel"),
)
_FILE = (Column("file"), Column("takes → gives"))
_TIMED = (
    Column("parameters", "parameters"),
    Column("takes as long as", "ratio"),
    Column("exponent of time", "exponent"),
)
_PROVED = (Column("worst relative error", "error"), Column("mistakes caught", "caught"))
_GROUPS = (
    ("from the front matter of its page", _SAID),
    ("from its code", _FILE),
    ("from its benchmark", _TIMED),
    ("from the record of its tests", _PROVED),
)
_NOTHING = '<td class="nothing"{}>{}</td>'


@fence
def show(what: str, md: Any) -> str:
    """HTML of the fence, which holds "table" or "two"."""
    state = state_of(md)
    good = [p for p in site().pages.values() if not front_matter.check(p)]
    known = site().bibliography.entries
    pages = [p for p in catalogue.in_order(good) if p.meta["paper"] in known]
    if what == "table":
        return _table(pages, state)
    if what == "two":
        return _two(pages, state)
    line = state.line_with(what)
    message = f"a fence compare holds table or two, not {what!r}"
    site().report(state.page.path, line, message)
    return ""


def _table(pages: Sequence[Page], state: PageState) -> str:
    """All of it as plain HTML; the script only moves and hides rows."""
    columns = [column for _, group in _GROUPS for column in group]
    groups = "".join(
        f'<th scope="colgroup" colspan="{len(group)}"><span>{said}</span></th>'
        for said, group in _GROUPS
    )
    heads = "".join(
        f'<th scope="col" data-key="{c.key}">{c.head}</th>'
        if c.key
        else f'<th scope="col">{c.head}</th>'
        for c in columns
    )
    body = "".join(_rows(page, state) for page in pages)
    devices = dict.fromkeys(
        shown.run.environment["device"]
        for page in pages
        for shown in benchmarks.live_runs(page)
    )
    where = f"; times of this build are of {' and '.join(devices)}" if devices else ""
    caption = f"Every architecture, the oldest of those that may be next first{where}"
    return (
        '<section class="compare"><div class="computed-table" tabindex="0" '
        'role="region" data-search-exclude aria-label="Every architecture">'
        f'<table class="values"><caption><span>{html.escape(caption)}</span></caption>'
        '<thead><tr><th scope="col" rowspan="2" data-key="name">architecture</th>'
        f"{groups}</tr><tr>{heads}</tr></thead>{body}</table></div></section>"
    )


def _rows(page: Page, state: PageState) -> str:
    """An architecture's body of the table: a row for each of its snippets."""
    one = machines.architecture(site(), page)
    count = max(1, len(one.snippets))
    tall = f' rowspan="{count}"' if count > 1 else ""
    title = f'<a href="{_address(one.page, state)}">{html.escape(one.title)}</a>'
    first = f'<th scope="row"{tall}>{title}</th>{_said(one, page, tall)}'
    own = [_measured(snippet, one, state) for snippet in one.snippets]
    rest = own[1:]
    lines = [first + (own[0] if own else _NOTHING.format(' colspan="7"', "no file"))]
    rows = "".join(f"<tr>{cells}</tr>" for cells in (*lines, *rest))
    works_on = html.escape("; ".join(one.modalities), quote=True)
    return (
        f'<tbody data-family="{one.family}" data-modalities="{works_on}" '
        f'data-parallel="{_yes(one.complexity.parallel)}">{rows}</tbody>'
    )


def _said(one: Architecture, page: Page, tall: str) -> str:
    """What the front matter says; the title of each cell names the line."""
    cost = one.complexity

    def cell(text: str, key: str) -> str:
        where = f"{page.path}:{page.line_of(key)}"
        wide = ' class="words"' if key == "objective" else ""
        return f'<td{tall}{wide} title="{where}">{text}</td>'

    paper = html.escape(one.paper.address, quote=True)
    paper_title = html.escape(one.paper.title, quote=True)
    year = f'<a href="{paper}" title="{paper_title}">{one.year}</a>'
    return "".join(
        (
            f'<td{tall} data-value="{one.year}">{year}</td>',
            f'<td{tall} title="{page.path}">{one.family.replace("_", " ")}</td>',
            cell(inline(one.objective), "objective"),
            cell(code(cost.path), "complexity.path"),
            cell(code(cost.time), "complexity.time"),
            cell(code(cost.memory), "complexity.memory"),
            cell(to_generate(cost), "complexity.generating"),
            cell(_yes(cost.parallel), "complexity.parallel"),
        )
    )


def _measured(snippet: Snippet, one: Architecture, state: PageState) -> str:
    """The cells of one snippet."""
    found, name = snippet.measured, snippet.name
    page = _address(one.page, state)
    file = name.rpartition("/")[2] + ".py"
    docstring = f'title="docstring of forward in snippets/{name}.py"'
    cells = [
        f'<td><a href="{page}#{file}-L1"><code>{file}</code></a></td>',
        f'<td class="words" {docstring}>{code(found.takes)} → {code(found.gives)}</td>'
        if found.takes
        else _NOTHING.format("", ""),
    ]
    if found.speeds:
        cells += _timed(found.speeds, f"{page}#{benchmarks.anchor(name)}")
    else:
        cells.append(_NOTHING.format(f' colspan="{len(_TIMED)}"', "not measured yet"))
    parity = found.parity
    if parity is None:
        cells.append(_NOTHING.format(f' colspan="{len(_PROVED)}"', "no record yet"))
        return "".join(cells)
    since = f", out of date: {parity.changed}" if parity.changed else ""
    link = f'<a href="{page}#{verification.anchor(name)}"'
    told = html.escape(f"recorded {parity.date}{since}", quote=True)
    note = f"<small>{html.escape(since[2:])}</small>" if since else ""
    widest = next(iter(parity.largest.values()), "")
    cells += [
        f'<td data-value="{widest}">{link} title="{told}">{errors(parity)}</a></td>',
        f'<td data-value="{parity.mistakes}" title="{told}">{parity.mistakes} of '
        f"{parity.mistakes}{note}</td>",
    ]
    return "".join(cells)


def _timed(speeds: Sequence[Speed], address: str) -> list[str]:
    """Parameters, ratio and exponent: this build's, and what a GPU recorded."""
    live = speeds[0]
    sizes = ", ".join(f"{name} {value}" for name, value in live.sizes.items())
    ratios = "<br>".join(ratio(speed, address) for speed in speeds)
    growth = "<br>".join(
        f"{s.growth.exponent:.2f} ± {s.growth.error:.2f} in {s.growth.size}"
        if s.growth
        else "too few sizes"
        for s in speeds
    )
    told = _told(live)
    times = live.against.ratio if live.against else ""
    exponent = live.growth.exponent if live.growth else ""
    return [
        f'<td class="words" data-value="{live.parameters}" title="{told}">'
        f"{live.parameters:,} <small>{html.escape(sizes)}</small></td>",
        f'<td class="words" data-value="{times}">{ratios}</td>',
        f'<td data-value="{exponent}" title="{told}">{growth}</td>',
    ]


def ratio(speed: Speed, address: str) -> str:
    """How many times as long as what, with a link to where it was measured."""
    link = f'<a href="{address}" title="{_told(speed)}">'
    if speed.against is None:
        text = f"{link}beside nothing of another package</a>"
    else:
        text = f"{link}{speed.against.ratio:g} ×</a> {code(speed.against.name)}"
    if speed.origin != "this build":
        text += f"<small>{html.escape(f'{speed.origin}, {speed.device}')}</small>"
    return text


def errors(parity: Parity) -> str:
    """The largest relative error in each type that was compared."""
    largest = parity.largest.items()
    return "<br>".join(
        f"{verification.small(value)} in {kind}" for kind, value in largest
    )


def to_generate(cost: Complexity) -> str:
    """What is held in memory while it generates."""
    return code(cost.generating) if cost.generating else "does not generate"


def _told(speed: Speed) -> str:
    """Where and when it was measured, for a title."""
    return html.escape(f"{speed.origin}, {speed.device}, {speed.date}", quote=True)


def _two(pages: Sequence[Page], state: PageState) -> str:
    """What the script turns into two choices; without it, links to all pages."""
    every = "".join(f"<li>{links.titled(p, state.page)}</li>" for p in pages)
    facts = f'<a href="{_address(machines.CATALOGUE, state)}">{machines.CATALOGUE}</a>'
    return (
        '<section class="pair"><div class="pair-plain"><p>Two architectures are laid '
        "side by side by a script. Without it, each page has its own card, code and "
        f"diagram; all facts are in {facts}.</p><ul>{every}</ul></div></section>"
    )


def _address(there: str, state: PageState) -> str:
    return get_relative_url(there, site().addresses[state.page.path])


def code(text: str) -> str:
    """A piece of code within a cell."""
    return f"<code>{html.escape(text, quote=False)}</code>"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
