"""Every demo of a process: run whole in the browser, and held against torch."""

from __future__ import annotations

import re

import pytest
import torch
from browser.conftest import ROOT, SITE
from browser.page_model import page_model
from browser.test_demos import LISTEN, settle, start

from site_src.demos.process import Step
from site_src.demos.process import start as noise
from site_src.demos.show import DIFFERENCE
from site_src.page import Page

MODEL = re.compile(r'<arch-demo kind="process" model="([^"]+)"')
DEMOS = {
    path.parent.relative_to(SITE).as_posix() + "/": found[1]
    for path in sorted(SITE.rglob("index.html"))
    if (found := MODEL.search(path.read_text("utf-8")))
}
HEAVY = re.compile(r"onnx|runtime\.js|demos\.css|process\.js|picture\.js")
INK = """() => {
  const canvas = document.querySelector(".live canvas");
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  for (let n = 0; n < data.length; n += 4) {
    if (data[n + 3] > 100) return [...data.slice(n, n + 3)];
  }
}"""


@pytest.fixture(params=sorted(DEMOS))
def path(request) -> str:
    """Each page with such a demo."""
    return request.param


def tensors(side: dict[str, list]) -> dict[str, torch.Tensor]:
    whole = ("step", "choice")
    return {
        name: torch.tensor(data, dtype=torch.long if name in whole else torch.float32)
        .view(sizes)
        .clone()
        for name, (data, sizes) in side.items()
    }


def apart(runs: list, twin: Step) -> float:
    """Largest difference to torch, step by step and along whole runs."""
    largest, state = 0.0, None
    with torch.no_grad():
        for given, found in runs:
            if int(given["step"]) == 0:
                state = given["state"]
            wanted = twin.run(given)
            along = twin.run(given | {"state": state})
            state = along["after"]
            for right in (wanted, along):
                gaps = [(right[n] - found[n]).abs().max().item() for n in found]
                largest = max(largest, *gaps)
    return largest


def test_there_is_one() -> None:
    assert DEMOS


def test_whole_runs_are_those_of_torch(path, visit, address) -> None:
    seen = visit(path, idle=True)
    page = seen.page
    assert [url for url in seen.requests if HEAVY.search(url)] == []
    page.evaluate(LISTEN)
    start(seen)
    page.get_by_role("combobox").select_option("7")
    settle(seen)
    page.get_by_role("slider").first.fill("3")
    settle(seen)
    page.get_by_role("button", name="Other noise").click()
    settle(seen)
    runs = [
        (tensors(run["inputs"]), tensors(run["outputs"]))
        for run in page.evaluate("window.runs")
    ]
    settings = page.evaluate(
        "JSON.parse(document.querySelector('arch-demo').getAttribute('settings'))"
    )
    steps, size, seed = (settings[name] for name in ("steps", "size", "seed"))
    assert len(runs) >= 3 * steps
    starts = [given["state"] for given, _ in runs if int(given["step"]) == 0]
    for found, drawn in ((starts[0], seed), (starts[-1], seed + 1)):
        wanted = noise(drawn, len(found), size)
        assert (found - wanted).abs().max() < 1e-6
    assert runs[-1][0]["choice"].unique().tolist() == [7]
    assert runs[-1][0]["knob"].item() == 3
    exported = (SITE / DEMOS[path]).read_bytes()
    model = page_model(Page.read(ROOT, ROOT / f"docs/{path.rstrip('/')}.md"), exported)
    twin = Step(model.model)
    assert apart(runs, twin) < DIFFERENCE
    with torch.no_grad():  # the comparison sees a weight that is a little off
        next(iter(twin.parameters()))[:] *= 1.01
    assert apart(runs, twin) > DIFFERENCE
    assert seen.errors == []
    away = [url for url in seen.requests if not url.startswith((address, "data:"))]
    assert away == []
    for width, scheme in ((1280, "default"), (390, "slate"), (320, "default")):
        page.set_viewport_size({"width": width, "height": 1200})
        page.evaluate("name => (document.body.dataset.mdColorScheme = name)", scheme)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0
        page.locator("figure.demo").scroll_into_view_if_needed()
        seen.screenshot(f"demo-process-{width}-{scheme}")


def test_by_keyboard_alone(path, visit) -> None:
    page = visit(path).page
    page.locator(".demo-start button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".demo-view.live")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    outputs = page.locator(".demo-heat output")
    assert outputs.first.inner_text() == "1.5"
    for _ in range(2):
        page.keyboard.press("Tab")
    shown = page.locator(".live .demo-strip").first
    tops = "all => all.map(canvas => canvas.getBoundingClientRect().top)"
    assert len(set(shown.locator("canvas").evaluate_all(tops))) == 1, "side by side"
    before = shown.get_attribute("aria-label")
    page.keyboard.press("ArrowLeft")
    assert outputs.last.inner_text() == "19 of 20"
    assert shown.get_attribute("aria-label") != before
    assert "step 19" in page.locator(".live [role=status]").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # plays the last step
    page.wait_for_function(
        "() => [...document.querySelectorAll('.demo-heat output')].at(-1)"
        ".textContent.startsWith('20')"
    )


def test_by_touch_and_in_both_schemes(path, visit) -> None:
    seen = visit(path, width=390, height=800, touch=True)
    page = seen.page
    page.get_by_role("button", name="Try it live").tap()
    page.wait_for_selector(".demo-view.live")
    small = page.evaluate(
        """() => [...document.querySelectorAll(
          '.live button, .live select, .live input')]
          .filter((one) => one.getBoundingClientRect().height < 44)
          .map((one) => one.outerHTML)"""
    )
    assert small == []
    page.get_by_role("button", name="Other noise").tap()
    light = page.evaluate(INK)
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    page.wait_for_timeout(100)
    assert page.evaluate(INK) != light
    assert seen.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_the_figure_stands(path, scheme, visit) -> None:
    seen = visit(path, width=390, scheme=scheme, javascript=False)
    figure = seen.page.locator("figure.demo [role=img]")
    assert figure.is_visible()
    assert seen.page.locator(".demo-start").is_hidden()
    figure.scroll_into_view_if_needed()
    seen.screenshot(f"demo-process-without-scripts-{scheme}")


def test_reduced_motion_goes_to_the_end(path, visit) -> None:
    page = visit(path).page
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Try it live").click()
    page.wait_for_selector(".demo-view.live")
    page.get_by_role("slider").last.fill("3")
    page.get_by_role("button", name="Play").click()
    assert page.locator(".demo-heat output").last.inner_text() == "20 of 20"


@pytest.mark.parametrize("broken", ["*.onnx", "process.js*", "picture.js*"])
def test_a_download_that_fails_can_be_tried_again(path, broken, visit) -> None:
    page = visit(path).page
    page.route(f"**/{broken}", lambda route: route.abort())
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert page.locator(".demo-view[role=img]").is_visible()
    page.unroute(f"**/{broken}")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".demo-view.live")
