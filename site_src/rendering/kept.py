"""What earlier builds made, so that a build makes only what is new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from site_src.execution.store import write_atomically

T = TypeVar("T")
_MAKERS = ("markdownify", "matplotlib", "Pygments", "pymdown-extensions", "selectolax")
_FILES = ("package-lock.json", "mkdocs.yml")


class Kept:
    """Results of pure functions by what they were made from, across builds.

    Nothing is kept after a change of this package, of its settings, or of a library
    that makes such results.

    Args:
        root: The repository.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / ".build" / "kept.json"
        self._code = _code(root)
        self._asked: dict[str, Any] = {}
        try:
            whole = json.loads(self._path.read_text("utf-8"))
            self._before = whole["made"] if whole["code"] == self._code else {}
        except (OSError, ValueError, TypeError, KeyError):
            self._before = {}

    def of(self, name: str, key: object, make: Callable[[], T]) -> T:
        """The result of `make`, from an earlier build if there is one.

        Args:
            name: What is made.
            key: All that it is made from; its `repr` tells two apart.
            make: Called if nothing is kept; returns JSON data.
        """
        digest = hashlib.sha256(f"{name} {key!r}".encode()).hexdigest()[:32]
        if digest not in self._asked:
            before = self._before
            self._asked[digest] = before[digest] if digest in before else make()
        made: T = self._asked[digest]
        return made

    def save(self, *, all_pages: bool) -> None:
        """Write what this build asked for, if that is not what is there.

        Args:
            all_pages: Whether the build was of all pages: what it did not ask for goes.
        """
        made = self._asked if all_pages else self._before | self._asked
        if made.keys() != self._before.keys():
            whole = {"code": self._code, "made": made}
            self._path.parent.mkdir(exist_ok=True)
            write_atomically(self._path, json.dumps(whole))


def _code(root: Path) -> str:
    """One hash for everything that says how results are made."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.mjs")]):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    for path in (root / name for name in _FILES):
        digest.update(path.read_bytes() if path.exists() else b"")
    for name in _MAKERS:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()
