"""Tracks in the browser: progress is kept there and nowhere else."""

from __future__ import annotations

import pytest
from browser.conftest import SITE

TRACKS = sorted(p.parent.relative_to(SITE).as_posix() for p in
                SITE.glob("tracks/*/index.html"))  # fmt: skip


@pytest.mark.parametrize("track", TRACKS)
def test_a_page_that_was_read_is_marked_on_the_track(track, visit) -> None:
    seen = visit(f"{track}/")
    page = seen.page
    stops = page.locator("ol.track > li")
    count = stops.count()
    assert count > 1
    assert page.locator(".track-progress").count() == 0
    links = [stops.nth(n).locator("a").first for n in range(count)]
    second = links[1].inner_text()
    links[0].click()
    page.wait_for_selector("nav.tracks label")
    here = page.url
    box = page.get_by_label("I have read this page")
    assert not box.is_checked()
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()
    page.go_back()
    progress = page.wait_for_selector(".track-progress")
    assert progress.inner_text() == f"1 of {count} read. Go on with {second}"
    assert "✓ read" in stops.nth(0).inner_text()
    assert "✓ read" not in stops.nth(1).inner_text()
    page.goto(here)
    box = page.get_by_label("I have read this page")
    assert box.is_checked()
    box.click()
    page.goto(page.url)
    assert not page.get_by_label("I have read this page").is_checked()
    assert page.context.cookies() == []
    assert seen.errors == []


def test_a_browser_that_keeps_nothing_is_offered_nothing(visit) -> None:
    seen = visit(f"{TRACKS[0]}/")
    page = seen.page
    page.context.add_init_script(
        "Object.defineProperty(window, 'localStorage',"
        " { get() { throw new Error('blocked'); } });"
    )
    page.goto(page.locator("ol.track a").first.evaluate("a => a.href"))
    page.wait_for_selector("nav.tracks")
    page.wait_for_timeout(300)
    assert not page.get_by_label("I have read this page").is_visible()


def test_the_home_page_holds_a_live_model_in_its_first_screen(visit) -> None:
    for width, height in ((1280, 900), (390, 844)):
        seen = visit("", width=width)
        page = seen.page
        page.set_viewport_size({"width": width, "height": height})
        demo = page.locator("arch-demo")
        assert demo.count() == 1
        start = demo.get_by_role("button").first
        box = start.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
        before = len(seen.requests)
        start.click()
        page.wait_for_selector("arch-demo [role=status], arch-demo canvas")
        page.wait_for_timeout(2000)
        assert any(url.endswith(".onnx") for url in seen.requests[before:])
        assert seen.errors == []
