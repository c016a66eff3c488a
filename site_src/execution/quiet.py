"""Measure with no other page beside: many may run at once, or one alone.

A running page holds a lock together with the others; one that measures takes it for
itself. The lock is the system's, so that it ends with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from site_src.execution.session import Session


def enter(job: dict[str, Any]) -> None:
    """Run beside others from here on; waits for one that is alone.

    Args:
        job: Of the page; `lock` is the file's path, `quiet` becomes its handle.
    """
    path = Path(job["lock"])
    path.parent.mkdir(parents=True, exist_ok=True)
    job["quiet"] = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    fcntl.flock(job["quiet"], fcntl.LOCK_SH)


@contextlib.contextmanager
def alone(state: Session) -> Iterator[None]:
    """Run the body while no other page runs.

    Two pages that both wish to be alone give way first, and take turns. The time of
    waiting does not count against the limits of the page.
    """
    handle = state.job["quiet"]
    state.send(kind="wait")
    fcntl.flock(handle, fcntl.LOCK_UN)
    fcntl.flock(handle, fcntl.LOCK_EX)
    state.send(kind="go")
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_SH)
