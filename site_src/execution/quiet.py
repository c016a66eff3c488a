"""Measure with no other page beside: many may run at once, or one alone.

A running page holds the `quiet` lock together with the others; one that measures takes
it for itself. So that it need not wait for the others' end, it shuts the `gate` first:
before each of their blocks, experiments and steps of training the others look at it,
and wait behind it. The locks are the system's, so that they end with the process.
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

LOCKS = ("quiet", "gate")


def enter(job: dict[str, Any]) -> None:
    """Run beside others from here on; waits for one that is alone.

    Args:
        job: Of the page; `locks` is the files' folder, `quiet` and `gate` become
            their handles.
    """
    folder = Path(job["locks"])
    folder.mkdir(parents=True, exist_ok=True)
    for name in LOCKS:
        job[name] = os.open(folder / f"{name}.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    _join(job)


def _join(job: dict[str, Any]) -> None:
    fcntl.flock(job["gate"], fcntl.LOCK_SH)
    fcntl.flock(job["quiet"], fcntl.LOCK_SH)
    fcntl.flock(job["gate"], fcntl.LOCK_UN)


def give_way(state: Session) -> None:
    """Let a page be alone that wishes to be, and go on after it.

    The time of waiting does not count against the limits of the page.
    """
    if state.job.get("alone"):
        return
    try:
        fcntl.flock(state.job["gate"], fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        state.send(kind="wait")
        fcntl.flock(state.job["quiet"], fcntl.LOCK_UN)
        _join(state.job)
        state.send(kind="go")
    else:
        fcntl.flock(state.job["gate"], fcntl.LOCK_UN)


def give_way_between_steps(state: Session) -> None:
    """Give way after every step of an optimiser: an experiment may train for long."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    register_optimizer_step_post_hook(lambda *_: give_way(state))


@contextlib.contextmanager
def alone(state: Session) -> Iterator[None]:
    """Run the body while no other page runs.

    Two pages that both wish to be alone give way first, and take turns. The time of
    waiting does not count against the limits of the page.
    """
    quiet, gate = (state.job[name] for name in LOCKS)
    state.send(kind="wait")
    fcntl.flock(quiet, fcntl.LOCK_UN)
    fcntl.flock(gate, fcntl.LOCK_EX)
    fcntl.flock(quiet, fcntl.LOCK_EX)
    state.send(kind="go")
    state.job["alone"] = True
    try:
        yield
    finally:
        del state.job["alone"]
        fcntl.flock(quiet, fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
