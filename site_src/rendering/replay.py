"""Executed fences, rendered from what their blocks printed. Nothing is run here."""

from __future__ import annotations

import html
import re
from typing import Any

import markdown_exec

from site_src.fences import block_hash
from site_src.rendering import benchmarks
from site_src.rendering.state import PageState, add_anchors, site, state_of

_LINK = re.compile(r' (?:xlink:)?href="#([^"]+)"')
_DEMO = '<figure class="plot demo"'


def validate(
    language: str,
    inputs: dict[str, str],
    options: dict[str, Any],
    attrs: dict[str, Any],
    md: Any,
) -> bool:
    """Take the fence if it is an executed one; `output` is our own option."""
    output = inputs.pop("output", "")
    taken = markdown_exec.validator(language, inputs, options, attrs, md)
    options["output"] = output
    return taken


def replay(
    source: str,
    language: str,
    css_class: str,
    options: dict[str, Any],
    md: Any,
    **_: Any,
) -> str:
    """HTML of an executed fence, made from its stored output."""
    state = state_of(md)
    silent = options.pop("output") == "none"
    if hasattr(md, "_original_md"):
        _report(state, 1, "a block printed an executed block; that is not run")
        return ""
    index = state.next_block
    state.next_block += 1
    blocks = state.page.blocks
    digest = block_hash(source, html=options["html"], silent=silent)
    if index >= len(blocks) or blocks[index].hash != digest:
        line = blocks[min(index, len(blocks) - 1)].line if blocks else 1
        _report(state, line, "Markdown and the scan of the page see different blocks")
        return ""
    anchor = f"block-{index + 1}"
    add_anchors(md, [anchor])
    if state.result is None:
        return _missing(state, index, anchor)
    output = benchmarks.fill(state.result["blocks"][index], state, md)
    output = _named_demos(output, state, md)
    state.links += [(blocks[index].line, name) for name in _LINK.findall(output)]
    shows_source = bool(options["source"])
    options |= {"session": "page", "id_prefix": f"{anchor}-"}
    body = str(
        markdown_exec.base_format(
            language="python",
            run=lambda code, **_: output,
            code=source,
            md=md,
            **options,
        )
    )
    if not shows_source:
        body += _code(source, md)
    return f'<div class="computed" id="{anchor}">{body}</div>'


def _named_demos(output: str, state: PageState, md: Any) -> str:
    """Give a page's demos ids that its text can link to: demo, demo-2 and so on."""
    while f"{_DEMO}>" in output:
        state.demos += 1
        anchor = "demo" if state.demos == 1 else f"demo-{state.demos}"
        add_anchors(md, [anchor])
        output = output.replace(f"{_DEMO}>", f'{_DEMO} id="{anchor}">', 1)
    return output


def _code(source: str, md: Any) -> str:
    shown = highlight(source.strip("\n"), md)
    return (
        '<details class="made-by" data-search-exclude><summary>Code</summary>'
        f"{shown}</details>"
    )


def _missing(state: PageState, index: int, anchor: str) -> str:
    page = state.page
    if not site().pending:
        line = page.blocks[index].line
        _report(state, line, "no result; run python -m site_src run")
        return ""
    if index:
        return f'<div class="computed waiting" id="{anchor}">…</div>'
    failed = site().failed.get(page.slug)
    if failed:
        return (
            f'<div class="admonition failure" id="{anchor}">'
            '<p class="admonition-title">This page failed</p>'
            f"<pre>{html.escape(failed)}</pre></div>"
        )
    return (
        f'<div class="admonition info" id="{anchor}"><p class="admonition-title">'
        "This page is running</p><p>Its results show up here when it is done.</p></div>"
    )


def _report(state: PageState, line: int, message: str) -> None:
    site().report(state.page.path, line, message)


def highlight(source: str, md: Any, *, spans: bool = False) -> str:
    """Python as HTML, with an id on every line when `spans` is set."""
    return site().kept.of(
        "code", (source, spans), lambda: _highlighted(source, md, spans=spans)
    )


def _highlighted(source: str, md: Any, *, spans: bool) -> str:
    fences = md.preprocessors["fenced_code_block"]
    fences.get_hl_settings()
    before, fences.line_spans = fences.line_spans, "__span" if spans else ""
    try:
        shown: str = fences.highlight(
            source,
            "python",
            {},
            md,
            classes=None,
            id_value="s" if spans else "",
            attrs={},
        )
    finally:
        fences.line_spans = before
    return shown.replace(' id="s"', "", 1)
