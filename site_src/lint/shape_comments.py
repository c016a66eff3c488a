"""Shape comments, `# (B, T, D)`, proved by running the snippet's `example()`.

A copy of the syntax tree gets a call after every commented statement. The call
sees the value, the local variables and the letters that this call of the
function has bound so far; the file itself is not touched.
"""

from __future__ import annotations

import ast
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from site_src.lint.shapes import Claim, Mismatch, Sizes, is_attempt, pair, parse
from site_src.lint.source import Source, read
from site_src.problem import Problem

Example = Callable[..., tuple[torch.nn.Module, tuple[Any, ...]]]

_HOOK = "__check_shape__"
_LETTERS = "__letters__"


def shape_comments(path: Path) -> list[Problem]:
    """Prove a snippet's shape comments by running its `example()`.

    Args:
        path: The snippet.

    Returns:
        A problem for each comment that is wrong, cannot be read, stands where
        it cannot be checked, or never ran.
    """
    source = read(path)
    if isinstance(source, Problem):
        return [source]
    claims, problems = _claims(source)
    legend = frozenset(re.findall(r"\b[A-Z]\b", source.entry("Dimensions")))
    ledger = _Ledger(source, claims, legend)
    try:
        _run(source, ledger)
    except Exception as error:
        ledger.report(_line_of(error, path), f"{type(error).__name__}: {error}")
    else:
        for line in claims.keys() - ledger.ran:
            ledger.report(line, "this shape comment never ran: example() misses it")
    return sorted([*problems, *ledger.problems.values()])


def exercise(example: Example) -> None:
    """Drive a snippet through its modes, so that every branch can be reached.

    The example runs as it is and with each boolean argument flipped, each time
    in training and in evaluation mode, and through `step` where the module has
    one: the first two tokens of the first input, without and with a state.

    Args:
        example: The snippet's `example`.
    """
    defaults = {n: p.default for n, p in signature(example).parameters.items()}
    flags = {n: value for n, value in defaults.items() if isinstance(value, bool)}
    flipped = [{name: not value} for name, value in flags.items()]
    for variant in [{}, *flipped]:
        module, inputs = example(**variant)
        for training in (True, False):
            module.train(training)(*inputs)
        step = getattr(module, "step", None)
        if step is None:
            continue
        try:
            state = None
            for token in inputs[0].unbind(1)[:2]:
                _, state = step(token, state)
        except ValueError:
            if not variant:  # a flag may rule stepping out, the example not
                raise


@dataclass
class _Ledger:
    """What the run found.

    Args:
        source: The snippet.
        claims: The claims of each commented line.
        legend: The letters of the header's Dimensions.
        ran: The commented lines that ran.
        problems: The first problem of each line.
    """

    source: Source
    claims: Mapping[int, tuple[Claim, ...]]
    legend: frozenset[str]
    ran: set[int] = field(default_factory=set)
    problems: dict[int, Problem] = field(default_factory=dict)

    def check(
        self, line: int, letters: dict[str, int], names: dict[str, Any], value: Any
    ) -> Any:
        """Hold a value against the comment on its line, and hand it on."""
        self.ran.add(line)
        sizes = Sizes(letters, names, self.legend)
        try:
            for claim, part in pair(self.claims[line], value):
                sizes.hold(claim, part)
        except Mismatch as mismatch:
            self.report(line, str(mismatch))
        return value

    def report(self, line: int, message: str) -> None:
        """Keep the first problem of a line: a loop would repeat it."""
        self.problems.setdefault(line, self.source.problem(line, message))


def _claims(source: Source) -> tuple[dict[int, tuple[Claim, ...]], list[Problem]]:
    """Read the shape comments, and the problems of those that cannot be read."""
    kinds = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return
    nodes = (node for node in ast.walk(source.tree) if isinstance(node, kinds))
    ends = {node.end_lineno for node in nodes}
    claims: dict[int, tuple[Claim, ...]] = {}
    problems: list[Problem] = []
    for comment in source.comments:
        parsed = parse(comment.text)
        if parsed is not None and comment.line in ends:
            claims[comment.line] = parsed
        elif parsed is not None:
            message = "a shape comment stands where an assignment or return ends"
            problems.append(source.problem(comment.line, message))
        elif comment.trailing and is_attempt(comment.text):
            message = f"cannot read the shape comment {comment.text!r}"
            problems.append(source.problem(comment.line, message))
    return claims, problems


class _Instrument(ast.NodeTransformer):
    """Adds a call of the hook to every commented statement."""

    def __init__(self, lines: Iterable[int]) -> None:
        self.lines = set(lines)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body.insert(0, ast.parse(f"{_LETTERS} = {{}}").body[0])
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        if node.end_lineno in self.lines and node.value is not None:
            node.value = self.call(node, node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        return self.after(node, node.targets[0])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        return self.after(node, node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        return self.after(node, node.target)

    def after(self, node: ast.stmt, target: ast.expr) -> list[ast.stmt]:
        if node.end_lineno not in self.lines:
            return [node]
        value = ast.parse(ast.unparse(target), mode="eval").body
        return [node, ast.Expr(self.call(node, value))]

    def call(self, node: ast.stmt, value: ast.expr) -> ast.Call:
        names = ast.Call(ast.Name("locals", ast.Load()), [], [])
        letters = ast.Name(_LETTERS, ast.Load())
        arguments = [ast.Constant(node.end_lineno), letters, names, value]
        return ast.Call(ast.Name(_HOOK, ast.Load()), arguments, [])


def _run(source: Source, ledger: _Ledger) -> None:
    """Run the instrumented copy."""
    tree = _Instrument(ledger.claims).visit(ast.parse("\n".join(source.lines)))
    code = compile(ast.fix_missing_locations(tree), str(source.path), "exec")
    module = ModuleType(f"shape_check_{source.path.stem}")
    vars(module).update({_HOOK: ledger.check, _LETTERS: {}})
    sys.modules[module.__name__] = module  # dataclasses look themselves up there
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            exec(code, vars(module))
            exercise(module.example)
    finally:
        del sys.modules[module.__name__]


def _line_of(error: BaseException, path: Path) -> int:
    """The last line of the snippet in an error's traceback, or 1."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if f.filename == str(path) and f.lineno]
    return lines[-1] if lines else 1
