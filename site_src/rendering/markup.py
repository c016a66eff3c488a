"""What a page's HTML may hold: elements, attributes and addresses, listed one by one.

The HTML of a page comes from its Markdown and from what its blocks printed. It is
parsed as a browser does, since what another parser takes for text a browser may run.
The site's policy stops scripts a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

_TEXT = """abbr b blockquote br cite code del em figcaption h1 h2 h3 h4 h5 h6 i ins
kbd mark p pre q s samp small span strong sub sup u var wbr"""
_PARTS = """a arch-demo article aside autoref caption col colgroup dd details div dl dt
figure hr img input label li ol section summary table tbody td tfoot th thead time tr
ul"""
_DRAWING = """svg g defs clipPath path rect circle ellipse line polyline polygon text
tspan title desc use image marker mask linearGradient radialGradient stop"""
_EVERYWHERE = "class id title lang dir role tabindex hidden data-search-exclude"
_OF_DRAWINGS = """clip-path clip-rule clipPathUnits cx cy d display dominant-baseline dx
dy fill fill-opacity fill-rule focusable font-family font-size font-style font-weight
fx fy gradientTransform gradientUnits height href letter-spacing lengthAdjust
marker-end marker-mid marker-start markerHeight markerUnits markerWidth mask maskUnits
offset opacity orient paint-order pathLength points preserveAspectRatio r refX refY
rotate rx ry spreadMethod stop-color stop-opacity stroke stroke-dasharray
stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity
stroke-width text-anchor textLength transform vector-effect viewBox visibility width
word-spacing x x1 x2 xlink:href xml:space xmlns xmlns:xlink y y1 y2"""
ELEMENTS = frozenset(f"{_TEXT} {_PARTS} {_DRAWING}".split())
_COMMON = frozenset(_EVERYWHERE.split())
_OF_ELEMENTS: Mapping[str, frozenset[str]] = {
    "a": frozenset(["href", "xlink:href", "download", "rel", "target"]),
    "arch-demo": frozenset(["kind", "model", "settings"]),
    # Of the page of the API; becomes a link before the page is written.
    "autoref": frozenset(
        ["identifier", "optional", "hover", "slug", "backlink-type", "backlink-anchor"]
    ),
    "col": frozenset(["span"]),
    "details": frozenset(["open"]),
    "div": frozenset(["data-snippet", "data-caption"]),
    "img": frozenset(["src", "alt", "width", "height", "loading"]),
    "input": frozenset(["type", "name", "checked", "disabled"]),
    "label": frozenset(["for"]),
    "li": frozenset(["data-page"]),
    "ol": frozenset(["start", "type", "reversed"]),
    "table": frozenset(["style"]),
    "tbody": frozenset(
        ["data-family", "data-device", "data-modalities", "data-parallel"]
    ),
    "td": frozenset(["colspan", "rowspan", "headers", "style", "align", "data-value"]),
    "th": frozenset(
        ["colspan", "rowspan", "headers", "scope", "style", "align", "data-key"]
    ),
    "time": frozenset(["datetime"]),
    "tr": frozenset(["data-page", "data-verdict"]),
    **dict.fromkeys(_DRAWING.split(), frozenset(_OF_DRAWINGS.split())),
}
# The theme's own scripts find their elements by these.
_RESERVED = re.compile(r"__(?!tabbed_|span-|codelineno-)|md-")
_LINK = re.compile(r"(?!\w[\w+.-]*:)|https?:|mailto:", re.IGNORECASE)
_PICTURE = re.compile(
    r"(?!\w[\w+.-]*:|//|\\)|data:image/(png|jpeg|webp|gif);", re.IGNORECASE
)
_VALUES = {
    ("input", "type"): re.compile("checkbox|radio"),
    ("arch-demo", "kind"): re.compile(r"[a-z]+(-[a-z]+)*"),
    ("arch-demo", "model"): re.compile(r"demos/[\w-]+\.onnx"),
    ("a", "target"): re.compile("_blank"),
}
_FOREIGN = "iframe, object, embed, base, meta[http-equiv], style, body ~ *"
_DECLARED = re.compile(
    r"<!--(-?>|((?!--!?>).)*<)|<[?]|<!\[|<!doctype", re.IGNORECASE | re.DOTALL
)
_ALIGNED = re.compile(r"\s*(text-align:\s*(left|right|center)\s*;?\s*)?")
_FRAME = (
    "<main><div><article><section><div>{}</div></section></article></div><hr></main>"
)


_INSIDE = "main > div > article > section > div"


def faults(content: str) -> Iterator[tuple[str, str]]:
    """What is in a page's HTML that may not be.

    Args:
        content: As it goes into the page's template.

    Yields:
        A text to look for in the page's source, and one line that says what is wrong.
    """
    parsed = LexborHTMLParser(_FRAME.format(content))
    body, inner = parsed.body, parsed.css_first(_INSIDE)
    assert body is not None
    if inner is None or body.inner_html != _FRAME.format(inner.inner_html):
        yield "</", "an element is closed or left open that is not this page's"
    for node in parsed.css("html, body"):
        for name in node.attributes:
            yield f"{name}=", f"a page may not hold {name} on <{node.tag}>"
    for node in parsed.css("head *, main *, main ~ *"):
        yield from _of(node)
    if _DECLARED.search(content):
        yield "<!", "a comment may not hold HTML; there are no other declarations"


def around(page: str) -> list[str]:
    """What stands around a built page's article that no theme would put there.

    Titles and other texts of a page go into the template too.
    """
    parsed = LexborHTMLParser(page)
    for article in parsed.css("article"):
        article.decompose()
    found = [f"<{node.tag}>" for node in parsed.css(_FOREIGN)]
    for node in parsed.root.traverse() if parsed.root else ():
        found += [f"{n} on <{node.tag}>" for n in node.attributes if n[:2] == "on"]
    return found


def scripts(page: str) -> int:
    """How many scripts a built page has."""
    return len(LexborHTMLParser(page).css("script"))


def _of(node: LexborNode) -> Iterator[tuple[str, str]]:
    tag = str(node.tag)
    if tag not in ELEMENTS:
        yield f"<{tag}", f"a page may not hold <{tag}>"
        return
    allowed = _OF_ELEMENTS.get(tag, frozenset())
    for name, raw in node.attributes.items():
        value = re.sub(r"[\x00-\x20]", "", raw or "")
        known = name in _COMMON or name in allowed or name.startswith("aria-")
        if not known:
            yield f"{name}=", f"a page may not hold {name} on <{tag}>"
        elif name in ("id", "class", "name", "for") and (
            taken := [word for word in (raw or "").split() if _RESERVED.match(word)]
        ):
            yield taken[0], f"{name}={taken[0]} on <{tag}> is the theme's"
        elif problem := _value(tag, name, value):
            yield (raw or "").strip()[:20], f"{name} on <{tag}> {problem}"


def _value(tag: str, name: str, value: str) -> str:
    pattern = _VALUES.get((tag, name))
    if pattern and not pattern.fullmatch(value):
        return f"may not be {value[:40]!r}"
    if name in ("href", "xlink:href", "src"):
        places = _PICTURE if tag in ("img", "image") else _LINK
        if tag == "use":
            places = re.compile("#")
        if not places.match(value):
            return f"may not lead to {value[:40]!r}"
    elif name == "style" and not _ALIGNED.fullmatch(value):
        return "may only align text"
    elif re.search(r"url\((?!['\"]?#)", value, re.IGNORECASE) and name != "title":
        return "may not lead out of the page"
    return ""
