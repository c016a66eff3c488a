"""What a record was measured of, and with: code without comments and docstrings."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path
from typing import Any

_HARNESS = ("tests/mistakes.py", "tests/parity.py")
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def identity(code: str) -> str:
    """SHA-256 of what a piece of Python does, the same in every version of Python."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # reported elsewhere, with its line
        return hashlib.sha256(code.encode()).hexdigest()
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return hashlib.sha256(_text(tree).encode()).hexdigest()


def _text(node: Any) -> str:
    """A node in words, without empty fields: each Python brings new ones."""
    if isinstance(node, list):
        return f"[{','.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (
        f"{name}={_text(value)}"
        for name, value in ast.iter_fields(node)
        if value is not None and value != []
    )
    return f"{type(node).__name__}({','.join(fields)})"


def measured_by(root: Path, name: str) -> dict[str, str]:
    """The files that measure a snippet, each with its identity.

    They are its test file, the harnesses, and what these import of tests/.

    Args:
        root: The repository.
        name: The snippet, such as "family/slug".
    """
    waiting = [test_file(name), *_HARNESS]
    found: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        if path in found or not (root / path).is_file():
            continue
        code = (root / path).read_text(encoding="utf-8")
        found[path] = identity(code)
        waiting += _imports(code)
    return dict(sorted(found.items()))


def test_file(name: str) -> str:
    """The path of a snippet's own tests."""
    family, _, slug = name.partition("/")
    return f"tests/snippets/{family}/test_{slug}.py"


@functools.cache
def _imports(code: str) -> tuple[str, ...]:
    """The files of tests/ that a file there would import, were they there."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return ()
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return tuple(f"tests/{name.replace('.', '/')}.py" for name in names)
