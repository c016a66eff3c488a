"""Serve the site while it fills: prose shows at once, pages run when they must."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from site_src.execution.fingerprint import device_name
from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.execution.store import write_atomically
from site_src.page import Page, read_pages
from site_src.rendering import results
from site_src.rendering.state import DIRTY

_POLL = 0.1
_WATCHED = ("docs", "snippets", "site_src")


def serve(root: Path, address: str) -> None:
    """Serve with live reload until interrupted.

    Args:
        root: The repository.
        address: HOST:PORT to listen on.
    """
    from mkdocs.config import load_config
    from mkdocs.livereload import LiveReloadServer

    os.environ["BLUEPRINTS_PENDING"] = "1"
    _speak_plainly()
    follower = Follower(root)
    follower.note()
    threads = [threading.Thread(target=f, daemon=True) for f in follower.loops]
    with tempfile.TemporaryDirectory(prefix="blueprints-") as folder:
        config = load_config(str(root / "mkdocs.yml"), dev_addr=address)
        host, port = config.dev_addr
        mount = urlsplit(config.site_url or "/").path

        def again() -> None:
            render(root, folder, server.url)

        def failed(code: int) -> bytes | None:
            page = Path(folder, f"{code}.html")
            return page.read_bytes() if page.exists() else None

        server: Any = LiveReloadServer(
            again, host, port, folder, mount, polling_interval=_POLL
        )
        server.error_handler = failed
        server.build_delay = _POLL / 2
        server.watch(str(follower.ready))  # the follower looks for all other changes
        for thread in threads:
            thread.start()
        try:
            again()
            # What changed before the server looked for changes is not lost.
            threading.Timer(1, follower.note).start()
            server.serve()
        except KeyboardInterrupt:
            pass
        finally:
            follower.stop()
            for thread in threads:
                thread.join(timeout=15)
            server.shutdown()


def render(root: Path, folder: str, url: str) -> None:
    """Render into a folder what is not in it, with a note where a page has no result.

    Args:
        root: The repository.
        folder: What an earlier call has left there is brought up to date.
        url: Where the folder is served.
    """
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    config = load_config(str(root / "mkdocs.yml"), site_dir=folder, strict=False)
    config.site_url = url
    build(config, serve_url=url, dirty=True)


class Follower:
    """Executes the pages whose results no longer hold, whenever a file changes.

    Args:
        root: The repository.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ready = root / ".build" / "ready"
        self.failed: dict[str, str] = {}
        self._tried: dict[str, str] = {}
        self._ended = threading.Event()
        self._changed = threading.Event()
        self._state = ""
        self._server: Server | None = None
        self.ready.parent.mkdir(exist_ok=True)

    @property
    def loops(self) -> tuple[Callable[[], None], Callable[[], None]]:
        """What is to run beside one another until `stop`."""
        return self._look, self._follow

    def _look(self) -> None:
        """Have the site rendered, and pages executed, whenever a file changes."""
        before = ""
        while not self._ended.is_set():
            self._state = json.dumps(sorted(_times(self.root).items()))
            if self._state != before:
                if before:
                    self.note()
                before = self._state
                self._changed.set()
            self._ended.wait(_POLL)

    def _follow(self) -> None:
        with Server(fork=Options().fork) as server:
            self._server = server
            while not self._ended.is_set():
                if self._changed.wait(_POLL):
                    self._changed.clear()
                    self._catch_up(server, self._state)

    def stop(self) -> None:
        """Stop the pages at hand and let the loops return."""
        self._ended.set()
        if self._server:
            self._server.close()

    def note(self) -> None:
        """Write down what failed and make the server render again."""
        write_atomically(self.ready.with_name("failed.json"), json.dumps(self.failed))
        write_atomically(self.ready, str(time.time()))

    def _catch_up(self, server: Server, state: str) -> None:
        pages = [
            page
            for page in read_pages(self.root)
            if page.blocks and self._worth_trying(page, state)
        ]
        try:
            run(self.root, pages, Options(), self._hear, server=server)
        except RuntimeError:
            if not self._ended.is_set():
                raise
        for page in pages:
            self._tried[page.slug] = state

    def _worth_trying(self, page: Page, state: str) -> bool:
        """A page without a result of today; one that failed, if a file has changed."""
        if page.slug in self.failed and self._tried.get(page.slug) == state:
            return False
        result, _ = results.find(page)
        return result is None or result["inputs"]["device"] != device_name()

    def _hear(self, event: dict[str, Any]) -> None:
        page = event.get("page", "")
        if event["event"] == "plan":
            print(f"{page}: {event['reason']}", file=sys.stderr)
        elif event["event"] == "start":
            print(f"{page}: running", file=sys.stderr)
        elif event["event"] == "done":
            problems = event["problems"]
            if problems:
                self.failed[page] = "\n".join(map(str, problems))
                print(self.failed[page], file=sys.stderr)
            else:
                self.failed.pop(page, None)
                print(f"{page}: ok in {event['wall']:.1f} s", file=sys.stderr)
            self.note()


def _times(root: Path) -> dict[str, int]:
    """When each file was changed last, by its path."""
    files: dict[str, int] = {}
    waiting = [str(root / name) for name in _WATCHED]
    for file in (root / "mkdocs.yml",):
        files[str(file)] = file.stat().st_mtime_ns
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir() and entry.name != "__pycache__":
                    waiting.append(entry.path)
                elif entry.is_file():
                    files[entry.path] = entry.stat().st_mtime_ns
    return files


class _Plain(logging.Filter):
    """Keeps the address, the time a build took, and what is wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        told = "Serving on" in text or text.startswith("Documentation built")
        wrong = record.levelno >= logging.WARNING and not text.startswith(DIRTY)
        return told or wrong


def _speak_plainly() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(_Plain())
    logger = logging.getLogger("mkdocs")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
