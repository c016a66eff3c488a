"""What the system itself keeps a page's process from.

The guard turns mistakes into clear messages; these controls hold also against code
that wants out. Each is in force or not, as the machine allows, and a run says which.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from site_src.execution import landlock, own_root

# Name of each control → what it does, as it is told to a person.
CONTROLS = {
    "network": "no network",
    "processes": "sees and signals no process but its own",
    "files": "reads only what it needs, writes only in its scratch directory",
    "root": "a root directory of its own, read-only, without others' sockets",
    "disk": "a scratch directory of limited size",
    "user": "a user of its own",
    "privileges": "no capability, and no way to gain one",
    "tasks": "a limited number of processes and threads",
}
_NEWUSER, _NEWIPC, _NEWPID, _NEWNET = 0x10000000, 0x8000000, 0x20000000, 0x40000000
_SET_PDEATHSIG, _SET_DUMPABLE, _SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITIES = 0x20080522
# Numbers that no distribution gives to a person, a service or a container.
_FIRST_USER, _USERS = 60_578, 606
_TASKS = 512
_SCRATCH_SIZE = 1 << 30
_FILE_SIZE = 256 << 20
_SYSTEM = [
    *("/usr", "/bin", "/lib", "/lib32", "/lib64", "/nix/store", "/proc", "/sys"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/fonts"),
    *("/etc/passwd", "/etc/group", "/etc/mime.types"),
]
_DEVICES = ("null", "zero", "full", "random", "urandom", "nvidia*", "dri", "kfd")


class Isolation:
    """The controls of one page, put in force in two steps.

    Args:
        root: The repository.
        scratch: The page's scratch directory.
        store: The results; read by the page, written by its supervisor.
    """

    def __init__(self, root: Path, scratch: Path, store: Path) -> None:
        self.root, self.scratch, self.store = root, scratch, store
        self.in_force: list[str] = []
        self._linux = sys.platform == "linux"
        self._as_root = os.geteuid() == 0
        self._user = _FIRST_USER + os.getpid() % _USERS
        self._own_namespace = False

    def separate(self) -> None:
        """First step, in the supervisor: its children get namespaces of their own."""
        if not self._linux:
            return
        libc = ctypes.CDLL(None, use_errno=True)
        user, group = os.getuid(), os.getgid()
        kinds = _NEWPID | _NEWNET | _NEWIPC
        if libc.unshare(kinds) != 0:
            if libc.unshare(kinds | _NEWUSER) != 0:
                return
            self._own_namespace, self._as_root = True, False
            with contextlib.suppress(OSError):
                Path("/proc/self/setgroups").write_text("deny")
                Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
                Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        self.in_force += ["network", "processes"]

    def confine(self, *, seconds: float) -> None:
        """Second step, in the process that will run the page's code.

        Args:
            seconds: Wall time that the page has.
        """
        _limit_resources(seconds)
        if not self._linux:
            return
        libc = ctypes.CDLL(None, use_errno=True)
        os.umask(0o022)  # the directories on the way are there for another user too
        with contextlib.suppress(OSError):  # the first to go when memory is short
            Path("/proc/self/oom_score_adj").write_text("1000")
        readable, devices = self._readable(), self._devices()
        owner = (
            (self._user, self._user) if self._as_root else (os.getuid(), os.getgid())
        )
        writable = [self.scratch]
        if "processes" in self.in_force and own_root.enter(
            [*readable, *devices], self.scratch, owner=owner, size=_SCRATCH_SIZE
        ):
            self.in_force += ["files", "root", "disk"]
            writable.append(own_root.SHARED_MEMORY)
        quiet = libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        if quiet and landlock.confine(readable, writable, devices, listed=self.root):
            self.in_force += [] if "files" in self.in_force else ["files"]
        if self._as_root and self._become_another():
            self.in_force.append("user")
        if quiet and _drop_capabilities(libc):
            self.in_force.append("privileges")
        if "user" in self.in_force or self._own_namespace:
            resource.setrlimit(resource.RLIMIT_NPROC, (_TASKS, _TASKS))
            self.in_force.append("tasks")
        # Both are lost by a process that changes its user.
        libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)

    def _readable(self) -> list[Path]:
        """The repository without what is hidden in it, Python, and the system."""
        own = [path for path in self.root.iterdir() if path.name[0] != "."]
        above = {self.root, *self.root.parents}
        modules = [p for p in map(Path, sys.path) if p.is_absolute() and p not in above]
        others = map(Path, (sys.prefix, sys.base_prefix, *_SYSTEM))
        return [*own, self.store, *modules, *others]

    def _devices(self) -> list[Path]:
        return [path for name in _DEVICES for path in Path("/dev").glob(name)]

    def _become_another(self) -> bool:
        """Leave root for a user without a name, if it can read what the page needs."""
        try:
            os.setgroups([])
            if "disk" not in self.in_force:
                os.chown(self.scratch, self._user, self._user)
            os.setegid(self._user)
            os.seteuid(self._user)
        except OSError:
            return False
        needed = (
            self.root / "site_src" / "__init__.py",
            Path(sys.prefix),
            self.scratch,
        )
        readable = all(os.access(p, os.R_OK, effective_ids=True) for p in needed)
        os.seteuid(0)
        os.setegid(0)
        if not readable:
            os.chown(self.scratch, 0, 0)
            return False
        os.setresgid(self._user, self._user, self._user)
        os.setresuid(self._user, self._user, self._user)
        return True


def missing(in_force: list[str]) -> list[str]:
    """Names of the controls that are not in force."""
    return [name for name in CONTROLS if name not in in_force]


def _drop_capabilities(libc: ctypes.CDLL) -> bool:
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    return bool(libc.capset(header, (ctypes.c_uint32 * 6)()) == 0)


def _limit_resources(seconds: float) -> None:
    """Limits that every Unix has: processor time, size of a file, no core."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(seconds) + 30
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_SIZE, _FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
