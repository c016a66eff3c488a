"""What a result depends on, as data that can be compared later.

`Inputs` of a finished page are what it really used. `changed` says what no longer
agrees with the files and versions of today: empty means that the result holds.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

GONE = "gone"


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, or "gone" where there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return GONE


def data_hash(data: Any) -> str:
    """SHA-256 of JSON data with sorted keys."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def runner_version() -> str:
    """Identity of the code that executes pages: the bytes of this package."""
    folder = Path(__file__).parent
    return data_hash({p.name: file_hash(p) for p in sorted(folder.glob("*.py"))})


@functools.cache
def device_name() -> str:
    """Name of the device that pages run on; asked in a process of its own."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return "cpu"
    ask = (
        "import torch.cuda as c; print(c.get_device_name() if c.is_available() else '')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "cpu"


def environment(*, seed: int, threads: int, device: str) -> dict[str, Any]:
    """The part of a key that no file holds."""
    return {
        "python": platform.python_version(),
        "device": device,
        "threads": threads,
        "seed": seed,
        "runner": runner_version(),
    }


@functools.cache
def distributions_of() -> Mapping[str, list[str]]:
    """Top-level module name → names of the distributions that bring it."""
    return importlib.metadata.packages_distributions()


def versions(
    modules: Iterable[str], brought_by: Mapping[str, list[str]]
) -> dict[str, str]:
    """Versions of the distributions behind top-level module names.

    Args:
        modules: Top-level names of imported modules.
        brought_by: As from `distributions_of`, which takes half a second to make.
    """
    names = {name for module in modules for name in brought_by.get(module, ())}
    return {name: _version(name) for name in sorted(names)}


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return GONE


def changed(inputs: Mapping[str, Any], wanted: Mapping[str, Any], root: Path) -> str:
    """Say what of a stored result's inputs differs from today.

    Args:
        inputs: What the result used: `modules` and `data` (path → hash),
            `distributions` (name → version), and the keys of `wanted`.
        wanted: Values that must be equal, such as `blocks` and the environment.
        root: The repository.

    Returns:
        One clause such as "snippets/family/slug.py changed", or "".
    """
    for name, value in wanted.items():
        if inputs.get(name) != value:
            return f"{name} changed"
    for kind in ("modules", "data"):
        for path, digest in inputs[kind].items():
            if file_hash(root / path) != digest:
                return f"{path} changed"
    for name, version in inputs["distributions"].items():
        if (today := _version(name)) != version:
            return f"{name} {version} became {today}"
    return ""
