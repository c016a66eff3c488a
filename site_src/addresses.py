"""Where pages are published: no address that once was is lost.

docs/addresses.txt holds a line for each, in order: `labs/name/`, or for a page that has
moved `labs/name/ -> labs/other/`, which the site then answers with a redirect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from site_src.page import Page
from site_src.problem import Problem

PATH = "docs/addresses.txt"


def of(page: Page) -> str:
    """The address of a page below the site's own."""
    slug = page.path.removeprefix("docs/").rpartition(".")[0]
    return "" if slug == "index" else f"{slug.removesuffix('/index')}/"


def moved(root: Path) -> dict[str, str]:
    """Where pages went whose address has changed, by their old address."""
    lines = (line for _, line in _lines(root))
    return {old: new for old, arrow, new in map(_parts, lines) if arrow}


def check(root: Path, pages: Sequence[Page]) -> list[Problem]:
    """What is lost, leads nowhere, or is not recorded yet.

    Args:
        root: The repository; one without the file records nothing.
        pages: All pages of docs/; each of their snippets has one more.
    """
    if not (root / PATH).exists():
        return []
    there = {f"reference/{name}/" for page in pages for name in page.snippets}
    there |= {of(page) for page in pages}
    found, known = [], set()
    for number, line in _lines(root):
        old, arrow, new = _parts(line)
        known.add(old)
        if arrow and new not in there:
            found.append(Problem(PATH, number, f"there is no page {new}"))
        elif arrow and old in there:
            found.append(Problem(PATH, number, f"{old} is a page and has not moved"))
        elif not arrow and old not in there:
            message = f"{old} was published and is gone; write {old} -> its new address"
            found.append(Problem(PATH, number, message))
    last = max((number for number, _ in _lines(root)), default=1)
    for new in sorted(there - known):
        message = f"add a line for the new page: {new or '/'}"
        found.append(Problem(PATH, last, message, missing=True))
    return found


def record(root: Path, new: Iterable[str]) -> None:
    """Add addresses to the file, in their order; a repository without one stays so."""
    path = root / PATH
    if path.exists():
        lines = path.read_text("utf-8").splitlines()
        notes = [line for line in lines if line.startswith("#")]
        known = [line for line in lines if line not in notes]
        text = "\n".join([*notes, *sorted({*known, *new})])
        path.write_text(f"{text}\n", "utf-8")


def redirect(old: str, new: str) -> str:
    """The page that stands at an old address, and leads to the new one.

    Args:
        old: The address that the page had, such as a/b/.
        new: The one that it has.
    """
    to = "../" * old.count("/") + new
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<title>Moved</title><meta http-equiv="refresh" content="0; url={to}">'
        f'<meta name="robots" content="noindex"></head><body><p>This page has moved: '
        f'<a href="{to}">{new or "home"}</a></p></body></html>\n'
    )


def _lines(root: Path) -> Iterator[tuple[int, str]]:
    path = root / PATH
    text = path.read_text("utf-8") if path.exists() else ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def _parts(line: str) -> tuple[str, str, str]:
    old, arrow, new = (part.strip() for part in line.partition("->"))
    return old.removeprefix("/"), arrow, new.removeprefix("/")
