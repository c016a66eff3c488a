"""Where in a snippet a variable is assigned, or a part of a module is used."""

from __future__ import annotations

import ast
import re

from site_src.diagrams.faults import one_of
from site_src.diagrams.trace import defined
from site_src.lint.source import Source, Span, statements


def has(source: Source, function: str) -> bool:
    """Whether a snippet defines a function."""
    return isinstance(defined(source, function), ast.FunctionDef)


def of_variable(source: Source, function: str, name: str) -> Span:
    """The statement that first assigns a variable, or the argument's line.

    Args:
        source: The snippet.
        function: The function's dotted name.
        name: The variable; `hidden#2` is its second assignment.

    Raises:
        LookupError: When the function, or the variable in it, does not exist.
    """
    body = defined(source, function)
    if not isinstance(body, ast.FunctionDef):
        raise LookupError(f"the file defines no {function}")
    name, _, turn = name.partition("#")
    known: dict[str, list[Span]] = {}
    for argument in ast.walk(body.args):
        if isinstance(argument, ast.arg):
            known[argument.arg] = [Span(argument.lineno, argument.lineno)]
    for statement, parts in statements(body):
        for node in (n for part in parts for n in ast.walk(part)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                known.setdefault(node.id, []).append(statement)
    known.pop("self", None)
    if name not in known:
        raise LookupError(f"{function} has no {name}: {one_of(known, name)}")
    spans = known[name]
    if turn and not (turn.isdecimal() and 0 < int(turn) <= len(spans)):
        raise LookupError(f"{function} assigns {name} {len(spans)} times, not {turn}")
    return spans[int(turn or 1) - 1]


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
    written = re.sub(r"\.(\d+)", r"[\1]", name)  # self.stack.0 is self.stack[0]
    end = "." + written.removeprefix("self.").rpartition(".")[2]
    places = [(methods, written, True), (methods, written, False)]
    if written.endswith("]"):  # a loop may go through all
        places.append((methods, written.rpartition("[")[0], False))
    places += [(others, end, True), (others, end, False)]
    for functions, named, called in places:
        for function in functions:
            if function.name == "__init__":
                continue
            for statement, parts in statements(function):
                if any(_names(part, named, called=called) for part in parts):
                    return statement
    for method in (m for m in methods if m.name == "__init__"):
        for statement, parts in statements(method):
            if any(_names(part, name, called=False) for part in parts):
                return statement
    raise LookupError(f"no statement of the file uses {name}")


def _names(tree: ast.AST, name: str, *, called: bool) -> bool:
    """Whether an expression calls, or names, what ends in a dotted name."""
    nodes: list[ast.AST] = list(ast.walk(tree))
    if called:
        nodes = [node.func for node in nodes if isinstance(node, ast.Call)]
    return any(
        isinstance(node, ast.Attribute | ast.Subscript)
        and ast.unparse(node).endswith(name)
        for node in nodes
    )
