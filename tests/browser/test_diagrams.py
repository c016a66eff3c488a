"""Every diagram of the built site: read, pointed at, tabbed through and printed."""

from __future__ import annotations

import re

import pytest
from browser.conftest import SITE

DRAWN = sorted(
    path.parent.relative_to(SITE).as_posix() + "/"
    for path in SITE.rglob("index.html")
    if 'class="diagram"' in path.read_text("utf-8")
)
PART = "figure.diagram a.node"
SMALLEST = """() => Math.min(...[...document.querySelectorAll('.diagram svg text')].map(
    (text) => parseFloat(getComputedStyle(text).fontSize) *
        text.ownerSVGElement.getBoundingClientRect().width /
        text.ownerSVGElement.viewBox.baseVal.width))"""
SPILLED = """() => [...document.querySelectorAll('.diagram a.node')].flatMap((node) => {
    const shape = node.querySelector('.shape')?.getBoundingClientRect();
    return [...node.querySelectorAll('text')].filter((text) => {
        const box = text.getBoundingClientRect();
        return shape && (box.left < shape.left || box.right > shape.right);
    }).map((text) => text.textContent);
})"""
FOCUSED = """async (part) => {
    part.focus();
    const note = part.closest('figure').querySelector('.diagram-note');
    for (let n = 0; n < 100 && !note.style.minHeight; n++)
        await new Promise(requestAnimationFrame);
    const words = document.getElementById(part.getAttribute('aria-describedby'));
    return [part.getAttribute('xlink:href'), note.innerText, words.textContent,
        note.getBoundingClientRect().height];
}"""
SHOWN = """(hash) => {
    const lit = document.querySelector(':target');
    if (location.hash !== hash || lit?.id !== hash.slice(1)) return false;
    const top = lit.getBoundingClientRect().top;
    return 48 <= top && top < innerHeight;  // and not under the header
}"""
FOLLOWED = """(part) => {
    const note = part.closest('figure').querySelector('.diagram-note');
    const lit = document.querySelector(':target');
    return [getComputedStyle(lit).backgroundColor, note.getBoundingClientRect().height];
}"""
APART = """() => {
    const part = document.activeElement;
    const note = part.closest('figure').querySelector('.diagram-note');
    const [shown, said] = [part, note].map((one) => one.getBoundingClientRect());
    const seen = said.top >= 0 && said.bottom <= innerHeight + 1;
    return seen && (shown.bottom <= said.top || shown.top >= said.bottom);
}"""


def test_there_are_diagrams() -> None:
    assert len(DRAWN) > 1


@pytest.mark.parametrize("path", DRAWN)
def test_labels_fit_and_can_be_read(path, visit) -> None:
    page = visit(path).page
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(SPILLED) == [], f"at {width} px"
        assert page.evaluate(SMALLEST) >= 13, f"at {width} px"


@pytest.mark.parametrize("path", DRAWN)
def test_each_part_has_a_note_and_lights_up_its_lines(path, visit) -> None:
    seen = visit(path)
    page = seen.page
    for part in page.locator(PART).all():
        target, note, words, height = part.evaluate(FOCUSED)
        assert note.split() == words.split()
        page.keyboard.press("Enter")
        page.wait_for_function(SHOWN, arg=target)
        ground, height_then = part.evaluate(FOLLOWED)
        assert ground != "rgba(0, 0, 0, 0)"
        assert height_then == pytest.approx(height, abs=1)
    assert seen.errors == []


@pytest.mark.parametrize("path", DRAWN)
def test_the_tab_key_follows_the_words(path, visit) -> None:
    page = visit(path).page
    for figure in page.locator("figure.diagram").all():
        listed = figure.locator("li").evaluate_all("(all) => all.map((li) => li.id)")
        figure.locator("a.node").first.focus()
        walked = []
        for _ in listed:
            page.wait_for_function(APART)  # the note in view, and not over its part
            walked.append(
                page.evaluate("document.activeElement.getAttribute('aria-describedby')")
            )
            page.keyboard.press("Tab")
        assert walked == listed


@pytest.mark.parametrize("path", DRAWN)
def test_the_first_tap_shows_the_note_and_the_second_follows(path, visit) -> None:
    page = visit(path, width=390, touch=True).page
    part = page.locator(PART).first
    part.tap()
    note = page.locator(".diagram-note").first
    words = page.locator(f"#{part.get_attribute('aria-describedby')}")
    assert note.inner_text().split() == words.text_content().split()
    assert "#" not in page.url
    part.tap()
    target = part.get_attribute("xlink:href")
    page.wait_for_function("(hash) => location.hash === hash", arg=target)


def test_the_words_are_printed_and_the_note_is_not(visit) -> None:
    page = visit(DRAWN[0]).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".diagram-words li").first.is_visible()
    assert not page.locator(".diagram-note").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator(".diagram-words li").first.is_visible()


def test_without_scripts_a_part_has_a_tooltip_and_no_empty_note(visit) -> None:
    page = visit(DRAWN[0], javascript=False).page
    assert not page.locator(".diagram-note").first.is_visible()
    titles = page.locator(f"{PART} > title").all_text_contents()
    assert titles
    assert all(re.search(r"\w", title) for title in titles)
