"""Fences that name a snippet: the whole file with an id on each line, or a part."""

from __future__ import annotations

import ast
import html
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from site_src.lint.source import Span, statements
from site_src.rendering import copies
from site_src.rendering.replay import highlight
from site_src.rendering.state import PageState, add_anchors, fence, site, state_of

_SPAN = re.compile(r'<span id="__span-[^"]*?-(\d+)">')


class _Wrong(Exception):
    """What the fence asks for is not there."""


@fence
def show(wanted: str, md: Any) -> str:
    """HTML of a fence such as "family/slug.py" or "family/slug.py Net.step"."""
    state = state_of(md)
    name, _sep, symbol = wanted.partition(" ")
    path = site().root / "snippets" / name
    try:
        if not path.is_file():
            raise _Wrong(f"there is no snippet {name}")
        text = path.read_text(encoding="utf-8")
        if symbol:
            kind, (shown, caption) = "part", _part(name, symbol.strip(), text, md)
        else:
            kind, (shown, caption) = "whole", _whole(name, text, state, md)
    except _Wrong as wrong:
        line = state.line_with(wanted)
        site().report(state.page.path, line, str(wrong))
        return ""
    caption = f"<figcaption>{caption}</figcaption>"
    return (
        f'<figure class="snippet {kind}" data-search-exclude>{shown}{caption}</figure>'
    )


def _whole(name: str, text: str, state: PageState, md: Any) -> tuple[str, str]:
    if name in state.whole:
        raise _Wrong(f"{name} is shown whole twice; the ids of its lines are unique")
    state.whole.append(name)
    file = name.rpartition("/")[2]
    lines = range(1, text.count("\n") + 3)
    add_anchors(md, (f"{file}-L{number}" for number in lines))
    shown = highlight(copies.credited(name.removesuffix(".py")), md, spans=True)
    shown = _SPAN.sub(rf'<span id="{file}-L\1">', shown)
    for span in _several_lines(text):
        anchor = span.anchor(file)
        add_anchors(md, [anchor])
        first, after = (
            shown.index(f'<span id="{file}-L{line}">')
            for line in (span.first, span.last + 1)
        )
        shown = (
            f'{shown[:first]}<span class="lines" id="{anchor}">'
            f"{shown[first:after]}</span>{shown[after:]}"
        )
    original = getattr(md, "_original_md", md)
    url: str = original.treeprocessors["relpath"].file.url
    address = "../" * url.count("/") + f"snippets/{name}"
    api = f"{'../' * url.count('/')}reference/{name.removesuffix('.py')}/"
    book = address.removesuffix("py") + "ipynb"
    caption = f'<code>{name}</code>, MIT: copy it, <a href="{address}" download>'
    caption += (
        f'download</a> it, or take it as a <a href="{book}" download>notebook</a>'
    )
    if not site().pending:
        caption += f'; <a href="{api}">functions and classes</a>'
    return shown, caption


def _several_lines(text: str) -> Iterator[Span]:
    """The statements that take more than one line; a link may light up all of it."""
    seen = 0
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    for function in sorted(functions, key=lambda node: node.lineno):
        for span, _ in statements(function):
            if span.last > span.first > seen:
                seen = span.last
                yield span


def _part(name: str, symbol: str, text: str, md: Any) -> tuple[str, str]:
    body: Any = ast.parse(text)
    for word in symbol.split("."):
        found = [
            node
            for node in body.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == word
        ]
        if not found:
            raise _Wrong(f"{name} has no {symbol}")
        body = found[0]
    first = min([body.lineno, *(d.lineno for d in body.decorator_list)])
    excerpt = "\n".join(text.splitlines()[first - 1 : body.end_lineno])
    shown = highlight(textwrap.dedent(excerpt), md)
    anchor = f"{name.rpartition('/')[2]}-L{first}"
    where = f'<a href="#{anchor}">{name}, line {first}</a>'
    return shown, f"<code>{html.escape(symbol)}</code> in {where}"
