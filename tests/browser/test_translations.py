"""Every demo that reads one text and writes another, held against torch in Chromium."""

from __future__ import annotations

import json

import pytest
import torch
from browser.conftest import ROOT, SITE, Visit
from browser.page_model import page_model
from browser.test_demos import LISTEN, heavy, of_kind, runs_of, settle, start

from site_src.demos.sequence_to_sequence import split
from site_src.demos.show import DIFFERENCE
from site_src.demos.stepwise import Stepwise
from site_src.demos.translators import Translator, Whole
from site_src.page import Page

DEMOS = of_kind("sequence-to-sequence")


@pytest.fixture(params=sorted(DEMOS))
def path(request) -> str:
    """Each page with such a demo."""
    return request.param


def settings_of(seen: Visit) -> dict:
    return json.loads(seen.page.locator("arch-demo").get_attribute("settings"))


def twin_of(path: str, given: dict) -> Translator:
    """The page's model in torch, with the weights that the site publishes."""
    page = Page.read(ROOT, ROOT / f"docs/{path.rstrip('/')}.md")
    twin = page_model(page, (SITE / DEMOS[path]).read_bytes())
    arguments = (twin.model, twin.inner, twin.alignment, tuple(given["ends"]))
    found: Translator
    if given["steps"]:
        found = Stepwise(*arguments, directions=given["steps"]["directions"])
    else:
        found = Whole(*arguments)
    with torch.no_grad():
        numbers, _ = split(given["samples"][0], given["vocabulary"])
        found.learn(torch.tensor([numbers]), len(given["written"]))
    return found


def written(seen: Visit) -> list[str]:
    """The words that are shown, once all are there."""
    seen.page.wait_for_function(
        "() => document.querySelector('.live .demo-hidden').textContent"
    )
    return seen.page.locator(".live .demo-words b").all_inner_texts()


def wanted(twin: Translator, given: dict, text: str) -> list[str]:
    """The likeliest word each time, by the model's own call of the whole."""
    numbers, _ = split(text, given["vocabulary"])
    source = torch.tensor([numbers[: given["limits"][0]]])
    words: list[int] = []
    first, last = given["ends"]
    while len(words) < given["limits"][1] and words[-1:] != [last]:
        with torch.no_grad():
            scores = twin.model(source, torch.tensor([[first, *words]]))
        words.append(int(scores[0, -1].argmax()))
    return [given["written"][n] for n in words]


def compare(runs: list[tuple[dict, dict]], twin: Translator) -> float:
    """Largest difference to torch over all that the browser fed and got."""
    largest = 0.0
    with torch.no_grad():
        for fed, found in runs:
            for name, tensor in twin.run(fed).items():
                assert tensor.shape == found[name].shape, name
                largest = max(largest, (tensor - found[name]).abs().max().item())
    return largest


def test_it_writes_what_torch_writes(path, visit, address) -> None:
    seen = visit(path)
    page = seen.page
    assert heavy(seen) == [], "something was loaded before the click"
    page.evaluate(LISTEN)
    start(seen)
    given = settings_of(seen)
    twin = twin_of(path, given)
    field = page.get_by_label("Text", exact=True)
    for number, sample in enumerate(given["samples"]):
        if number:
            page.get_by_label("Sample").select_option(index=number)
        assert field.input_value() == sample
        assert written(seen) == wanted(twin, given, sample)
    text = " ; ".join(given["samples"])
    field.fill(text)
    assert written(seen) == wanted(twin, given, text)
    settle(seen)
    runs = runs_of(seen)
    assert len(runs) > 20
    assert compare(runs, twin) < DIFFERENCE
    with torch.no_grad():  # the comparison sees a weight that is a little off
        next(iter(twin.model.parameters()))[:] *= 1.01
    assert compare(runs, twin) > DIFFERENCE
    assert seen.errors == []
    outside = [u for u in seen.requests if not u.startswith((address, "data:"))]
    assert outside == []
    for width, scheme in ((1280, "default"), (390, "slate"), (320, "default")):
        page.set_viewport_size({"width": width, "height": 1400})
        page.evaluate("name => (document.body.dataset.mdColorScheme = name)", scheme)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0
        page.locator("figure.demo").scroll_into_view_if_needed()
        name = path.strip("/").replace("/", "-")
        seen.screenshot(f"demo-{name}-{width}-{scheme}")


