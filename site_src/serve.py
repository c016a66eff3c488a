"""Serve the site while it fills: prose shows at once, pages run when they must."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.execution.store import write_atomically
from site_src.page import Page, read_pages

_POLL = 0.3
_WATCHED = ("docs", "snippets", "site_src")


def serve(root: Path, address: str) -> None:
    """Serve with live reload until interrupted.

    Args:
        root: The repository.
        address: HOST:PORT to listen on.
    """
    from mkdocs.commands.serve import serve as mkdocs_serve

    os.environ["BLUEPRINTS_PENDING"] = "1"
    _speak_plainly()
    follower = Follower(root)
    follower.note()
    thread = threading.Thread(target=follower.follow, daemon=True)
    thread.start()
    try:
        mkdocs_serve(
            config_file=str(root / "mkdocs.yml"),
            dev_addr=address,
            watch=[str(follower.ready)],
            strict=False,
        )
    finally:
        follower.stop()
        thread.join(timeout=15)


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
        self._server: Server | None = None
        self._changed_at = 0.0
        self.ready.parent.mkdir(exist_ok=True)

    def follow(self) -> None:
        """Run until `stop`."""
        seen: dict[str, float] = {}
        with Server(fork=Options().fork) as server:
            self._server = server
            while not self._ended.is_set():
                files = _times(self.root)
                if files != seen:
                    seen = files
                    self._catch_up(server, json.dumps(sorted(files.items())))
                self._ended.wait(_POLL)

    def stop(self) -> None:
        """Stop the pages at hand and let `follow` return."""
        self._ended.set()
        if self._server:
            self._server.close()

    def note(self) -> None:
        """Write down what failed and make the server render again."""
        write_atomically(self.ready.with_name("failed.json"), json.dumps(self.failed))
        write_atomically(self.ready, str(time.time()))

    def _catch_up(self, server: Server, state: str) -> None:
        pages = [
            page for page in read_pages(self.root) if self._worth_trying(page, state)
        ]
        try:
            run(self.root, pages, Options(), self._hear, server=server)
        except RuntimeError:
            if not self._ended.is_set():
                raise
        for page in pages:
            self._tried[page.slug] = state

    def _worth_trying(self, page: Page, state: str) -> bool:
        """A page that failed is tried again only when a file has changed."""
        return not (page.slug in self.failed and self._tried.get(page.slug) == state)

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


def _times(root: Path) -> dict[str, float]:
    files: dict[str, float] = {}
    for path in _files(root):
        try:
            files[str(path)] = path.stat().st_mtime
        except OSError:
            continue
    return files


def _files(root: Path) -> Iterable[Path]:
    for name in _WATCHED:
        for path in (root / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


class _Plain(logging.Filter):
    """Keeps the address, the time a build took, and what is wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        told = "Serving on" in text or text.startswith("Documentation built")
        return told or record.levelno >= logging.WARNING


def _speak_plainly() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(_Plain())
    logger = logging.getLogger("mkdocs")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
