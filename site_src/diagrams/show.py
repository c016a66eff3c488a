"""Print a diagram (see `site_src.diagram`): read, bind, place, draw, tell."""

from __future__ import annotations

import ast
import hashlib
import html
import re
import sys
from collections.abc import Mapping
from typing import Any

from site_src.diagrams import (
    bind,
    draw,
    hold,
    letter,
    place,
    reading,
    route,
    trace,
    words,
)
from site_src.diagrams.faults import Faults, Part
from site_src.diagrams.layout import Layout
from site_src.execution import session
from site_src.figures.tables import inline
from site_src.problem import Problem, Problems

WIDEST = 900  # units; more scrolls on every screen


def show(
    example: trace.Example,
    texts: Mapping[str, str],
    *,
    of: str | None,
    title: str,
    caption: str,
) -> None:
    """Print a diagram as HTML.

    Args:
        example: The snippet's `example`.
        texts: The layout's grid, boxes, arrows and groups.
        of: The class that is drawn.
        title: What the drawing is.
        caption: What it says.

    Raises:
        Problems: With everything that is wrong, at the lines of the page.
    """
    state = session.require()
    state.need_html("diagram")
    if not title.strip() or not caption.strip():
        raise ValueError("a diagram needs a title and a caption")
    faults = Faults()
    parts = _parts(texts, state.block)
    try:
        finished = make(example, parts, faults, of=of, title=title, caption=caption)
    finally:
        if faults:
            path = state.job["path"]
            raise Problems(Problem(path, *fault) for fault in faults.found) from None
    print(finished)


def make(
    example: trace.Example,
    parts: Mapping[str, Part],
    faults: Faults,
    *,
    of: str | None,
    title: str,
    caption: str,
) -> str:
    """The finished figure; empty when something is wrong, which is then noted."""
    layout = reading.read(
        parts["grid"], parts["boxes"], parts["arrows"], parts["groups"], faults
    )
    if faults:
        return ""
    seen = trace.run(example, of)
    facts = bind.bind(layout, seen, faults)
    if len(facts) == len(layout.nodes):
        hold.hold(layout, seen, facts, faults)
    values = _cells(layout, facts, faults)
    if values is None:
        return ""
    plan = place.arrange(layout, values, {})
    routes = route.route(layout, plan, faults)
    titles, cramped = letter.titles(layout, plan, routes.wires)
    if cramped and not faults:
        plan = place.arrange(layout, values, cramped)
        routes = route.route(layout, plan, faults)
        titles, cramped = letter.titles(layout, plan, routes.wires)
    for group in layout.groups:
        if group.name in cramped:
            faults.add(group.line, "the frame has no room for its name")
    names = letter.names(layout, plan, routes.wires, titles, faults)
    if max(plan.xs, default=0) > WIDEST:
        faults.add(layout.line, "the drawing is wider than a page; use more rows")
    if faults:
        return ""
    digest = hashlib.sha256(f"{title}{[p.text for p in parts.values()]}".encode())
    key = f"d{digest.hexdigest()[:8]}"
    texts = (titles, names)
    drawing = draw.draw(layout, plan, routes, texts, facts, key=key, title=title)
    drawn = type(seen.roots[0]).__name__
    told = words.tell(layout, facts, key=key, drawn=drawn)
    return (
        f'<figure class="diagram" data-search-exclude><div class="diagram-sheet">'
        f"{drawing}</div>"
        f'<p class="diagram-note" aria-hidden="true" hidden></p>'
        f'<details class="diagram-words"><summary>The diagram in words</summary>'
        f"<p>{html.escape(title)}</p>{told}</details>"
        f"<figcaption>{inline(caption)}</figcaption></figure>"
    )


def _cells(
    layout: Layout, facts: Mapping[str, bind.Facts], faults: Faults
) -> dict[str, Any] | None:
    """The tensors that are drawn as cells; None when one is missing or no matrix."""
    values: dict[str, Any] = {}
    for name, node in layout.nodes.items():
        if node.form != "cells":
            if node.form != "box" and name in facts and facts[name].parameters:
                faults.add(node.line, f"{name} has parameters: write it as [a box]")
            continue
        value = facts[name].value if name in facts else None
        shape = getattr(value, "shape", ())
        if len(shape) >= 2 and max(shape[-2:]) <= place.MOST_CELLS:
            values[name] = value
        elif name in facts:
            most = f"at most {place.MOST_CELLS} rows and columns"
            faults.add(node.line, f"{name} is no matrix of {most}: {{…}} draws one")
    drawn = sum(node.form == "cells" for node in layout.nodes.values())
    return values if len(values) == drawn else None


def _parts(texts: Mapping[str, str], block: Mapping[str, Any]) -> dict[str, Part]:
    """The texts with the page's lines on which they begin.

    The call is the one of the block that holds the line the page is at.
    """
    frame = sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__") != "page":
        frame = frame.f_back
    at = frame.f_lineno
    lines = dict.fromkeys(texts, at)
    for node in ast.walk(ast.parse("\n" * block["line"] + block["code"])):
        if not isinstance(node, ast.Call) or not re.search(
            r"\bdiagram$", ast.unparse(node.func)
        ):
            continue
        if node.lineno <= at <= (node.end_lineno or at):
            for keyword in node.keywords:
                if keyword.arg in lines:
                    lines[keyword.arg] = keyword.value.lineno
    return {name: Part(text, lines[name]) for name, text in texts.items()}
