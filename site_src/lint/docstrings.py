"""Google docstrings in snippets: the right sections, naming the right things."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from site_src.lint.source import Definition, Source, docstring_of
from site_src.problem import Problem

SECTIONS = ("Args", "Shape", "Returns", "Raises", "Source")
SHAPED = {"forward", "step", "example"}


def docstrings(source: Source) -> Iterator[Problem]:
    """Every public definition says what it takes, gives and refuses."""
    for owner in (source.tree, *source.definitions):
        for node in owner.body:
            if not isinstance(node, Definition) or node.name.startswith("_"):
                continue
            if not isinstance(owner, ast.Module | ast.ClassDef):
                continue
            docstring = docstring_of(node)
            if docstring is None:
                yield source.problem(node.lineno, f"{node.name} has no docstring")
            else:
                for message in _faults(node, ast.get_docstring(node) or ""):
                    yield source.problem(docstring.lineno, f"{node.name}: {message}")


def _faults(node: Definition, text: str) -> Iterator[str]:
    """What is missing or out of order in one docstring."""
    lines = [*text.splitlines(), ""]
    if not lines[0].endswith(".") or lines[1].strip():
        yield "the docstring opens with one sentence on one line, then a blank one"
    pattern = rf"^({'|'.join(SECTIONS)}):"
    found = re.findall(pattern, text, re.MULTILINE)
    if found != [name for name in SECTIONS if name in found]:
        yield f"the sections stand in the order {', '.join(SECTIONS)}"
    function = _initialiser(node) if isinstance(node, ast.ClassDef) else node
    named = _entries(text)
    taken = _parameters(function) if function else _fields(node)
    if named != taken:
        wanted = ", ".join(taken) or "nothing"
        yield f"Args names {', '.join(named) or 'nothing'}; it takes {wanted}"
    raises = function is not None and any(
        isinstance(inner, ast.Raise) for inner in ast.walk(function)
    )
    if raises and "Raises" not in found:
        yield "it raises and has no section Raises"
    if node.name in SHAPED and "Shape" not in found:
        yield "no section Shape"


def _initialiser(node: ast.ClassDef) -> ast.FunctionDef | None:
    """The __init__ of a class, or None."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            return inner
    return None


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The names a function takes, without self."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [a.arg for a in every if a.arg not in ("self", "cls")]


def _fields(node: Definition) -> list[str]:
    """The fields of a dataclass."""
    fields = (inner for inner in node.body if isinstance(inner, ast.AnnAssign))
    return [ast.unparse(field.target) for field in fields]


def _entries(text: str) -> list[str]:
    """The names under Args."""
    section = re.search(r"^Args:\n((?:    .*\n|\n)*)", text + "\n", re.MULTILINE)
    return re.findall(r"^    (\w+): ", section[1] if section else "", re.MULTILINE)
