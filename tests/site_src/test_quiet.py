"""Pages that run beside each other, and those that measure alone."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Project

from site_src.execution import quiet
from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.page import read_pages

PATIENT = 20.0


class Running:
    """A page in a thread, with locks of its own, and what it sent and did."""

    def __init__(self, folder: Path) -> None:
        self.sent: list[str] = []
        self.done: list[tuple[float, float]] = []
        self.state: Any = SimpleNamespace(
            job={"locks": str(folder)}, send=lambda kind: self.sent.append(kind)
        )
        quiet.enter(self.state.job)

    def work(self, pieces: int) -> None:
        """Run pieces of work as blocks and experiments do, to the page's end."""
        for _ in range(pieces):
            quiet.give_way(self.state)
            self._spend()
        self._end()

    def measure(self) -> None:
        """Take a measurement, to the page's end."""
        with quiet.alone(self.state):
            self._spend()
        self._end()

    def _end(self) -> None:
        for name in quiet.LOCKS:
            os.close(self.state.job[name])

    def _spend(self) -> None:
        began = time.monotonic()
        time.sleep(0.1)
        self.done.append((began, time.monotonic()))


def side_by_side(*bodies: Any) -> None:
    threads = [threading.Thread(target=body, daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT)
        assert not thread.is_alive(), "two pages wait for each other"


def apart(one: Running, other: Running) -> bool:
    return all(a[1] <= b[0] or b[1] <= a[0] for a in one.done for b in other.done)


def test_pages_run_beside_each_other_without_a_word(tmp_path: Path) -> None:
    one, other = Running(tmp_path), Running(tmp_path)
    side_by_side(lambda: one.work(5), lambda: other.work(5))
    assert not apart(one, other)
    assert one.sent == other.sent == []


def test_one_that_measures_waits_for_a_piece_and_not_for_the_end(
    tmp_path: Path,
) -> None:
    page, measuring = Running(tmp_path), Running(tmp_path)
    side_by_side(lambda: page.work(20), measuring.measure)
    assert apart(page, measuring)
    assert measuring.done[0][1] < page.done[5][0]
    assert page.sent == measuring.sent == ["wait", "go"]


def test_two_that_measure_take_turns(tmp_path: Path) -> None:
    pages = [Running(tmp_path) for _ in range(3)]
    one, other, page = pages
    side_by_side(one.measure, other.measure, lambda: page.work(6))
    assert apart(one, other)
    assert apart(one, page)
    assert apart(other, page)
    assert all(len(page.done) for page in pages)


def test_a_page_does_not_start_beside_one_that_measures(tmp_path: Path) -> None:
    measuring = Running(tmp_path)
    with quiet.alone(measuring.state):
        late = threading.Thread(target=Running, args=(tmp_path,), daemon=True)
        late.start()
        late.join(0.3)
        assert late.is_alive()
    late.join(PATIENT)
    assert not late.is_alive()


def test_who_measures_gives_way_to_nobody(tmp_path: Path) -> None:
    measuring = Running(tmp_path)
    with quiet.alone(measuring.state), (tmp_path / "gate.lock").open() as gate:
        quiet.give_way(measuring.state)  # as after a step of training
        with pytest.raises(BlockingIOError):
            fcntl.flock(gate, fcntl.LOCK_SH | fcntl.LOCK_NB)
    assert measuring.sent == ["wait", "go"]


BLOCKS = """\
# A page

```python exec="1"
import time

from site_src import experiment


@experiment
def count():
    return 1


time.sleep(1)
print("one")
AFTER
print("two")
```
"""


STEP = """\
import torch
weight = torch.nn.Parameter(torch.zeros(1))
weight.sum().backward()
torch.optim.SGD([weight], lr=0.1).step()"""


@pytest.mark.parametrize("after", ['```\n\n```python exec="1"', "count()", STEP])
def test_a_page_gives_way_to_one_that_measures(
    after: str, project: Project, server: Server
) -> None:
    project.page("page", BLOCKS.replace("AFTER", after))
    gate = project.root / ".build" / "gate.lock"
    gate.parent.mkdir(exist_ok=True)
    told: list[float] = []
    with gate.open("w") as measuring:

        def hear(event: dict[str, Any]) -> None:
            if event["event"] == "progress" and not told:
                fcntl.flock(measuring, fcntl.LOCK_EX)
                told.append(time.monotonic())
                free = (measuring, fcntl.LOCK_UN)
                threading.Timer(4, fcntl.flock, free).start()

        outcome = run(project.root, read_pages(project.root), Options(), hear, server)
    assert outcome.problems == []
    assert time.monotonic() - told[0] >= 4
