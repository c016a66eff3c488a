"""A demo by keyboard, by touch, without scripts, and while pages come and go."""

from __future__ import annotations

import pytest
from browser.test_demos import DEMOS, heavy, start

FIRST = min(DEMOS)
MIDDLE = """() => {
  const canvas = document.querySelector(".live canvas");
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  for (let place = 0; place < data.length; place += 4) {
    if (data[place + 3] > 200) return [...data.slice(place, place + 3)];
  }
}"""


@pytest.fixture(params=sorted(DEMOS))
def path(request) -> str:
    """Each page with a demo."""
    return request.param


def focused(page) -> str:
    return page.evaluate("document.activeElement.classList[0]")


def test_by_keyboard_alone(path, visit) -> None:
    page = visit(path).page
    page.locator(".demo-start button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".demo-view.live")
    assert focused(page) == "demo-text"
    page.keyboard.type("x")
    field = page.get_by_label("Text", exact=True)
    assert field.input_value() == "The if statement is usedx"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the likeliest character
    assert len(field.input_value()) == 26
    for _ in range(8):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"
    page.keyboard.press("ArrowRight")
    assert page.locator(".demo-heat output").inner_text() == "1.1"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Stop").wait_for()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Write 40 more").wait_for()
    assert 26 < len(field.input_value()) < 66
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.keyboard.press("Tab")
    assert focused(page) == "demo-field"
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "2px"
    before = page.locator(".demo-told").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    after = page.locator(".demo-told").inner_text()
    assert after != before
    spoken = page.locator(".demo-inside [role=status]")
    assert spoken.inner_text() != after, "it waits until the cursor rests"
    page.wait_for_timeout(600)
    assert spoken.inner_text() == after


def test_by_touch(path, visit) -> None:
    seen = visit(path, width=390, height=800, touch=True)
    page = seen.page
    page.get_by_role("button", name="Try it live").tap()
    page.wait_for_selector(".demo-view.live")
    assert focused(page) == "demo-view", "no touch keyboard opens by itself"
    page.locator(".demo-next button").first.tap()
    assert len(page.get_by_label("Text", exact=True).input_value()) == 25
    field = page.locator(".demo-field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    mark = page.locator(".demo-cursor").bounding_box()
    assert abs(mark["x"] + mark["width"] / 2 - box["x"] - box["width"] * 0.3) < 12
    small = page.evaluate(
        """() => [...document.querySelectorAll(
          '.live button, .live select, .live input, .live textarea')]
          .filter((one) => one.getBoundingClientRect().height < 44)
          .map((one) => one.outerHTML)"""
    )
    assert small == []
    assert seen.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_the_figure_stands(path, scheme, visit) -> None:
    seen = visit(path, width=390, scheme=scheme, javascript=False)
    figure = seen.page.get_by_role("img", name="The if statement is used")
    assert figure.is_visible()
    assert seen.page.locator(".demo-start").is_hidden()
    assert heavy(seen) == []
    figure.scroll_into_view_if_needed()
    name = path.strip("/").replace("/", "-")
    seen.screenshot(f"demo-{name}-without-scripts-{scheme}")


def test_nothing_moves_when_it_starts(path, visit) -> None:
    """The figure's top stays where it was, and what follows is not drawn over."""
    seen = visit(path)
    figure = seen.page.locator("figure.demo")
    figure.scroll_into_view_if_needed()
    before = figure.bounding_box()["y"]
    start(seen)
    assert abs(figure.bounding_box()["y"] - before) < 1


def test_the_map_follows_the_scheme(path, visit) -> None:
    page = visit(path).page
    page.get_by_role("button", name="Try it live").click()
    page.wait_for_selector(".demo-view.live")
    light = page.evaluate(MIDDLE)
    page.get_by_title("Switch to dark").click()
    page.wait_for_function("() => document.body.dataset.mdColorScheme === 'slate'")
    page.wait_for_timeout(100)
    dark = page.evaluate(MIDDLE)
    assert sum(dark) > sum(light) + 50


def test_reduced_motion_writes_at_once(visit) -> None:
    page = visit(FIRST).page
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Try it live").click()
    page.wait_for_selector(".demo-view.live")
    page.evaluate(
        """() => {
          window.lengths = new Set();
          const field = document.querySelector(".live textarea");
          const look = () => {
            lengths.add(field.value.length);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.get_by_role("button", name="Write 40 more").click()
    page.get_by_text("40 characters written").wait_for()
    page.wait_for_timeout(50)
    assert page.evaluate("[...lengths]") == [24, 64]


def test_a_demo_that_is_taken_away_gives_its_session_back(visit) -> None:
    seen = visit(FIRST)
    page = seen.page
    start(seen)
    page.evaluate(
        """async () => {
          const ort = await import("/assets/onnxruntime/ort.wasm.bundle.min.mjs");
          const type = ort.InferenceSession.prototype, release = type.release;
          window.released = 0;
          type.release = async function () {
            await release.call(this);
            window.released += 1;
          };
          document.querySelector("arch-demo").remove();
        }"""
    )
    page.wait_for_function("() => window.released === 1")
    assert seen.errors == []
