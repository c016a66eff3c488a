"""The diagram in words: what each part is and where it leads, in the data's order."""

from __future__ import annotations

import html
from collections.abc import Mapping

from site_src.diagrams import labels
from site_src.diagrams.bind import Facts
from site_src.diagrams.layout import Layout, Node


def tell(layout: Layout, facts: Mapping[str, Facts], *, key: str, drawn: str) -> str:
    """An ordered list of the nodes.

    Args:
        layout: What is drawn.
        facts: What each node stands for.
        key: Begins every id; the drawing's nodes refer to them.
        drawn: The class that is drawn.
    """
    order, follows = layout.order(), layout.follows()
    number = {name: place for place, name in enumerate(order, 1)}
    seen: set[int] = set()
    items = []
    for name in order:
        known = facts[name]
        again = bool(known.own) and known.own <= seen
        seen |= known.own
        leads = [
            f"{_called(layout.nodes[end])} ({number[end]})" for end in follows[name]
        ]
        later = [
            _called(layout.nodes[step.end])
            for arrow in layout.arrows
            for step in arrow.steps
            if step.kind == "~>" and step.start == name and step.end in layout.nodes
        ]
        items.append(
            f'<li id="{key}-{number[name]}">'
            f"{_item(layout.nodes[name], known, again=again)}"
            f"{_goes('Goes to', leads)}{_goes('Later goes to', later)}</li>"
        )
    return f"<ol>{''.join(items)}</ol>{_frames(layout)}{_sum(facts, drawn)}"


def _item(node: Node, facts: Facts, *, again: bool) -> str:
    names = ", ".join(map(_code, facts.code))
    text = f"<b>{_called(node)}</b> ({names}, {facts.where})"
    if facts.letters:
        text += f": {html.escape(facts.letters)}"
        if facts.letters != facts.numbers:
            text += f" = {facts.numbers}"
    if facts.parameters:
        text += f"; {facts.parameters:,} parameters"
        if again:
            text += ", the same as above"
        elif facts.copies > 1 and facts.total > facts.parameters:
            text += f" in one of {facts.copies}, {facts.total:,} in all"
    return f"{text}. {html.escape(node.why)}"


def _code(name: str) -> str:
    step = "a step of " if name.startswith("in ") else ""
    return (
        f"{step}<code>{html.escape(name.removeprefix('in ').partition('#')[0])}</code>"
    )


def _called(node: Node) -> str:
    """A node's label, without the shape that may stand in it."""
    lines = [line for line in node.label if not labels.is_shape(line)] or node.label
    return ", ".join(labels.as_html(line) for line in lines)


def _goes(words: str, ends: list[str]) -> str:
    return f" {words} {', '.join(ends)}." if ends else ""


def _frames(layout: Layout) -> str:
    parts = []
    for group in layout.groups:
        members = [layout.nodes[m] for m in layout.order() if m in group.members]
        inside = ", ".join(_called(node) for node in members)
        times = f", run × <i>{html.escape(group.times)}</i>" if group.times else ""
        parts.append(f"<p>Frame “{html.escape(group.name)}”{times}: {inside}.</p>")
    return "".join(parts)


def _sum(facts: Mapping[str, Facts], drawn: str) -> str:
    """How many parameters there are, each counted once."""
    total, seen = 0, set[int]()
    for known in facts.values():
        if not known.own <= seen:
            total += known.total
        seen |= known.own
    return (
        f"<p>Shapes and parameters are those of the <code>{html.escape(drawn)}</code> "
        f"in the snippet’s <code>example()</code>: {total:,} parameters in all.</p>"
    )
