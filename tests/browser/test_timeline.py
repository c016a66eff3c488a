"""The timeline in Chromium: a drawing of links on a desk, the list alone on a phone."""

from __future__ import annotations

import json

from browser.conftest import SITE

PATH = "timeline/"
FACTS = json.loads((SITE / "architectures.json").read_text())["architectures"]
NAMES = {one["name"] for one in FACTS}
EDGES = [
    (before["slug"], one, before["problem"])
    for one in FACTS
    for before in one["predecessors"]
    if before["slug"] in NAMES
]


def test_a_line_says_its_problem_and_leads_to_it_from_the_keyboard(visit) -> None:
    seen = visit(PATH)
    page = seen.page
    edges = page.locator(".timeline a.edge")
    assert edges.count() == len(EDGES)
    note = page.locator(".timeline-note")
    assert "Point at a number" in note.inner_text()
    for number in (1, len(EDGES)):
        edge = page.locator(f".timeline a.edge[aria-label^='{number}. ']")
        edge.focus()
        problem = EDGES[number - 1][2]
        assert note.inner_text().endswith(problem)
        seat, at = edge.locator("circle").bounding_box(), note.bounding_box()
        assert seat["y"] + seat["height"] <= at["y"], "the note hides the line at hand"
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => location.hash === '#takes-up-{number}'")
        told = page.locator(f"#takes-up-{number}")
        assert told.inner_text().endswith(problem)
        page.wait_for_selector(f"#takes-up-{number}:target")
    assert seen.errors == []


def test_the_tab_key_goes_through_time(visit) -> None:
    page = visit(PATH).page
    page.locator(".timeline-sheet").focus()
    labels = []
    for _ in range(len(FACTS) + len(EDGES)):
        page.keyboard.press("Tab")
        labels.append(
            page.evaluate("document.activeElement.getAttribute('aria-label')")
        )
    for one in FACTS:
        place = labels.index(f"{one['title']} {one['year']} · {one['family']}")
        for _, end, problem in EDGES:
            if end is one:
                assert any(said.endswith(problem) for said in labels[:place])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('ol.lineage') !== null")


def test_a_box_leads_to_its_page_and_the_first_link_to_the_list(visit) -> None:
    page = visit(PATH).page
    page.locator(".timeline-skip a").click()
    page.wait_for_function("() => location.hash === '#timeline-list'")
    page.locator(".timeline a.node").first.click()
    page.wait_for_url(f"**/{FACTS[0]['page']}")


def test_boxes_and_numbers_do_not_lie_on_each_other_as_they_are_drawn(visit) -> None:
    page = visit(PATH).page
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(
            ".timeline .shape, .timeline .edge circle, .timeline .year")].map((one) => {
          const { left, top, right, bottom } = one.getBoundingClientRect();
          return [left, top, right, bottom];
        })"""
    )
    assert len(boxes) > len(FACTS) + len(EDGES)
    for number, one in enumerate(boxes):
        for two in boxes[number + 1 :]:
            across = one[0] < two[2] and two[0] < one[2]
            assert not (across and one[1] < two[3] and two[1] < one[3])
    inside = page.evaluate(
        """() => [...document.querySelectorAll(".timeline .node")].every((node) => {
          const box = node.querySelector(".shape").getBoundingClientRect();
          return [...node.querySelectorAll("text")].every((text) => {
            const own = text.getBoundingClientRect();
            return own.left > box.left && own.right < box.right
              && own.top >= box.top && own.bottom <= box.bottom;
          });
        })"""
    )
    assert inside


def test_a_phone_shows_the_list_and_not_the_drawing(visit) -> None:
    page = visit(PATH, width=390, scheme="dark").page
    assert not page.locator(".timeline-drawing").is_visible()
    assert not page.locator(".timeline-skip").is_visible()
    rows = page.locator(".timeline ol.lineage > li")
    assert rows.count() == len(FACTS)
    for one, text in zip(FACTS, rows.all_inner_texts(), strict=True):
        assert text.startswith(one["title"])
        assert one["paper"]["title"] in text
        for before in one["predecessors"]:
            assert before["problem"] in text


def test_without_script_every_line_and_its_words_are_there(visit) -> None:
    page = visit(PATH, javascript=False).page
    assert page.locator(".timeline a.edge").count() == len(EDGES)
    assert not page.locator(".timeline-note").is_visible()
    for number, (_, _, problem) in enumerate(EDGES, 1):
        assert page.locator(f"#takes-up-{number}").inner_text().endswith(problem)


def test_the_drawing_follows_light_and_dark(visit) -> None:
    def colours(scheme: str) -> list[str]:
        return visit(PATH, scheme=scheme).page.evaluate(
            """() => [".shape", ".edge path", ".year"].map((name) => {
              const part = document.querySelector(`.timeline ${name}`);
              return getComputedStyle(part).fill + getComputedStyle(part).stroke;
            })"""
        )

    for light, dark in zip(colours("light"), colours("dark"), strict=True):
        assert light != dark
