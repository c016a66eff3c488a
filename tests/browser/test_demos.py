"""Every live demo that reads a text: started, fed, and held against torch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import torch
from browser.conftest import ROOT, SITE, Visit
from browser.page_model import PageModel, page_model

from site_src.demos.readers import Steps, Window, scores_of
from site_src.demos.show import DIFFERENCE
from site_src.page import Page

MODEL = re.compile(r'<arch-demo kind="([\w-]+)" model="([^"]+)"')
ALL = {
    path.parent.relative_to(SITE).as_posix() + "/": found.groups()
    for path in sorted(SITE.rglob("index.html"))
    if (found := MODEL.search(path.read_text("utf-8")))
}


def of_kind(wanted: str) -> dict[str, str]:
    """Page → model's file, of the demos of one kind."""
    return {
        path: file
        for path, (kind, file) in ALL.items()
        if kind == wanted and path != "./"  # the home page shows another page's
    }


DEMOS = of_kind("next-token")
LISTEN = """() => {
  window.runs = [];
  const plain = (value) => Array.from(value, Number);
  document.querySelector("arch-demo").addEventListener("demo-run", ({ detail }) => {
    const inputs = {}, outputs = {};
    for (const [name, [, data, dims]] of Object.entries(detail.inputs)) {
      inputs[name] = [plain(data), [...dims]];
    }
    for (const [name, { data, dims }] of Object.entries(detail.outputs)) {
      outputs[name] = [plain(data), [...dims]];
    }
    window.runs.push({ inputs, outputs });
  });
}"""
WHOLE = {"tokens", "source", "target"}  # inputs that hold numbers of words
HEAVY = re.compile(r"onnx|runtime\.js|demos\.css|/demos/(?!loader)[\w-]+\.js")


@pytest.fixture(params=sorted(DEMOS))
def path(request) -> str:
    """Each page with a demo."""
    return request.param


def heavy(seen: Visit) -> list[str]:
    """What was asked for that only a running demo needs."""
    return [url for url in seen.requests if HEAVY.search(url)]


def start(seen: Visit) -> None:
    seen.page.get_by_role("button", name="Try it live").click()
    seen.page.wait_for_selector(".demo-view.live")


def settle(seen: Visit) -> None:
    """Wait until nothing has been run for a while."""
    seen.page.wait_for_function(
        """() => new Promise((done) => {
          let last = -1;
          const look = () => {
            if (window.runs.length === last) return done(true);
            last = window.runs.length;
            setTimeout(look, 250);
          };
          look();
        })"""
    )


def tensors(side: dict[str, list]) -> dict[str, torch.Tensor]:
    return {
        name: torch.tensor(
            data, dtype=torch.long if name in WHOLE else torch.float32
        ).view(sizes)
        for name, (data, sizes) in side.items()
    }


def runs_of(seen: Visit) -> list[tuple[dict, dict]]:
    return [
        (tensors(run["inputs"]), tensors(run["outputs"]))
        for run in seen.page.evaluate("window.runs")
    ]


def whole_texts(runs: list[tuple[dict, dict]], *, steps: bool) -> Iterator[tuple]:
    """Each text as it was read, with the scores that the browser gave at its end.

    Steps belong to a text when one takes the state that the other gave.
    """
    if not steps:
        yield from ((given["tokens"], found["scores"][-1]) for given, found in runs)
        return
    texts: dict[bytes, torch.Tensor] = {}
    for given, found in runs:
        parts = [given[f"state_{n}"] for n in range(len(given) - 1)]
        before = b"".join(part.numpy().tobytes() for part in parts)
        if not any(part.any() for part in parts):
            text = given["tokens"]
        else:
            text = torch.cat([texts[before], given["tokens"]], 1)
        after = [found[f"state_{n}_next"] for n in range(len(parts))]
        texts[b"".join(part.numpy().tobytes() for part in after)] = text
        yield text, found["scores"][0]


def compare(runs: list[tuple[dict, dict]], twin: PageModel) -> float:
    """Largest difference to torch over all that the browser fed and got."""
    steps = twin.context is None
    reader = Steps(twin.model, twin.inner) if steps else Window(twin.model, twin.inner)
    largest = 0.0
    with torch.no_grad():
        reader.learn(runs[0][0]["tokens"], runs[0][1]["scores"].shape[-1])
        for given, found in runs:
            wanted = reader.run(given)
            assert wanted.keys() == found.keys()
            for name, tensor in wanted.items():
                assert tensor.shape == found[name].shape, name
                largest = max(largest, (tensor - found[name]).abs().max().item())
        for text, scores in whole_texts(runs, steps=steps):
            wanted = scores_of(twin.model(text))[0, -1]
            largest = max(largest, (wanted - scores).abs().max().item())
    return largest


