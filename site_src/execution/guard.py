"""What a page's process may not do, and what it is seen to use.

An audit hook refuses the network, other programs, and writes outside the scratch
directory, with one clear line at the line of the page; it notes every data file that
is read. It guards against mistakes: code that wants out gets past it, and meets what
`isolation` has put in force.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
_CHANGES = {
    "os.remove": 1,
    "os.rename": 2,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.truncate": 1,
    "os.link": 2,
    "os.symlink": 2,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
}
# A module, which is seen in sys.modules, and what pip wrote of our own installation.
_NO_DATA = re.compile(r"\.pyc?$|/blueprints\.egg-info/")


class Refused(PermissionError):
    """Something that a page may not do."""


class Guard:
    """Installs itself as an audit hook of this process, for good.

    Args:
        root: The repository; files in it may be read, and are noted.
        scratch: The only directory that may be written to.
    """

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root = os.path.realpath(root)
        self.scratch = os.path.realpath(scratch)
        self.data: set[str] = set()
        self._prefixes = tuple(
            {os.path.realpath(p) + os.sep for p in (sys.prefix, sys.base_prefix)}
        )
        self._system = (
            *("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/lib", "/opt/", "/nix/"),
            *("/System/", "/Library/"),
        )
        self._paused = False
        self._events = {
            "open": self._open,
            "socket.connect": self._connect,
            "socket.getaddrinfo": self._resolve,
            "sqlite3.connect": self._sqlite,
            **dict.fromkeys(_PROGRAMS, self._program),
            **dict.fromkeys(_CHANGES, None),
        }

    def install(self) -> None:
        """Start watching."""
        sys.addaudithook(self._hook)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let the runner itself do what a page may not, such as reading the store."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in self._events or self._paused:
            return
        if event in _CHANGES:
            for path in arguments[: _CHANGES[event]]:
                self._written(path)
        else:
            self._events[event](*arguments)  # type: ignore[misc]

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        if isinstance(flags, int) and flags & _WRITES:
            self._written(path)
            return
        full = _full(path)
        if full.startswith((self.scratch + os.sep, *self._prefixes, *self._system)):
            return
        if self._in_root(full) and _NO_DATA.search(full):
            return
        if Path(full).is_file() and self._can_open(full):
            self.data.add(full)

    def _can_open(self, full: str) -> bool:
        """Whether the system lets us; what it refuses has no part in the result."""
        with self.paused():
            try:
                os.close(os.open(full, os.O_RDONLY))
            except OSError:
                return False
        return True

    def _written(self, path: Any) -> None:
        if isinstance(path, int):
            return
        full = _full(path)
        if not full.startswith((self.scratch + os.sep, "/dev/")):
            raise Refused(
                f"a page may write only in its scratch directory, not to {path}"
            )

    def _connect(self, _socket: Any, address: Any) -> None:
        if not isinstance(address, str | bytes):
            raise Refused(f"a page may not use the network (connect to {address})")

    def _resolve(self, host: Any, *_: Any) -> None:
        raise Refused(f"a page may not use the network (look-up of {host})")

    def _program(self, program: Any, *_: Any) -> None:
        raise Refused(
            f"a page may not start other programs ({program}): what they read is not "
            "seen, so the result could be stale"
        )

    def _sqlite(self, path: Any, *_: Any) -> None:
        if path != ":memory:":
            raise Refused("a page may not use sqlite3 files: their reads are not seen")

    def _in_root(self, full: str) -> bool:
        return full.startswith(self.root + os.sep)


def _full(path: Any) -> str:
    return os.path.realpath(os.fsdecode(path))


def refuse_unseen_reads() -> None:
    """Take away torch's memory-mapped reader, which no audit event reports."""
    import torch

    def refused(*_: Any, **__: Any) -> None:
        raise Refused("a page may not use torch.from_file: its reads are not seen")

    for owner in (torch, torch.UntypedStorage, torch.TypedStorage):
        setattr(owner, "from_file", refused)  # noqa: B010
