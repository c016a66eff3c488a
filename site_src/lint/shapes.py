"""What a shape comment claims, and whether a value keeps it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SHAPE = r"(?:[\w*+/-]+ x )?\([^()]*\)"
_COMMENT = re.compile(rf"{_SHAPE}(?:, {_SHAPE})*")
_ATTEMPT = re.compile(r"(?:[\w*+/-]+ x )?\([A-Z\d][^a-z]*\)")
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.FloorDiv: lambda left, right: left // right,
}


class Mismatch(Exception):
    """A comment that is not true, in words."""


@dataclass(frozen=True)
class Claim:
    """What a shape comment says of one value.

    Args:
        count: How many tensors of the shape stand in a sequence; None where
            the value is one tensor, or each of however many.
        sizes: The size in each dimension, as an expression.
    """

    count: ast.expr | None
    sizes: tuple[ast.expr, ...]


@dataclass(frozen=True)
class Sizes:
    """The sizes that hold within one call of one function.

    Args:
        letters: The letters bound so far in this call; grows.
        names: The local variables.
        legend: The letters that a comment may bind.
    """

    letters: dict[str, int]
    names: Mapping[str, Any]
    legend: frozenset[str]

    def hold(self, claim: Claim, value: Any) -> None:
        """Raise Mismatch unless the value is as claimed."""
        from torch import Tensor  # here, for whoever only parses needs no torch

        if isinstance(value, list | tuple):
            if claim.count is not None:
                self.solve(claim.count, len(value), "the count")
            for part in value:
                self.hold(Claim(None, claim.sizes), part)
            return
        if claim.count is not None or not isinstance(value, Tensor):
            wanted = "a tensor" if claim.count is None else "a sequence"
            raise Mismatch(f"the comment says {wanted}, got {type(value).__name__}")
        found = tuple(value.shape)
        if len(found) != len(claim.sizes):
            raise Mismatch(f"the comment has {len(claim.sizes)} sizes, got {found}")
        # Letters that stand alone come first: they bind what products need.
        places = sorted(
            range(len(found)), key=lambda p: not isinstance(claim.sizes[p], ast.Name)
        )
        for place in places:
            where = f"dimension {place} of {found}"
            self.solve(claim.sizes[place], found[place], where)

    def solve(self, expression: ast.expr, found: int, where: str) -> None:
        """Raise Mismatch unless the expression is, or can be, the size found."""
        names = {n.id for n in ast.walk(expression) if isinstance(n, ast.Name)}
        sizes = {name: self.lookup(name) for name in sorted(names)}
        known = {name: size for name, size in sizes.items() if size is not None}
        unknown = [name for name in sizes if name not in known]
        written = ast.unparse(expression).replace(" ", "")
        if len(unknown) > 1:
            raise Mismatch(f"{' and '.join(unknown)} of {written} are not known here")
        if not unknown:
            claimed = evaluate(expression, known)
            if claimed != found:
                raise Mismatch(f"{where} is {found}, the comment says {claimed}")
            return
        letter = unknown[0]
        tried = {size: {**known, letter: size} for size in range(found + 1)}
        fits = [s for s, bound in tried.items() if evaluate(expression, bound) == found]
        if len(fits) != 1:
            raise Mismatch(f"{where} is {found}: no one {letter} makes it {written}")
        self.letters[letter] = fits[0]

    def lookup(self, name: str) -> int | None:
        """Find a size: a local variable, a bound letter, an attribute.

        Returns:
            The size, or None for a letter of the legend that is still free.
        """
        if len(name) == 1 and name not in self.legend:
            raise Mismatch(f"{name} is not in the header's Dimensions")
        owner = self.names.get("self")
        found = self.names.get(name, self.letters.get(name, getattr(owner, name, None)))
        if isinstance(found, bool) or not isinstance(found, int):
            if name in self.names or name not in self.legend:
                raise Mismatch(f"{name} is no size in this call")
            return None
        before = self.letters.setdefault(name, found)
        if before != found:
            raise Mismatch(f"{name} is {before} and {found} in one call")
        return found


def parse(text: str) -> tuple[Claim, ...] | None:
    """Parse `(B, H)`, `3 x (B, H)` and lists of these; None for other words."""
    if not _COMMENT.fullmatch(text):
        return None
    claims = []
    for shape in re.findall(_SHAPE, text):
        count, _, sizes = shape.rpartition(" x ")
        try:
            listed = ast.parse(f"[{sizes[1:-1]}]", mode="eval").body
            number = ast.parse(count, mode="eval").body if count else None
        except SyntaxError:
            return None
        expressions = tuple(listed.elts) if isinstance(listed, ast.List) else ()
        if not all(map(_is_size, (*expressions, *([number] if number else [])))):
            return None
        claims.append(Claim(number, expressions))
    return tuple(claims)


def is_attempt(text: str) -> bool:
    """Whether a comment that cannot be parsed was meant as a shape."""
    return _ATTEMPT.match(text) is not None


def pair(claims: tuple[Claim, ...], value: Any) -> Iterable[tuple[Claim, Any]]:
    """Pair claims with values: one claim for all, or one for each."""
    if len(claims) == 1:
        return [(claims[0], value)]
    found = len(value) if isinstance(value, list | tuple) else 1
    if found != len(claims):
        raise Mismatch(f"the comment has {len(claims)} shapes, got {found}")
    return zip(claims, value, strict=True)


def _is_size(node: ast.AST) -> bool:
    """Whether an expression is made of names, whole numbers and + - * //."""
    if isinstance(node, ast.BinOp):
        sides = _is_size(node.left) and _is_size(node.right)
        return type(node.op) in _OPERATORS and sides
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return isinstance(node, ast.Name)


def evaluate(node: ast.expr, sizes: Mapping[str, int]) -> int | None:
    """Compute an expression; None where it divides by zero."""
    if isinstance(node, ast.Name):
        return sizes[node.id]
    if not isinstance(node, ast.BinOp):
        return int(ast.literal_eval(node))
    left, right = evaluate(node.left, sizes), evaluate(node.right, sizes)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.FloorDiv) and right == 0:
        return None
    return _OPERATORS[type(node.op)](left, right)
