"""What earlier builds made, so that a build makes only what is new."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from site_src.execution.store import write_atomically

T = TypeVar("T")
_PACKAGE = Path(__file__).parent
_CODE = ("*.py", "*.mjs")  # what a process reads once
_PARTS = ("theme/**/*.html", "theme/assets/demos/**/*")  # and what it reads each time
_MAKERS = (
    *("Jinja2", "Markdown", "Pygments", "griffelib", "markdown-exec", "markdownify"),
    *("matplotlib", "mkdocs", "mkdocs-autorefs", "mkdocs-material", "mkdocstrings"),
    *("mkdocstrings-python", "pybtex", "pydantic", "pymdown-extensions", "selectolax"),
)
_FILES = ("package-lock.json", "mkdocs.yml")

_loaded: list[str] = []  # the code that this process runs


class Kept:
    """Results of pure functions by what they were made from, across builds.

    Nothing is kept after a change of this package, of its settings, or of a library
    that makes such results; and nothing at all by a process whose code is no longer
    the one on disk.

    Args:
        root: The repository.
        name: Of the file in .build/.
    """

    def __init__(self, root: Path, name: str = "kept") -> None:
        self._path = root / ".build" / f"{name}.json"
        self.maker = made_by(root)
        self._asked: dict[str, Any] = {}
        try:
            whole = json.loads(self._path.read_text("utf-8"))
            self._before = whole["made"] if whole["code"] == self.maker else {}
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
        if self.maker and made.keys() != self._before.keys():
            whole = {"code": self.maker, "made": made}
            self._path.parent.mkdir(exist_ok=True)
            write_atomically(self._path, json.dumps(whole))


def made_by(root: Path) -> str:
    """One hash for everything that says how results are made.

    Returns:
        "" when the code of this process is no longer the one on disk.
    """
    code = _bytes_of(path for kind in _CODE for path in _PACKAGE.rglob(kind))
    if not _loaded:
        _loaded.append(code)
    if _loaded[0] != code:
        return ""
    digest = hashlib.sha256(code.encode())
    parts = _bytes_of(path for kind in _PARTS for path in _PACKAGE.glob(kind))
    digest.update(parts.encode())
    for path in (root / name for name in _FILES):
        digest.update(path.read_bytes() if path.exists() else b"")
    for name in _MAKERS:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()


def stamp(path: Path) -> tuple[int, ...]:
    """What differs after a file was written, replaced or removed."""
    try:
        facts = path.stat()
    except OSError:
        return ()
    return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino


def content(path: Path) -> str:
    """A hash of a file's bytes; "" where there is no such file."""
    return _content(path, stamp(path)) if path.is_file() else ""


@functools.lru_cache(maxsize=4096)
def _content(path: Path, _: tuple[int, ...]) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _bytes_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.relative_to(_PACKAGE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
