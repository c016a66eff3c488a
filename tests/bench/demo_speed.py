"""What the live demos cost: to make, to load, to run.

`make bench-demos` prints, for each demo of the built site, the processor seconds that
its training and its export took when it was made; the size of its model; what its page
weighs with and without it, compressed; and, in Chromium on this machine, medians of
five: from the click to the answer, cold and as a second demo, and a run of the model.
"""

from __future__ import annotations

import contextlib
import gzip
import inspect
import re
import statistics
from collections.abc import Callable, Iterator
from typing import Any

from browser import conftest
from browser.conftest import ROOT, SITE, Visit
from browser.test_demos import DEMOS
from playwright.sync_api import Page as Tab

from site_src.execution.schedule import store_of

ROUNDS = 5
FIGURE = re.compile(r'<figure class="plot demo".*?</figure>', re.DOTALL)
LOADER = SITE / "assets" / "demos" / "loader.js"
CLICK = """async () => {
  const demo = document.querySelector("arch-demo");
  const began = performance.now();
  demo.querySelector(".demo-start button").click();
  while (!demo.querySelector(".live .demo-chance")?.textContent) {
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - began;
}"""
RUN = """async () => {
  const demo = document.querySelector("arch-demo");
  const field = demo.querySelector("textarea");
  const taken = [];
  for (let turn = 0; turn < 25; turn += 1) {
    const began = performance.now();
    const ran = new Promise((done) => {
      demo.addEventListener("demo-run", done, { once: true });
    });
    field.value += "a";
    field.dispatchEvent(new Event("input"));
    await ran;
    taken.push(performance.now() - began);
  }
  return taken.slice(5);
}"""


def squeezed(content: bytes) -> int:
    """Bytes after compression."""
    return len(gzip.compress(content, mtime=0))


def made(path: str) -> dict[str, Any]:
    """What was kept when the demo of a page was made."""
    store = store_of(ROOT)
    folder = store.folder / "demos" / path.strip("/")
    found, _ = store.find(
        "demos", f"{path.strip('/')}/{next(folder.iterdir()).name}", {}
    )
    assert found is not None, f"{path} has no current demo"
    return found["value"]


@contextlib.contextmanager
def fixture(function: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
    """A fixture of the tests, used by hand."""
    yield from inspect.unwrap(function)(*arguments)


def opened(path: str, visit: Callable[..., Visit]) -> Tab:
    """A page in a fresh browser, its button ready."""
    tab = visit(path).page
    tab.locator(".demo-start button").wait_for()
    return tab


def elsewhere(tab: Tab, path: str) -> None:
    """Go to another page as a reader does, without loading it anew."""
    tab.evaluate(
        """(path) => {
          const link = document.createElement("a");
          link.href = new URL(path, location.origin).href;
          link.textContent = "there";
          document.querySelector(".md-content").append(link);
          link.click();
        }""",
        "/" + path,
    )
    tab.wait_for_url(f"**/{path}")
    tab.locator(".demo-start button").wait_for()


def times(path: str, visit: Callable[..., Visit]) -> tuple[float, float, float]:
    """Milliseconds to the first answer cold, then as a second demo, and for a run."""
    other = next(name for name in sorted(DEMOS) if name != path)
    cold, warm, runs = [], [], []
    for _ in range(ROUNDS):
        tab = opened(path, visit)
        cold.append(tab.evaluate(CLICK))
        runs += tab.evaluate(RUN)
        tab.close()
        tab = opened(other, visit)
        tab.evaluate(CLICK)
        elsewhere(tab, path)
        warm.append(tab.evaluate(CLICK))
        tab.close()
    return statistics.median(cold), statistics.median(warm), statistics.median(runs)


if __name__ == "__main__":
    print(f"loader: {squeezed(LOADER.read_bytes()):,} bytes compressed")
    with (
        fixture(conftest.port) as port,
        fixture(conftest.browser, port) as browser,
        fixture(conftest.visit, browser, conftest.ADDRESS) as visit,
    ):
        for path, model in DEMOS.items():
            unit = made(path)
            seconds = unit["seconds"]
            page = (SITE / path / "index.html").read_text("utf-8")
            full, bare = (
                squeezed(page.encode()),
                squeezed(FIGURE.sub("", page).encode()),
            )
            cold, warm, run = times(path, visit)
            size = (SITE / model).stat().st_size
            more = full - bare
            training, exporting = seconds["training"], seconds["exporting"]
            print(path)
            print(
                f"    made in {training:.1f} s + {exporting:.1f} s (training, export)"
            )
            print(f"    model {size:,} bytes; off torch by {unit['difference']:.0e}")
            print(f"    page {full:,} bytes compressed, {more:,} of them the demo's")
            print(f"    click to answer {cold:.0f} ms; as second demo {warm:.0f} ms")
            print(f"    a run {run:.2f} ms")
