"""A snippet as the linters see it: its syntax tree, comments and header."""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from site_src.problem import Problem

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_ENTRY = re.compile(r"([A-Z][A-Za-z ]*):(?: (.*))?")
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Comment:
    """A comment, and whether code stands before it on its line.

    Args:
        line: The line it stands on, counted from 1.
        text: The words after the hash.
        trailing: Whether it follows code.
    """

    line: int
    text: str
    trailing: bool


@dataclass(frozen=True)
class Entry:
    """One `Name: text` entry of the header docstring.

    Args:
        line: The line its name stands on.
        name: What stands before the colon.
        text: What follows, with its continuation lines joined by spaces.
    """

    line: int
    name: str
    text: str


@dataclass(frozen=True)
class Span:
    """Lines of a snippet, ends included."""

    first: int
    last: int

    def anchor(self, file: str) -> str:
        """The id that the lines have where the snippet is shown whole."""
        several = f"-L{self.last}" if self.last > self.first else ""
        return f"{file}-L{self.first}{several}"

    def __str__(self) -> str:
        several = f"s {self.first} to {self.last}" if self.last > self.first else ""
        return f"line{several or f' {self.first}'}"


@dataclass(frozen=True)
class Source:
    """One snippet, parsed once for every rule.

    Args:
        path: The file.
        lines: Its physical lines.
        tree: Its syntax tree.
        comments: Its comments, from top to bottom.
        code_lines: The lines that hold code: no blank, comment or docstring.
    """

    path: Path
    lines: tuple[str, ...]
    tree: ast.Module
    comments: tuple[Comment, ...]
    code_lines: frozenset[int]

    def problem(self, line: int, message: str) -> Problem:
        """Say what is wrong at a line of this file."""
        return Problem(shown(self.path), line, message)

    @functools.cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Every function and class, nested ones too."""
        nodes = ast.walk(self.tree)
        return tuple(node for node in nodes if isinstance(node, Definition))

    def header(self) -> list[Entry]:
        """Read the entries of the module's docstring, with their lines."""
        entries: list[Entry] = []
        for line, text in enumerate(header_lines(self.tree), start=1):
            match = _ENTRY.fullmatch(text) if line > 1 else None
            if match:
                entries.append(Entry(line, match[1], (match[2] or "").strip()))
            elif entries and text.startswith(" "):
                last = entries.pop()
                joined = f"{last.text} {text.strip()}".strip()
                entries.append(Entry(last.line, last.name, joined))
        return entries

    def entry(self, name: str) -> str:
        """Return the text of a header entry, empty where there is none."""
        return next((e.text for e in self.header() if e.name == name), "")


def read(path: Path) -> Source | Problem:
    """Parse a snippet.

    Args:
        path: The file.

    Returns:
        The parsed file, or the problem that keeps it from being parsed.
    """
    return parse(path, path.read_text(encoding="utf-8"))


def parse(path: Path, text: str) -> Source | Problem:
    """Parse the text of a snippet.

    Args:
        path: The file it is from.
        text: Its text.

    Returns:
        The parsed file, or the problem that keeps it from being parsed.
    """
    try:
        tree = ast.parse(text, filename=str(path))
    except SyntaxError as error:
        return Problem(shown(path), error.lineno or 1, f"syntax error: {error.msg}")
    comments: list[Comment] = []
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            before = token.line[: token.start[1]].strip()
            comments.append(Comment(line, token.string[1:].strip(), bool(before)))
        elif token.type not in _LAYOUT:
            code.update(range(line, token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | Definition):
            docstring = docstring_of(node)
            if docstring is not None:
                end = docstring.end_lineno or docstring.lineno
                code.difference_update(range(docstring.lineno, end + 1))
    lines = tuple(text.splitlines())
    return Source(path, lines, tree, tuple(comments), frozenset(code))


def docstring_of(node: ast.Module | Definition) -> ast.Constant | None:
    """Return the node of a docstring, or None."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value if isinstance(first.value.value, str) else None
    return None


def header_lines(tree: ast.Module) -> list[str]:
    """Return the module docstring's lines, numbered like the file's."""
    docstring = docstring_of(tree)
    if docstring is None:
        return []
    return [""] * (docstring.lineno - 1) + str(docstring.value).splitlines()


def shown(path: Path) -> str:
    """Name a file relative to the repository: `snippets/<family>/<slug>.py`."""
    parts = path.parts
    if "snippets" not in parts:
        return path.as_posix()
    start = len(parts) - 1 - parts[::-1].index("snippets")
    return "/".join(parts[start:])


def statements(function: ast.FunctionDef) -> Iterator[tuple[Span, list[Any]]]:
    """Yield a function's statements from top to bottom, with what they consist of.

    Of a statement that holds a block, such as a loop, that is the head alone.
    """
    found = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    for statement in sorted(found, key=lambda node: node.lineno):
        if isinstance(statement, Definition):
            continue
        children = list(ast.iter_child_nodes(statement))
        blocks = ast.stmt | ast.excepthandler | ast.match_case
        heads = [child for child in children if not isinstance(child, blocks)]
        ends = [statement.lineno, *(getattr(h, "end_lineno", 0) for h in heads)]
        simple = len(heads) == len(children)
        last = (statement.end_lineno or max(ends)) if simple else max(ends)
        yield Span(statement.lineno, last), heads
