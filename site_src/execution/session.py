"""The page API's side inside a page's process: claims, units, and what was used."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from site_src.execution.fingerprint import file_hash
from site_src.execution.guard import Guard

current: Session | None = None


def require() -> Session:
    """The running session.

    Raises:
        RuntimeError: Outside of a page's process.
    """
    if current is None:
        raise RuntimeError("this function works only inside an executed page")
    return current


class Session:
    """One page's run.

    Args:
        job: The schedule's job.
        guard: Knows which data files were read.
        send: Sends a message to the supervisor.
    """

    def __init__(self, job: dict[str, Any], guard: Guard, send: Callable[..., None]):
        self.job, self.guard, self.send = job, guard, send
        self.root = Path(job["root"])
        self.seed: int = job["seed"]
        self.block: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.benchmarks: list[dict[str, Any]] = []
        self.files: dict[str, str] = {}
        self.units: list[str] = []
        self.unit_modules: set[str] = set()
        self.made: dict[str, dict[str, Any]] = {}
        self._all_claims: set[str] = set()

    def begin(self, block: dict[str, Any]) -> None:
        """A block starts."""
        self.block, self.claims, self.files = block, {}, {}
        self.benchmarks = []

    def claim(self, name: str, record: dict[str, Any]) -> None:
        """Keep a measured value of this block."""
        if name in self._all_claims:
            raise ValueError(f"the claim {name!r} is made twice on this page")
        self._all_claims.add(name)
        self.claims[name] = record

    def publish(self, name: str, content: bytes) -> None:
        """Let a file of this block be published as `name`, relative to the site."""
        self.files[name] = base64.b64encode(content).decode()

    def need_html(self, function: str) -> None:
        """Raise unless the block's output is taken as HTML."""
        if not self.block.get("html"):
            raise ValueError(f'{function}() prints HTML: add html="1" to the fence')

    def used(self) -> dict[str, Any]:
        """First-party modules, data files and other packages in use until now."""
        return {
            "modules": {n: file_hash(self.root / n) for n in self._modules()},
            "data": {
                self._name(p): file_hash(Path(p)) for p in sorted(self.guard.data)
            },
            "packages": packages(),
        }

    def _modules(self) -> list[str]:
        found = set(self.unit_modules)
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if path and (name := first_party(path, self.root)):
                found.add(name)
        return sorted(found)

    def _name(self, path: str) -> str:
        root = os.path.realpath(self.root) + os.sep
        return path.removeprefix(root)

    @contextlib.contextmanager
    def noting_data(self) -> Iterator[set[str]]:
        """Collect the data files read inside for a unit; they stay the page's too."""
        before, self.guard.data = self.guard.data, set()
        noted: set[str] = set()
        try:
            yield noted
        finally:
            noted |= {self._name(path) for path in self.guard.data}
            self.guard.data |= before


def first_party(path: str, root: Path) -> str | None:
    """A module file's name in the repository, or None when it is not ours.

    The runner's own files are left out: they are in the key as its version.
    """
    top = os.path.realpath(root) + os.sep
    full = os.path.realpath(path)
    prefix = os.path.realpath(sys.prefix) + os.sep
    if not full.startswith(top) or (prefix.startswith(top) and full.startswith(prefix)):
        return None
    name = full.removeprefix(top)
    return None if name.startswith(("site_src/execution/", ".build/")) else name


def packages() -> list[str]:
    """Top-level names of the imported modules that an installed distribution brings."""
    found = set()
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if "-packages" in path:
            found.add(name.partition(".")[0])
    return sorted(found)


def seed_everything(seed: int) -> None:
    """Set every generator that a page is likely to draw from."""
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run the body under a seed and put the generators back as they were."""
    import numpy
    import torch

    states = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    seed_everything(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
        torch.set_rng_state(states[2])
