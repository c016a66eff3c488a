"""Comparing in Chromium: sorting, filtering, two side by side, all in the address."""

from __future__ import annotations

import gzip
import json

import pytest
from browser.conftest import SITE

PATH = "compare/"
BODIES = ".compare tbody"
FACTS = json.loads((SITE / "architectures.json").read_text())["architectures"]
NAMES = [one["name"] for one in FACTS]
FIRST, SECOND = FACTS[0], FACTS[1]


def titles(page) -> list[str]:
    """The architectures that are shown, from top to bottom."""
    return page.locator(f"{BODIES}:visible > tr:first-child > th").all_inner_texts()


def ratio(one: dict) -> float | None:
    """How many times as long as another's its first measured file takes."""
    found = [s["measured"]["speeds"][0]["against"] for s in one["snippets"]]
    return next((each["ratio"] for each in found if each), None)


def test_the_page_is_light() -> None:
    assert len(gzip.compress((SITE / PATH / "index.html").read_bytes())) < 100_000


def test_sorting_goes_up_down_and_back_from_the_keyboard(visit) -> None:
    seen = visit(PATH)
    page = seen.page
    start = titles(page)
    assert start == [one["title"] for one in FACTS]
    head = page.locator(".compare th", has=page.get_by_role("button", name="year"))
    head.get_by_role("button").focus()
    years = {one["title"]: one["year"] for one in FACTS}
    for way, order, sign in (("ascending", "year", 1), ("descending", "-year", -1)):
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == way
        assert page.evaluate("location.search") == f"?sort={order}"
        found = [years[title] for title in titles(page)]
        assert found == sorted(found, key=lambda year: sign * year)
        assert len(found) == len(start)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "none"
    assert page.evaluate("location.search") == ""
    assert titles(page) == start
    assert seen.errors == []


def test_numbers_sort_as_numbers(visit) -> None:
    by_title = {one["title"]: ratio(one) for one in FACTS}
    for order in ("ratio", "-ratio"):
        page = visit(f"{PATH}?sort={order}").page
        found = [by_title[title] for title in titles(page)]
        known = [value for value in found if value is not None]
        assert found[: len(known)] == sorted(known, reverse=order[0] == "-")
        assert len(known) > 5
    page = visit(f"{PATH}?sort=parameters").page
    own = {o["title"]: o["snippets"][0]["measured"]["speeds"][0] for o in FACTS}
    counts = [own[title]["parameters"] for title in titles(page)]
    assert counts == sorted(counts)


def test_what_has_no_number_comes_last_either_way(visit) -> None:
    """One loses its number; others have none where a library is not installed."""
    page = visit(PATH).page
    body = page.locator(BODIES).nth(2)
    without = {titles(page)[2]} | {o["title"] for o in FACTS if ratio(o) is None}
    body.evaluate(
        "body => body.querySelectorAll('td').forEach((td) => td.dataset.value = '')"
    )
    for way in ("ascending", "descending"):
        page.get_by_role("button", name="takes as long as").click()
        assert page.locator(f".compare th[aria-sort={way}]").count() == 1
        assert set(titles(page)[-len(without) :]) == without


def test_filters_count_combine_and_stand_in_the_address(visit) -> None:
    seen = visit(PATH, width=390)
    page = seen.page
    told = page.locator(".compare output")
    assert told.inner_text() == f"{len(NAMES)} of {len(NAMES)} architectures"
    family = FIRST["family"]
    page.get_by_label("Family").select_option(family)
    wanted = [one for one in FACTS if one["family"] == family]
    assert titles(page) == [one["title"] for one in wanted]
    assert told.inner_text() == f"{len(wanted)} of {len(NAMES)} architectures"
    page.get_by_label("Trains in parallel").select_option("yes")
    wanted = [one for one in wanted if one["complexity"]["parallel"]]
    assert titles(page) == [one["title"] for one in wanted]
    assert page.evaluate("location.search") == f"?family={family}&parallel=yes"
    page.reload()
    page.wait_for_selector(".compare form")
    assert titles(page) == [one["title"] for one in wanted]
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("() => location.search === ''")
    assert len(titles(page)) == len(NAMES)
    page.get_by_label("Find").fill(SECOND["title"].upper())
    assert SECOND["title"] in titles(page)
    assert len(titles(page)) < len(NAMES)
    assert seen.errors == []


