"""Decide which pages must run, run several at once, and keep what they made."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from site_src.execution.fingerprint import (
    device_name,
    distributions_of,
    environment,
    versions,
)
from site_src.execution.page_server import Server
from site_src.execution.shards import longest_first, recorded_times, shard_of
from site_src.execution.store import Store
from site_src.execution.verdict import failures
from site_src.page import Page
from site_src.problem import Problem
from site_src.provenance import commit

Listener = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Options:
    """How to execute.

    Args:
        jobs: Pages at once; 0 means one a processor.
        force: Run also what is fresh.
        shard: (i, n): only the i-th of n parts, counted from 1.
        times: Seconds by page, which balance the parts; the same for all of them.
        seed: The seed of every page.
        fork: Whether the page server may import before it forks.
        isolated: Run a page only with every control in force.
        tolerant: Go on after a claim that does not hold, and keep no result but those
            of experiments.
    """

    jobs: int = 0
    force: bool = False
    shard: tuple[int, int] = (1, 1)
    times: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    fork: bool = sys.platform == "linux"
    isolated: bool = False
    tolerant: bool = False


@dataclass
class Outcome:
    """What a run did.

    Args:
        fresh: Pages whose results still hold.
        executed: Pages that ran to their end.
        blocks: How many blocks they have.
        problems: What went wrong, of all pages.
        controls: What the system kept every page from (`isolation.CONTROLS`); None
            when none ran.
        claims: The claims of each executed page, block by block.
    """

    fresh: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    blocks: int = 0
    problems: list[Problem] = field(default_factory=list)
    controls: list[str] | None = None
    claims: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def store_of(root: Path) -> Store:
    """The repository's store of results."""
    return Store(root / ".build" / "store", root)


def wanted_of(page: Page, seed: int = 0) -> dict[str, Any]:
    """What a result of the page must agree with, files and versions apart."""
    blocks = [block.hash for block in page.blocks]
    today = environment(seed=seed, threads=1, device=device_name())
    return today | {"blocks": blocks}


def result_of(page: Page, seed: int = 0) -> tuple[dict[str, Any] | None, str]:
    """The page's valid result, or None and why there is none."""
    return store_of(page.root).find("pages", page.slug, wanted_of(page, seed))


def run(
    root: Path,
    pages: Iterable[Page],
    options: Options = Options(),
    listen: Listener = lambda event: None,
    server: Server | None = None,
) -> Outcome:
    """Execute the pages that have no valid result.

    Args:
        root: The repository.
        pages: Pages to consider; those without executed blocks are passed over.
        options: See `Options`.
        listen: Is told "plan", "start", "progress" and "done" as they happen.
        server: A page server to use; without one, one is started for this run.

    Returns:
        What was done, with every failure of every page.
    """
    outcome = Outcome()
    due: list[Page] = []
    executed = [page for page in pages if page.blocks]
    for page in shard_of(executed, options.shard, options.times):
        kept, reason = result_of(page, options.seed)
        if kept and not options.force:
            outcome.fresh.append(page.slug)
            listen({"event": "fresh", "page": page.slug})
        else:
            due.append(page)
            listen(
                {
                    "event": "plan",
                    "page": page.slug,
                    "blocks": len(page.blocks),
                    "reason": reason or "forced",
                }
            )
    if len(due) > 1:
        times = options.times or recorded_times(store_of(root), due)
        due = longest_first(due, times)
    if due:
        work = root / ".build" / "work"
        work.mkdir(parents=True, exist_ok=True)
        store_of(root).folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work) as folder:
            todo = _Run(root, due, options, listen, Path(folder), outcome)
            if server:
                todo.to_end(server)
            else:
                with Server(fork=options.fork) as own:
                    todo.to_end(own)
    return outcome


