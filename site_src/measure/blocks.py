"""The calls of `benchmark` in pages, found without running them.

A block that holds one has to run alone: on a machine for measuring it is the only
block of its page that is executed.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from site_src.execution.units import global_names
from site_src.fences import Block, scan
from site_src.problem import Problem
from site_src.proof.identity import identity

_NAME = "benchmark"
_ALONE = {_NAME, "claim"}  # what such a block may use of the page API


@dataclass(frozen=True)
class Call:
    """A call of `benchmark`.

    Args:
        snippet: The snippet that it names, such as "family/slug".
        line: Its line in the page.
        identity: Of the call, its caption apart, and of all that it needs.
    """

    snippet: str
    line: int
    identity: str


@dataclass(frozen=True)
class Benchmarks:
    """A block that measures.

    Args:
        path: The page, relative to the repository.
        block: The block.
        calls: Its calls.
        problems: Why it could not run alone.
    """

    path: str
    block: Block
    calls: tuple[Call, ...]
    problems: tuple[Problem, ...]


def in_pages(root: Path) -> list[Benchmarks]:
    """The blocks that measure, of all pages in the order of their paths."""
    found = []
    for path in sorted((root / "docs").rglob("*.md")):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        if _NAME + "(" in text:
            found += in_blocks(name, scan(name, text).blocks)
    return found


def in_blocks(path: str, blocks: tuple[Block, ...]) -> list[Benchmarks]:
    """Those of a page's blocks that measure."""
    found = []
    for block in blocks:
        if _NAME not in block.code:
            continue
        try:
            tree = ast.parse(block.code)
        except SyntaxError:
            continue  # the run of the page says so, at its line
        if any(_is_call(node) for node in ast.walk(tree)):
            found.append(_read(path, block, tree))
    return found


def calls_of(code: str) -> list[Call]:
    """The calls in the code of a block, lines counted in the block from 1."""
    block = Block(index=0, line=0, code=code, options={})
    return [call for found in in_blocks("", (block,)) for call in found.calls]


def _read(path: str, block: Block, tree: ast.Module) -> Benchmarks:
    calls, problems = [], []

    def fault(node: ast.AST, message: str) -> None:
        line = block.line + getattr(node, "lineno", 1)
        problems.append(Problem(path, line, message))

    plain = {
        statement.value: statement
        for statement in tree.body
        if isinstance(statement, ast.Expr | ast.Assign)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _is_call(node):
            continue
        first = node.args[0] if node.args else None
        if node not in plain:
            fault(node, f"{_NAME}() must be a statement of the block, not part of one")
        elif not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            fault(node, f'{_NAME}() begins with the snippet, such as "family/slug"')
        else:
            code = _identity(node, tree)
            calls.append(Call(first.value, block.line + node.lineno, code))
    for name in sorted(_missing(block.code, tree)):
        used = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name)
        text = f"this block must run alone, but {name} is not defined in it"
        fault(next(used, tree), text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "site_src":
            for alias in node.names:
                if alias.name not in _ALONE:
                    text = f"a block that measures may not use {alias.name}()"
                    fault(node, f"{text}; put that into the next block")
    return Benchmarks(path, block, tuple(calls), tuple(problems))


def _is_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == _NAME
    )


def _identity(call: ast.Call, tree: ast.Module) -> str:
    """Identity of a call and of the statements that it needs, in their order."""
    kept = [keyword for keyword in call.keywords if keyword.arg != "caption"]
    bare = ast.Call(func=call.func, args=call.args, keywords=kept)
    needed: list[ast.stmt] = []
    waiting: list[ast.AST] = [bare]
    while waiting:
        names = {n.id for n in ast.walk(waiting.pop()) if isinstance(n, ast.Name)}
        for statement in tree.body:
            if statement not in needed and names & set(_bound(statement)):
                needed.append(statement)
                waiting.append(statement)
    body = [statement for statement in tree.body if statement in needed]
    whole = ast.Module(body=[*body, ast.Expr(bare)], type_ignores=[])
    return identity(ast.unparse(ast.fix_missing_locations(whole)))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement of a block defines for those after it."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _missing(code: str, tree: ast.Module) -> set[str]:
    """Names that a block looks up and neither it nor Python defines."""
    bound = {name for statement in tree.body for name in _bound(statement)}
    used = global_names(symtable.symtable(code, "block", "exec"))
    return used - bound - set(dir(builtins)) - {"__name__"}
