"""Watch one page: its limits, its messages, its descendants.

The supervisor is forked by the page server; it forks the worker that runs the blocks
and outlives it. It adopts orphans (Linux), so that a page that ends or is stopped
takes every process it started with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from site_src.execution import messages, processes, quiet
from site_src.execution.fingerprint import environment
from site_src.execution.isolation import Isolation
from site_src.execution.store import KEEP, Store
from site_src.execution.worker import work

POLL = 0.02
PATIENCE = 1800  # seconds that a page may wait to be alone
_UNITS = 200  # that one page may have
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36


class Stopped(Exception):
    """The page broke a limit; the text says which."""


def supervise(job: dict[str, Any]) -> int:
    """Run a page's worker to its end and write what it reported.

    Args:
        job: page, blocks, limits and paths, as made by the schedule.

    Returns:
        The exit code of this process: 0 when a report was written.
    """
    _adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    quiet.enter(job)
    places = (Path(job[name]) for name in ("root", "scratch", "store"))
    isolation = Isolation(*places)
    isolation.separate()
    read, write = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(read)
        work(job, write, isolation)
    os.close(write)
    started = time.monotonic()
    watch = _Watch(job, worker, read)
    stopped, code = "", None
    try:
        code = watch.until_end()
    except Stopped as reason:
        stopped = str(reason)
    finally:
        processes.end_descendants()
    try:
        watch.drain()
    except Stopped as reason:
        stopped = str(reason)
    report = {
        "messages": watch.messages,
        "controls": watch.controls,
        "stopped": stopped,
        "code": code,
        "block": watch.block,
        "log": _tail(Path(job["log"])),
        "wall": round(time.monotonic() - started, 3),
        "peak_memory": max(watch.peak, _children_peak()),
    }
    path = Path(job["report"])
    path.with_suffix(".part").write_text(json.dumps(report))
    path.with_suffix(".part").replace(path)
    return 0


class _Watch:
    """Reads the worker's messages and holds it to its limits."""

    def __init__(self, job: dict[str, Any], worker: int, pipe: int) -> None:
        self.job, self.worker, self.pipe = job, worker, pipe
        self.limits = job["limits"]
        self.messages: list[messages.Message] = []
        self.controls: list[str] = []
        self.block: int | None = None
        self.peak = 0
        self._begun = self._block_begun = time.monotonic()
        self._waiting_since: float | None = None
        self._store = Store(Path(job["store"]), Path(job["root"]))
        self._units: set[str] = set()
        self._unfinished: list[bytes] = []
        self._size = 0
        self._open = True

    def until_end(self) -> int:
        """Wait for the worker; returns its exit code, negative for a signal."""
        while True:
            self._read(POLL)
            pid, status = os.waitpid(self.worker, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            self._check()

    def drain(self) -> None:
        """Take what the worker had written before it ended."""
        while self._open and select.select([self.pipe], [], [], 0)[0]:
            self._read(0)

    def _read(self, wait: float) -> None:
        if not self._open:
            time.sleep(wait)
            return
        if not select.select([self.pipe], [], [], wait)[0]:
            return
        piece = os.read(self.pipe, 1 << 20)
        if not piece:
            self._open = False
        self._size += len(piece)
        if self._size > messages.SIZE or len(self.messages) > messages.COUNT:
            self._open = False
            raise Stopped(f"more than {messages.SIZE >> 20} MiB of results")
        self._unfinished.append(piece)
        if b"\n" in piece:
            *lines, rest = b"".join(self._unfinished).split(b"\n")
            self._unfinished = [rest]
            for line in lines:
                self._take(line)

    def _take(self, line: bytes) -> None:
        message = messages.read(line)
        if message is None:
            return
        kind = message["kind"]
        if kind == "unit":
            self._keep(message)
            return
        if kind == "isolated":
            # Only what is said before any code of the page has run.
            if not self.messages:
                self.controls = message["controls"]
            return
        self.messages.append(message)
        if kind == "begin":
            last = len(self.job["blocks"]) - 1
            self.block, self._block_begun = (
                min(message["index"], last),
                time.monotonic(),
            )
            self._progress(message)
        elif kind == "unit-begin":
            self._progress(message)
        elif kind == "wait":
            self._waiting_since = time.monotonic()
        elif kind == "go" and self._waiting_since is not None:
            waited = time.monotonic() - self._waiting_since
            self._begun, self._block_begun = (
                begun + waited for begun in (self._begun, self._block_begun)
            )
            self._waiting_since = None

    def _keep(self, message: messages.Message) -> None:
        """Keep what the page says to have computed, as a result of this page's."""
        job, shelf, name = self.job, message["shelf"], message["unit"]
        inputs = message["inputs"]
        today = environment(
            seed=job["seed"], threads=job["threads"], device=job["device"]
        )
        fits = all(inputs.get(key) == value for key, value in today.items())
        self._units.add(f"{shelf}/{name}")
        if (
            fits
            and shelf in KEEP
            and shelf != "pages"
            and len(self._units) <= _UNITS
            and not messages.foreign(inputs, self._store.root)
        ):
            result = {"inputs": inputs, "value": message.get("value")}
            self._store.save(shelf, f"{job['page']}/{name}", result)

    def _progress(self, message: dict[str, Any]) -> None:
        event = {"event": "progress", "page": self.job["page"]}
        event |= {key: message.get(key) for key in ("index", "unit")}
        os.write(1, json.dumps(event).encode() + b"\n")

    def _check(self) -> None:
        now, limits = time.monotonic(), self.limits
        if self._waiting_since is not None:
            if now - self._waiting_since > PATIENCE:
                raise Stopped(f"the page waited more than {PATIENCE} s to be alone")
            now = self._waiting_since
        if now - self._begun > limits["page"]:
            raise Stopped(f"the page took more than {limits['page']:g} s")
        if self.block is not None and now - self._block_begun > limits["block"]:
            raise Stopped(f"the block took more than {limits['block']:g} s")
        alive = processes.descendants(os.getpid())
        if len(alive) > limits["processes"]:
            raise Stopped(f"more than {limits['processes']} processes at once")
        resident = processes.resident(alive)
        self.peak = max(self.peak, resident)
        if resident > limits["memory"] * 2**30:
            raise Stopped(f"more than {limits['memory']:g} GiB of memory")


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _children_peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _tail(path: Path, size: int = 4000) -> str:
    with contextlib.suppress(OSError):
        return path.read_bytes()[-size:].decode(errors="replace")
    return ""
