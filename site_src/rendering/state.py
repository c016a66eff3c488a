"""What the render stage knows while MkDocs builds: the site and the page at hand."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from site_src.citations import Bibliography, read_bibliography
from site_src.glossary import Glossary
from site_src.kept import Kept
from site_src.page import Page, read_pages
from site_src.problem import Problem
from site_src.rendering import results
from site_src.tracks import Track

DIRTY = "A 'dirty' build"  # so MkDocs warns of builds that leave out pages


@dataclass
class PageState:
    """A page while it is rendered.

    Args:
        page: As scanned.
        result: Its stored result; None while it has none.
        next_block: Index of the executed fence that comes next.
        cited: Keys in the order in which the page cites them.
        whole: Snippets shown whole so far.
        demos: How many live demos stand on it so far.
        links: Line of the block and id of each link within the page that one printed.
        html: The finished page, while the search looks at a shorter one.
        claims: Page and name of each claim that it names.
        entries: What the search finds on it.
        noted: How much was wrong with the site when it began.
        clean: Whether nothing was found wrong with it.
    """

    page: Page
    result: dict[str, Any] | None
    next_block: int = 0
    cited: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    demos: int = 0
    links: list[tuple[int, str]] = field(default_factory=list)
    html: str = ""
    claims: set[tuple[str, str]] = field(default_factory=set)
    entries: list[dict[str, Any]] = field(default_factory=list)
    noted: int = 0
    clean: bool = False

    def line_with(self, text: str) -> int:
        """The first line that holds a text, outside of fences if there is one."""
        hits = [
            number
            for number, line in enumerate(self.page.text.splitlines(), 1)
            if text in line
        ]
        prose = [n for n in hits if n not in self.page.fences.fenced]
        return next(iter(prose or hits), 1)

    def source_of(self, text: str) -> int:
        """The line that a piece of HTML comes from: of the prose, or of its block."""
        bare = re.sub(r"`[^`\n]*`", "", self.page.text)
        for number, line in enumerate(bare.splitlines(), 1):
            if number not in self.page.fences.fenced and _holds(line, text):
                return number
        for block, stored in zip(
            self.page.blocks, (self.result or {}).get("blocks", ()), strict=False
        ):
            if _holds(stored["output"], text):
                return block.line
        return self.line_with(text)


class Site:
    """Everything that is being rendered.

    Args:
        root: The repository.
        pending: Show a page that has no result yet with a note in its place, as
            `serve` does; otherwise that is a problem.
    """

    def __init__(self, root: Path, *, pending: bool) -> None:
        self.root, self.pending = root, pending
        self.kept = Kept(root)
        self.bibliography: Bibliography = read_bibliography(root, self.kept)
        self.pages = {page.path: page for page in read_pages(root)}
        self._by_uri: dict[str, Page] = {}
        self.add(list(self.pages.values()))
        self.states: dict[str, PageState] = {}
        self.at_hand: PageState | None = None  # the page whose Markdown is read
        self.problems: list[Problem] = []
        self.address = ""  # of the site itself
        self.addresses: dict[str, str] = {}
        self.tracks: list[Track] | None = None  # read when somebody asks
        self.glossary = Glossary.read(root)
        self.texts: dict[str, str] = {}  # path of a page → its HTML, with TeX in it
        self.uses: dict[str, dict[str, None]] = {}  # term → paths of pages
        self.once: dict[tuple[str, str], Any] = {}  # what, of what → looked up once
        self.twins: dict[str, str] = {}  # path of a page → the page as Markdown
        self.used_claims: set[tuple[str, str]] = set()  # page and name
        self.warnings = 0  # of MkDocs
        self.last_noted = 0
        self.unchanged: Any = None  # pages that need not be rendered
        self._claims: dict[str, dict[str, tuple[int, str]]] = {}
        self._results: dict[str, results.Found] = {}
        self.failed = _failed_pages(root) if pending else {}

    def add(self, pages: Iterable[Page]) -> None:
        """Take pages that stand in no file."""
        for page in pages:
            self.pages[page.path] = self._by_uri[page.uri] = page

    def page_at(self, source: str) -> Page:
        """The page that MkDocs calls `source`."""
        return self._by_uri[source]

    def begin(self, source: str) -> PageState:
        """Start rendering the page that MkDocs calls `source`."""
        page = self.page_at(source)
        state = self.states[source] = PageState(page, self.result(page))
        self.at_hand, state.noted = state, self.noted
        return state

    def finish(self) -> None:
        """End the page that was begun."""
        if state := self.at_hand:
            self.at_hand, state.clean = None, state.noted == self.noted
            self.last_noted = self.noted

    @property
    def noted(self) -> int:
        """How much was found wrong so far."""
        return len(self.problems) + self.warnings

    def result(self, page: Page) -> dict[str, Any] | None:
        """The page's valid result, looked up once a build."""
        return self._found(page)[0]

    def identity(self, page: Page) -> str:
        """The identity of the page's valid result; "" without one."""
        return self._found(page)[1]

    def _found(self, page: Page) -> results.Found:
        if page.path not in self._results:
            found = results.find(page) if page.blocks else (None, "")
            self._results[page.path] = found
        return self._results[page.path]

    def report(self, path: str, line: int, message: str) -> None:
        """Note a problem; the build fails at its end with all of them."""
        self.problems.append(Problem(path, line, message))

    def claim(self, page: Page, name: str) -> tuple[str, str, int] | None:
        """Page path, text and block of a claim, own (`x`) or other (`page#x`)."""
        other, _, own = name.rpartition("#")
        if other:
            found = [p for p in self.pages.values() if p.name == other]
            if not found:
                return None
            page = found[0]
        claims = self.claims_of(page)
        if own not in claims:
            return None
        self.used_claims.add((page.path, own))
        if self.at_hand:
            self.at_hand.claims.add((page.path, own))
        block, text = claims[own]
        return page.path, text, block

    def claims_of(self, page: Page) -> dict[str, tuple[int, str]]:
        """Claim name → (index of its block, its text)."""
        if page.path not in self._claims:
            result = self.result(page)
            blocks = result["blocks"] if result else []
            self._claims[page.path] = {
                name: (index, claim["text"])
                for index, block in enumerate(blocks)
                for name, claim in block["claims"].items()
            }
        return self._claims[page.path]

    def end(self) -> None:
        """What can be said only when all pages are rendered."""
        for page in self.pages.values():
            for name, (index, _) in self.claims_of(page).items():
                if (page.path, name) not in self.used_claims:
                    line = page.blocks[index].line
                    self.report(page.path, line, f"no page uses the claim {name}")


