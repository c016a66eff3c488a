"""Hold what a layout says against the run: its shapes, and that no part is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import nn

from site_src.diagrams.bind import Facts, parameters_of
from site_src.diagrams.faults import Faults
from site_src.diagrams.layout import Layout
from site_src.diagrams.trace import Trace
from site_src.lint import shapes


def hold(
    layout: Layout, trace: Trace, facts: Mapping[str, Facts], faults: Faults
) -> None:
    """Note shapes that were not computed, and parts with parameters nobody drew."""
    for line, text, name in _written(layout):
        if name in facts:
            _shape(line, text, name, facts[name], trace, faults)
    covered = frozenset[int]().union(*(known.covered for known in facts.values()))
    for path, size in _undrawn(trace.roots[0], "self", covered):
        text = f"nobody drew {path}, which has {size:,} parameters"
        faults.add(layout.line, text)


def _written(layout: Layout) -> Iterator[tuple[int, str, str]]:
    """Line and text of all that may be a shape, and the node whose shape it is."""
    for node in layout.nodes.values():
        for text in node.label:
            yield node.line, text, node.name
    steps = [step for arrow in layout.arrows for step in arrow.steps]
    before = {step.end: step.start for step in reversed(steps)}
    for arrow in layout.arrows:
        name, passed = arrow.steps[0].start, set[str]()
        while name in layout.bends and name not in passed:
            passed.add(name)
            name = before.get(name, name)
        yield arrow.line, arrow.label, name


def _shape(
    line: int, text: str, name: str, facts: Facts, trace: Trace, faults: Faults
) -> None:
    claims = shapes.parse(text.replace("×", "x"))
    if not claims:
        return
    if facts.call is None or not facts.numbers:
        faults.add(line, f"{text} is written, but {name} has no shape")
        return
    letters = trace.letters(facts.call)
    sizes = shapes.Sizes(dict(letters), letters, frozenset(letters))
    try:
        for claim, value in shapes.pair(claims, facts.value):
            sizes.hold(claim, value)
    except shapes.Mismatch:
        got = f"{facts.letters} = {facts.numbers}"
        faults.add(line, f"{text} is written, {name} is {got}")


def _undrawn(
    module: nn.Module, path: str, covered: frozenset[int]
) -> Iterator[tuple[str, int]]:
    """The largest parts with parameters that no node covers."""
    sizes = parameters_of(module)
    if not covered & sizes.keys():
        if sizes:
            yield path, sum(sizes.values())
        return
    for name, parameter in module.named_parameters(recurse=False):
        if id(parameter) not in covered:
            yield f"{path}.{name}", parameter.numel()
    for name, child in module.named_children():
        yield from _undrawn(child, f"{path}.{name}", covered)
