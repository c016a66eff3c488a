"""The built site in Chromium, and a note of everything it asks for."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
ARTEFACTS = ROOT / ".build" / "screenshots"
# A port would keep Material from recognising its own pages in the site map.
ADDRESS = "http://blueprints.localhost/"
# The first has no windows to draw, and opens a page with half the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = (
    "these tests drive Chromium, which was not found: apt-get install "
    "chromium-headless-shell, or set CHROMIUM to its path"
)


class _Quiet(SimpleHTTPRequestHandler):
    """Files as a plain host serves them: no header that isolates or compresses."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@dataclass
class Visit:
    """A page that is open in a browser.

    Args:
        page: Playwright's page.
        requests: Every address asked for so far.
        errors: What the console called an error, and uncaught exceptions.
        pending: How many requests have not ended.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pending: int = 0

    def count(self, step: int, request: Request) -> None:
        """Note that a request to the network has begun or ended."""
        if not request.url.startswith(("data:", "blob:")):
            self.pending += step

    def settle(self, still: int = 2, limit: int = 200) -> None:
        """Wait until nothing is asked for, looking twice within a tenth of a second."""
        quiet = 0
        for _ in range(limit):
            self.page.wait_for_timeout(50)
            quiet = 0 if self.pending else quiet + 1
            if quiet == still:
                return
        pytest.fail(f"{self.page.url} goes on asking: {self.requests[-3:]}")

    def screenshot(self, name: str, *, whole: bool = False) -> Path:
        """Keep a picture as .build/screenshots/<name>.png."""
        path = ARTEFACTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=whole)
        return path


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Where the built site is served."""
    if not (SITE / "index.html").exists():
        pytest.fail("there is no built site; run make site")
    handler = functools.partial(_Quiet, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="session")
def address() -> str:
    """The site's address in the browser, which finds the port behind it."""
    return ADDRESS


def find_chromium() -> str | None:
    """Chromium's path: CHROMIUM, or the first that the machine has."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser(port: int) -> Iterator[Browser]:
    """One browser for all tests of a process."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        where = f"MAP blueprints.localhost:80 127.0.0.1:{port}"
        switches = ["--no-sandbox", "--disable-quic", f"--host-resolver-rules={where}"]
        found = playwright.chromium.launch(executable_path=path, args=switches)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Open a page of the site, such as visit("architectures/family/slug/").

    What its scripts ask for has come when it returns. With `idle` nothing was asked
    for in the last half second, for a test of what is not asked for.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        touch: bool = False,
        javascript: bool = True,
        idle: bool = False,
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            has_touch=touch,
            java_script_enabled=javascript,
        )
        contexts.append(context)
        seen = Visit(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.on(
            "console",
            lambda line: seen.errors.append(line.text) if line.type == "error" else 0,
        )
        seen.page.on("request", functools.partial(seen.count, 1))
        for end in ("requestfinished", "requestfailed"):
            seen.page.on(end, functools.partial(seen.count, -1))
        seen.page.goto(address + path)
        if idle:
            seen.page.wait_for_load_state("networkidle")
        else:
            seen.settle()
        return seen

    yield open_page
    for context in contexts:
        context.close()
