"""From a Matplotlib figure to finished, themed, reproducible SVG."""

from __future__ import annotations

import hashlib
import html
import io
import re
from typing import TYPE_CHECKING

from site_src.figures.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FONT = re.compile(r"(?:([\w ]*?) )?([\d.]+)px .*")
_PLACES = re.compile(r'( (?:d|x|y|width|height|points)=)"([^"]*)"')
_MAX_KIB = 200


def show(drawing: Figure, *, alt: str, caption: str) -> None:
    """Print the figure (see `site_src.figure`)."""
    import matplotlib.pyplot as plt

    from site_src.execution import session
    from site_src.figures.tables import inline

    session.require().need_html("figure")
    if not alt.strip() or not caption.strip():
        raise ValueError("a figure needs an alternative text and a caption")
    raw = io.StringIO()
    drawing.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(drawing)
    finished = finish(raw.getvalue(), alt)
    size = len(finished) // 1024
    if size > _MAX_KIB:
        raise ValueError(
            f"the figure is {size} KiB of SVG, more than {_MAX_KIB}: draw fewer points "
            "or pass rasterized=True to the dense part"
        )
    print(
        f'<figure class="plot">{finished}'
        f"<figcaption>{inline(caption)}</figcaption></figure>"
    )


def finish(raw: str, alt: str) -> str:
    """Make Matplotlib's SVG follow the page's colours and stand in any page.

    Styles become presentation attributes (the site's policy allows no inline style),
    sentinel colours become variables, ids get a prefix from the content, places one
    decimal.
    """
    body = raw[raw.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r' style="([^"]*)"', lambda m: _attributes(m[1]), body)
    for sentinel, colour in COLOURS.items():
        body = body.replace(sentinel, colour)
    body = re.sub(r"\s*\n\s*", "\n", body).replace("\n", " ")
    body = re.sub(r"<[^>]+>", lambda m: _shorter(m[0]), body)
    prefix = "f" + hashlib.sha256((alt + body).encode()).hexdigest()[:8]
    body = _without_bare_groups(_with_short_ids(body, prefix))
    body = re.sub(r"> +<", "><", body)
    opening = re.search(r"<svg[^>]*>", body)
    assert opening is not None
    view = re.search(r'viewBox="[^"]+"', opening[0])
    assert view is not None
    start = (
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" {view[0]} role="img" '
        f'aria-label="{html.escape(alt, quote=True)}" data-search-exclude="" '
        'stroke-linejoin="round" stroke-linecap="butt">'
    )
    return start + re.sub(r"<svg[^>]*>", "", body, count=1).strip()


def _shorter(tag: str) -> str:
    """A tag in fewer bytes: a tenth of a unit is less than a pixel."""
    tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", tag)
    tag = _PLACES.sub(lambda m: f'{m[1]}"{_rounded(m[2], 1)}"', tag)
    tag = re.sub(r' d="([^"]*)"', lambda m: f' d="{_joined(m[1])}"', tag)
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", tag)


def _rounded(text: str, digits: int) -> str:
    return re.sub(
        r"-?\d+\.\d+", lambda m: f"{round(float(m[0]), digits) + 0.0:g}", text
    )


def _joined(path: str) -> str:
    """Path commands without the blanks around their letters."""
    return re.sub(r" ?([A-Za-z]) ?", r"\1", path.strip())


def _without_bare_groups(body: str) -> str:
    """The same drawing without groups that say nothing."""
    open_groups: list[bool] = []

    def tag(match: re.Match[str]) -> str:
        if match[0] == "</g>":
            return "" if open_groups.pop() else match[0]
        open_groups.append(match[0] == "<g>")
        return "" if open_groups[-1] else match[0]

    return re.sub(r"<g(?: [^>]*)?>|</g>", tag, body)


def _with_short_ids(body: str, prefix: str) -> str:
    """Ids that are used, numbered behind a prefix; the others go."""
    used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body)
    names = dict.fromkeys(name for pair in used for name in pair if name)
    short = {name: f"{prefix}-{number}" for number, name in enumerate(names)}
    body = re.sub(
        r' id="([^"]+)"',
        lambda m: f' id="{short[m[1]]}"' if m[1] in short else "",
        body,
    )
    body = re.sub(r'href="#([^"]+)"', lambda m: f'href="#{short[m[1]]}"', body)
    return re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{short[m[1]]})", body)


def _attributes(style: str) -> str:
    """A style attribute's declarations as presentation attributes."""
    out = []
    for declaration in style.split(";"):
        name, _, value = declaration.strip().partition(":")
        name, value = name.strip(), value.strip()
        if not name:
            continue
        if name == "font":
            match = _FONT.fullmatch(value)
            if match:
                out.append(("font-size", match[2]))
                if match[1] and "bold" in match[1]:
                    out.append(("font-weight", "bold"))
                if match[1] and "italic" in match[1]:
                    out.append(("font-style", "italic"))
        elif name in ("font-size", "stroke-width", "stroke-dashoffset"):
            out.append((name, value.removesuffix("px")))
        elif name not in ("font-family", "font-stretch"):
            out.append((name, value))
    return "".join(f' {name}="{html.escape(value)}"' for name, value in out)
