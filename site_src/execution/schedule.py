"""Decide which pages must run, run several at once, and keep what they made."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
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
        shard: (i, n): only every n-th page, from the i-th; counted from 1.
        seed: The seed of every page.
        fork: Whether the page server may import before it forks.
        tolerant: Go on after a claim that does not hold, and keep no result but those
            of experiments.
    """

    jobs: int = 0
    force: bool = False
    shard: tuple[int, int] = (1, 1)
    seed: int = 0
    fork: bool = sys.platform == "linux"
    tolerant: bool = False


@dataclass
class Outcome:
    """What a run did.

    Args:
        fresh: Pages whose results still hold.
        executed: Pages that ran to their end.
        blocks: How many blocks they have.
        problems: What went wrong, of all pages.
        network: Whether a page could have used the network; None when none ran.
        claims: The claims of each executed page, block by block.
    """

    fresh: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    blocks: int = 0
    problems: list[Problem] = field(default_factory=list)
    network: bool | None = None
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


def shard_of(pages: Iterable[Page], shard: tuple[int, int]) -> list[Page]:
    """The pages of one shard, in the order of their paths."""
    return list(pages)[shard[0] - 1 :: shard[1]]


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
    for page in shard_of([p for p in pages if p.blocks], options.shard):
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
    if due:
        work = root / ".build" / "work"
        work.mkdir(parents=True, exist_ok=True)
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
        place = self.folder / page.slug
        place.mkdir(parents=True)
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
            "lock": str(self.store.folder.with_name("quiet.lock")),
            "blocks": blocks,
            "limits": page.limits.as_dict(),
            "seed": self.options.seed,
            "tolerant": self.options.tolerant,
            "threads": 1,
            "device": device_name(),
            "brought_by": distributions_of(),
            "commit": commit(self.root),
        }

    def _finish(self, page: Page) -> None:
        path = self.folder / page.slug / "report.json"
        report = json.loads(path.read_text()) if path.exists() else None
        problems = failures(page, report)
        if report and not problems:
            end = report["messages"][-1]
            if not self.options.tolerant:
                self.store.save("pages", page.slug, self._result(page, report, end))
            self.outcome.claims[page.slug] = [b["claims"] for b in end["blocks"]]
            self.outcome.executed.append(page.slug)
            self.outcome.blocks += len(page.blocks)
            self.outcome.network = bool(self.outcome.network) or end["network"]
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
            "network": end["network"],
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
