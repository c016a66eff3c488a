"""`serve`: ready pages at once, results as they come, edits within seconds."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest
from conftest import Project

PAGE = """\
# Slow

Prose of the page.

```python exec="1"
import time

time.sleep(2)
print("the result is", 6 * 7)
```
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Browser:
    """Asks a served site for pages."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, page: str) -> str:
        """The page's HTML, or "" while there is no server."""
        with contextlib.suppress(OSError):
            url = f"http://{self.address}/{page}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(answer.read().decode())
        return ""

    def wait_for(self, page: str, pattern: str, seconds: float = 60) -> float:
        """Seconds until the page matches; fails when it does not in time."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if re.search(pattern, self.get(page), re.DOTALL):
                return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError(
            f"{page} never showed {pattern!r}: {self.get(page)[-3000:]}"
        )


@pytest.fixture
def served(project: Project) -> Iterator[tuple[Project, Browser]]:
    """A project with a slow page, served."""
    project.page("slow", PAGE)
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "site_src", "serve", "--address", address],
        cwd=project.root,
        stdout=subprocess.DEVNULL,
        stderr=(project.root / "serve.log").open("w"),
        start_new_session=True,
        # A shell's background job passes on that it ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield project, Browser(address)
    finally:
        path = project.page("endless", '```python exec="1"\nwhile True: pass\n```\n')
        Browser(address).wait_for("endless/", "This page is running")
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert path.exists()
        assert "Traceback" not in (project.root / "serve.log").read_text()


def test_a_page_fills_in_and_follows_edits(served: tuple[Project, Browser]) -> None:
    project, browser = served
    path = project.root / "docs" / "slow.md"
    browser.wait_for("slow/", "This page is running")
    assert "Prose of the page" in browser.get("slow/"), "what is ready is served"
    browser.wait_for("slow/", "the result is 42")
    assert (
        f"Serving on http://{browser.address}"
        in (project.root / "serve.log").read_text()
    )

    path.write_text(PAGE.replace("Prose of", "Other words of"))
    seconds = browser.wait_for("slow/", "Other words of the page")
    assert seconds < 2, "a prose edit is shown within two seconds"
    assert "the result is 42" in browser.get("slow/"), "and runs nothing"

    path.write_text(PAGE.replace("6 * 7", "6 * 8"))
    browser.wait_for("slow/", "the result is 48")

    path.write_text(PAGE.replace("6 * 7", "1 / 0"))
    browser.wait_for("slow/", "This page failed.*docs/slow.md:9: block 1: ZeroDiv")

    path.write_text("---\nlimits: {blok: 1}\n---\n" + PAGE)
    browser.wait_for("slow/", "docs/slow.md:2: limits: unknown blok")

    path.write_text(PAGE)
    browser.wait_for("slow/", r"\A(?!.*cannot be published).*the result is 42")


LAB = """\
# ---
# title: Sums
# tagline: A product.
# outcomes: [multiply, read]
# needs: [fingers]
# builds_on: []
# minutes: 5
# ---

# %% [markdown]
# Prose of the lab.

# %%
print("the result is", 6 * 7)

# %% [markdown]
# ## What to try next
"""


def test_a_lab_fills_in_and_follows_edits(served: tuple[Project, Browser]) -> None:
    project, browser = served
    path = project.root / "docs" / "labs" / "sums.py"
    path.parent.mkdir()
    path.write_text(LAB)
    browser.wait_for("labs/sums/", "Prose of the lab.*the result is 42")

    path.write_text(LAB.replace("Prose of", "Other words of"))
    browser.wait_for("labs/sums/", "Other words of the lab.*the result is 42")

    path.write_text(LAB.replace("6 * 7", "6 * 8"))
    browser.wait_for("labs/sums/", "the result is 48")
    assert '"print(\\"the result is\\", 6 * 8)"' in browser.get("labs/sums.ipynb")

    path.write_text(LAB.replace("6 * 7", "1 / 0"))
    browser.wait_for("labs/sums/", "This page failed.*docs/labs/sums.py:14: .*ZeroDiv")

    path.write_text(LAB.replace("# tagline", "tagline"))
    browser.wait_for("labs/sums/", "docs/labs/sums.py:3: the front matter")

    path.write_text(LAB.replace("6 * 7", "6 *"))
    browser.wait_for("labs/sums/", "This page failed.*docs/labs/sums.py:14: .*Syntax")

    path.write_text(LAB)
    browser.wait_for("labs/sums/", "Prose of the lab.*the result is 42")
