"""A heat map as small as it can be: a picture of grey levels that masks one ink.

The ink is a colour variable, so the map follows light and dark; where a value may be
negative, a second ink shows the other sign.
"""

from __future__ import annotations

import base64
import hashlib
import html
import struct
import zlib
from collections.abc import Sequence
from typing import Any

_LEVELS = 15  # grey levels above none, so that a pixel takes half a byte
_SEEN = {" ": "␣", "\n": "↵", "\t": "⇥"}


def visible(character: str) -> str:
    """A character as it is shown by itself, as HTML."""
    return html.escape(_SEEN.get(character, character))


def draw(
    values: Sequence[Sequence[float]],
    limit: Sequence[float],
    *,
    title: str,
    columns: Sequence[str],
    rows: Sequence[str],
) -> str:
    """HTML of a heat map.

    Args:
        values: By row and column.
        limit: The lowest and the highest value of the scale.
        title: What the values are.
        columns: A character or a word for each column, or "" where they have no name.
        rows: The same for each row; without any names it is an image.
    """
    height, width = len(values), len(values[0])
    layers = ""
    for ink, sign in (("1", 1), ("2", -1)):
        shares = [[max(0.0, sign * v) / limit[1] for v in row] for row in values]
        if any(map(any, shares)):
            layers += _layer(shares, f"var(--fig-{ink})")
    cells = "demo-cells tall" if columns and not rows else "demo-cells"
    side = f'<div class="demo-y">{_labels(rows)}</div>' if rows else ""
    foot = "demo-x words" if any(len(name) > 1 for name in columns) else "demo-x"
    return (
        f'<div class="demo-map"><p class="demo-title">{html.escape(title)}</p>{side}'
        f'<svg class="{cells}" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none">{layers}</svg>'
        f'<div class="{foot}">{_labels(columns)}</div></div>'
    )


def picture(shares: Sequence[Sequence[float]]) -> str:
    """HTML of a picture alone, in one ink, from shares between 0 and 1."""
    box = f'viewBox="0 0 {len(shares[0])} {len(shares)}"'
    return f'<svg class="demo-cells" {box}>{_layer(shares, "var(--fig-1)")}</svg>'


def _labels(names: Sequence[str]) -> str:
    return "".join(f"<i>{visible(name)}</i>" for name in names)


def _layer(shares: Sequence[Sequence[float]], ink: str) -> str:
    """One ink, laid on by the shares from 0 to 1."""
    height, width = len(shares), len(shares[0])
    picture = base64.b64encode(_picture(shares)).decode()
    name = "m" + hashlib.sha256(picture.encode()).hexdigest()[:8]
    size = f'width="{width}" height="{height}"'
    address = f"data:image/png;base64,{picture}"
    return (
        f'<mask id="{name}"><image {size} href="{address}"/></mask>'
        f'<rect {size} fill="{ink}" mask="url(#{name})"/>'
    )


def _picture(shares: Sequence[Sequence[float]]) -> bytes:
    """A PNG of four bits a pixel, black for 0 and white for 1."""
    height, width = len(shares), len(shares[0])
    lines = bytearray()
    for row in shares:
        levels = [round(_LEVELS * min(1.0, share)) for share in row] + [0]
        pairs: Any = zip(levels[::2], levels[1::2], strict=False)
        lines += b"\0" + bytes(high << 4 | low for high, low in pairs)
    head = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(lines), 9)), (b"IEND", b"")
    chunks = (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
