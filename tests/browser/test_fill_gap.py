"""The demo that fills gaps: held against torch, by keyboard, touch, without scripts."""

from __future__ import annotations

import json

import pytest
import torch
from browser.conftest import ROOT, SITE, Visit
from browser.page_model import page_model
from browser.test_demos import LISTEN, heavy, of_kind, runs_of, settle, start

from site_src.demos.readers import Window
from site_src.demos.show import DIFFERENCE
from site_src.page import Page

DEMOS = of_kind("fill-gap")


@pytest.fixture(params=sorted(DEMOS))
def path(request) -> str:
    """Each page with such a demo."""
    return request.param


def settings_of(seen: Visit) -> dict:
    return json.loads(seen.page.locator("arch-demo").get_attribute("settings"))


def place(seen: Visit, number: int):
    """The button of a place in the strip, counted from 1."""
    return seen.page.locator(".demo-letters button").nth(number - 1)


def test_there_is_one() -> None:
    assert DEMOS


def test_it_answers_as_torch_does_on_what_it_is_fed(path, visit, address) -> None:
    seen = visit(path)
    page = seen.page
    assert heavy(seen) == [], "something was loaded before the click"
    page.evaluate(LISTEN)
    start(seen)
    given = settings_of(seen)
    field, gap = page.get_by_label("Text", exact=True), given["gap"]
    page.locator(".demo-next button").first.click()  # fills the gap
    place(seen, 2).click()  # two new ones
    place(seen, 6).click()
    field.fill("for (x, 7]")
    place(seen, 9).click()
    settle(seen)
    assert field.input_value() == f"for (x, {gap}]"
    exported = (SITE / DEMOS[path]).read_bytes()
    twin = page_model(Page.read(ROOT, ROOT / f"docs/{path.rstrip('/')}.md"), exported)
    reader, runs = Window(twin.model, twin.inner), runs_of(seen)
    assert len(runs) >= 5

    def difference() -> float:
        largest = 0.0
        for fed, found in runs:
            wanted = reader.run(fed)
            assert wanted.keys() == found.keys()
            for name, tensor in wanted.items():
                assert tensor.shape == found[name].shape, name
                largest = max(largest, (tensor - found[name]).abs().max().item())
        return largest

    with torch.no_grad():
        reader.learn(runs[0][0]["tokens"], len(given["vocabulary"]))
        assert difference() < DIFFERENCE
        fed, found = runs[-1]
        text = "".join(given["vocabulary"][n] for n in fed["tokens"][0].tolist())
        assert text == f"for (x, {gap}]"
        shares = page.locator(".demo-chance").all_inner_texts()
        chances = found["scores"][text.index(gap)].softmax(-1).sort(descending=True)
        wanted = chances.values[: len(shares)].tolist()
        assert shares == [f"{100 * share:.1f}\u202f%" for share in wanted]
        here = text.index(gap)
        cell = found["inner_0"][given["channel"]][here, here].item()
        said = f": {cell:.2f}. ".replace("-", "−")
        assert said in page.locator(".demo-told").inner_text()
        rank = 1 + int(
            (
                found["scores"][here]
                > found["scores"][here][given["vocabulary"].index("7")]
            ).sum()
        )
        answer = page.locator(".demo-side .demo-note").inner_text()
        assert answer == f"Hidden was 7, number {rank} of the model's list."
        next(iter(twin.model.parameters())).view(-1)[3:90] += 0.05
        assert difference() > DIFFERENCE, "a weight that is off is seen"
    assert seen.errors == []
    assert [u for u in seen.requests if not u.startswith((address, "data:"))] == []
    for width, scheme in ((1280, "default"), (390, "slate"), (320, "default")):
        page.set_viewport_size({"width": width, "height": 1400})
        page.evaluate("name => (document.body.dataset.mdColorScheme = name)", scheme)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0
        page.locator("figure.demo").scroll_into_view_if_needed()
        name = path.strip("/").replace("/", "-")
        seen.screenshot(f"demo-{name}-{width}-{scheme}")