class _Run:
    def __init__(
        self,
        root: Path,
        due: list[Page],
        options: Options,
        listen: Listener,
        folder: Path,
        outcome: Outcome,
    ) -> None:
        self.root, self.options, self.listen = root, options, listen
        self.folder, self.outcome = folder, outcome
        self.waiting = list(reversed(due))
        self.running: dict[str, Page] = {}
        self.jobs = options.jobs or _processors()
        self.store = store_of(root)

    def to_end(self, server: Server) -> None:
        jobs = min(self.jobs, len(self.waiting))
        self._fill(server, jobs)
        for event in server.events():
            if event["event"] == "exit":
                self._finish(self.running.pop(event["page"]))
                self._fill(server, jobs)
                if not self.running:
                    return
            elif event["event"] == "progress":
                self.listen(event)

    def _fill(self, server: Server, jobs: int) -> None:
        while self.waiting and len(self.running) < jobs:
            page = self.waiting.pop()
            self.running[page.slug] = page
            self.listen({"event": "start", "page": page.slug})
            server.submit(self._job(page))

    def _job(self, page: Page) -> dict[str, Any]:
        place = self._place(page)
        place.mkdir()
        blocks = [
            {
                "index": block.index,
                "line": block.line,
                "code": block.code,
                "hash": block.hash,
                "html": block.html,
                "silent": block.silent,
            }
            for block in page.blocks
        ]
        return {
            "page": page.slug,
            "path": page.path,
            "root": str(self.root),
            "scratch": str(place / "scratch"),
            "log": str(place / "log"),
            "report": str(place / "report.json"),
            "store": str(self.store.folder),
            "locks": str(self.store.folder.parent),
            "blocks": blocks,
            "limits": page.limits.as_dict(),
            "seed": self.options.seed,
            "tolerant": self.options.tolerant,
            "isolated": self.options.isolated,
            "threads": 1,
            "device": device_name(),
            "brought_by": distributions_of(),
            "commit": commit(self.root),
        }

    def _place(self, page: Page) -> Path:
        """A folder of the page's own, also when another lies below its name."""
        return self.folder / urllib.parse.quote(page.slug, safe="")

    def _finish(self, page: Page) -> None:
        path = self._place(page) / "report.json"
        report = json.loads(path.read_text()) if path.exists() else None
        problems = failures(page, report)
        if report:
            self._note(report["controls"])
        if report and not problems:
            end = report["messages"][-1]
            if not self.options.tolerant:
                self.store.save("pages", page.slug, self._result(page, report, end))
            self.outcome.claims[page.slug] = [b["claims"] for b in end["blocks"]]
            self.outcome.executed.append(page.slug)
            self.outcome.blocks += len(page.blocks)
        self.outcome.problems += problems
        shutil.rmtree(path.parent, ignore_errors=True)
        wall = report["wall"] if report else None
        self.listen(
            {
                "event": "done",
                "page": page.slug,
                "wall": wall,
                "problems": problems,
            }
        )

    def _note(self, controls: list[str]) -> None:
        before = self.outcome.controls
        kept = controls if before is None else [c for c in before if c in controls]
        self.outcome.controls = kept

    def _result(
        self, page: Page, report: dict[str, Any], end: dict[str, Any]
    ) -> dict[str, Any]:
        inputs = wanted_of(page, self.options.seed) | {
            "modules": end["modules"],
            "data": end["data"],
            "distributions": versions(end["packages"], distributions_of()),
        }
        now = datetime.datetime.now(datetime.UTC)
        revision, dirty = commit(self.root)
        provenance = {
            "commit": revision,
            "dirty": dirty,
            "device": device_name(),
            "torch": end["torch"]["version"],
            "cuda": end["torch"]["cuda"],
            "threads": 1,
            "seed": self.options.seed,
            "date": now.isoformat(timespec="seconds"),
            "wall": report["wall"],
            "peak_memory": report["peak_memory"],
            "isolation": report["controls"],
        }
        return {
            "page": page.slug,
            "inputs": inputs,
            "blocks": end["blocks"],
            "units": end["units"],
            "provenance": provenance,
        }


def _processors() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
