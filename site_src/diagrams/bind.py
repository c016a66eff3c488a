"""Tie the boxes of a layout to the code and fill them with what a run computed."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from site_src.diagrams import lines
from site_src.diagrams.faults import Faults, one_of
from site_src.diagrams.layout import Group, Layout, Node
from site_src.diagrams.trace import Trace, in_numbers
from site_src.lint import shapes
from site_src.lint.source import Span
from site_src.tracing import Call

_CONTAINERS = (nn.ModuleList, nn.Sequential)


@dataclass(frozen=True)
class Facts:
    """What is known of a node.

    Args:
        code: Its names in the code.
        anchor: The id of its lines in the snippet.
        where: Those lines in words.
        letters: Its shape in letters.
        numbers: Its shape in the traced run.
        value: What was computed.
        call: The call in which its letters hold.
        own: The identities of its parameters in one copy.
        covered: The same of all copies.
        parameters: How many numbers its own parameters hold.
        total: The same in all copies.
        copies: How many copies with weights of their own there are.
    """

    code: tuple[str, ...]
    anchor: str
    where: str
    letters: str
    numbers: str
    value: Any
    call: Call | None
    own: frozenset[int]
    covered: frozenset[int]
    parameters: int
    total: int
    copies: int


@dataclass(frozen=True)
class _Scope:
    """A class whose forward the names of a box belong to.

    Args:
        kind: Its name.
        modules: Its instances in the first run, at the place that is drawn.
        known: The identities of those, and of their parts, in all runs.
    """

    kind: str
    modules: Sequence[nn.Module]
    known: frozenset[int]


def bind(layout: Layout, trace: Trace, faults: Faults) -> dict[str, Facts]:
    """Find what each node stands for; note the names and shapes that are wrong."""
    return _Binder(layout, trace, faults).all()


class _Binder:
    def __init__(self, layout: Layout, trace: Trace, faults: Faults) -> None:
        self.layout, self.trace, self.faults = layout, trace, faults

    def all(self) -> dict[str, Facts]:
        scopes: dict[tuple[Group, ...], _Scope | None] = {(): self._scope(())}
        for group in sorted(self.layout.groups, key=lambda g: -len(g.members)):
            if group.bound:
                around = self.layout.scope(group.members[0])
                around = around[: around.index(group)]
                path = (*around, group)
                scopes[path] = self._scope(path)
                self._times(group, scopes.get(around), scopes[path])
        found = {}
        for node in self.layout.nodes.values():
            scope = scopes.get(self.layout.scope(node.name))
            facts = self._facts(node, scope) if scope else None
            if facts:
                found[node.name] = facts
        return found

    def _scope(self, groups: tuple[Group, ...]) -> _Scope | None:
        """The class that the innermost of some bound groups brings."""
        each = []
        for root in self.trace.roots:
            modules = [root]
            for group in groups:
                try:
                    parts = [_part(m, group.bound) for m in modules]
                except AttributeError as error:
                    if root is self.trace.roots[0] and group is groups[-1]:
                        self.faults.add(group.line, str(error))
                    return None
                modules = []
                for part in parts:
                    modules += [*part] if isinstance(part, _CONTAINERS) else [part]
            each.append(modules)
        kinds = {type(module).__name__ for module in each[0]}
        if len(kinds) != 1:
            text = f"{groups[-1].bound} holds no one class, but {sorted(kinds)}"
            self.faults.add(groups[-1].line, text)
            return None
        drawn = (module for modules in each for module in modules)
        known = frozenset(id(part) for module in drawn for part in module.modules())
        return _Scope(kinds.pop(), each[0], known)

    def _calls(self, scope: _Scope, function: str) -> list[Call]:
        return [
            call
            for call in self.trace.calls
            if call.function == function
            and (call.owner is None or id(call.owner) in scope.known)
        ]

    def _times(self, group: Group, outer: _Scope | None, inner: _Scope | None) -> None:
        """Hold × L against how often the group ran within one run of what is around."""
        if not group.times or not outer or not inner:
            return
        around = self._calls(outer, f"{outer.kind}.forward")
        each = self._calls(inner, f"{inner.kind}.forward")
        if not around or not each:
            text = f"no forward of {inner.kind} ran in this file"
            self.faults.add(group.line, text)
            return
        end = next(n for n, c in enumerate(self.trace.calls) if c is around[0])
        ran = sum(any(c is e for e in each) for c in self.trace.calls[:end])
        letters = self.trace.letters(around[0])
        try:
            tree = ast.parse(group.times, mode="eval").body
            said = shapes.evaluate(tree, letters)
        except (SyntaxError, ValueError, KeyError):
            text = f"cannot tell {group.times}: {one_of(letters, group.times)}"
            self.faults.add(group.line, text)
            return
        if said != ran:
            text = f"{group.bound} ran {ran} times, × {group.times} is {said}"
            self.faults.add(group.line, text)

    def _facts(self, node: Node, scope: _Scope) -> Facts | None:
        """Resolve all that a node is bound to; None after a fault."""
        value, letters, span, call = None, "", None, None
        own: dict[int, int] = {}
        everywhere: dict[int, int] = {}
        for name in node.bound:
            try:
                if name.startswith("self."):
                    first, *others = (_part(m, name) for m in scope.modules)
                    own |= parameters_of(first)
                    everywhere |= parameters_of(first)
                    for other in others:
                        everywhere |= parameters_of(other)
                    call, value = self._output(scope, name, first)
                    letters = self.trace.shape(call, "", value) if call else ""
                    here = lines.of_part(self.trace.source, scope.kind, name)
                else:
                    call, value, here = self._variable(scope, name)
                    variable = name.rpartition(".")[2].partition("#")[0]
                    letters = self.trace.shape(call, variable, value) if call else ""
            except (AttributeError, LookupError) as error:
                self.faults.add(node.line, str(error.args[0]))
                return None
            span = span or here
        assert span is not None
        return Facts(
            code=node.bound,
            anchor=span.anchor(self.trace.file),
            where=str(span),
            letters=letters,
            numbers=in_numbers(value),
            value=value,
            call=call,
            own=frozenset(own),
            covered=frozenset(everywhere),
            parameters=sum(own.values()),
            total=sum(everywhere.values()),
            copies=len(scope.modules),
        )

    def _output(self, scope: _Scope, name: str, part: Any) -> tuple[Call | None, Any]:
        """What a submodule returned first; a parameter is its own value."""
        around = self._calls(scope, f"{scope.kind}.forward")
        call = around[0] if around else None
        if not isinstance(part, nn.Module):
            return call, part
        last = [*part][-1] if isinstance(part, _CONTAINERS) and len(part) else part
        seen = self.trace.outputs.get(id(part), self.trace.outputs.get(id(last)))
        return call, seen[0] if seen else None

    def _variable(self, scope: _Scope, name: str) -> tuple[Call | None, Any, Span]:
        """The value of a variable, and where it is assigned.

        Raises:
            LookupError: When there is no such variable, or no run assigned it.
        """
        inside = name.startswith("in ")
        qualifier, _, variable = name.removeprefix("in ").rpartition(".")
        function = f"{scope.kind}.{qualifier or 'forward'}"
        if qualifier and not lines.has(self.trace.source, function):
            function = qualifier
        span = lines.of_variable(self.trace.source, function, variable)
        if inside:
            return None, None, span
        variable = variable.partition("#")[0]
        bound = [c for c in self._calls(scope, function) if variable in c.names]
        filled = [c for c in bound if c.names[variable] is not None]
        if not bound:
            raise LookupError(f"no run of example() assigned {variable} in {function}")
        call = (filled or bound)[0]
        return call, call.names[variable], span


def _part(module: Any, name: str) -> Any:
    """The submodule or parameter of a dotted name.

    Raises:
        AttributeError: When there is none; it says which there are.
    """
    found = module
    for word in name.removeprefix("self.").split("."):
        parts = {**dict(found.named_children()), **dict(found.named_parameters())}
        parts |= dict(found.named_buffers(recurse=False))
        if word not in parts:
            own = [part for part in parts if "." not in part]
            kind = type(found).__name__
            raise AttributeError(f"{kind} has no self.{word}: {one_of(own, word)}")
        found = parts[word]
    return found


def parameters_of(part: Any) -> dict[int, int]:
    """Identity and size of the parameters of a module, or of one parameter."""
    parameters = part.parameters() if isinstance(part, nn.Module) else [part]
    trained = (p for p in parameters if isinstance(p, torch.nn.Parameter))
    return {id(p): p.numel() for p in trained}
