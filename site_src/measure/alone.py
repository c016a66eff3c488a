"""Run one block of a page by itself and send what it measures, a line for each run.

`measure` starts this as a process of its own. A job comes as JSON on standard input;
runs leave as JSON lines on standard output, as soon as they are there.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import types
from pathlib import Path
from typing import Any

from site_src.execution import session
from site_src.execution.guard import Guard
from site_src.measure import page
from site_src.measure.devices import PRECISIONS
from site_src.measure.runs import Run
from site_src.measure.sweep import Sweep, TooSlow


class OutOfTime(Exception):
    """The budget does not hold another run."""


class Finished(Exception):
    """All is measured; what the block makes of it is the page's concern."""


class _Recorder:
    """Takes the place of the page's store: measures what is due and sends it."""

    def __init__(self, job: dict[str, Any], pipe: int) -> None:
        self.job, self._pipe = job, pipe
        self._began, self._calls = time.monotonic(), 0

    def send(self, **message: Any) -> None:
        """Write a line to the parent."""
        os.write(self._pipe, json.dumps(message).encode() + b"\n")

    def take(self, sweep: Sweep, state: session.Session) -> list[Run]:
        """The runs of a sweep, the kept ones included."""
        due: dict[str, list[str]] = self.job["due"]
        kept = [Run.read(run) for run in self.job["kept"].get(sweep.snippet, ())]
        for precision in PRECISIONS[self.job["device"]]:
            if precision.name not in due.get(sweep.snippet, ()):
                continue
            left = self.job["seconds"] - (time.monotonic() - self._began)
            if left <= 0:
                raise OutOfTime
            self.send(kind="start", snippet=sweep.snippet, precision=precision.name)
            run = page.run_of(sweep, precision, state)
            self.send(kind="run", run=run.as_json())
            kept = [old for old in kept if old.precision != run.precision] + [run]
        self._calls += 1
        if self._calls == self.job["calls"]:
            raise Finished
        order = [precision.name for precision in PRECISIONS[self.job["device"]]]
        return sorted(kept, key=lambda run: order.index(run.precision))


def main() -> None:
    """Take the job and run the block."""
    job = json.load(sys.stdin)
    pipe = os.dup(1)
    os.dup2(2, 1)
    root = Path(job["root"])
    recorder = _Recorder(job, pipe)
    state = session.Session(job, Guard(root, root), recorder.send)
    state.begin(job["block"] | {"html": True})
    session.current, page.take = state, recorder.take
    import torch

    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    space = types.ModuleType("page")
    sys.modules["page"] = space
    padded = "\n" * job["block"]["line"] + job["block"]["code"]
    try:
        with contextlib.redirect_stdout(None):
            exec(compile(padded, job["path"], "exec"), space.__dict__)
    except Finished:
        pass
    except OutOfTime:
        recorder.send(kind="over")
    except Exception as error:
        frames = [f for f in _frames(error) if f[0] == job["path"]]
        line = frames[-1][1] if frames else job["block"]["line"]
        what = "" if isinstance(error, TooSlow) else f"{type(error).__name__}: "
        text = str(error).strip().partition("\n")[0]
        recorder.send(kind="failed", line=line, message=f"{what}{text}")


def _frames(error: BaseException) -> list[tuple[str, int]]:
    found, frame = [], error.__traceback__
    while frame is not None:
        found.append((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        frame = frame.tb_next
    return found


if __name__ == "__main__":
    main()
