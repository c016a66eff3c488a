"""A file system of a page's own: what it needs to read, its scratch, nothing else.

Linux only, for a process that may mount: root, or anyone in a user namespace.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_NEWNS = 0x20000
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_BIND, _REC, _SLAVE, _DETACH = 4096, 16384, 1 << 19, 2
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000

SHARED_MEMORY = Path("/dev/shm")


def enter(
    readable: Iterable[Path], scratch: Path, *, owner: tuple[int, int], size: int
) -> bool:
    """Move this process into a root directory made for it.

    Sockets, homes, other repositories and other processes' files do not exist there;
    what exists is read-only, apart from `scratch` and the shared memory.

    Args:
        readable: Files and directories to show, at the same paths.
        scratch: The directory to write in, of limited size; what is in it is gone
            when the process and its children have ended.
        owner: User and group of `scratch`.
        size: Bytes that `scratch`, and the shared memory, can hold.

    Returns:
        Whether it did; if not, the process sees what it saw before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEWNS) != 0:
        return False
    new = scratch.with_name("root")
    new.mkdir()
    try:
        _mount(libc, None, Path("/"), None, _REC | _SLAVE)
        _mount(libc, "tmpfs", new, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
        _show(libc, readable, new)
        places = [_inside(new, place) for place in (scratch, SHARED_MEMORY)]
        for place in (*places, new / "proc"):
            place.mkdir(parents=True, exist_ok=True)
        _make_read_only(libc, new)
        options = f"size={size},mode=700,uid={owner[0]},gid={owner[1]}"
        for place in places:
            _mount(libc, "tmpfs", place, "tmpfs", _NOSUID | _NODEV, options)
        _show_processes(libc, new / "proc")
        os.chdir(new)
        if libc.pivot_root(b".", b".") != 0 or libc.umount2(b".", _DETACH) != 0:
            raise _error(new)
    except OSError:
        return False
    os.chdir("/")
    return True


def _show(libc: ctypes.CDLL, readable: Iterable[Path], new: Path) -> None:
    """Bind the paths, and what they lead to where they are links, below `new`."""
    wanted = {path for path in readable if path.exists()}
    for path in sorted({*wanted, *(path.resolve() for path in wanted)}):
        place = _inside(new, path)
        if os.path.lexists(place):
            continue  # below one that is shown already
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            place.symlink_to(path.readlink())
            continue
        if path.is_dir():
            place.mkdir()
        else:
            place.touch()
        _mount(libc, str(path), place, None, _BIND | _REC)


def _show_processes(libc: ctypes.CDLL, place: Path) -> None:
    """The processes of our own namespace; all of them where that is not allowed."""
    try:
        flags = _RDONLY | _NOSUID | _NODEV | _NOEXEC
        _mount(libc, "proc", place, "proc", flags)
    except OSError:
        _mount(libc, "/proc", place, None, _BIND | _REC)


def _make_read_only(libc: ctypes.CDLL, place: Path) -> None:
    attributes = (ctypes.c_uint64 * 4)(_RDONLY | _NOSUID, 0, 0, 0)
    done = libc.syscall(
        _MOUNT_SETATTR,
        _AT_FDCWD,
        os.fsencode(place),
        _AT_RECURSIVE,
        attributes,
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    if done != 0:
        raise _error(place)


def _mount(
    libc: ctypes.CDLL,
    source: str | None,
    place: Path,
    kind: str | None,
    flags: int,
    options: str | None = None,
) -> None:
    words = (source, os.fspath(place), kind)
    first, target, system = (w.encode() if w else None for w in words)
    data = options.encode() if options else None
    if libc.mount(first, target, system, ctypes.c_ulong(flags), data) != 0:
        raise _error(place)


def _inside(new: Path, path: Path) -> Path:
    return new / path.relative_to("/")


def _error(place: Path) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), str(place))