def test_an_address_that_nobody_wrote_does_no_harm(visit) -> None:
    seen = visit(f"{PATH}?sort=-nothing&family=none&one=no/such&find=%3Cb%3E")
    assert seen.page.locator(".compare output").inner_text().startswith("0 of")
    assert seen.page.get_by_label("First").input_value() == ""
    assert seen.errors == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_table_scrolls_in_its_box_and_names_stay(visit, width) -> None:
    page = visit(PATH, width=width).page
    box = page.locator(".compare .computed-table")
    name = page.locator(f"{BODIES} th").first
    before = name.bounding_box()
    box.focus()
    box.evaluate("box => box.scrollTo(400, 0)")
    assert box.evaluate("box => box.scrollLeft") == 400
    after = name.bounding_box()
    assert after["x"] == pytest.approx(before["x"], abs=1)
    assert after["width"] < width / 2
    box.evaluate("box => box.scrollTo(400, 300)")
    head = page.locator(".compare thead").bounding_box()
    assert head["y"] == pytest.approx(box.bounding_box()["y"], abs=2)


def test_nothing_of_two_is_fetched_before_they_are_chosen(visit) -> None:
    seen = visit(PATH, idle=True)
    page = seen.page
    for late in ("architectures.json", "snippets/"):
        assert not [url for url in seen.requests if late in url]
    page.get_by_label("First").select_option(FIRST["name"])
    assert "Choose two" in page.locator(".pair output").inner_text()
    assert not [url for url in seen.requests if "architectures.json" in url]
    page.get_by_label("Second").select_option(SECOND["name"])
    page.wait_for_selector(".pair table")
    query = f"?one={FIRST['name']}&two={SECOND['name']}"
    assert page.evaluate("location.search") == query
    assert len([url for url in seen.requests if "architectures.json" in url]) == 1
    assert not [url for url in seen.requests if "snippets/" in url]
    page.locator(".pair summary").first.click()
    page.wait_for_selector(".pair figure.diff")
    assert len([url for url in seen.requests if "/snippets/" in url]) == 2
    assert seen.errors == []


def test_two_stand_side_by_side_and_share_what_is_the_same(visit) -> None:
    path = f"{PATH}?one={FIRST['name']}&two={SECOND['name']}"
    page = visit(path, width=390, scheme="dark").page
    page.wait_for_selector(".pair table")
    for name, say in {
        "objective": lambda one: one["objective"],
        "time": lambda one: one["complexity"]["time"],
        "level": lambda one: one["level"],
        "what it is": lambda one: one["tagline"],
    }.items():
        row = page.locator(".pair tr", has=page.locator(f"th:text-is('{name}')"))
        texts = [text.strip() for text in row.locator("td").all_inner_texts()]
        wanted = [say(FIRST), say(SECOND)]
        assert texts == (wanted[:1] if wanted[0] == wanted[1] else wanted)
    ideas = page.locator(".pair table li").all_inner_texts()
    assert ideas == [*FIRST["key_ideas"], *SECOND["key_ideas"]]
    page.get_by_label("Second").select_option(FIRST["name"])
    assert page.locator(".pair table").count() == 0
    assert "two different" in page.locator(".pair output").inner_text()


