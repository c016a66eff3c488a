"""Landlock: files that a process may no longer reach, whoever it is.

Linux 5.13 or newer; it needs no privilege and cannot be undone. It also keeps the
process from tracing, and (Linux 6.12) from signalling, processes outside.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_TRUNCATE, _CONTROL_DEVICE = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _CONTROL_DEVICE
# How many of the rights above, from the lowest bit, each version of Landlock knows.
_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWER = 16
_ALL_TCP = 0b11
_ALL_SCOPES = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def confine(
    readable: Iterable[Path],
    writable: Iterable[Path],
    devices: Iterable[Path],
    listed: Path,
) -> bool:
    """Refuse every file but these to this process and its children, for good.

    Args:
        readable: Files and directories to read, with all below them.
        writable: Directories to do anything in.
        devices: Device files to read, write and control.
        listed: A directory whose names, and names below it, may be read; Python
            lists it to find a module.

    Returns:
        Whether the kernel does so.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    everything = (1 << _KNOWN.get(version, _NEWER)) - 1
    wanted = _Ruleset(
        files=everything,
        network=_ALL_TCP if version >= 4 else 0,
        scopes=_ALL_SCOPES if version >= 6 else 0,
    )
    size = ctypes.c_size_t(ctypes.sizeof(wanted))
    rules = libc.syscall(_CREATE, ctypes.byref(wanted), size, 0)
    if rules < 0:
        return False
    allowed = [(path, _EXECUTE | _READ | _LIST) for path in readable]
    allowed += [(path, everything) for path in writable]
    allowed += [(path, _READ | _LIST | _WRITE | _CONTROL_DEVICE) for path in devices]
    allowed.append((listed, _LIST))
    for path, rights in allowed:
        if path.exists():
            _allow(libc, rules, path, rights & everything)
    done = libc.syscall(_RESTRICT, rules, 0)
    os.close(rules)
    return bool(done == 0)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    """Add one rule; a path that cannot be opened stays refused."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not path.is_dir():
        rights &= _OF_FILES
    rule = _Beneath(allowed=rights, parent=handle)
    libc.syscall(_ADD, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(handle)
