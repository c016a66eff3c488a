"""A page for each snippet from its docstrings, by mkdocstrings."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from site_src.lint.source import header_lines, read
from site_src.page import Page
from site_src.problem import Problem
from site_src.rendering import copies

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


def pages(root: Path, every: Iterable[Page]) -> list[Page]:
    """The pages of all snippets; they stand in no file.

    Args:
        root: The repository.
        every: The pages that there are; each snippet is owned by one.
    """
    owners = {name: page for page in every for name in page.snippets}
    return [_page(root, name, owners.get(name)) for name in copies.all_names(root)]


def holds(page: Page) -> bool:
    """Whether a page is one of these."""
    return page.slug.startswith(f"{FOLDER}/")


def _page(root: Path, name: str, owner: Page | None) -> Page:
    file = name.rpartition("/")[2]
    path = f"docs/{FOLDER}/{name}.md"
    text = _HEAD.format(name=name, file=file)
    if owner is not None:
        address = posixpath.relpath(owner.path, posixpath.dirname(path))
        text += (
            f"What it is, why, and how it was checked: [{owner.title}]({address}), "
            f"where the [source]({address}#{file}.py-L1) stands whole.\n\n"
        )
    text += "".join(_said(root / "snippets" / f"{name}.py", name.replace("/", ".")))
    return Page(root, path, text)


def _said(path: Path, module: str) -> Iterator[str]:
    """The header, then what the file defines for others."""
    source = read(path)
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