def test_the_difference_of_the_code_holds_both_files(visit) -> None:
    path = f"{PATH}?one={FIRST['name']}&two={SECOND['name']}&code=shown"
    page = visit(path).page
    page.wait_for_selector(".pair figure.diff")
    files = [
        (SITE / one["snippets"][0]["address"]).read_text() for one in (FIRST, SECOND)
    ]
    made = page.evaluate(
        """async ([one, two]) => {
          const place = new URL("../assets/compare/difference.js", location.href);
          const { difference, shortened } = await import(place);
          return [difference(one, two), shortened(difference(one, two))];
        }""",
        files,
    )
    whole, short = made
    for side, text in zip("-+", files, strict=True):
        kept = [line for kind, line in whole if kind in (" ", side)]
        assert "\n".join(kept) + "\n" == text
    shared = sum(kind == " " for kind, _ in whole)
    assert shared > 20
    shown = page.locator(".pair figure.diff code > span").count()
    assert shown == len(short)
    left = sum(count for kind, count in short if kind == "@")
    assert left + sum(kind != "@" for kind, _ in short) == len(whole)
    caption = page.locator(".pair figcaption").first.inner_text()
    assert f"{shared} in both" in caption


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("a\nb\nc\n", "a\nx\nc\n", " a,-b,+x, c"),
        ("a\n", "b\n", "-a,+b"),
        ("a\nb\n", "b\n", "-a, b"),
        ("b\n", "a\nb\nb\n", "+a, b,+b"),
        ("a\nb\nc\nd\n", "b\nd\na\nc\n", "-a, b,-c, d,+a,+c"),
        ("same\n", "same\n", " same"),
    ],
)
def test_a_difference_is_a_longest_common_subsequence(
    visit, one, two, expected
) -> None:
    made = visit(PATH).page.evaluate(
        """async ([one, two]) => {
          const place = new URL("../assets/compare/difference.js", location.href);
          const { difference } = await import(place);
          return difference(one, two).map((line) => line.join("")).join(",");
        }""",
        [one, two],
    )
    assert made == expected


def test_diagrams_of_both_come_with_their_links_and_ids_of_their_own(visit) -> None:
    path = f"{PATH}?one={FIRST['name']}&two={SECOND['name']}&diagrams=shown"
    seen = visit(path)
    page = seen.page
    page.wait_for_selector(".pair-diagrams svg")
    assert page.locator(".pair-diagrams figure.diagram").count() == 2
    twice = page.evaluate(
        """() => {
          const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
          return ids.filter((id, at) => ids.indexOf(id) !== at);
        }"""
    )
    assert twice == []
    for number, side in enumerate(("one", "two")):
        figure = page.locator(".pair-diagrams figure.diagram").nth(number)
        ids = figure.locator("[id]").evaluate_all("all => all.map((each) => each.id)")
        assert ids
        assert all(name.startswith(f"{side}-") for name in ids)
    node = page.locator(".pair-diagrams a.node").first
    there = node.evaluate("node => node.getAttribute('xlink:href')")
    assert there.startswith(page.url.split("compare/")[0] + FIRST["page"])
    node.hover()
    note = page.locator(".pair-diagrams .diagram-note").first
    assert note.inner_text() != ""
    assert seen.errors == []


def test_a_failed_download_is_said_and_can_be_tried_again(visit) -> None:
    seen = visit(PATH)
    page = seen.page
    page.route("**/architectures.json", lambda route: route.abort())
    page.get_by_label("First").select_option(FIRST["name"])
    page.get_by_label("Second").select_option(SECOND["name"])
    page.wait_for_selector(".pair output:has-text('could not be loaded')")
    page.unroute("**/architectures.json")
    page.get_by_label("Second").select_option(NAMES[2])
    page.wait_for_selector(".pair table")


def test_without_script_all_rows_and_links_are_there(visit) -> None:
    page = visit(PATH, javascript=False).page
    assert page.locator(f"{BODIES}:visible").count() == len(NAMES)
    assert page.locator(".compare button").count() == 0
    assert page.locator(".pair-plain li a").count() == len(NAMES)
    assert page.locator(".pair-plain").is_visible()
