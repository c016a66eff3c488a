"""A page for each snippet from its docstrings, by mkdocstrings."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from pathlib import Path

from site_src.lint.source import header_lines, parse
from site_src.page import Page
from site_src.problem import Problem
from site_src.rendering import copies
from site_src.rendering.state import Site

FOLDER = "reference"
_HEAD = """\
---
title: {name}.py
tagline: Functions and classes of the snippet {name}, from its docstrings.
search: {{exclude: true}}
---

# {file}.py

"""
_MEMBER = """
::: snippets.{module}.{member}
    options:
      show_root_heading: true
      show_root_toc_entry: true
      show_root_full_path: false
"""


def pages(current: Site) -> list[Page]:
    """The pages of all snippets; they stand in no file.

    Args:
        current: The site, each of whose snippets is owned by a page.
    """
    every = current.pages.values()
    owners = {name: page for page in every for name in page.snippets}
    names = copies.all_names(current.root)
    return [_page(current, name, owners.get(name)) for name in names]


def holds(page: Page) -> bool:
    """Whether a page is one of these."""
    return page.slug.startswith(f"{FOLDER}/")


def _page(current: Site, name: str, owner: Page | None) -> Page:
    file = name.rpartition("/")[2]
    path = f"docs/{FOLDER}/{name}.md"
    text = _HEAD.format(name=name, file=file)
    if owner is not None:
        address = posixpath.relpath(owner.path, posixpath.dirname(path))
        text += (
            f"What it is, why, and how it was checked: [{owner.title}]({address}), "
            f"where the [source]({address}#{file}.py-L1) stands whole.\n\n"
        )
    code = (current.root / "snippets" / f"{name}.py").read_text("utf-8")

    def said() -> str:
        return "".join(_said(code, name.replace("/", ".")))

    text += current.kept.of("docstrings", (name, code), said)
    return Page(current.root, path, text)


def _said(code: str, module: str) -> Iterator[str]:
    """The header, then what the file defines for others."""
    source = parse(Path(module), code)
    if isinstance(source, Problem):
        return  # reported by the check of snippets
    yield f"{header_lines(source.tree)[0]}\n\n"
    for entry in source.header():
        text = entry.text.removeprefix("- ").replace(" - ", "; ")
        yield f"**{entry.name}.** {text}\n\n"
    for node in source.tree.body:
        kinds = ast.ClassDef | ast.FunctionDef
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield _MEMBER.format(module=module, member=node.name)
