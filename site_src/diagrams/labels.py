"""Labels: their markup, how wide they are, and how they are written as SVG or HTML.

`*x*` is italic, `x_t` and `x_{t−1}` set below, `x^2` above, `//` starts a new line.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from site_src.lint import shapes

SIZE, SMALL = 17, 15  # of the first line of a label, and of the others
LINE = 21  # from one line to the next
_TOKEN = re.compile(r"([_^])(?:\{([^}]*)\}|(.))|(\*)|([^_^*]+)")
_INDEX = 0.76  # size of what is set below or above


@dataclass(frozen=True)
class Run:
    """Characters of one look; `shift` is 1 below the line, -1 above it."""

    text: str
    italic: bool
    shift: int


def is_shape(text: str) -> bool:
    """Whether a line says a shape, such as (B, T) or 3 × (B, T)."""
    return shapes.parse(text.replace("×", "x")) is not None


def runs(text: str) -> Iterator[Run]:
    """Split the markup of one line; in a shape, a star multiplies."""
    italic = False
    if is_shape(text):
        yield Run(re.sub(r"(?<=\d)\*(?=[A-Z])", "", text), italic, 0)
        return
    for match in _TOKEN.finditer(text):
        mark, several, one, star, plain = match.groups()
        if star:
            italic = not italic
        elif mark:
            yield Run(several or one, italic, 1 if mark == "_" else -1)
        else:
            yield Run(plain, italic, 0)


def plain(text: str) -> str:
    """The characters of a line without markup."""
    return "".join(run.text for run in runs(text))


def width(text: str, size: float) -> float:
    """How wide a line gets at most, in the units of the size.

    Measured in a face that is wider than those the site is shown in.
    """
    return sum(
        _advance(character) * size * (_INDEX if run.shift else 1)
        for run in runs(text)
        for character in run.text
    )


def sizes(lines: Sequence[str]) -> list[int]:
    """The size of each line of a label."""
    return [SIZE, *[SMALL] * (len(lines) - 1)]


def extent(lines: Sequence[str]) -> tuple[float, float]:
    """Width and height of a label."""
    widest = max(width(t, s) for t, s in zip(lines, sizes(lines), strict=True))
    return widest, LINE * len(lines)


def as_svg(text: str) -> str:
    """A line as tspans."""
    parts, level = [], 0.0
    for run in runs(text):
        wanted = run.shift * 0.25
        move = f' dy="{wanted - level:g}em"' if wanted != level else ""
        if run.shift:  # an em of the smaller size
            move = f' dy="{(wanted - level) / _INDEX:g}em" font-size="{_INDEX:g}em"'
        look = ' font-style="italic"' if run.italic else ""
        words = html.escape(run.text)
        parts.append(f"<tspan{look}{move}>{words}</tspan>" if look or move else words)
        level = wanted
    return "".join(parts)


def as_html(text: str) -> str:
    """A line for running text."""
    parts = []
    for run in runs(text):
        words = html.escape(run.text)
        words = f"<i>{words}</i>" if run.italic else words
        tag = {1: "sub", -1: "sup"}.get(run.shift)
        parts.append(f"<{tag}>{words}</{tag}>" if tag else words)
    return "".join(parts)


@functools.cache
def _face() -> Any:
    from pathlib import Path

    import matplotlib
    from matplotlib.ft2font import FT2Font

    face = FT2Font(str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")))
    face.set_size(100, 72)
    return face


@functools.cache
def _advance(character: str) -> float:
    """The width of a character over the size of the type."""
    from matplotlib.ft2font import LoadFlags

    glyph = _face().load_char(ord(character), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / 100
