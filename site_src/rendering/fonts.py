"""The fonts of the site: its own typeface and KaTeX's, with the characters it uses."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = "assets/fonts"
WEIGHTS = (400, 700)
_TYPEFACE = Path("@fontsource-variable/ibm-plex-sans")
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
# What a reader may type into a field, and what demos write by themselves.
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "…·×−→↵"


def files(modules: Path) -> Iterator[tuple[str, Path]]:
    """Where each file is published, and where it lies below node_modules."""
    katex, plex = modules / "katex" / "dist", modules / _TYPEFACE
    yield "assets/katex/katex.min.css", katex / "katex.min.css"
    for path in sorted((katex / "fonts").glob("*.woff2")):
        yield f"assets/katex/fonts/{path.name}", path
    yield (
        f"{FOLDER}/plex.woff2",
        plex / "files" / "ibm-plex-sans-latin-wght-normal.woff2",
    )
    yield f"{FOLDER}/LICENSE.txt", plex / "LICENSE"


def fit(folder: Path, kept: Path) -> None:
    """Take from the fonts of a built site what no page of it writes.

    Args:
        folder: The built site.
        kept: Where fonts that were fitted before are kept.
    """
    characters = "".join(sorted(_characters(folder)))
    kept.mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / "assets").rglob("*.woff2")):
        whole = path.read_bytes()
        name = hashlib.sha256(whole + characters.encode()).hexdigest()
        fitted = kept / f"{name}.woff2"
        if not fitted.exists():
            fresh = fitted.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(subset(whole, characters))
            fresh.replace(fitted)
        path.write_bytes(fitted.read_bytes())


def subset(whole: bytes, characters: str) -> bytes:
    """A WOFF2 font with these characters alone, and the weights that text has."""
    from fontTools import subset as tool
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    options = tool.Options(
        hinting=False,
        layout_features=["ccmp", "kern", "liga", "locl", "mark", "mkmk", "tnum"],
    )
    font = tool.load_font(io.BytesIO(whole), options)
    subsetter = tool.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    if "fvar" in font:
        written = io.BytesIO()
        tool.save_font(font, written, options)
        every = TTFont(io.BytesIO(written.getvalue()), recalcTimestamp=False)
        font = instancer.instantiateVariableFont(every, {"wght": WEIGHTS})
    font.flavor, written = "woff2", io.BytesIO()
    font.save(written)
    return written.getvalue()


def _characters(folder: Path) -> set[str]:
    found = set(_ALWAYS)
    for path in folder.rglob("*.html"):
        text = _TAG.sub("", _SCRIPT.sub("", path.read_text("utf-8")))
        found |= set(html.unescape(text))
    return {character for character in found if character.isprintable()}
