"""Fonts hold the characters that the site writes, and are made once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from conftest import ROOT
from fontTools.ttLib import TTFont

from site_src.rendering import fonts

FILES = dict(fonts.files(ROOT / "node_modules"))
MATHS = FILES["assets/katex/fonts/KaTeX_Main-Regular.woff2"].read_bytes()
TEXT = FILES[f"{fonts.FOLDER}/plex.woff2"].read_bytes()


def letters(font: bytes) -> set[str]:
    return {chr(code) for code in TTFont(io.BytesIO(font)).getBestCmap()}


def test_a_font_keeps_what_is_asked_for_and_no_more() -> None:
    made = fonts.subset(MATHS, "aβ∑€")
    assert letters(made) == set("aβ∑€") & letters(MATHS)
    assert len(made) < len(MATHS) / 5
    assert made == fonts.subset(MATHS, "aβ∑€"), "the same bytes every time"


def test_the_typeface_keeps_the_weights_of_text() -> None:
    (axis,) = TTFont(io.BytesIO(fonts.subset(TEXT, "Plex")))["fvar"].axes
    assert (axis.minValue, axis.maxValue) == fonts.WEIGHTS
    css = (ROOT / "site_src" / "theme" / "assets" / "look.css").read_text()
    assert f"font-weight: {fonts.WEIGHTS[0]} {fonts.WEIGHTS[1]};" in css


def test_a_site_gets_the_characters_of_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, kept = tmp_path / "site", tmp_path / "kept"
    place = site / "assets" / "fonts" / "plex.woff2"

    def build() -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(TEXT)
        (site / "index.html").write_text("<p title='ß'>&eacute;</p><script>ø</script>")
        fonts.fit(site, kept)

    build()
    first = place.read_bytes()
    assert "é" in letters(first), "written as an entity"
    assert "ø" not in letters(first), "in a script alone"
    assert set("Az09") < letters(first), "what a reader may type"
    monkeypatch.setattr(fonts, "subset", lambda *_: pytest.fail("it was made before"))
    build()
    assert place.read_bytes() == first