def test_a_character_is_hidden_and_shown_again(path, visit) -> None:
    seen = visit(path)
    seen.page.evaluate(LISTEN)
    start(seen)
    field, given = seen.page.get_by_label("Text", exact=True), settings_of(seen)
    first = given["start"]
    assert field.input_value() == first
    place(seen, 1).click()
    assert field.input_value() == given["gap"] + first[1:]
    assert place(seen, 1).get_attribute("aria-pressed") == "true"
    place(seen, 1).click()
    assert field.input_value() == first, "what was hidden comes back"
    here = 1 + first.index(given["gap"])
    assert "looked-at" in place(seen, here).get_attribute("class")
    field.fill("a é☃b")
    settle(seen)
    note = seen.page.locator(".live > .demo-note").inner_text()
    assert note.endswith("never saw it: é ☃")
    assert seen.page.locator(".demo-next li:visible").count() == 0
    field.fill("")
    field.fill("abc")
    settle(seen)
    note = seen.page.locator(".live > .demo-note").inner_text()
    assert note == "Press a character below to hide it."
    assert seen.errors == []


def test_by_keyboard_alone(path, visit) -> None:
    seen = visit(path)
    page = seen.page
    page.locator(".demo-start button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".demo-view.live")
    focused = "document.activeElement"
    assert page.evaluate(f"{focused}.classList[0]") == "demo-text"
    page.keyboard.press("Tab")
    given = settings_of(seen)
    here = given["start"].index(given["gap"])
    label = page.evaluate(f"{focused}.getAttribute('aria-label')")
    assert label == f"place {here + 1}, hidden"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    field = page.get_by_label("Text", exact=True)
    page.wait_for_function(
        "() => document.querySelectorAll('[aria-pressed=true]').length === 2"
    )
    assert field.input_value().count(given["gap"]) == 2
    label = page.evaluate(f"{focused}.getAttribute('aria-label')")
    assert label == f"place {here}, hidden", "the focus stays"
    page.keyboard.press("Home")
    label = page.evaluate(f"{focused}.getAttribute('aria-label')")
    assert label.startswith("place 1, ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the likeliest character
    page.wait_for_function(
        "() => document.querySelectorAll('[aria-pressed=true]').length === 1"
    )
    assert field.input_value().count(given["gap"]) == 1
    for _ in range(given["candidates"]):
        page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.tagName") == "SELECT"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.classList[0]") == "demo-field"
    before = page.locator(".demo-told").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".demo-told").inner_text() != before


def test_by_touch(path, visit) -> None:
    seen = visit(path, width=390, height=800, touch=True)
    page = seen.page
    page.get_by_role("button", name="Try it live").tap()
    page.wait_for_selector(".demo-view.live")
    assert page.evaluate("document.activeElement.classList[0]") == "demo-view"
    gap = settings_of(seen)["gap"]
    place(seen, 3).tap()
    assert page.get_by_label("Text", exact=True).input_value().count(gap) == 2
    page.locator(".demo-next button").first.tap()
    assert page.get_by_label("Text", exact=True).input_value().count(gap) == 1
    small = page.evaluate(
        """() => [...document.querySelectorAll(
          '.live button, .live select, .live textarea')]
          .filter((one) => one.getBoundingClientRect().height < 44)
          .map((one) => one.outerHTML)"""
    )
    assert small == []
    assert seen.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_the_figure_stands(path, scheme, visit) -> None:
    seen = visit(path, width=390, scheme=scheme, javascript=False)
    figure = seen.page.locator(".demo-view[role=img]")
    assert figure.is_visible()
    assert figure.get_attribute("aria-label")
    assert seen.page.locator(".demo-start").is_hidden()
    assert heavy(seen) == []


def test_a_download_that_fails_can_be_tried_again(path, visit) -> None:
    page = visit(path).page
    for broken in ("fill-gap.js*", "*.onnx"):
        page.route(f"**/{broken}", lambda route: route.abort())
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert "did not work" in page.get_by_role("alert").inner_text()
    assert page.locator(".demo-view[role=img]").is_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".demo-view.live")