current: Site | None = None


def site() -> Site:
    """The site that is being rendered.

    Raises:
        RuntimeError: When no build is under way.
    """
    if current is None:
        raise RuntimeError("pages are rendered by mkdocs with site_src's hooks only")
    return current


def _holds(source: str, text: str) -> bool:
    """Whether Markdown or HTML holds a text, which may be written with entities."""
    return any(text.lower() in s.lower() for s in (source, html.unescape(source)))


def fence(show: Callable[[str, Any], str]) -> Callable[..., str]:
    """What superfences calls for a fence of ours, which needs its text and Markdown."""

    def called(
        source: str, language: str, css_class: str, options: Any, md: Any, **_: Any
    ) -> str:
        return show(source.strip(), md)

    return called


def add_anchors(md: Any, names: Iterable[str]) -> None:
    """Tell MkDocs' check of links about ids that it cannot see itself."""
    original = getattr(md, "_original_md", md)
    original.treeprocessors["mkdocs_extract_anchors"].present_anchor_ids |= set(names)


def state_of(md: Any) -> PageState:
    """The page that a Markdown instance, or the one it works for, is rendering."""
    original = getattr(md, "_original_md", md)
    source = original.treeprocessors["relpath"].file.src_uri
    return site().states[source]


def _failed_pages(root: Path) -> dict[str, str]:
    path = root / ".build" / "failed.json"
    try:
        failed: dict[str, str] = json.loads(path.read_text())
        return failed
    except (OSError, ValueError):
        return {}
