"""Copies across snippets: welcome, declared, and equal to what they copy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from site_src.lint.source import Definition, Source, parse
from site_src.problem import Problem

_SAME = re.compile(r"Same as: ([a-z0-9_]+/[a-z0-9_]+\.py::\w+)")


def copies(source: Source) -> Iterator[Problem]:
    """Each `# Same as: family/slug.py::name` is true, and none is missing.

    Args:
        source: The snippet, in `<root>/<family>/<slug>.py`.

    Yields:
        A declared copy that differs or has no original, and a definition that
        equals one of another snippet without saying so.
    """
    root = source.path.parents[1]
    here = source.path.relative_to(root).as_posix()
    mine = _definitions(here, "\n".join(source.lines))
    files = [file for file in sorted(root.glob("*/*.py")) if file != source.path]
    others: dict[str, _Copy] = {}
    for file in files:
        others |= _definitions(file.relative_to(root).as_posix(), file.read_text())
    heads = {copy.line - 1 for copy in mine.values()}
    for comment in source.comments:
        if comment.text.startswith("Same as") and comment.line not in heads:
            message = "`# Same as: family/slug.py::name` stands above a definition"
            yield source.problem(comment.line, message)
    for copy in mine.values():
        if copy.origin != copy.name and copy.origin not in others:
            yield source.problem(copy.line, f"there is no {copy.origin}")
        elif copy.origin != copy.name and others[copy.origin].text != copy.text:
            yield source.problem(copy.line, f"{copy.name} differs from {copy.origin}")
        for other in others.values():
            if other.text == copy.text and other.origin != copy.origin:
                message = f"{copy.name} equals {other.name}: declare one `# Same as:`"
                yield source.problem(copy.line, message)


class _Copy:
    """A definition of a module's own level.

    Args:
        file: The snippet, relative to the root.
        node: The definition.
        comments: The comments of the file, by line.
    """

    def __init__(self, file: str, node: Definition, comments: dict[int, str]) -> None:
        self.line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        self.name = f"{file}::{node.name}"
        self.text = ast.dump(node)
        declared = _SAME.fullmatch(comments.get(self.line - 1, ""))
        self.origin = declared[1] if declared else self.name


@cache
def _definitions(file: str, text: str) -> dict[str, _Copy]:
    """Read a file's functions and classes, by `family/slug.py::name`."""
    source = parse(Path(file), text)
    if isinstance(source, Problem):
        return {}
    comments = {comment.line: comment.text for comment in source.comments}
    nodes = (node for node in source.tree.body if isinstance(node, Definition))
    found = [_Copy(file, node, comments) for node in nodes]
    return {copy.name: copy for copy in found}
