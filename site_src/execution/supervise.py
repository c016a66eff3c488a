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

from site_src.execution import processes, quiet
from site_src.execution.worker import work

POLL = 0.02
PATIENCE = 1800  # seconds that a page may wait to be alone
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
    read, write = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(read)
        work(job, write)
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
    watch.drain()
    report = {
        "messages": watch.messages,
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
        self.messages: list[dict[str, Any]] = []
        self.block: int | None = None
        self.peak = 0
        self._begun = self._block_begun = time.monotonic()
        self._waiting_since: float | None = None
        self._buffer = b""
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
        self._buffer += piece
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            kind = message["kind"]
        except (ValueError, TypeError, KeyError):
            return  # not from our writer; the missing record fails the page
        self.messages.append(message)
        if kind == "begin":
            self.block, self._block_begun = message["index"], time.monotonic()
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
