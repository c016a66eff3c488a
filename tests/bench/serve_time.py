"""How long an edit takes to show in a browser that has the page open.

`make bench-serve` serves a copy of this repository, with all results that are in the
store, and edits it five times each: a paragraph of one page, and a block of another.
It prints seconds from the moment that the file is written until Chromium shows the new
words; for the block also how long the page itself ran, as `serve` says.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from browser.conftest import find_chromium
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
ROUNDS = 5
PROSE = ("architectures/recurrent/lstm", "An LSTM reads a sequence one step at a time")
CODE = ("foundations/building_blocks", "Two that are flat at both ends")
RAN = re.compile(rf"^{CODE[0]}: ok in ([\d.]+) s$", re.MULTILINE)
SHOWN = "words => document.body && document.body.textContent.includes(words)"


def copy(folder: Path) -> None:
    """The repository, so far as `serve` reads it, and its results."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("docs", "site_src", "snippets", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("mkdocs.yml", "package.json", "package-lock.json", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".build" / "store", folder / ".build" / "store")
    (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the copy, when all that is in the store is shown."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "site_src", "serve", "--address", address],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    try:
        began = time.monotonic()
        while "Serving on" not in (folder / "serve.log").read_text():
            if process.poll() is not None or time.monotonic() - began > 180:
                sys.exit((folder / "serve.log").read_text()[-3000:])
            time.sleep(0.2)
        print(f"served after {time.monotonic() - began:.1f} s", file=sys.stderr)
        time.sleep(5)
        yield f"http://{address}/"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)


def edits(tab: Tab, address: str, path: Path, words: str) -> Iterator[float]:
    """Seconds until each of some edits is shown.

    Args:
        tab: A tab of the browser.
        address: Of the page.
        path: Its file.
        words: What is edited; what stands in its place is unlike anything else.
    """
    tab.goto(address)
    tab.wait_for_function(SHOWN, arg=words)
    time.sleep(3)
    text = path.read_text("utf-8")
    assert text.count(words) == 1, (path, words)
    for number in range(ROUNDS):
        new = f"{words} in edit {number} of {ROUNDS}"
        began = time.monotonic()
        path.write_text(text.replace(words, new), "utf-8")
        tab.wait_for_function(SHOWN, arg=new, timeout=300_000)
        yield time.monotonic() - began
        time.sleep(3)  # until nothing is being built or loaded
    path.write_text(text, "utf-8")
    time.sleep(3)


def line(what: str, seconds: list[float], show: Callable[[float], str]) -> str:
    """A row of the table: the median and all."""
    every = " ".join(map(show, sorted(seconds)))
    return f"{what}: {show(statistics.median(seconds))} s ({every})"


def main() -> None:
    """Measure and print."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("this needs Chromium: apt-get install chromium, or set CHROMIUM")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "copy"
        folder.mkdir()
        copy(folder)
        with served(folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            tab = browser.new_page()
            found = {}
            for page, words in (PROSE, CODE):
                path = folder / "docs" / f"{page}.md"
                found[page] = list(edits(tab, f"{address}{page}/", path, words))
            browser.close()
        log = (folder / "serve.log").read_text()
    ran = [float(seconds) for seconds in RAN.findall(log)][:ROUNDS]
    pages = len(list((ROOT / "docs/architectures").glob("*/*.md")))
    print(f"{pages} architectures, {os.cpu_count()} processors, medians of {ROUNDS}")
    print(line(f"a paragraph of {PROSE[0]}", found[PROSE[0]], "{:.2f}".format))
    print(line(f"a block of {CODE[0]}", found[CODE[0]], "{:.2f}".format))
    print(line("  of which the page ran", ran, "{:.1f}".format))
    beyond = [all_ - own for all_, own in zip(found[CODE[0]], ran, strict=True)]
    print(line("  and the rest", beyond, "{:.2f}".format))


if __name__ == "__main__":
    main()
