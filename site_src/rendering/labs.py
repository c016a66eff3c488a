"""Labs on the site: their pages, the card at the top, and the notebook to download."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

from site_src import labs
from site_src.citations import CITATION
from site_src.front_matter import LabRecord, check
from site_src.page import Page
from site_src.rendering import copies, links, notebooks
from site_src.rendering.state import PageState, site

_CLAIM = re.compile(r"\{claim:([\w/#-]+)\}")
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")
_ABOUT = """\
# {title}

{tagline}

After it you can:

{outcomes}

This notebook was made from [a page]({address}), on which it ran; the numbers in the \
text are that run's. It needs torch, numpy and matplotlib, and nothing else. The cells \
under *Preparation* hold the rest: the functions `figure`, `table`, `claim` and \
`experiment`, and the tested snippets that the lab is held against. Run them and go on.

## Preparation"""
_MODULE = '''\
import sys
import types


def module(name, code=""):
    """Make a module of its text, so that the cells below can import it."""
    parent, _, last = name.rpartition(".")
    if parent and parent not in sys.modules:
        module(parent)
    made = sys.modules.setdefault(name, types.ModuleType(name))
    made.__path__ = []
    exec(compile(code, name, "exec", dont_inherit=True), made.__dict__)
    if parent:
        setattr(sys.modules[parent], last, made)'''


def add_files(files: Any, config: Any) -> None:
    """Give each lab a page in place of its file."""
    for page in [page for page in site().pages.values() if page.is_lab]:
        raw = files.get_file_from_path(page.path.removeprefix("docs/"))
        if raw is not None:
            files.remove(raw)
        files.append(File.generated(config, page.uri, content=_apart(page)))


def _apart(page: Page) -> str:
    """A lab's Markdown with empty lines between its blocks, which the file lacks."""
    lines = page.text.splitlines()
    for block in page.blocks:
        lines[block.line - 1] = f"\n{lines[block.line - 1]}"
    return "\n".join(lines)


def add_notebooks(files: Any, config: Any) -> None:
    """Publish each lab's notebook; all pages have an address by now."""
    for page in [page for page in site().pages.values() if page.is_lab]:
        if not (page.faults or check(page)):
            content = notebook(page)
            files.append(File.generated(config, _name(page), content=content))


def card(source: str) -> dict[str, Any] | None:
    """What the card at the top of a lab shows."""
    state = site().states[source]
    page = state.page
    if not page.is_lab or page.faults or check(page):
        return None
    facts = LabRecord.model_validate(page.meta)
    here = site().addresses[page.path]
    builds_on = [
        {"name": other.title, "address": links.address(other, page)}
        for other in site().pages.values()
        if other.name in facts.builds_on
    ]
    provenance, seconds = None, None
    if state.result:
        provenance = state.result["provenance"]
        # What was kept of an earlier run took no time in this one.
        seconds = None if state.result["units"] else round(provenance["wall"])
    return {
        "facts": facts,
        "builds_on": builds_on,
        "notebook": get_relative_url(_name(page), here),
        "seconds": seconds,
        "provenance": provenance,
    }


def notebook(page: Page) -> str:
    """A lab's notebook, which runs where there is neither site nor repository."""
    facts = LabRecord.model_validate(page.meta)
    file = page.root / page.path
    about = _ABOUT.format(
        title=facts.title,
        tagline=facts.tagline,
        outcomes="\n".join(f"- {text}" for text in facts.outcomes),
        address=site().address + site().addresses[page.path],
    )
    lab = labs.read(page.path, file.read_text("utf-8"))
    cells = [notebooks.cell("about", about, code=False)]
    prepared = "\n\n\n".join(_preparation(page.root, lab))
    cells.append(notebooks.cell("preparation", prepared, code=True))
    state = PageState(page, site().result(page))
    for number, cell in enumerate(lab.cells, 1):
        text = cell.text if cell.code else _bare(cell.text, state)
        if text.strip():
            cells.append(notebooks.cell(f"cell-{number}", text, code=cell.code))
    return notebooks.notebook(cells)


def snippets_of(lab: labs.Lab, root: Path) -> list[str]:
    """The snippets that a lab's cells import, such as "family/slug"."""
    found = set()
    for _, name in lab.imports:
        found |= {name, name.rpartition(".")[0]}
    known = [f"snippets.{name.replace('/', '.')}" for name in copies.all_names(root)]
    ours = [name for name in known if name in found]
    return [name.removeprefix("snippets.").replace(".", "/") for name in ours]


def _preparation(root: Path, lab: labs.Lab) -> Iterator[str]:
    yield _MODULE
    yield _as_module("site_src.claims", (root / "site_src/claims.py").read_text())
    api = Path(__file__).with_name("elsewhere.py").read_text("utf-8")
    yield _as_module("site_src", api)
    for name in snippets_of(lab, root):
        yield _as_module(f"snippets.{name.replace('/', '.')}", copies.credited(name))


def _as_module(name: str, code: str) -> str:
    """A statement that makes a module; its text stands in it as it is."""
    quotes = "'''"
    if quotes in code or code.endswith("'"):
        return f"module({name!r}, {code!r})"
    return f"module(\n    {name!r},\n    r{quotes}{code}{quotes},\n)"


def _bare(text: str, state: PageState) -> str:
    """Markdown with its claims filled in, and its links and citations made whole."""

    def value(match: re.Match[str]) -> str:
        found = site().claim(state.page, match[1])
        return found[1] if found else "…"

    def cited(match: re.Match[str]) -> str:
        keys = [key.strip().removeprefix("@") for key in match[1].split(";")]
        entries = site().bibliography.entries
        known = [entries[key] for key in keys if key in entries]
        return f"({'; '.join(f'[{e.short}]({e.address})' for e in known)})"

    def whole(match: re.Match[str]) -> str:
        here = posixpath.dirname(f"docs/{state.page.uri}")
        path = posixpath.normpath(posixpath.join(here, match[1]))
        below = site().addresses.get(path if match[1] else state.page.path, "")
        return f"]({site().address}{below}{match[2] or ''})"

    return CITATION.sub(cited, _LINK.sub(whole, _CLAIM.sub(value, text)))


def _name(page: Page) -> str:
    return f"{page.slug}.ipynb"
