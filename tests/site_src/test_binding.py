"""Numbers do not part from their units, nor formulas from their punctuation."""

from __future__ import annotations

import pytest

from site_src.rendering.binding import NO_BREAK, beside, with_units

KEPT = {
    "<p>40 % of it, 9 GiB and 12 ms, 8 bits</p>": (
        "<p>40_% of it, 9_GiB and 12_ms, 8_bits</p>"
    ),
    '<a title="5 %" href="#x">10</a> % more': '<a title="5 %" href="#x">10</a>_% more',
    "about 1 × 10⁻⁵ of 2 × 3": "about 1_×_10⁻⁵ of 2 × 3",
}
LEFT = (
    "<pre><code><span>7 % 3</span> == 1 % 2</code></pre>",
    "<p><code>7 % 3</code></p>",
    "<svg><text>5 %</text></svg>",
    "in 3 spaces, 4 months, a % of",
    '<p data-x="4 %">a</p>',
    '<arch-demo kind="x" settings="4 %"><p>5 %</p></arch-demo>',
)


@pytest.mark.parametrize("text", KEPT)
def test_a_number_stays_with_its_unit(text: str) -> None:
    bound = with_units(text)
    assert bound.replace("\N{NO-BREAK SPACE}", "_") == KEPT[text]
    assert with_units(bound) == bound


@pytest.mark.parametrize("text", LEFT)
def test_code_drawings_and_other_words_are_left(text: str) -> None:
    assert with_units(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("of x, and", ("", NO_BREAK)),
        ("of x and", ("", "")),
        ("(x)", (NO_BREAK, NO_BREAK)),
        ("x", ("", "")),
        ("in x-y", ("", "")),
    ],
)
def test_a_formula_stays_with_what_it_touches(
    text: str, expected: tuple[str, str]
) -> None:
    place = text.index("x")
    assert beside(text, place, place + 1) == expected
