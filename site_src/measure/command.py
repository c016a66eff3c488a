"""`measure`: run the pages' benchmarks alone, one at a time, and keep the samples."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from site_src.execution.fingerprint import device_name
from site_src.measure import blocks, records, tables
from site_src.measure.blocks import Benchmarks
from site_src.measure.devices import PRECISIONS, processor
from site_src.measure.runs import Run, identity_of
from site_src.problem import Problem
from site_src.provenance import commit

_GRACE = 60  # seconds beyond the budget, in which a run that has begun may end


@dataclass(frozen=True)
class Choice:
    """How to measure.

    Args:
        device: "cpu" or "cuda".
        name: The device's own name.
        budget: Seconds for everything.
        force: Measure again what was measured under the same identity.
        snippets: Only the blocks that measure one of these; all without any.
    """

    device: str
    name: str
    budget: float
    force: bool = False
    snippets: Sequence[str] = ()


def measure(
    root: Path, choice: Choice, say: Callable[[str], None]
) -> tuple[list[Run], list[Problem]]:
    """Measure what has no current run, within the budget.

    Args:
        root: The repository.
        choice: See `Choice`.
        say: Is told one line for each step.

    Returns:
        All current runs of this device, and what went wrong. What the budget did not
        hold is among the latter; a second call goes on there.
    """
    until = time.monotonic() + choice.budget
    problems: list[Problem] = []
    current: list[Run] = []
    for found in blocks.in_pages(root):
        named = {call.snippet for call in found.calls}
        if choice.snippets and not named & set(choice.snippets):
            continue
        faults = [*found.problems, *_unreadable(root, choice, found)]
        problems += faults
        if faults:
            continue
        kept, due = _sorted_out(root, choice, found)
        for snippet, names in due.items():
            if not names:
                say(f"{snippet}: unchanged")
        if any(due.values()):
            job = _job(root, choice, found, kept, due, until - time.monotonic())
            problems += _child(root, choice, found, job, say)
        for call in found.calls:
            current += _kept(root, choice, found.path, call)
    return current, problems


def report(runs: Sequence[Run]) -> Iterator[str]:
    """Lines that sum up runs."""
    for run in runs:
        yield f"{run.snippet}, {tables.sizes(run)}, {tables.where(run)}"
        yield "  " + " | ".join(tables.SUMMARY)
        for row in tables.rows(run):
            yield "  " + " | ".join(row)
        for name, why in run.left_out.items():
            yield f"  {name} | left out: {why}"


def here(device: str = "") -> tuple[str, str]:
    """The device to measure on, and its own name: CUDA's where there is one.

    Raises:
        ValueError: There is no such device here.
    """
    name = device_name()
    if device == "cuda" and name == "cpu":
        raise ValueError("there is no CUDA device here")
    if device == "cpu" or name == "cpu":
        return "cpu", processor()
    return "cuda", name


def _names(choice: Choice) -> list[str]:
    return [precision.name for precision in PRECISIONS[choice.device]]


def _unreadable(root: Path, choice: Choice, found: Benchmarks) -> list[Problem]:
    faults = []
    for call in found.calls:
        if not (root / "snippets" / f"{call.snippet}.py").is_file():
            text = f"there is no snippet {call.snippet}"
            faults.append(Problem(found.path, call.line, text))
            continue
        path = records.file_of(root, call.snippet, choice.device)
        try:
            records.read(path)
        except ValueError as error:
            name = path.relative_to(root).as_posix()
            faults.append(Problem(name, 1, str(error)))
    return faults


def _kept(root: Path, choice: Choice, path: str, call: blocks.Call) -> list[Run]:
    """The current runs of this device, in the order of their precisions."""
    runs = records.read(records.file_of(root, call.snippet, choice.device))
    today = identity_of(root, path, call)
    ours = runs.get(choice.name, {})
    return [
        ours[name]
        for name in _names(choice)
        if name in ours and not ours[name].stale(today)
    ]


def _sorted_out(
    root: Path, choice: Choice, found: Benchmarks
) -> tuple[dict[str, list[Run]], dict[str, list[str]]]:
    """By snippet the runs that hold, and the precisions that are due."""
    kept: dict[str, list[Run]] = {}
    due: dict[str, list[str]] = {}
    for call in found.calls:
        runs = [] if choice.force else _kept(root, choice, found.path, call)
        there = {run.precision for run in runs}
        kept[call.snippet] = runs
        due[call.snippet] = [n for n in _names(choice) if n not in there]
    return kept, due


def _job(
    root: Path,
    choice: Choice,
    found: Benchmarks,
    kept: dict[str, list[Run]],
    due: dict[str, list[str]],
    seconds: float,
) -> dict[str, Any]:
    return {
        "root": str(root),
        "path": found.path,
        "block": {"line": found.block.line, "code": found.block.code},
        "device": choice.device,
        "threads": 1,
        "seed": 0,
        "commit": commit(root),
        "seconds": seconds,
        "kept": {name: [run.as_json() for run in runs] for name, runs in kept.items()},
        "due": due,
        "calls": len(found.calls),
    }


def _child(
    root: Path,
    choice: Choice,
    found: Benchmarks,
    job: dict[str, Any],
    say: Callable[[str], None],
) -> list[Problem]:
    """Run a block in a process of its own and keep each run as it comes."""
    line = found.calls[0].line
    until = time.monotonic() + job["seconds"]
    over = [Problem(found.path, line, f"not all measured in {choice.budget:g} s")]
    if job["seconds"] <= 0:
        return over
    environ = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, "-m", "site_src.measure.alone"],
        cwd=root,
        env=environ | {"HF_HUB_OFFLINE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    problems, began = [], time.monotonic()
    timer = threading.Timer(job["seconds"] + _GRACE, child.kill)
    timer.start()
    try:
        child.stdin.write(json.dumps(job))
        child.stdin.close()
        for text in child.stdout:
            message = json.loads(text)
            if message["kind"] == "start":
                began = time.monotonic()
            elif message["kind"] == "run":
                run = Run.read(message["run"])
                records.add(records.file_of(root, run.snippet, choice.device), run)
                wall = time.monotonic() - began
                say(f"{run.snippet}, {run.precision}: {wall:.1f} s")
            elif message["kind"] == "over":
                problems += over
            else:
                fault = Problem(found.path, message["line"], message["message"])
                problems.append(fault)
        code = child.wait()
    finally:
        timer.cancel()
        child.kill()
        child.wait()
    if code < 0 and time.monotonic() >= until:
        problems += over
    elif code and not problems:
        text = f"the process that measured ended with code {code}"
        problems.append(Problem(found.path, line, text))
    return problems
