"""A page as Markdown, for programs that read: what it says, not what it looks like.

Formulas become TeX, figures their descriptions; what is folded away is left out.
"""

from __future__ import annotations

import html
import re
from typing import Any

from site_src.page import Page

_LEFT_OUT = re.compile(
    r'<details class="(?:made-by|diagram-words)".*?</details>'
    r"|<arch-demo\b.*?</arch-demo>"
    r'|<a class="headerlink".*?</a>',
    re.DOTALL,
)
_DRAWING = re.compile(r'<svg\b[^>]*?aria-label="([^"]*)".*?</svg>', re.DOTALL)
_OTHER_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_CODE = re.compile(r"<pre>(?:<span></span>)?<code>(.*?)</code></pre>", re.DOTALL)
_FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL
)
_UNWRAPPED = re.compile(
    r'<a (?:class="(?:term|claim)"|href="#)[^>]*>(.*?)</a>', re.DOTALL
)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[hd]\b.*?</t[hd]>", re.DOTALL)
_UPPER = re.compile(r"<thead>(<tr>(?:(?!</tr>).)*</tr>)+(?=<tr>)", re.DOTALL)
_SPAN = re.compile(r' (row|col)span="(\d+)"')
_ANCHOR = re.compile(r' id="[^"]*"')


_STYLE: dict[str, Any] = {
    "bullets": "-",
    "code_language": "python",
    "escape_asterisks": False,
    "escape_underscores": False,
    "heading_style": "atx",
}


def markdown(page: Page, content: str) -> str:
    """A page's Markdown.

    Args:
        page: With its front matter.
        content: Its HTML, before formulas were drawn.
    """
    from markdownify import MarkdownConverter  # slow to import, and seldom needed

    text = _LEFT_OUT.sub("", content)
    text = _DRAWING.sub(r"<p>Figure: \1</p>", text)
    text = _OTHER_DRAWING.sub("", text)
    text = _CODE.sub(lambda m: f"<pre>{re.sub('<[^>]+>', '', m[1])}</pre>", text)
    text = _UNWRAPPED.sub(r"\1", text)
    text = _FORMULA.sub(_tex, text)
    text = _TABLE.sub(_squared, text)
    body = MarkdownConverter(**_STYLE).convert(_ANCHOR.sub("", text))
    body = re.sub(r"\n{3,}", "\n\n", body).strip()
    return f"{_head(page)}{body}\n"


def _tex(match: re.Match[str]) -> str:
    sign = "$" if match[1] == "span" else "$$"
    return f"{sign}{match[2].strip()}{sign}"


def _squared(table: re.Match[str]) -> str:
    """A table in which a cell that spans rows stands in each of them.

    Markdown has no such cells; without this, the rows below lose their columns. It has
    one row of heads, too: the last one, which names each column.
    """
    below: dict[int, list[str]] = {}  # column → what stands in the rows to come

    def row(match: re.Match[str]) -> str:
        filled: list[str] = []
        waiting = _CELL.findall(match[1])
        while waiting or below.get(len(filled)):
            if rest := below.get(len(filled)):
                filled.append(rest.pop())
                continue
            cell = waiting.pop(0)
            span = {name: int(count) for name, count in _SPAN.findall(cell)}
            below[len(filled)] = [_SPAN.sub("", cell)] * (span.get("row", 1) - 1)
            filled.append(_SPAN.sub("", cell))
            filled += ["<td></td>"] * (span.get("col", 1) - 1)
        return f"<tr>{''.join(filled)}</tr>"

    return _UPPER.sub("<thead>", _ROW.sub(row, table[0]))


def _head(page: Page) -> str:
    """What the card shows; a page without one begins with its own title."""
    meta = page.meta
    said = meta.get("outcomes" if page.is_lab else "key_ideas")
    if not said:
        return ""
    ideas = "\n".join(f"- {idea}" for idea in said)
    head = f"# {meta['title']}\n\n> {meta['tagline']}\n\n{ideas}\n\n"
    return html.unescape(head)
