"""A traced run of a snippet: what its modules computed, and the letters of sizes."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import nn

from site_src.diagrams.faults import one_of
from site_src.lint import shapes
from site_src.lint.shape_comments import exercise
from site_src.lint.source import Source, read
from site_src.problem import Problem, Problems
from site_src.tracing import Call, file_of, watch

Example = Callable[..., tuple[nn.Module, tuple[Any, ...]]]


@dataclass(frozen=True)
class Trace:
    """What was seen while a snippet's example ran, in all its modes.

    Args:
        source: The snippet.
        calls: Every call of its functions, in the order of returning.
        outputs: What each module returned, by the module's identity.
        roots: The module that is drawn, once a variant of the example.
    """

    source: Source
    calls: Sequence[Call]
    outputs: Mapping[int, Sequence[Any]]
    roots: Sequence[nn.Module]

    @property
    def file(self) -> str:
        """The snippet's name without its folders."""
        return self.source.path.name

    def letters(self, call: Call) -> dict[str, int]:
        """The letters of the header's Dimensions, as they were in one call.

        Sizes that the function binds come first, then those that its shape comments
        tell, then what the module, those around it and the example were made with.
        """
        legend = _legend(self.source)
        found = {n: v for n, v in call.names.items() if n in legend and _is_size(v)}
        claims = _claims(self.source, call.function)
        names = call.names | {"self": call.owner}
        for target, claim in claims.items():
            trial = shapes.Sizes(dict(found), names, frozenset(legend))
            try:
                trial.hold(claim, call.names.get(target))
            except shapes.Mismatch:
                continue
            found |= trial.letters
        made = [c for c in self.calls if c.owner is call.owner]
        made += [c for c in self.calls if c.owner in self.roots]
        made += [c for c in self.calls if c.function == "example"]
        for maker in made:
            if maker.function.endswith("__init__") or maker.function == "example":
                for letter, words in legend.items():
                    size = maker.names.get(words)
                    if letter not in found and _is_size(size):
                        found[letter] = size
        return found

    def shape(self, call: Call, name: str, value: Any) -> str:
        """A value's shape in letters; in numbers where no one letter fits.

        Args:
            call: The call that it belongs to.
            name: The variable that holds it, whose own shape comment comes first;
                empty for a value without a name.
            value: A tensor, or a sequence of them.
        """
        legend = _legend(self.source)
        claim = _claims(self.source, call.function).get(name)
        if claim is not None:
            names = call.names | {"self": call.owner}
            try:
                shapes.Sizes({}, names, frozenset(legend)).hold(claim, value)
                return _written(claim)
            except shapes.Mismatch:
                pass
        letters = self.letters(call)
        free = {letter: size for letter, size in letters.items() if legend.get(letter)}
        for other in _claims(self.source, call.function).values():
            for size in other.sizes:  # what is written there may be used here too
                if isinstance(size, ast.BinOp):
                    with contextlib.suppress(KeyError):
                        found = shapes.evaluate(size, letters)
                        free[_product(size)] = found if found is not None else -1
        return _described(value, lambda size: _letter(size, free))


def run(example: Example, of: str | None) -> Trace:
    """Run an example in all its modes and watch.

    Args:
        example: The snippet's `example`.
        of: The class that is drawn; None for that of the module it returns.

    Raises:
        ValueError: When the module holds no part of that class.
        Problems: When the snippet cannot be read.
    """
    path = file_of(example)
    source = read(path)
    if isinstance(source, Problem):
        raise Problems([source])
    outputs: dict[int, list[Any]] = {}

    def note(module: nn.Module, _: Any, output: Any) -> None:
        outputs.setdefault(id(module), []).append(output)

    hook = nn.modules.module.register_module_forward_hook(note)
    try:
        with torch.random.fork_rng(devices=[]), watch(path) as calls:
            torch.manual_seed(0)
            exercise(example)
    finally:
        hook.remove()
    roots = []
    for call in calls:
        if call.function == "example":
            module = call.returned[0]
            kinds = {type(m).__name__: m for m in reversed([*module.modules()])}
            if of is not None and of not in kinds:
                raise ValueError(f"example() makes no {of}: {one_of(kinds, of)}")
            roots.append(kinds[of] if of else module)
    return Trace(source, calls, outputs, roots)


def in_numbers(value: Any) -> str:
    """A value's shape in numbers; empty for what has none."""
    return _described(value, str)


def _written(claim: shapes.Claim) -> str:
    """A shape as a comment claims it, multiplication without its sign."""
    number = f"{ast.unparse(claim.count)} × " if claim.count else ""
    return f"{number}({', '.join(map(_product, claim.sizes))})"


def _described(value: Any, write: Callable[[int], str]) -> str:
    if isinstance(value, torch.Tensor):
        return f"({', '.join(map(write, value.shape))})"
    if isinstance(value, list | tuple):
        parts = [_described(part, write) for part in value]
        if parts and parts[0] and len(set(parts)) == 1:
            return f"{len(parts)} × {parts[0]}"
        return ", ".join(part for part in parts if part)
    return ""


def _letter(size: int, known: Mapping[str, int]) -> str:
    """The one letter or product that is of this size; else the number."""
    fits = [name for name, found in known.items() if found == size > 1]
    return fits[0] if len(fits) == 1 else str(size)


def _product(size: ast.expr) -> str:
    """An expression as it is read: 4D rather than 4 * D."""
    return re.sub(r"(?<=\d) \* (?=[A-Z])", "", ast.unparse(size))


def _legend(source: Source) -> dict[str, str]:
    """The letters of the header and what the code calls them: K → head_width."""
    text = source.entry("Dimensions")
    found = re.findall(r"\b([A-Z])\b(?: = [^,;]*| ([a-z ]+))", text)
    return {letter: words.strip().replace(" ", "_") for letter, words in found}


def _claims(source: Source, function: str) -> dict[str, shapes.Claim]:
    """Variable → what the comment at the end of its statement says of it."""
    comments = {c.line: c.text for c in source.comments if c.trailing}
    claims: dict[str, shapes.Claim] = {}
    for node in ast.walk(defined(source, function)):
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        parsed = shapes.parse(comments.get(node.end_lineno or 0, ""))
        targets = node.targets[:1] if isinstance(node, ast.Assign) else [node.target]
        names = targets[0].elts if isinstance(targets[0], ast.Tuple) else targets
        for place, name in zip(count(), names):
            if parsed and isinstance(name, ast.Name):
                claim = parsed[place if len(parsed) == len(names) else 0]
                alone = shapes.Claim(None, claim.sizes) if len(names) > 1 else claim
                claims.setdefault(name.id, alone)
    return claims


def defined(source: Source, name: str) -> ast.AST:
    """The class or function of a dotted name; an empty module where it is not."""
    found: Any = source.tree
    for part in name.split("."):
        body: Iterator[Any] = iter(found.body)
        kinds = ast.ClassDef | ast.FunctionDef
        found = next((n for n in body if isinstance(n, kinds) and n.name == part), None)
        if found is None:
            return ast.Module([], [])
    return found  # type: ignore[no-any-return]


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
