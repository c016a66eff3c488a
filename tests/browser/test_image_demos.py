"""Every demo that takes an image: drawn on, moved, and held against torch."""

from __future__ import annotations

import json

import pytest
import torch
from browser.conftest import ROOT, SITE, Visit
from browser.page_model import PageModel, page_model
from browser.test_demos import LISTEN, heavy, of_kind, runs_of, settle, start

from site_src.demos.pictures import Picture, scores_of
from site_src.demos.show import DIFFERENCE
from site_src.page import Page

DEMOS = of_kind("image-class")
INK = """() => {
  const canvas = document.querySelector(".demo-pad canvas");
  const { data } = canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((_, n) => n % 4 === 3).reduce((sum, one) => sum + one, 0) / 255;
}"""


@pytest.fixture(params=sorted(DEMOS))
def path(request) -> str:
    """Each page with such a demo."""
    return request.param


def settings_of(seen: Visit) -> dict:
    return json.loads(seen.page.locator("arch-demo").get_attribute("settings"))


def reader_of(twin: PageModel, settings: dict) -> Picture:
    looks = {part["label"] for part in settings["inner"] if part["looking"]}
    names = {**twin.inner, **twin.looking}
    inner = {label: name for label, name in names.items() if label not in looks}
    looking = {label: name for label, name in names.items() if label in looks}
    return Picture(twin.model, inner, looking, settings["patches"]).eval()


def compare(runs: list, twin: PageModel, settings: dict) -> float:
    """Largest difference to torch over all that the browser fed and got."""
    reader, largest = reader_of(twin, settings), 0.0
    with torch.no_grad():
        for given, found in runs:
            wanted = dict(zip(reader.names(), reader(given["images"]), strict=True))
            wanted["scores"] = scores_of(twin.model(given["images"]))
            assert wanted.keys() == found.keys()
            for name, tensor in wanted.items():
                assert tensor.shape == found[name].shape, name
                largest = max(largest, (tensor - found[name]).abs().max().item())
    return largest


def draw(seen: Visit, points: list[tuple[float, float]]) -> None:
    """Draw a line with the mouse, through shares of the pad's sides."""
    box = seen.page.locator(".demo-pad").bounding_box()
    places = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points
    ]
    seen.page.mouse.move(*places[0])
    seen.page.mouse.down()
    for place in places[1:]:
        seen.page.mouse.move(*place, steps=5)
    seen.page.mouse.up()


def test_there_are_such_demos() -> None:
    assert DEMOS


def test_it_answers_as_torch_does_on_what_is_drawn(path, visit, address) -> None:
    seen = visit(path)
    page = seen.page
    assert heavy(seen) == [], "something was loaded before the click"
    page.evaluate(LISTEN)
    start(seen)
    settings = settings_of(seen)
    page.locator(".demo-pad").scroll_into_view_if_needed()
    for n in range(3):
        page.locator(".demo-tools").first.get_by_role("button").nth(n).click()
        settle(seen)
    page.get_by_role("button", name="clear the image").click()
    draw(seen, [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)])
    settle(seen)
    for way in ("left", "down"):
        page.get_by_role("button", name=f"move the image {way}").click()
    settle(seen)
    runs = runs_of(seen)
    assert len(runs) >= 6
    exported = (SITE / DEMOS[path]).read_bytes()
    twin = page_model(Page.read(ROOT, ROOT / f"docs/{path.rstrip('/')}.md"), exported)
    assert compare(runs, twin, settings) < DIFFERENCE
    moved, drawn = runs[-1][0]["images"], runs[-3][0]["images"]
    assert torch.equal(moved[..., 1:, :-1], drawn[..., :-1, 1:])
    shares = page.locator(".demo-chance").all_inner_texts()
    wanted = runs[-1][1]["scores"][0].softmax(-1).tolist()
    assert shares == [f"{100 * share:.1f}\u202f%" for share in wanted]
    if settings["inner"]:
        told = page.locator(".demo-told").inner_text()
        first = runs[-1][1]["inner_0"]
        assert f": {first[0, 0, 0, 0].item():.2f}.".replace("-", "−") in told
    with torch.no_grad():  # the comparison sees a weight that is a little off
        next(iter(twin.model.parameters())).view(-1)[3] += 0.05
    assert compare(runs, twin, settings) > DIFFERENCE
    assert seen.errors == []
    assert [u for u in seen.requests if not u.startswith((address, "data:"))] == []
    for width, scheme in ((1280, "default"), (390, "slate"), (320, "default")):
        page.set_viewport_size({"width": width, "height": 1700})
        page.evaluate("name => (document.body.dataset.mdColorScheme = name)", scheme)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.locator("figure.demo").scroll_into_view_if_needed()
        name = path.strip("/").replace("/", "-")
        seen.screenshot(f"demo-{name}-{width}-{scheme}")