def shown_is_computed(seen: Visit, runs: list, text: str, twin: PageModel) -> None:
    """What was fed last is the text; what is shown is what came out."""
    page = seen.page
    given = json.loads(page.locator("arch-demo").get_attribute("settings"))
    *_, (fed, scores) = whole_texts(runs, steps=twin.context is None)
    read = "".join(given["vocabulary"][n] for n in fed[0].tolist())
    assert read == text[-(twin.context or len(text)) :]
    shares = page.locator(".demo-chance").all_inner_texts()
    wanted = scores.softmax(-1).sort(descending=True).values[: len(shares)]
    assert shares == [f"{100 * share:.1f}\u202f%" for share in wanted.tolist()]
    values = runs[-1][1]["inner_0"][given["channel"]]
    cell = values[-1, -1] if twin.context else values[given["order"][0]]
    said = f": {cell.item():.2f}. ".replace("-", "−")
    assert said in page.locator(".demo-told").inner_text()


def test_there_are_demos() -> None:
    assert len(DEMOS) >= 2


def test_it_answers_as_torch_does_on_what_it_is_fed(path, visit, address) -> None:
    seen = visit(path, idle=True)
    page = seen.page
    assert heavy(seen) == [], "something was loaded before the click"
    page.evaluate(LISTEN)
    start(seen)
    field = page.get_by_label("Text", exact=True)
    field.press_sequentially(" for (x, 7]")
    page.locator(".demo-next button").nth(2).click()
    page.get_by_role("button", name="Write 40 more").click()
    page.get_by_role("button", name="Write 40 more").wait_for()
    settle(seen)
    text = field.input_value()
    assert text.startswith("The if statement is used for (x, 7]")
    assert len(text) == 24 + 11 + 1 + 40
    runs = runs_of(seen)
    assert len(runs) > 50
    page_file = f"docs/{path.rstrip('/')}.md"
    exported = (SITE / DEMOS[path]).read_bytes()
    twin = page_model(Page.read(ROOT, ROOT / page_file), exported)
    assert compare(runs, twin) < DIFFERENCE
    shown_is_computed(seen, runs, text, twin)
    with torch.no_grad():  # the comparison sees a weight that is a little off
        next(iter(twin.model.parameters())).view(-1)[3] += 0.05
        next(iter(twin.model.parameters()))[:] *= 1.001
    assert compare(runs, twin) > DIFFERENCE
    assert seen.errors == []
    assert [
        url for url in seen.requests if not url.startswith((address, "data:"))
    ] == []
    assert page.evaluate("self.crossOriginIsolated") is False
    for width, scheme in ((1280, "default"), (390, "slate"), (320, "default")):
        page.set_viewport_size({"width": width, "height": 1400})
        page.evaluate("name => (document.body.dataset.mdColorScheme = name)", scheme)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0
        page.locator("figure.demo").scroll_into_view_if_needed()
        name = path.strip("/").replace("/", "-")
        seen.screenshot(f"demo-{name}-{width}-{scheme}")


def test_chances_follow_the_temperature(path, visit) -> None:
    seen = visit(path)
    start(seen)
    page = seen.page
    first = page.locator(".demo-chance").first
    slider = page.get_by_role("slider")

    def chance() -> float:
        return float(first.inner_text().replace("\u202f", "").removesuffix("%"))

    plain = chance()
    slider.fill("0.5")
    assert chance() > plain
    slider.fill("2")
    assert chance() < plain
    slider.fill("0")
    assert chance() == 100
    assert "always the likeliest" in page.locator(".demo-heat").inner_text()


def test_a_character_that_it_never_saw_is_pointed_out(path, visit) -> None:
    seen = visit(path)
    seen.page.evaluate(LISTEN)
    start(seen)
    field = seen.page.get_by_label("Text", exact=True)
    field.fill("a é☃b")
    settle(seen)
    note = seen.page.locator(".live .demo-note").inner_text()
    assert note.endswith("never saw it: é ☃")
    fed = [run[0]["tokens"].shape[1] for run in runs_of(seen)]
    assert fed[-1] in (1, 3)
    field.fill("")
    assert seen.page.get_by_role("button", name="Write 40 more").is_disabled()
    assert seen.errors == []


@pytest.mark.parametrize(
    "broken", ["*.wasm", "*.onnx", "ort.wasm.bundle*", "next-token.js*", "demos.css"]
)
def test_a_download_that_fails_can_be_tried_again(broken, visit) -> None:
    seen = visit(min(DEMOS))
    page = seen.page
    page.route(f"**/{broken}", lambda route: route.abort())
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert "did not work" in page.get_by_role("alert").inner_text()
    assert page.locator(".demo-view[role=img]").is_visible()
    page.unroute(f"**/{broken}")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".demo-view.live")


def test_a_damaged_runtime_can_be_tried_again(visit) -> None:
    seen = visit(min(DEMOS))
    page = seen.page
    page.route("**/*.wasm", lambda route: route.fulfill(body=b"\0asm damaged"))
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("button", name="Try again").wait_for()
    page.unroute("**/*.wasm")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".demo-view.live")


def test_loading_can_be_cancelled(visit) -> None:
    seen = visit(min(DEMOS))
    page = seen.page
    page.route("**/*.wasm", lambda route: None)  # never answered
    page.get_by_role("button", name="Try it live").click()
    page.get_by_role("progressbar", name="Loading the demo").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.unroute_all(behavior="ignoreErrors")
    start(seen)
    assert seen.errors == []
