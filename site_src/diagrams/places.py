"""Where in a snippet a variable is assigned, or a part of a module is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from site_src.diagrams.faults import one_of
from site_src.diagrams.trace import defined
from site_src.lint.source import Source


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


def has(source: Source, function: str) -> bool:
    """Whether a snippet defines a function."""
    return isinstance(defined(source, function), ast.FunctionDef)


def of_variable(source: Source, function: str, name: str) -> Span:
    """The statement that first assigns a variable, or the argument's line.

    Raises:
        LookupError: When the function, or the variable in it, does not exist.
    """
    body = defined(source, function)
    if not isinstance(body, ast.FunctionDef):
        raise LookupError(f"the file defines no {function}")
    known = {}
    for argument in ast.walk(body.args):
        if isinstance(argument, ast.arg):
            known[argument.arg] = Span(argument.lineno, argument.lineno)
    for statement, parts in _statements(body):
        for node in (n for part in parts for n in ast.walk(part)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                known.setdefault(node.id, statement)
    known.pop("self", None)
    if name not in known:
        raise LookupError(f"{function} has no {name}: {one_of(known, name)}")
    return known[name]


def of_part(source: Source, kind: str, name: str) -> Span:
    """The statement that uses a submodule or parameter, else the one that makes it.

    Args:
        source: The snippet.
        kind: The class that it belongs to.
        name: Such as "self.norm".

    Raises:
        LookupError: When no statement names it.
    """
    own = defined(source, kind)
    methods = [n for n in ast.walk(own) if isinstance(n, ast.FunctionDef)]
    methods.sort(key=lambda method: method.name != "forward")
    others = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef)]
    last = "." + name.rpartition(".")[2]
    for functions, named in ((methods, name), (others, last)):
        for function in functions:
            if function.name == "__init__":
                continue
            for statement, parts in _statements(function):
                if any(_names(part, named) for part in parts):
                    return statement
    for method in (m for m in methods if m.name == "__init__"):
        for statement, parts in _statements(method):
            if any(_names(part, name) for part in parts):
                return statement
    raise LookupError(f"no statement of the file uses {name}")


def _names(tree: ast.AST, name: str) -> bool:
    """Whether an expression names an attribute, in full or by its end."""
    return any(
        isinstance(node, ast.Attribute) and ast.unparse(node).endswith(name)
        for node in ast.walk(tree)
    )


def _statements(function: ast.FunctionDef) -> Iterator[tuple[Span, list[Any]]]:
    """The statements of a function from top to bottom; of blocks only the heads."""
    statements = [n for n in ast.walk(function) if isinstance(n, ast.stmt)]
    for statement in sorted(statements, key=lambda node: node.lineno):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        children = list(ast.iter_child_nodes(statement))
        heads = [c for c in children if not isinstance(c, ast.stmt | ast.excepthandler)]
        end = max([statement.lineno, *(getattr(h, "end_lineno", 0) for h in heads)])
        simple = len(heads) == len(children)
        last = (statement.end_lineno or end) if simple else end
        yield Span(statement.lineno, last), heads