def test_a_word_that_it_never_saw_is_pointed_out(path, visit) -> None:
    seen = visit(path)
    start(seen)
    given = settings_of(seen)
    field = seen.page.get_by_label("Text", exact=True)
    written(seen)
    field.fill(f"xyzzy {given['samples'][0]} ☃")
    note = seen.page.locator(".live .demo-note").inner_text()
    assert note.endswith("never saw it: xyzzy ☃")
    assert written(seen) == wanted(twin_of(path, given), given, given["samples"][0])
    field.fill("")
    assert seen.page.locator(".live .demo-words li").count() == 0
    field.fill(f"{given['samples'][0]} ; " * 20)
    note = seen.page.locator(".live .demo-note").inner_text()
    assert note == f"The demo reads {given['limits'][0]} words; the rest is left out."
    assert seen.errors == []


def test_only_the_last_text_is_written(path, visit) -> None:
    """Typing on while it writes ends the writing of what stood there before."""
    seen = visit(path)
    start(seen)
    given = settings_of(seen)
    field = seen.page.get_by_label("Text", exact=True)
    for end in range(5):
        field.fill(given["samples"][0][: len(given["samples"][0]) - end])
        seen.page.wait_for_timeout(70)
    field.fill(given["samples"][-1])
    twin = twin_of(path, given)
    assert written(seen) == wanted(twin, given, given["samples"][-1])


def test_by_keyboard_alone(path, visit) -> None:
    seen = visit(path)
    page = seen.page
    given = settings_of(seen)
    page.locator(".demo-start button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".demo-view.live")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.keyboard.press("ArrowDown")
    field = page.get_by_label("Text", exact=True)
    assert field.input_value() == given["samples"][1]
    written(seen)
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList[0]") == "demo-field":
            break
    before = page.locator(".demo-told").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    after = page.locator(".demo-told").inner_text()
    assert after != before
    page.wait_for_timeout(600)
    assert page.locator(".demo-inside [role=status]").inner_text() == after


def test_by_touch(path, visit) -> None:
    seen = visit(path, width=390, height=800, touch=True)
    page = seen.page
    page.get_by_role("button", name="Try it live").tap()
    page.wait_for_selector(".demo-view.live")
    focus = page.evaluate("document.activeElement.classList[0]")
    assert focus == "demo-view", "no touch keyboard opens by itself"
    page.get_by_label("Sample").select_option(index=1)
    written(seen)
    field = page.locator(".demo-field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    mark = page.locator(".demo-cursor").bounding_box()
    assert mark["x"] < box["x"] + box["width"] * 0.3 < mark["x"] + mark["width"] + 2
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
    figure = seen.page.locator("figure.demo [role=img]")
    assert figure.is_visible()
    assert seen.page.locator(".demo-start").is_hidden()
    assert heavy(seen) == []
    figure.scroll_into_view_if_needed()
    name = path.strip("/").replace("/", "-")
    seen.screenshot(f"demo-{name}-without-scripts-{scheme}")


@pytest.mark.parametrize(
    "broken", ["*.wasm", "*.onnx", "sequence-to-sequence.js*", "demos.css"]
)
def test_a_download_that_fails_can_be_tried_again(path, broken, visit) -> None:
    seen = visit(path)
    page = seen.page
    page.route(f"**/{broken}", lambda route: route.abort())
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert "did not work" in page.get_by_role("alert").inner_text()
    assert page.locator(".demo-view[role=img]").is_visible()
    page.unroute(f"**/{broken}")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".demo-view.live")


def test_reduced_motion_writes_at_once(path, visit) -> None:
    page = visit(path).page
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Try it live").click()
    page.wait_for_selector(".demo-view.live")
    page.get_by_label("Sample").select_option(index=1)
    page.wait_for_function(
        "() => document.querySelector('.live .demo-hidden').textContent", timeout=900
    )
