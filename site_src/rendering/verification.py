"""Fences that show what a snippet was checked against, as its record says."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from mkdocs.utils import get_relative_url

from site_src.figures.tables import framed, inline
from site_src.measurements import names_of, record_file
from site_src.proof import record
from site_src.proof.record import Comparison, Proof
from site_src.rendering import links
from site_src.rendering.state import PageState, add_anchors, fence, site, state_of


@fence
def show(name: str, md: Any) -> str:
    """HTML of a fence that holds a snippet's name such as "family/slug", or "all"."""
    state = state_of(md)
    if name == "all":
        return _every(state)
    proof = _read(name, name, state)
    if proof is None:
        return _note(f"No record of its checks yet: run `{record.renewal(name)}`.")
    place = anchor(name)
    add_anchors(md, [place])
    change = proof.stale(site().root)
    parts = [
        f"<p>{_compared(proof)} {_recorded(proof, state)}</p>",
        _table(proof, name),
    ]
    if change:
        text = f"Out of date: `{change}` since. Run `{record.renewal(name)}`."
        parts.insert(0, _note(text.replace(" changed`", "` changed")))
    return f'<section class="verification" id="{place}">{"".join(parts)}</section>'


def _read(name: str, fence: str, state: PageState) -> Proof | None:
    """The record; where it is missing or damaged, that is reported at the fence."""
    why = f"there is no record of {name}"
    try:
        if (site().root / "snippets" / f"{name}.py").is_file():
            if proof := recorded(name):
                return proof
        else:
            why = f"there is no snippet {name}"
    except ValueError as error:
        why = str(error)
    if not site().pending:
        fences = state.page.fences.verifications
        line = next((number for number, text in fences if text == fence), 1)
        text = f"{why}; run {record.renewal(name)}"
        site().report(state.page.path, line, text)
    return None


def recorded(name: str) -> Proof | None:
    """A snippet's record, read once a build.

    Raises:
        ValueError: The file is no record; the message is one line.
    """
    place = ("proof", name)
    if place not in site().once:
        site().once[place] = record.read(site().root, name)
    proof: Proof | None = site().once[place]
    return proof


def _compared(proof: Proof) -> str:
    """What it was compared with, how often, and how far apart the two were."""
    said, rest = [], list(proof.comparisons)
    for reference in proof.references:
        made = [c for c in rest if reference.made(c)]
        rest = [c for c in rest if not reference.made(c)]
        version = reference.version.partition("+")[0]
        said.append(f"`{reference.name}` {version}: {_differences(made)}")
    if not said:
        said.append(f"{proof.checked_against.rstrip('.')}: {_differences(rest)}")
    elif rest:
        names = sorted({c.reference.rpartition(".")[2] for c in rest})
        written = " and ".join(f"`{name}`" for name in names)
        said.append(f"{written}, written for its tests: {_differences(rest)}")
    return inline(f"Checked against {'. Against '.join(said)}.")


def _differences(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return "no comparison of tensors"
    count = len(comparisons)
    said = [
        f"{small(value)} in {dtype}" for dtype, value in largest(comparisons).items()
    ]
    return (
        f"{count} comparison{'s' if count > 1 else ''} of all outputs and gradients, "
        f"largest relative difference {' and '.join(said)}"
    )


def largest(comparisons: Sequence[Comparison]) -> dict[str, float]:
    """The largest relative difference by floating type, the widest type first."""
    found: dict[str, float] = {}
    for comparison in sorted(comparisons, key=lambda c: c.dtype, reverse=True):
        before = found.get(comparison.dtype, 0.0)
        found[comparison.dtype] = max(before, comparison.largest)
    return found


def small(value: float) -> str:
    """A difference with one digit, as "2e-16"."""
    return f"{value:.0e}" if value else "0"


def _recorded(proof: Proof, state: PageState) -> str:
    """What the tests found, when, where and on what commit, and the raw record."""
    torch = proof.environment["torch"].partition("+")[0]
    where = f"Python {proof.environment['python']}, {proof.environment['platform']}"
    text = f"{proof.tests} tests passed, and caught {_caught(proof)} planted mistakes "
    text += f"({proof.date}, torch {torch}, {where}"
    if proof.commit:
        text += f", commit {proof.commit[:7]}{' with changes' if proof.dirty else ''}"
    here = site().addresses[state.page.path]
    file = record_file(proof.snippet).removeprefix("docs/")
    link = f'<a href="{get_relative_url(file, here)}" download>the record</a>'
    return f"{html.escape(text)}; {link})."


def _table(proof: Proof, name: str) -> str:
    columns = ("the mistake", "what you would see", "caught by the test")
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = ""
    for mistake in proof.mistakes:
        seen = inline(mistake.seen)
        if mistake.report:
            repository, _, number = mistake.report.partition("#")
            url = f"https://github.com/{repository}/issues/{number}"
            place = html.escape(mistake.report)
            seen += f' Met in <a href="{html.escape(url)}">{place}</a>.'
        by = mistake.by.partition("[")[0].removeprefix("test_").replace("_", " ")
        body += f'<tr><th scope="row">{inline(mistake.what)}</th><td>{seen}</td>'
        body += f"<td>{html.escape(by)}</td></tr>"
    caption = (
        f"Common mistakes, each planted in a copy of `{name}.py`: "
        f"its tests caught {_caught(proof)}"
    )
    return framed(head, body, caption)


def _caught(proof: Proof) -> str:
    """A record is written only when every mistake was caught."""
    return f"{len(proof.mistakes)} of {len(proof.mistakes)}"


def _every(state: PageState) -> str:
    """A row for each snippet of the site."""
    columns = (
        *("snippet", "checked against", "comparisons", "largest difference"),
        *("mistakes caught", "recorded"),
    )
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = ""
    for name in names_of(site().root):
        proof = _read(name, "all", state)
        cells = _facts(proof) if proof else ["no record", "", "", "", ""]
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        body += f'<tr><th scope="row">{_link(name, state)}</th>{row}</tr>'
    return framed(head, body, "Every snippet, and what its tests found")


def _facts(proof: Proof) -> list[str]:
    """The cells of a row."""
    named = [f"`{r.name}` {r.version.partition('+')[0]}" for r in proof.references]
    change = proof.stale(site().root)
    return [
        inline(", ".join(named) or proof.checked_against),
        str(len(proof.comparisons)),
        "<br>".join(
            f"{small(value)} in {dtype}"
            for dtype, value in largest(proof.comparisons).items()
        ),
        _caught(proof),
        proof.date + (f", out of date: {html.escape(change)}" if change else ""),
    ]


def _link(name: str, state: PageState) -> str:
    """A snippet's name, leading to its checks on the page that owns it."""
    shown = f"<code>{html.escape(name)}</code>"
    for page in site().pages.values():
        if name in page.snippets:
            address = f"{links.address(page, state.page)}#{anchor(name)}"
            return f'<a href="{address}">{shown}</a>'
    return shown


def anchor(name: str) -> str:
    """The id of a snippet's checks on its page."""
    return f"verification-{name.replace('/', '-')}"


def _note(text: str) -> str:
    return f'<div class="admonition warning"><p>{inline(text)}</p></div>'
