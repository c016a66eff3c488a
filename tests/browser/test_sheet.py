"""Lists that are made to be printed: on one page, and that page is theirs."""

from __future__ import annotations

import pytest
from browser.conftest import SITE

A4 = (718, 1047)  # what margins of one centimetre leave, in CSS pixels
SHEETS = sorted(
    path.parent.relative_to(SITE).as_posix() + "/"
    for path in SITE.rglob("index.html")
    if '<section class="sheet"' in path.read_text("utf-8")
)
BREAKS = """(sheet) => [getComputedStyle(sheet).breakBefore,
    getComputedStyle(sheet).breakAfter]"""


def test_there_is_a_sheet() -> None:
    assert SHEETS


@pytest.mark.parametrize("path", SHEETS)
def test_a_sheet_is_printed_on_one_page_of_its_own(path, visit) -> None:
    page = visit(path, width=A4[0]).page
    page.emulate_media(media="print")
    for sheet in page.locator("section.sheet").all():
        assert sheet.evaluate(BREAKS) == ["page", "page"]
        assert 100 < sheet.bounding_box()["height"] < A4[1]
        items = sheet.locator("li").all()
        assert items
        assert all(item.is_visible() for item in items)