def test_every_inner_value_can_be_seen(path, visit) -> None:
    seen = visit(path)
    page = seen.page
    start(seen)
    shown = page.get_by_label("Shown")
    for n, part in enumerate(settings_of(seen)["inner"]):
        if shown.count() and shown.is_visible():
            shown.select_option(str(n))
        told = page.locator(".demo-told").inner_text()
        assert (part["label"] if part["looking"] else part["channels"][0]) in told
    assert seen.errors == []


def test_by_keyboard_alone(path, visit) -> None:
    page = visit(path).page
    page.locator(".demo-start button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".demo-view.live")
    assert page.evaluate("document.activeElement.classList.contains('demo-pad')")
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "2px"
    page.keyboard.press("Delete")
    assert page.evaluate(INK) == 0
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(INK) == 0, "the pen is up"
    page.keyboard.press("Space")
    dot = page.evaluate(INK)
    assert dot > 1
    page.keyboard.press("Shift+ArrowDown")
    line = page.evaluate(INK)
    assert line > dot + 2
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(INK) == line
    status = page.locator(".demo-side [role=status]").first
    page.wait_for_timeout(600)
    assert status.inner_text().startswith("Pen up, row ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert page.evaluate(INK) > line, "the first test image"


def test_by_touch(path, visit) -> None:
    seen = visit(path, width=390, height=800, touch=True)
    page = seen.page
    page.get_by_role("button", name="Try it live").tap()
    page.wait_for_selector(".demo-view.live")
    pad = page.locator(".demo-pad")
    pad.scroll_into_view_if_needed()
    assert pad.evaluate("element => getComputedStyle(element).touchAction") == "none"
    page.get_by_role("button", name="clear the image").tap()
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.evaluate(INK) > 1
    small = page.evaluate(
        """() => [...document.querySelectorAll('.live button, .live select')]
          .filter((one) => one.offsetParent && (one.getBoundingClientRect().height < 44
            || one.getBoundingClientRect().width < 44))
          .map((one) => one.outerHTML)"""
    )
    assert small == []
    assert seen.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_the_figure_stands(path, scheme, visit) -> None:
    seen = visit(path, width=390, scheme=scheme, javascript=False)
    figure = seen.page.locator("figure.demo [role=img]")
    assert figure.is_visible()
    assert len(figure.get_attribute("aria-label")) > 40
    assert seen.page.locator(".demo-start").is_hidden()
    assert heavy(seen) == []
    figure.scroll_into_view_if_needed()
    name = path.strip("/").replace("/", "-")
    seen.screenshot(f"demo-{name}-without-scripts-{scheme}")


@pytest.mark.parametrize("broken", ["*.onnx", "image-class.js*", "pad.js*"])
def test_a_download_that_fails_can_be_tried_again(path, broken, visit) -> None:
    page = visit(path).page
    page.route(f"**/{broken}", lambda route: route.abort())
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert "did not work" in page.get_by_role("alert").inner_text()
    assert page.locator(".demo-view[role=img]").is_visible()
    page.unroute(f"**/{broken}")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".demo-view.live")
