"""What a person sees while pages run."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from site_src.execution.isolation import missing

if TYPE_CHECKING:
    from site_src.execution.schedule import Outcome


class Progress:
    """A bar a running page and one for all, or plain lines without a terminal.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}
        self._blocks: dict[str, int] = {}
        self._done_blocks = 0
        self._began = time.monotonic()

    def __enter__(self) -> Progress:
        if self._quiet or not sys.stderr.isatty():
            return self
        try:
            from rich import progress as rich
            from rich.console import Console
        except ImportError:
            return self
        self._bars = rich.Progress(
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.MofNCompleteColumn(),
            rich.TimeElapsedColumn(),
            rich.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event of the schedule."""
        kind, page = event["event"], event.get("page", "")
        if kind == "plan":
            self._blocks[page] = event["blocks"]
            if not self._quiet and self._bars is None:
                print(f"{page}: {event['reason']}", file=sys.stderr)
        elif kind == "start" and self._bars is not None:
            if "" not in self._tasks:
                total = sum(self._blocks.values())
                self._tasks[""] = self._bars.add_task("all blocks", total=total)
            self._tasks[page] = self._bars.add_task(page, total=self._blocks[page])
        elif kind == "progress" and self._bars is not None:
            self._step(page, event)
        elif kind == "done":
            self._finish(page, event)

    def _step(self, page: str, event: dict[str, Any]) -> None:
        if event.get("unit"):
            text = f"{page} · {event['unit']}"
            self._bars.update(self._tasks[page], description=text)
            return
        self._bars.update(self._tasks[page], completed=event["index"], description=page)
        self._overall()

    def _overall(self) -> None:
        done = self._done_blocks + sum(
            task.completed
            for task in self._bars.tasks
            if task.id != self._tasks[""] and task.visible
        )
        self._bars.update(self._tasks[""], completed=done)

    def _finish(self, page: str, event: dict[str, Any]) -> None:
        if self._bars is not None:
            self._bars.update(self._tasks[page], visible=False)
            self._done_blocks += self._blocks[page]
            self._overall()
        elif not self._quiet:
            word = "failed" if event["problems"] else "ok"
            wall = f" in {event['wall']:.1f} s" if event["wall"] is not None else ""
            print(f"{page}: {word}{wall}", file=sys.stderr)


def summary(outcome: Outcome) -> str:
    """What a run did, and what kept the pages from doing more."""
    words = (
        f"{len(outcome.executed)} pages executed ({outcome.blocks} blocks), "
        f"{len(outcome.fresh)} unchanged"
    )
    failed = len({problem.path for problem in outcome.problems})
    if failed:
        words += f", {failed} failed"
    if outcome.controls is not None:
        words += f"\nisolated by: {', '.join(outcome.controls) or 'nothing'}"
        if lacking := missing(outcome.controls):
            words += f"; not by: {', '.join(lacking)} (see README)"
    return words
