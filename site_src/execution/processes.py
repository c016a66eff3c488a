"""The processes below one: who they are, how much they hold, and how to end them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PAGE = resource.getpagesize()


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, children before grandchildren."""
    found: list[int] = []
    rows = _children if sys.platform == "linux" else _children_by_ps()
    ahead = [pid]
    while ahead:
        below = rows(ahead.pop())
        found += below
        ahead += below
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except (OSError, ValueError):
        pass
    return found


def _children_by_ps() -> Callable[[int], list[int]]:
    listing = _ps("-axo", "pid=,ppid=")
    parents: dict[int, list[int]] = {}
    for line in listing.splitlines():
        child, parent = map(int, line.split())
        parents.setdefault(parent, []).append(child)
    return lambda pid: parents.get(pid, [])


def _ps(*words: str) -> str:
    return subprocess.run(["ps", *words], capture_output=True, text=True).stdout


def resident(pids: list[int]) -> int:
    """Bytes that the processes hold in memory together, as far as can be seen."""
    if sys.platform != "linux":
        names = ",".join(map(str, pids)) or "0"
        return sum(int(row) * 1024 for row in _ps("-o", "rss=", "-p", names).split())
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/statm").read_text().split()
            total += (int(fields[1]) - int(fields[2])) * _PAGE
        except (OSError, ValueError, IndexError):
            continue
    return total


def end_descendants(patience: float = 5.0) -> None:
    """Kill and reap everything below this process, also what it spawns meanwhile."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        below = descendants(os.getpid())
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            if not below:
                return
        time.sleep(0.005)
